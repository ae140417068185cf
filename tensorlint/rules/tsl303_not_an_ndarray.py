"""TSL303 not-an-ndarray."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.flow.events import Event, Given
from tensorlint.rules.base import Rule, Verdict
from tensorlint.rules.judging import evidence, told_apart

__all__ = ["NotAnNdarray"]


class NotAnNdarray(Rule):
    """`torch.from_numpy` is given something else than an ndarray, which raises.

    What it does
    ------------
    Finds lists, tuples, numbers, NumPy scalars, tensors, Series and data frames that are given to `torch.from_numpy`.

    Why is this bad?
    ----------------
    `from_numpy` takes arrays alone: "TypeError: expected np.ndarray (got list)". A NumPy scalar looks like an array and
    is none: what `array.sum()` gives has a shape and a dtype, and is refused all the same.

    Example
    -------
    A list:

        import torch

        weights = torch.from_numpy([0.2, 0.8])

    A NumPy scalar:

        import numpy as np
        import torch

        losses = np.zeros(8)
        mean = torch.from_numpy(losses.mean())

    Use instead
    -----------
    `torch.as_tensor` takes all of them, and shares memory where `from_numpy` would:

        import numpy as np
        import torch

        weights = torch.as_tensor([0.2, 0.8])
        mean = torch.as_tensor(np.zeros(8).mean())

    Of a data frame take the array:

        import pandas as pd
        import torch

        frame = pd.DataFrame({"a": [1.0, 2.0]})
        rows = torch.from_numpy(frame.to_numpy(copy=True))

    Known limits
    ------------
    Where some paths give an array and others do not, nothing is reported: such code asks first, as a rule.

    Fix safety
    ----------
    Safe: the call only failed before. `as_tensor` gives a tensor back as it is, and of a list of Python floats it makes
    float32.

    Observed
    --------
    torch 2.13: `torch.from_numpy` raises TypeError for a list, a tuple, a float, `np.zeros(3).sum()`, `np.zeros(3)[0]`,
    a tensor, a Series and a DataFrame. `torch.as_tensor` takes all but the data frame.
    """

    code = "TSL303"
    name = "not-an-ndarray"
    events = (Given,)

    def judge(self, event: Event) -> Iterator[Verdict]:
        from tensorlint.fixes.dtypes import given_otherwise  # here: pages need no parser

        assert isinstance(event, Given)
        if event.function != "torch.from_numpy" or not event.other or not event.always or event.caught:
            return
        yield Verdict(
            event.place,
            f"`{event.operand_name}` is {event.other}: `{event.by}` raises TypeError: expected np.ndarray",
            told_apart(event.surely),
            evidence(event, event.reason),
            given_otherwise(event),
        )
