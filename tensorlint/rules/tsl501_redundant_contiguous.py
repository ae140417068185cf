"""TSL501 redundant-contiguous."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.finding import Confidence
from tensorlint.flow.events import Chained, Event
from tensorlint.flow.facts import Truth
from tensorlint.rules.base import Rule, Verdict
from tensorlint.rules.judging import evidence

__all__ = ["RedundantContiguous"]


class RedundantContiguous(Rule):
    """`.contiguous()` before `.numpy()` is not needed, and makes it depend on the layout whether memory is shared.

    What it does
    ------------
    Finds `x.contiguous().numpy()`, also with `.detach()` or `.cpu()` between the two.

    Why is this bad?
    ----------------
    An array may have any strides, so `.numpy()` works on every layout. `.contiguous()` gives the tensor itself
    where it is contiguous already, and a copy where it is not: then it costs time, and a write to the array reaches
    the tensor or not, depending on the layout.

    Example
    -------
    The transposed tensor is copied, and `a` does not share its memory:

        import torch

        x = torch.ones(2, 3)
        a = x.t().contiguous().numpy()

    Use instead
    -----------
    Convert as it is, and copy where a copy is wanted:

        import torch

        x = torch.ones(2, 3)
        a = x.t().numpy()
        b = x.t().numpy().copy()

    Known limits
    ------------
    Code outside of NumPy that reads the memory by its address needs a contiguous array: `np.ascontiguousarray` says
    so.

    Fix safety
    ----------
    Unsafe: the array may have other strides, and it shares memory where it was a copy.

    Observed
    --------
    torch 2.13: `x.t().contiguous().numpy()` is a copy, `x.t().numpy()` shares memory with `x`; with `x` instead of
    `x.t()` both share."""

    code = "TSL501"
    name = "redundant-contiguous"
    default = False
    events = (Chained,)

    def judge(self, event: Event) -> Iterator[Verdict]:
        from tensorlint.fixes.reorder import without_link  # here: pages need no parser

        assert isinstance(event, Chained)
        if event.what != "contiguous":
            return
        yield Verdict(
            event.place,
            f"`{event.owner_name}` needs no `.contiguous()` before `.numpy()`: with it the layout decides whether "
            "memory is shared",
            Confidence.CERTAIN if event.fact.truth is Truth.YES else Confidence.LIKELY,
            evidence(event, event.fact.reason),
            without_link(event),
        )
