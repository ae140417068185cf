"""TSL401 gradient-lost."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.finding import Confidence
from tensorlint.flow.events import Event, GradientLost, Missed
from tensorlint.flow.facts import Truth
from tensorlint.flow.lost import Part
from tensorlint.rules.base import Rule, Verdict
from tensorlint.rules.judging import evidence

__all__ = ["GradientIsLost"]


class GradientIsLost(Rule):
    """A value leaves the graph and comes back into a loss, whose gradient no longer reaches the parameters.

    What it does
    ------------
    Finds values that required grad, left the graph (`.item()`, `.numpy()`, `.tolist()`, `float()`, `.detach()`,
    `.data`, `torch.tensor(loss)`, `torch.tensor([loss_a, loss_b])`, `argmax()`) and became all of what `backward()` is
    called on, or a whole term of it, or what the `forward` of a module returns or gives to its next layer or
    multiplies with a parameter.

    Why is this bad?
    ----------------
    A number or an array has no graph, and a tensor made of it starts a new one. Then `backward()` raises "element 0 of
    tensors does not require grad and does not have a grad_fn", or, with `requires_grad=True` or beside another term,
    runs and gives the parameters no gradient: they do not train, and nothing says so.

    Example
    -------
    A loss of NumPy numbers, made to require grad until the error was gone:

        import numpy as np
        import torch

        net = torch.nn.Linear(4, 1)
        out = net(torch.rand(8, 4))
        loss = np.mean(out.detach().numpy() ** 2)
        loss = torch.tensor(loss, requires_grad=True)
        loss.backward()

    One term of the loss is a constant:

        import torch

        net = torch.nn.Linear(4, 1)
        x = torch.rand(8, 4)
        out = net(x)
        penalty = net.weight.pow(2).sum().item()
        loss = out.pow(2).mean() + 0.1 * penalty
        loss.backward()

    A layer that goes through NumPy: nothing before it gets a gradient:

        import numpy as np
        import torch

        class Squash(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.inner = torch.nn.Linear(4, 4)

            def forward(self, x):
                return torch.from_numpy(np.tanh(self.inner(x).detach().numpy()))

    Use instead
    -----------
    Compute what is differentiated with torch, and take numbers only for what is shown or logged:

        import torch

        net = torch.nn.Linear(4, 1)
        x = torch.rand(8, 4)
        out = net(x)
        loss = out.pow(2).mean() + 0.1 * net.weight.pow(2).sum()
        loss.backward()
        print(loss.item())

    Put losses together with `torch.stack`, which keeps their graph:

        import torch

        net = torch.nn.Linear(4, 1)
        losses = [net(torch.rand(8, 4)).pow(2).mean() for _ in range(3)]
        torch.stack(losses).mean().backward()

    What NumPy alone can compute gets its own gradient in a `torch.autograd.Function`.

    Known limits
    ------------
    A gradient that is stopped with `detach()` beside a path that keeps it is taken for intention: targets, baselines,
    straight-through estimators, hidden states. So are weights and temperatures from `.item()`, which multiply. What
    goes through functions that are not known is followed no further.

    Fix safety
    ----------
    There is no fix, as none would be safe: what was computed outside the graph has to be computed with torch.

    Observed
    --------
    torch 2.13: `torch.tensor(loss).backward()` raises the RuntimeError above, `loss.item().backward()` an
    AttributeError; after `torch.tensor(loss.item(), requires_grad=True).backward()` the `grad` of every parameter is
    None; with `a + b.item()` it is the gradient of `a` alone. `torch.tensor([a, b])` warns and drops the graph.
    """

    code = "TSL401"
    name = "gradient-lost"
    events = (GradientLost,)

    def judge(self, event: Event) -> Iterator[Verdict]:
        assert isinstance(event, GradientLost)
        yield Verdict(event.place, _message(event), _confidence(event), evidence(event, event.lost.reason))


def _confidence(event: GradientLost) -> Confidence:
    lost = event.lost
    if lost.truth is Truth.YES and event.always:
        return Confidence.CERTAIN
    if lost.truth is Truth.UNKNOWN and event.missed is Missed.FORWARD and lost.part is not Part.LEAF:
        return Confidence.POSSIBLE
    return Confidence.LIKELY


def _message(event: GradientLost) -> str:
    lost = event.lost
    left = f"`{lost.name}` leaves the graph"
    if event.missed is Missed.FORWARD:
        return f"{left} and comes back in what `forward` returns: no gradient flows back through it"
    if lost.part is Part.TERM:
        return f"{left} and comes back as a term of the loss: a constant, from which `backward()` gives no gradient"
    if lost.part is Part.LEAF:
        return f"{left} and comes back as a new leaf: `backward()` gives no gradient to what it was computed from"
    if event.what == "a tensor":
        return (
            f"{left} and all of the loss comes from it: `backward()` raises RuntimeError: element 0 of tensors does "
            "not require grad and does not have a grad_fn"
        )
    return f"{left} and all of the loss comes from it: {event.what} has no `backward()`"
