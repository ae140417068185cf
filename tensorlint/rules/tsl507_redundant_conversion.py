"""TSL507 redundant-conversion."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.finding import Confidence
from tensorlint.flow.events import Event, Needless
from tensorlint.rules.base import Rule, Verdict
from tensorlint.rules.judging import evidence

__all__ = ["RedundantConversion"]


class RedundantConversion(Rule):
    """A link of a conversion does nothing on any path.

    What it does
    ------------
    Finds `.detach()` on what cannot have a graph (a result of `.detach()`, of a constructor, of what is computed under
    `no_grad()`), and `.cpu()` on what was put on the CPU before, where that holds for every path and caller in sight.

    Why is this bad?
    ----------------
    `.detach().cpu().numpy()` everywhere says that there is a graph and a GPU where there are none. Readers can no
    longer tell which conversions matter.

    Example
    -------
    The link does nothing:

        import torch

        values = torch.zeros(4).detach()

    Use instead
    -----------
    Leave it out, and keep it where it does something:

        import torch

        values = torch.zeros(4)
        x = torch.rand(4, requires_grad=True)
        more = x.detach()

    Known limits
    ------------
    That a tensor is on the CPU is taken to be known only where something puts it there by name: a constructor gives it
    the default device, which may be set to another.

    Fix safety
    ----------
    Unsafe: `.detach()` gives another tensor with the same memory, so that what is set on one (`requires_grad_()`) is
    not set on the other; and callers out of sight may pass what the link is there for.

    Observed
    --------
    torch 2.13: `x.cpu()` of a tensor on the CPU is `x` itself; `x.detach()` of a tensor without a graph is another
    tensor in the same memory, with the same facts.
    """

    code = "TSL507"
    name = "redundant-conversion"
    default = False
    events = (Needless,)

    def judge(self, event: Event) -> Iterator[Verdict]:
        from tensorlint.fixes.reorder import without_needless  # here: pages need no parser

        assert isinstance(event, Needless)
        why = "has no graph" if event.method == "detach" else "is on the CPU"
        yield Verdict(
            event.place,
            f"`.{event.method}()` does nothing: `{event.owner_name}` {why}",
            Confidence.LIKELY,
            evidence(event, event.known),
            without_needless(event),
        )
