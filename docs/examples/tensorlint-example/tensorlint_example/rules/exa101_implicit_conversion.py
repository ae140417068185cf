"""EXA101 implicit-conversion."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.flow.events import Conversion, Event, How
from tensorlint.rules.base import Rule, Verdict
from tensorlint.rules.judging import converter, evidence, subject, told_apart

__all__ = ["ImplicitConversion"]


class ImplicitConversion(Rule):
    """A tensor is converted by a NumPy call instead of `.numpy()`.

    What it does
    ------------
    Finds tensors that are given to NumPy, SciPy, pandas or Matplotlib as they are.

    Why is this bad?
    ----------------
    Where the program leaves torch cannot be seen, and what comes back may be a tensor all the same.

    Example
    -------
        import numpy as np
        import torch

        root = np.sqrt(torch.arange(3.0))

    Use instead
    -----------
        import numpy as np
        import torch

        root = np.sqrt(torch.arange(3.0).numpy())

    Known limits
    ------------
    A tensor that is not known to be one is not reported.

    Fix safety
    ----------
    There is no fix.

    Observed
    --------
    torch 2.13: `np.sqrt` of a tensor is a tensor, `np.sqrt` of its array an array."""

    code = "EXA101"
    name = "implicit-conversion"
    events = (Conversion,)

    def judge(self, event: Event) -> Iterator[Verdict]:
        assert isinstance(event, Conversion)
        if event.how is How.IMPLICIT and event.tensor.kind.holds:
            yield Verdict(
                event.place,
                f"{subject(event, 'is', 'are')} converted by {converter(event)}: write `.numpy()`",
                told_apart(event.always),
                evidence(event, event.tensor.kind.reason),
            )
