"""TSL102 device-to-numpy."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.finding import Confidence
from tensorlint.flow.events import Conversion, Event
from tensorlint.rules.base import Rule, Verdict
from tensorlint.rules.judging import conversion_confidence, converter, evidence, subject

__all__ = ["DeviceToNumpy"]


class DeviceToNumpy(Rule):
    """A tensor that may be on a GPU is converted to NumPy, which raises there.

    What it does
    ------------
    Finds conversions of tensors on an accelerator (CUDA, MPS, XLA), or on a device that is one wherever the program
    finds one: `.numpy()`, `np.asarray(t)`, `np.array(t)`, and calls that convert on their own, through `__array__`:
    functions of NumPy, SciPy, scikit-learn, pandas, Matplotlib and seaborn, `arr[...] = t`, `t * arr`, and a list of
    such tensors.

    Why is this bad?
    ----------------
    NumPy can only see the memory of the host, so torch refuses: "TypeError: can't convert cuda:0 device type tensor to
    numpy. Use Tensor.cpu() to copy the tensor to host memory first." It is a TypeError, which an `except RuntimeError`
    does not catch. With `device = "cuda" if torch.cuda.is_available() else "cpu"` the same program works on a laptop
    and in a CI job without a GPU, and fails on the machine that it was written for.

    Example
    -------
    Without a graph the tensor still lives on the GPU:

        import torch

        device = "cuda" if torch.cuda.is_available() else "cpu"
        net = torch.nn.Linear(4, 1).to(device)
        with torch.no_grad():
            prediction = net(torch.rand(8, 4, device=device)).numpy()

    An implicit conversion raises as well:

        import numpy as np
        import torch

        scores = torch.rand(8, device="cuda")
        print(np.argsort(scores))

    Use instead
    -----------
    Copy to the host first; on the CPU `cpu()` returns the tensor itself:

        import torch

        device = "cuda" if torch.cuda.is_available() else "cpu"
        net = torch.nn.Linear(4, 1).to(device)
        with torch.no_grad():
            prediction = net(torch.rand(8, 4, device=device)).cpu().numpy()

    Stay in torch where it has the function too:

        import torch

        scores = torch.rand(8, device="cuda")
        print(scores.argsort())

    Known limits
    ------------
    A parameter of a function about which nothing is known is reported only with `--confidence possible`, and only if
    something says that it is a tensor. A device read from a file or from an argument is taken for one that may be a
    GPU.

    Fix safety
    ----------
    Completing the chain of an explicit conversion is safe: on the CPU `detach()` and `cpu()` give a tensor that shares
    the same memory, so nothing changes where the conversion worked. For an implicit conversion the fix is unsafe, as
    the call is given an ndarray where it got a Tensor, and its result may change from Tensor to ndarray. A
    comprehension over a list is unsafe, as it takes every element for a tensor; there is no fix where something else is
    seen among them, or given by another caller.

    Observed
    --------
    torch 2.13, NumPy 2.4: on the `meta` device, which refuses as CUDA does, `.numpy()`, `np.asarray(t)` and `np.exp(t)`
    raise "TypeError: can't convert meta device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host memory
    first.", and `np.from_dlpack(t)` raises a BufferError.
    """

    code = "TSL102"
    name = "device-to-numpy"
    events = (Conversion,)

    def judge(self, event: Event) -> Iterator[Verdict]:
        from tensorlint.fixes.chain import complete_chain  # here: pages need no parser

        assert isinstance(event, Conversion)
        fact = event.tensor.device
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
    error = "TypeError: can't convert cuda:0 device type tensor to numpy"
    if event.by.endswith("from_dlpack"):
        error = "an error, as NumPy cannot read a GPU's memory"
    if confidence is Confidence.CERTAIN:
        return f"{subject(event, 'is on a GPU', 'are on a GPU')}: {converter(event)} raises {error}"
    if confidence is Confidence.LIKELY:
        return f"{subject(event, 'may be on a GPU', 'may be on a GPU')}: there {converter(event)} raises {error}"
    unknown = f"it is not known whether {subject(event, 'is on a GPU', 'are on a GPU')}"
    return f"{unknown}; if so, {converter(event)} raises {error}"
