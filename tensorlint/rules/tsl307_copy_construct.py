"""TSL307 copy-construct."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.flow.events import Event, Given
from tensorlint.flow.values import Tensor
from tensorlint.rules.base import Rule, Verdict
from tensorlint.rules.judging import evidence, told_apart

__all__ = ["CopyConstruct"]


class CopyConstruct(Rule):
    """`torch.tensor` is given a tensor.

    What it does
    ------------
    Finds `torch.tensor(x)` where `x` is a tensor.

    Why is this bad?
    ----------------
    `torch.tensor` is for data of other kinds. Of a tensor it makes a copy without a graph and warns: "To copy construct
    from a tensor, it is recommended to use sourceTensor.detach().clone()". Which of the two was meant, the copy or the
    end of the graph, cannot be seen.

    Example
    -------
    A tensor that already is one:

        import torch

        x = torch.rand(4)
        y = torch.tensor(x)

    Use instead
    -----------
    Say that it is a copy, and that it is detached:

        import torch

        x = torch.rand(4)
        y = x.detach().clone()

    Or leave a tensor as it is:

        import torch

        x = torch.rand(4)
        y = torch.as_tensor(x)

    Known limits
    ------------
    An argument that may be an array as well as a tensor is left alone, and so is one that only its annotation calls a
    tensor.

    Fix safety
    ----------
    Safe: `.detach().clone()` gives the same values, without a graph, in memory of their own. Where a dtype or a device
    is asked for there is no fix.

    Observed
    --------
    torch 2.13: `torch.tensor(torch.rand(4))` gives the UserWarning above; so does a parameter and a 0-d tensor.
    `torch.as_tensor(x)` is silent and is `x` itself.
    """

    code = "TSL307"
    name = "copy-construct"
    events = (Given,)

    def judge(self, event: Event) -> Iterator[Verdict]:
        from tensorlint.fixes.dtypes import detached_copy  # here: pages need no parser

        assert isinstance(event, Given)
        if event.function != "torch.tensor" or not isinstance(event.value, Tensor) or not event.always:
            return
        yield Verdict(
            event.place,
            f"`{event.operand_name}` is a tensor already: `{event.by}` copies it, drops its graph and warns",
            told_apart(event.surely),
            evidence(event, event.value.kind.reason),
            detached_copy(event),
        )
