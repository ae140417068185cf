"""TSL203 stale-snapshot."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.flow.events import Event, StaleAlias
from tensorlint.rules.base import Rule, Verdict
from tensorlint.rules.judging import evidence, told_apart

__all__ = ["StaleSnapshot"]


class StaleSnapshot(Rule):
    """What is kept as a snapshot shares memory with its source, which goes on changing.

    What it does
    ------------
    Finds aliases that are put away for later (appended, stored, returned, kept as the best so far) while their source
    is written to again: parameters and buffers that an optimizer steps, `state_dict()`, an array that is filled anew in
    every round of a loop.

    Why is this bad?
    ----------------
    `state_dict()`, `p.data`, `p.detach()`, `.numpy()`, `.cpu()` on the CPU and a slice copy nothing. The "best" weights
    that were kept turn into the last ones with the next `optimizer.step()`, and a history of weights becomes the same
    weights many times over. Nothing is raised, and the numbers look plausible. On a GPU `.cpu()` does copy, so that the
    same program is right there and wrong on the CPU.

    Example
    -------
    The best state is the last one:

        import torch

        net = torch.nn.Linear(4, 1)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        best, best_loss = None, float("inf")
        for _ in range(10):
            loss = net(torch.rand(8, 4)).pow(2).mean()
            if loss.item() < best_loss:
                best_loss = loss.item()
                best = net.state_dict()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        net.load_state_dict(best)

    Every entry of the history is the same:

        import torch

        net = torch.nn.Linear(4, 1)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        history = []
        for _ in range(10):
            net(torch.rand(8, 4)).pow(2).mean().backward()
            optimizer.step()
            history.append(net.weight.detach().numpy())
        print(history)

    Use instead
    -----------
    Copy the state:

        import copy

        import torch

        net = torch.nn.Linear(4, 1)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        best, best_loss = None, float("inf")
        for _ in range(10):
            loss = net(torch.rand(8, 4)).pow(2).mean()
            if loss.item() < best_loss:
                best_loss = loss.item()
                best = copy.deepcopy(net.state_dict())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        net.load_state_dict(best)

    Copy the array:

        import torch

        net = torch.nn.Linear(4, 1)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        history = []
        for _ in range(10):
            net(torch.rand(8, 4)).pow(2).mean().backward()
            optimizer.step()
            history.append(net.weight.detach().numpy().copy())
        print(history)

    Known limits
    ------------
    `state_dict().copy()` and `dict(net.state_dict())` copy the dict, not the tensors in it, and are reported too. A
    snapshot that is written to a file at once, as `torch.save` does, is none that can go stale.
    An alias that is only bound to a name, and not as the best of a loop, may be a view that is meant to follow: it is
    reported where it is subtracted from its source, or given back to `load_state_dict`.

    Fix safety
    ----------
    Unsafe: a copy takes time and memory, and a program that wants to see later changes through the alias no longer
    does.

    Observed
    --------
    torch 2.13: after `kept = net.state_dict()` and a write to `net.weight`, `kept["weight"]` holds the new values; so
    do `net.state_dict().copy()` and `{k: v.cpu() for k, v in net.state_dict().items()}` on the CPU.
    `copy.deepcopy(net.state_dict())` holds the old ones.
    """

    code = "TSL203"
    name = "stale-snapshot"
    events = (StaleAlias,)

    def judge(self, event: Event) -> Iterator[Verdict]:
        from tensorlint.fixes.copies import copy_of_snapshot  # here: pages need no parser

        assert isinstance(event, StaleAlias)
        yield Verdict(
            event.place,
            f"what is kept here is no copy and changes with its source: {event.what}",
            told_apart(event.certain),
            evidence(event, event.kept, event.changed, event.used),
            copy_of_snapshot(event),
        )
