"""TSL402 data-attribute."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.finding import Confidence
from tensorlint.flow.events import DataRead, Event
from tensorlint.flow.facts import Truth
from tensorlint.rules.base import Rule, Verdict
from tensorlint.rules.judging import evidence

__all__ = ["DataAttribute"]


class DataAttribute(Rule):
    """`.data` is read where `.detach()` is meant.

    What it does
    ------------
    Finds `x.data` that is read for its value: a number to log, an array to plot, a tensor without a graph. Writes
    to parameters in the old idiom are left alone: `p.data -= lr * p.grad.data`, `p.data.copy_(q.data)`, `p.data =
    x`, `nn.init.normal_(m.weight.data)`.

    Why is this bad?
    ----------------
    Both give a tensor without a graph in the same memory, but autograd does not see what is written through
    `.data`: a value that it has saved for `backward()` changes, and the gradient is wrong without an error. With
    `.detach()` the same write is noticed and `backward()` raises. `.data` is what torch had before version 0.4.

    Example
    -------
    A number to log:

        import torch

        x = torch.ones(2, requires_grad=True)
        y = (x * 2).sum()
        print(y.data)

    Use instead
    -----------
    `detach()`, or `item()` for a number:

        import torch

        x = torch.ones(2, requires_grad=True)
        y = (x * 2).sum()
        print(y.detach(), y.item())

    Known limits
    ------------
    Only what is known to be a tensor is reported. Whether `.data` is a tensor's attribute is not known of
    parameters of functions without annotations.

    Fix safety
    ----------
    Unsafe: where the result is written to, autograd now notices, and a `backward()` that gave a wrong gradient
    raises.

    Observed
    --------
    torch 2.13: after `y = x.sigmoid(); y.data.zero_()` the gradient of `y.sum()` through the sigmoid is 0; with
    `y.detach()` `backward()` raises "RuntimeError: one of the variables needed for gradient computation has been
    modified by an inplace operation"."""

    code = "TSL402"
    name = "data-attribute"
    default = False
    events = (DataRead,)

    def judge(self, event: Event) -> Iterator[Verdict]:
        from tensorlint.fixes.reorder import detached  # here: pages need no parser

        assert isinstance(event, DataRead)
        yield Verdict(
            event.place,
            f"`{event.owner_name}.data` takes the value without autograd's knowledge: use `.detach()`",
            Confidence.CERTAIN if event.fact.truth is Truth.YES else Confidence.LIKELY,
            evidence(event, event.fact.reason),
            detached(event),
        )
