"""TSL506 discarded-conversion."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.finding import Confidence
from tensorlint.flow.events import Discarded, Event
from tensorlint.flow.facts import Truth
from tensorlint.rules.base import Rule, Verdict
from tensorlint.rules.judging import evidence

__all__ = ["DiscardedConversion"]


class DiscardedConversion(Rule):
    """A conversion stands as a statement: its result is dropped and nothing changes.

    What it does
    ------------
    Finds statements such as `x.to(device)`, `x.cpu()`, `x.detach()`, `x.float()` or `z.resolve_conj()` on a tensor,
    whose result goes nowhere.

    Why is this bad?
    ----------------
    These methods of a tensor return the result and leave the tensor as it is, unlike those of a module:
    `net.to(device)` moves the module itself. What follows still sees the old device, the old dtype, or the graph.

    Example
    -------
    The tensor is still what it was:

        import torch

        x = torch.rand(4)
        x.double()
        print(x.dtype)

    A batch is not moved like a module:

        import torch

        net = torch.nn.Linear(4, 1)
        batch = torch.rand(8, 4)
        net.to("cpu")
        batch.to("cpu")
        print(net(batch).shape)

    Use instead
    -----------
    Assign the result:

        import torch

        x = torch.rand(4)
        x = x.double()
        print(x.dtype)

    Or use a method that works in place, where there is one:

        import torch

        x = torch.rand(4, requires_grad=True) * 2
        x.detach_()
        print(x.requires_grad)

    Known limits
    ------------
    Only statements on what is known to be a tensor are reported. A call that is made for its side effect, to wait for
    the GPU or to raise early, looks the same: assign it to `_`, or suppress the finding. The last
    expression of a notebook's cell is not reported, since its value is shown, unless a `;` follows it.

    Fix safety
    ----------
    Unsafe: from there on the program sees the result, which it never did before. There is no fix where nothing can be
    assigned to, as in `f(x).cpu()`, where nothing would read what is assigned, or where an assignment would turn a name
    of an outer scope into a local one. In `for k, v in d.items(): v.to(device)` the result is assigned to `d[k]`.

    Observed
    --------
    torch 2.13: after `x.double()` as a statement `x.dtype` is still `torch.float32`, and after `x.detach()`
    `x.requires_grad` is still True. `x.to("cpu")` of a tensor on the CPU returns `x` itself.
    """

    code = "TSL506"
    name = "discarded-conversion"
    about_dropped = True
    events = (Discarded,)

    def judge(self, event: Event) -> Iterator[Verdict]:
        from tensorlint.fixes.rewrites import assigned  # here: pages need no parser

        assert isinstance(event, Discarded)
        if not event.fact.holds:
            return
        certain = event.fact.truth is Truth.YES
        yield Verdict(
            event.place,
            f"`{event.receiver_name}.{event.method}(...)` leaves `{event.receiver_name}` as it is and returns "
            "the result, which is dropped here",
            Confidence.CERTAIN if certain else Confidence.LIKELY,
            evidence(event, event.fact.reason),
            assigned(event),
        )
