"""TSL208 write-behind-autograd."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.finding import Confidence
from tensorlint.flow.events import Event, WriteBehindAutograd
from tensorlint.flow.facts import Reason, Truth
from tensorlint.rules.base import Rule, Verdict
from tensorlint.rules.judging import evidence

__all__ = ["BehindAutograd"]


class BehindAutograd(Rule):
    """Memory that autograd has saved is written to by NumPy or through `.data`: the gradient is wrong, silently.

    What it does
    ------------
    Finds writes by NumPy (`y.detach().numpy()[...] = 0`, `a *= 2` on an array that shares memory) and through `.data`
    (`y.data.zero_()`, `w.data *= 0.9`, `x.data = x.data + 1`) to memory that an operation has saved for its backward,
    where a `backward()` or `autograd.grad` that goes through this operation comes after the write.

    Why is this bad?
    ----------------
    To compute gradients, most operations keep their operands or their result: `exp`, `sigmoid`, `tanh`, `relu` and
    `softmax` the result, `x * y` both operands, `nn.Linear` its input and its weight. They keep the memory, not a copy.
    torch counts its own writes, and raises in `backward()` when something that was kept has been changed since. It does
    not see writes by NumPy, and `.data` has a counter of its own: the backward computes with the new values, and the
    gradient is wrong. Nothing is raised; the network trains, only worse.

    Example
    -------
    The gradient is zero where the array was set to zero:

        import torch

        x = torch.linspace(-4, 4, 5, requires_grad=True)
        y = torch.sigmoid(x)
        shown = y.detach().numpy()
        shown[shown < 0.1] = 0
        y.sum().backward()

    Weights that change between the forward and the backward:

        import torch

        net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
        x = torch.randn(16, 4)
        loss = net(x).pow(2).mean()
        for p in net.parameters():
            p.data.mul_(0.99)
        loss.backward()

    Use instead
    -----------
    Write to a copy:

        import torch

        x = torch.linspace(-4, 4, 5, requires_grad=True)
        y = torch.sigmoid(x)
        shown = y.detach().numpy().copy()
        shown[shown < 0.1] = 0
        y.sum().backward()

    Write after the backward, or before the forward:

        import torch

        net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
        x = torch.randn(16, 4)
        loss = net(x).pow(2).mean()
        loss.backward()
        with torch.no_grad():
            for p in net.parameters():
                p.mul_(0.99)

    What is to take part in the gradient is computed by torch, as a new tensor: `y = torch.where(mask, y, 0.0)`. And a
    write under `torch.no_grad()`, or to `y.detach()`, is counted: where it does harm, the backward raises.

    Known limits
    ------------
    What an operation saves is known for the calls in the library tables, for `torch.nn` layers and for functions of the
    project. The backward must be in sight. A write where dtype or layout decide whether memory is shared is left to
    TSL205.

    Fix safety
    ----------
    There is no fix, as none would be safe: whether a copy is wanted, a new tensor, or a write at another time, only the
    author knows.

    Observed
    --------
    torch 2.13: `x = torch.ones(2, requires_grad=True); y = x.exp(); y.detach().numpy()[:] = 0; y.sum().backward()`
    leaves zeros in `x.grad`, and so does `y.data.zero_()`; `y.detach().zero_()` makes `backward()` raise RuntimeError.
    """

    code = "TSL208"
    name = "write-behind-autograd"
    events = (WriteBehindAutograd,)

    def judge(self, event: Event) -> Iterator[Verdict]:
        assert isinstance(event, WriteBehindAutograd)
        yield Verdict(
            event.place,
            f"this write to `{event.written_name}` changes what is saved for the backward, behind autograd's back: "
            f"the gradient is wrong, and nothing is raised; {_instead(event)}",
            _confidence(event),
            evidence(event, event.saved, event.alias, Reason(event.place, "it is written to here"), event.backward),
        )


def _confidence(event: WriteBehindAutograd) -> Confidence:
    if event.wanted.truth is Truth.YES:
        return Confidence.LIKELY if event.condition else Confidence.CERTAIN
    return Confidence.LIKELY if event.wanted.truth is Truth.MAYBE else Confidence.POSSIBLE


def _instead(event: WriteBehindAutograd) -> str:
    if event.through == "array":
        return "write to a copy"
    return "write after the backward, or compute a new tensor"
