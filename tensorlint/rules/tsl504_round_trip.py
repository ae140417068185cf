"""TSL504 round-trip."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.finding import Confidence
from tensorlint.flow.events import Event, RoundTrip
from tensorlint.rules.base import Rule, Verdict
from tensorlint.rules.judging import evidence

__all__ = ["RoundTripThroughNumPy"]


class RoundTripThroughNumPy(Rule):
    """A tensor becomes an array only to become a tensor again.

    What it does
    ------------
    Finds `torch.from_numpy(t.numpy())`, `torch.tensor(t.numpy())` and the like with nothing between, on one line or
    through a name that is used for nothing else.

    Why is this bad?
    ----------------
    It gives what was there before. On a GPU it costs two copies and a wait, and it needs `.detach()` and `.cpu()`,
    which take the tensor out of the graph and off its device.

    Example
    -------
    There and back:

        import torch

        x = torch.rand(4)
        y = torch.from_numpy(x.numpy())

    Use instead
    -----------
    The tensor itself, or what was wanted of the detour:

        import torch

        x = torch.rand(4)
        y = x.detach()
        z = x.clone()

    Known limits
    ------------
    An array that is kept in an attribute, or handed on as well, is taken to be needed.

    Fix safety
    ----------
    Unsafe: the result is the very tensor, with its device where the detour brought it to the CPU, and `.numpy()`
    may be there to raise. There is no fix where the call is given a dtype or a device, nor through a name.

    Observed
    --------
    torch 2.13: `torch.from_numpy(x.numpy())` shares memory with `x`, `torch.tensor(x.numpy())` is a copy.
    """

    code = "TSL504"
    name = "round-trip"
    default = False
    events = (RoundTrip,)

    def judge(self, event: Event) -> Iterator[Verdict]:
        from tensorlint.fixes.reorder import straight  # here: pages need no parser

        assert isinstance(event, RoundTrip)
        yield Verdict(
            event.place,
            f"`{event.tensor_name}` goes through NumPy and back with nothing between",
            Confidence.CERTAIN,
            evidence(event, None),
            straight(event),
        )
