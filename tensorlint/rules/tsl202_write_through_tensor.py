"""TSL202 write-through-tensor."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.flow.events import Event, WriteThrough
from tensorlint.flow.values import Tensor
from tensorlint.rules.base import Rule, Verdict
from tensorlint.rules.judging import evidence, told_apart

__all__ = ["WriteThroughTensor"]


class WriteThroughTensor(Rule):
    """An in-place write to a tensor also changes the array that it shares memory with.

    What it does
    ------------
    Finds in-place writes (`add_`, `zero_`, `copy_`, `clamp_`, `+=`, `[...] =`, `nn.init.*_`, `optimizer.step()` ...) to
    a tensor that shares its memory with an array, where the array is still used afterwards or belongs to the caller.

    Why is this bad?
    ----------------
    `torch.from_numpy(a)`, `torch.as_tensor(a)` and `t.numpy()` copy nothing: array and tensor are two views of one
    memory. What is written through the tensor appears in the array, in every other view of it, and in the data set that
    it was taken from. Nothing is raised, the numbers are merely wrong: the second epoch normalises what the first one
    has normalised already.

    Example
    -------
    The array that is compared with is the scaled one:

        import numpy as np
        import torch

        a = np.array([2.0, 4.0, 6.0])
        t = torch.from_numpy(a)
        t.div_(2.0)
        print(t, a.mean())

    The caller's array is changed:

        import numpy as np
        import torch

        def centred(values: np.ndarray):
            t = torch.as_tensor(values)
            t -= t.mean()
            return t

    Use instead
    -----------
    Copy at the conversion:

        import numpy as np
        import torch

        a = np.array([2.0, 4.0, 6.0])
        t = torch.tensor(a)
        t.div_(2.0)
        print(t, a.mean())

    Or compute a new tensor:

        import numpy as np
        import torch

        def centred(values: np.ndarray):
            t = torch.as_tensor(values)
            return t - t.mean()

    Known limits
    ------------
    A write to memory that was made to be filled (`np.zeros`, `ones`, `full`, `empty`, `np.frombuffer`, a memmap) is
    taken as meant for the array, and so are a write to what has no name (`torch.from_numpy(a)[:] = 0`) and a write to
    the caller's array in a function that returns nothing. An array that was made of a tensor before a loop may be meant
    to follow what the loop writes to the tensor: nothing is said of it.

    Fix safety
    ----------
    Unsafe: `.clone()` (or `.copy()`) at the conversion ends the sharing, and a program that writes to the array through
    the tensor on purpose no longer does. It takes time and memory for the copy.

    Observed
    --------
    torch 2.13, NumPy 2.4: `a = np.ones(3); t = torch.from_numpy(a); t.add_(1)` leaves `a` as `[2., 2., 2.]`; with
    `torch.tensor(a)`, or `torch.from_numpy(a).clone()`, it stays `[1., 1., 1.]`. An optimizer's step over
    `nn.Parameter(torch.from_numpy(a))` changes `a`.
    """

    code = "TSL202"
    name = "write-through-tensor"
    events = (WriteThrough,)

    def judge(self, event: Event) -> Iterator[Verdict]:
        from tensorlint.fixes.copies import copy_of_shared  # here: pages need no parser

        assert isinstance(event, WriteThrough)
        if not isinstance(event.written, Tensor) or event.condition:
            return
        other = f"`{event.other_name}`"
        if event.other_name == event.written_name:
            other = f"the array {other}"
        write = f"`{event.by}`" if event.by else f"this write to `{event.written_name}`"
        yield Verdict(
            event.place,
            f"{write} also changes {other}, which shares its memory",
            told_apart(event.certain),
            evidence(event, event.sharing, event.seen),
            copy_of_shared(event),
        )
