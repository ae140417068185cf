"""TSL308 integer-requires-grad."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.finding import Confidence
from tensorlint.flow.events import Event, IntegerGrad
from tensorlint.rules.base import Rule, Verdict
from tensorlint.rules.judging import evidence

__all__ = ["IntegerRequiresGrad"]


class IntegerRequiresGrad(Rule):
    """A tensor of integers is made to require grad, which raises.

    What it does
    ------------
    Finds `requires_grad=True`, `.requires_grad_()` and `nn.Parameter(...)` for tensors of integers or bools: of integer
    arrays, of lists of ints, of `torch.arange(n)`.

    Why is this bad?
    ----------------
    Only what is continuous has a gradient: "RuntimeError: Only Tensors of floating point and complex dtype can require
    gradients". NumPy and Python write 3 for the integer and 3.0 for the float, and the rest follows.

    Example
    -------
    A list of ints:

        import torch

        start = torch.tensor([3, 4], requires_grad=True)

    An array of integers as a parameter:

        import numpy as np
        import torch

        offsets = torch.nn.Parameter(torch.from_numpy(np.arange(4)))

    Use instead
    -----------
    Write floats, or ask for them:

        import numpy as np
        import torch

        start = torch.tensor([3.0, 4.0], requires_grad=True)
        offsets = torch.nn.Parameter(torch.from_numpy(np.arange(4)).float())

    Known limits
    ------------
    A tensor whose dtype is not in sight is not reported.

    Fix safety
    ----------
    Unsafe: the tensor becomes float32, which may not be the precision that is meant.

    Observed
    --------
    torch 2.13: `torch.tensor([1, 2], requires_grad=True)`, `torch.arange(3).requires_grad_()` and
    `nn.Parameter(torch.arange(3))` raise; with `requires_grad=False` they do not.
    """

    code = "TSL308"
    name = "integer-requires-grad"
    events = (IntegerGrad,)

    def judge(self, event: Event) -> Iterator[Verdict]:
        from tensorlint.fixes.dtypes import as_floats  # here: pages need no parser

        assert isinstance(event, IntegerGrad)
        yield Verdict(
            event.place,
            f"a tensor of {event.dtype} is made to require grad: RuntimeError: only Tensors of floating point "
            "and complex dtype can require gradients",
            Confidence.CERTAIN if event.certain else Confidence.LIKELY,
            evidence(event, event.reason),
            as_floats(event),
        )
