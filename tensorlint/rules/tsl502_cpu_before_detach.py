"""TSL502 cpu-before-detach."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.finding import Confidence
from tensorlint.flow.events import Chained, Event
from tensorlint.flow.facts import Truth
from tensorlint.rules.base import Rule, Verdict
from tensorlint.rules.judging import evidence

__all__ = ["CpuBeforeDetach"]


class CpuBeforeDetach(Rule):
    """`.cpu()` stands before `.detach()`: the copy is recorded by autograd.

    What it does
    ------------
    Finds `x.cpu().detach()` and `x.to("cpu").detach()` on tensors that may require grad.

    Why is this bad?
    ----------------
    `.detach()` costs nothing and takes the tensor out of the graph; what comes after it is not recorded. In the
    other order autograd records the copy from the GPU, and a node of the graph is made and dropped again.

    Example
    -------
    Autograd records a copy that nothing is back-propagated through:

        import torch

        net = torch.nn.Linear(4, 1)
        values = net(torch.rand(8, 4)).cpu().detach().numpy()

    Use instead
    -----------
    Detach first:

        import torch

        net = torch.nn.Linear(4, 1)
        values = net(torch.rand(8, 4)).detach().cpu().numpy()

    Known limits
    ------------
    What is surely without a graph is not reported. `.to(device).detach()` is not either: the device is not known
    there.

    Fix safety
    ----------
    Safe: both orders give the same values without a graph, on the CPU.

    Observed
    --------
    torch 2.13, simulated CUDA: between `.cpu()` and `.detach()` the copy has a `grad_fn`; on the CPU `.cpu()` gives
    the tensor itself."""

    code = "TSL502"
    name = "cpu-before-detach"
    default = False
    events = (Chained,)

    def judge(self, event: Event) -> Iterator[Verdict]:
        from tensorlint.fixes.reorder import detached_first  # here: pages need no parser

        assert isinstance(event, Chained)
        if event.what != "cpu":
            return
        yield Verdict(
            event.place,
            f"`{event.owner_name}` is copied to the CPU inside the graph: detach first",
            Confidence.CERTAIN if event.requires_grad.truth is Truth.YES else Confidence.LIKELY,
            evidence(event, event.requires_grad.reason or event.fact.reason),
            detached_first(event),
        )
