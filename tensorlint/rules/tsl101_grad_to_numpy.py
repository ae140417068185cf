"""TSL101 grad-to-numpy."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.finding import Confidence
from tensorlint.flow.events import Conversion, Event
from tensorlint.rules.base import Rule, Verdict
from tensorlint.rules.judging import conversion_confidence, converter, evidence, subject

__all__ = ["GradToNumpy"]


class GradToNumpy(Rule):
    """A tensor that requires grad is converted to NumPy, which raises.

    What it does
    ------------
    Finds conversions of tensors that require grad: `.numpy()`, `np.asarray(t)`, `np.array(t)`, `np.from_dlpack(t)`, and
    calls that convert on their own, through `__array__`: functions of NumPy, SciPy, scikit-learn, pandas, Matplotlib
    and seaborn, `arr[...] = t`, `t * arr`, and a list of such tensors.

    Why is this bad?
    ----------------
    An array takes no part in autograd, so torch refuses: "RuntimeError: Can't call numpy() on Tensor that requires
    grad. Use tensor.detach().numpy() instead." Whatever comes out of a module with trainable parameters requires grad,
    a loss does above all, and `eval()` does not change that: only `no_grad()`, `inference_mode()` and `detach()` do.
    Where the conversion stands behind a training loop or in a branch for plots, the error comes after hours.

    Example
    -------
    The output of a module requires grad:

        import torch

        net = torch.nn.Linear(4, 1)
        out = net(torch.rand(8, 4))
        prediction = out.numpy()

    A list of losses is as bad as one of them:

        import numpy as np
        import torch

        net = torch.nn.Linear(4, 1)
        losses = []
        for _ in range(3):
            losses.append(net(torch.rand(8, 4)).pow(2).mean())
        print(np.mean(losses))

    Use instead
    -----------
    Take the tensor out of the graph first:

        import torch

        net = torch.nn.Linear(4, 1)
        out = net(torch.rand(8, 4))
        prediction = out.detach().cpu().numpy()

    Keep numbers, which also frees the graph of every step:

        import numpy as np
        import torch

        net = torch.nn.Linear(4, 1)
        losses = []
        for _ in range(3):
            losses.append(net(torch.rand(8, 4)).pow(2).mean().item())
        print(np.mean(losses))

    Compute without a graph where no gradient is wanted:

        import torch

        net = torch.nn.Linear(4, 1)
        with torch.no_grad():
            prediction = net(torch.rand(8, 4)).numpy()

    Known limits
    ------------
    A parameter of a function about which nothing is known is reported only with `--confidence possible`, and only if
    something says that it is a tensor. A module is recognised by its class or by what is done with it, never by its
    name. A NumPy round trip on purpose inside `torch.autograd.Function` is not reported, as no graph is recorded there.

    Fix safety
    ----------
    Completing the chain of an explicit conversion is safe: `detach()` and, on the CPU, `cpu()` give a tensor that
    shares the same memory, so nothing changes where the conversion worked. For an implicit conversion the fix is
    unsafe, as the call is given an ndarray where it got a Tensor, and its result may change from Tensor to ndarray. A
    comprehension over a list is unsafe, as it takes every element for a tensor; there is no fix where something else is
    seen among them, or given by another caller. No fix brings back a gradient that was meant to flow through NumPy.

    Observed
    --------
    torch 2.13, NumPy 2.4: `.numpy()`, `np.asarray(t)`, `np.exp(t)`, `np.mean([t, t])`, `plt.plot(t)`,
    `pd.DataFrame(t)`, `arr[:] = t` and `t * arr` raise the RuntimeError above; `np.from_dlpack(t)` raises "BufferError:
    Can't export tensors that require gradient, use tensor.detach()". Under `torch.no_grad()` all but the last work, for
    parameters too.
    """

    code = "TSL101"
    name = "grad-to-numpy"
    events = (Conversion,)

    def judge(self, event: Event) -> Iterator[Verdict]:
        from tensorlint.fixes.chain import complete_chain  # here: pages need no parser

        assert isinstance(event, Conversion)
        fact = event.tensor.requires_grad
        confidence = conversion_confidence(fact, event)
        if confidence is None:
            return
        yield Verdict(
            event.place,
            _message(event, confidence),
            confidence,
            evidence(event, fact.reason if fact.holds else event.tensor.kind.reason),
            complete_chain(event),
        )


def _message(event: Conversion, confidence: Confidence) -> str:
    error = "RuntimeError: Can't call numpy() on Tensor that requires grad"
    if event.by.endswith("from_dlpack"):
        error = "BufferError: Can't export tensors that require gradient, use tensor.detach()"
    if confidence is Confidence.CERTAIN:
        return f"{subject(event, 'requires grad', 'require grad')}: {converter(event)} raises {error}"
    if confidence is Confidence.LIKELY:
        return f"{subject(event, 'may require grad', 'may require grad')}: then {converter(event)} raises {error}"
    unknown = f"it is not known whether {subject(event, 'requires grad', 'require grad')}"
    return f"{unknown}; if so, {converter(event)} raises {error}"
