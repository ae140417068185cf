"""TSL505 sync-in-loop."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.finding import Confidence
from tensorlint.flow.events import Event, Sync
from tensorlint.flow.facts import Truth
from tensorlint.rules.base import Rule, Verdict
from tensorlint.rules.judging import evidence

__all__ = ["SyncInLoop"]


class SyncInLoop(Rule):
    """A loop waits for the GPU in every step, for values that are read after the loop, or in some steps.

    What it does
    ------------
    Finds `.item()`, `.cpu()`, `.tolist()` and `float(t)` on tensors that may be on a GPU, whose results a loop only
    collects: `total += loss.item()`, `losses.append(loss.item())`, `[t.item() for t in tensors]`; and on those that
    are assigned to a name in every step, which is read only under a test such as `if step % 100 == 0:`.

    Why is this bad?
    ----------------
    A GPU works through its queue while Python goes on to fill it. Each of these waits until the queue is empty, in
    each step of the loop, and the GPU then waits for Python. One conversion after the loop waits once.

    Example
    -------
    A number a step:

        import torch

        device = "cuda" if torch.cuda.is_available() else "cpu"
        net = torch.nn.Linear(4, 1).to(device)
        total = 0.0
        for _ in range(3):
            loss = net(torch.rand(8, 4, device=device)).pow(2).mean()
            loss.backward()
            total += loss.item()
        print(total)

    A number that is logged now and then:

        import torch

        device = "cuda" if torch.cuda.is_available() else "cpu"
        net = torch.nn.Linear(4, 1).to(device)
        for step in range(100):
            loss = net(torch.rand(8, 4, device=device)).pow(2).mean()
            loss.backward()
            value = loss.item()
            if step % 10 == 0:
                print(value)

    Use instead
    -----------
    Add up tensors without their graphs, and convert once:

        import torch

        device = "cuda" if torch.cuda.is_available() else "cpu"
        net = torch.nn.Linear(4, 1).to(device)
        total = torch.zeros((), device=device)
        for _ in range(3):
            loss = net(torch.rand(8, 4, device=device)).pow(2).mean()
            loss.backward()
            total += loss.detach()
        print(total.item())

    Convert what is logged where it is logged:

        import torch

        device = "cuda" if torch.cuda.is_available() else "cpu"
        net = torch.nn.Linear(4, 1).to(device)
        for step in range(100):
            loss = net(torch.rand(8, 4, device=device)).pow(2).mean()
            loss.backward()
            if step % 10 == 0:
                print(loss.item())

    Known limits
    ------------
    What is also read in the loop (a progress line, a test for the best loss so far) or is added up and reset every
    n steps, is not reported. Large tensors may have to leave the GPU in every step to make room.

    Fix safety
    ----------
    There is no fix, as none would be safe: what is collected has to change along with the conversion.

    Observed
    --------
    torch 2.13: where there is a GPU, `.item()` returns only after everything queued before it is done; torch's notes on
    CUDA semantics say so of copies to the CPU.
    """

    code = "TSL505"
    name = "sync-in-loop"
    default = False
    events = (Sync,)

    def judge(self, event: Event) -> Iterator[Verdict]:
        assert isinstance(event, Sync)
        when = f"read only where `{event.under}`: move it there" if event.under else _AFTER
        yield Verdict(
            event.place,
            f"`{event.by}` waits for the GPU in every step, for what is {when}",
            Confidence.CERTAIN if event.device.truth is Truth.YES else Confidence.LIKELY,
            evidence(event, event.device.reason),
        )


_AFTER = "read after the loop: convert it once, there"
