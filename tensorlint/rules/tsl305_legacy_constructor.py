"""TSL305 legacy-constructor."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.flow.events import Event, Given
from tensorlint.flow.values import Array
from tensorlint.rules.base import Rule, Verdict
from tensorlint.rules.judging import evidence, told_apart

__all__ = ["LegacyConstructor"]


class LegacyConstructor(Rule):
    """`torch.Tensor(array)` casts without saying so, and shares memory only where it does not cast.

    What it does
    ------------
    Finds arrays that are given to `torch.Tensor`, `torch.FloatTensor`, `torch.LongTensor` and their like. Opt-in.

    Why is this bad?
    ----------------
    The class decides the dtype whatever the array's is: float64 loses digits, integers become floats, floats become
    integers. And the array's dtype decides whether memory is shared: `torch.Tensor(a)` lives in the memory of a float32
    array, of any other it is a copy.

    Example
    -------
    Integers become floats:

        import numpy as np
        import torch

        counts = np.arange(4)
        tensor = torch.Tensor(counts)

    Use instead
    -----------
    Say which dtype is meant:

        import numpy as np
        import torch

        counts = np.arange(4)
        tensor = torch.as_tensor(counts, dtype=torch.float32)

    Known limits
    ------------
    A size (`torch.Tensor(3, 4)`) and a list are left alone.

    Fix safety
    ----------
    Unsafe: `torch.as_tensor(array, dtype=...)` gives the same values and shares in the same cases, but what
    `torch.Tensor` gives follows `torch.set_default_dtype`.

    Observed
    --------
    torch 2.13: `torch.Tensor(np.arange(3))` is float32, and `torch.LongTensor(np.array([1.7]))` is 1.
    `torch.Tensor(a)` and `a` share memory where `a` is float32.
    """

    code = "TSL305"
    name = "legacy-constructor"
    default = False
    events = (Given,)

    def judge(self, event: Event) -> Iterator[Verdict]:
        from tensorlint.fixes.dtypes import DTYPES_OF_CLASSES, by_as_tensor  # here: pages need no parser

        assert isinstance(event, Given)
        dtype = DTYPES_OF_CLASSES.get(event.function.rpartition(".")[2])
        if dtype is None or not isinstance(event.value, Array) or event.value.scalar or event.value.maybe_scalar:
            return
        yield Verdict(
            event.place,
            f"`{event.by}` casts `{event.operand_name}` to {dtype}, and shares its memory only where it is {dtype}",
            told_apart(event.always),
            evidence(event, event.value.dtype_from),
            by_as_tensor(event),
        )
