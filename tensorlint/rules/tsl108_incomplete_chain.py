"""TSL108 incomplete-chain."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.finding import Confidence
from tensorlint.flow.events import Conversion, Event, How
from tensorlint.flow.facts import Truth
from tensorlint.rules.base import Rule, Verdict
from tensorlint.rules.judging import evidence

__all__ = ["IncompleteChain"]


class IncompleteChain(Rule):
    """A tensor of unknown origin is converted by half of the chain.

    What it does
    ------------
    Finds `t.cpu().numpy()` without `detach()`, and `t.detach().numpy()` without `cpu()`, where it is not known whether
    the tensor requires grad, or where it is.

    Why is this bad?
    ----------------
    Each link prevents one of the two errors that a conversion raises; half of the chain is what an author writes who
    has met one of them and not the other. `detach()` and, on the CPU, `cpu()` cost nothing.

    Example
    -------
    This fails for a tensor that requires grad:

        import torch

        def to_array(tensor):
            return tensor.cpu().numpy()

    Use instead
    -----------
    The whole chain, in this order, which keeps the copy out of the graph:

        import torch

        def to_array(tensor):
            return tensor.detach().cpu().numpy()

    Known limits
    ------------
    A plain `t.numpy()` is not reported: its author may well know that neither link is needed. Where the tensor is
    known to require grad or to be on a GPU, TSL101 and TSL102 report it.

    Fix safety
    ----------
    Safe: `detach()` and, on the CPU, `cpu()` give a tensor that shares the same memory, so that nothing changes where
    the conversion worked.

    Observed
    --------
    torch 2.13: for `w = torch.ones(2, requires_grad=True)`, `w.cpu().numpy()` raises "RuntimeError: Can't call numpy()
    on Tensor that requires grad"; on the `meta` device, which refuses as CUDA does, `t.detach().numpy()` raises
    "TypeError: can't convert meta device type tensor to numpy".
    """

    code = "TSL108"
    name = "incomplete-chain"
    default = False
    events = (Conversion,)

    def judge(self, event: Event) -> Iterator[Verdict]:
        from tensorlint.fixes.chain import complete_chain, links_of  # here: pages need no parser

        assert isinstance(event, Conversion)
        grad, device = event.tensor.requires_grad, event.tensor.device
        if event.how is not How.NUMPY or grad.holds or device.holds:
            return
        links = links_of(event.operand)
        if links.on_cpu and not links.detached and grad.truth is Truth.UNKNOWN:
            message = f"`{event.operand_name}` is moved to the CPU and not detached: raises if the tensor requires grad"
        elif links.detached and not links.on_cpu and device.truth is Truth.UNKNOWN:
            message = f"`{event.operand_name}` is detached and not moved to the CPU: raises if the tensor is on a GPU"
        else:
            return
        kind = event.tensor.kind.reason
        yield Verdict(event.place, message, Confidence.LIKELY, evidence(event, kind), complete_chain(event))
