"""TSL301 negative-stride."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.finding import Confidence
from tensorlint.flow.events import Event, ToTorch
from tensorlint.flow.facts import Truth
from tensorlint.rules.base import Rule, Verdict
from tensorlint.rules.judging import evidence

__all__ = ["NegativeStride"]


class NegativeStride(Rule):
    """An array with a negative stride is given to torch, which raises.

    What it does
    ------------
    Finds views that run backwards (`[::-1]`, `[..., ::-1]`, `np.flip`, `np.fliplr`, `np.flipud`, `np.rot90`) and reach
    `torch.from_numpy`, `as_tensor`, `tensor`, `asarray`, `Tensor`, a collate function or the index of a tensor without
    a copy between.

    Why is this bad?
    ----------------
    Such a view costs nothing in NumPy, which walks the same memory backwards. Tensors cannot have negative strides, so
    torch refuses: "ValueError: At least one stride in the given numpy array is negative, and tensors with negative
    strides are not currently supported." A random flip in a data set raises for half of the samples, in a worker of the
    loader.

    Example
    -------
    BGR to RGB, as it is often written:

        import numpy as np
        import torch

        image = np.zeros((4, 4, 3), dtype=np.uint8)
        tensor = torch.from_numpy(image[..., ::-1])

    A flip:

        import numpy as np
        import torch

        mask = np.arange(6.0).reshape(2, 3)
        tensor = torch.as_tensor(np.fliplr(mask))

    Use instead
    -----------
    Copy the view, which puts the memory in order:

        import numpy as np
        import torch

        image = np.zeros((4, 4, 3), dtype=np.uint8)
        tensor = torch.from_numpy(image[..., ::-1].copy())

    Or flip in torch, which copies by itself:

        import numpy as np
        import torch

        mask = np.arange(6.0).reshape(2, 3)
        tensor = torch.as_tensor(mask).flip(1)

    Known limits
    ------------
    A step that is a variable is taken for a positive one. Anything that computes a new array (`x[::-1] / 255`,
    `.astype`, `np.ascontiguousarray`) makes an order of its own and ends the matter; `np.asarray` of a view does not.

    Fix safety
    ----------
    Safe where the stride is negative on every path: there it only failed before. Where it may be positive, the copy is
    unsafe for functions that share the array's memory, as the tensor no longer does; for `torch.tensor`, which copies
    anyway, it is safe.

    Observed
    --------
    torch 2.13, NumPy 2.4: `from_numpy`, `as_tensor`, `tensor`, `asarray`, `Tensor`, `default_collate` and `t[index]`
    raise the ValueError above for `np.arange(3.0)[::-1]` (an index of integers for the last); all accept its `.copy()`.
    """

    code = "TSL301"
    name = "negative-stride"
    events = (ToTorch,)

    def judge(self, event: Event) -> Iterator[Verdict]:
        from tensorlint.fixes.copies import copy_before_torch  # here: pages need no parser

        assert isinstance(event, ToTorch)
        fact = event.array.negative_stride
        if not fact.holds:
            return
        certain = fact.truth is Truth.YES and event.always
        has, then = ("has", "") if certain else ("may have", "then ")
        yield Verdict(
            event.place,
            f"`{event.operand_name}` {has} a negative stride: {then}`{event.by}` raises "
            "ValueError: At least one stride in the given numpy array is negative",
            Confidence.CERTAIN if certain else Confidence.LIKELY,
            evidence(event, fact.reason),
            copy_before_torch(event),
        )
