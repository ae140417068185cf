"""TSL104 dtype-to-numpy."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.finding import Confidence
from tensorlint.flow.events import Conversion, Event
from tensorlint.rules.base import Rule, Verdict
from tensorlint.rules.judging import converter, evidence, form_confidence, subject

__all__ = ["DtypeToNumpy"]


class DtypeToNumpy(Rule):
    """A tensor whose dtype NumPy does not have is converted, which raises.

    What it does
    ------------
    Finds conversions of bfloat16, float8, complex32 and quantized tensors, explicit or implicit. The dtype comes from
    `.bfloat16()`, `.to(torch.bfloat16)`, `dtype=`, a model that was cast or loaded in it, or `torch.autocast`.

    Why is this bad?
    ----------------
    NumPy has none of these dtypes: "TypeError: Got unsupported ScalarType BFloat16". `detach()`, `cpu()` and
    `numpy(force=True)` do not help. A program that is switched from float32 or float16 to bfloat16 fails where it
    leaves torch: in its metrics, plots and exports.

    Example
    -------
    The output of a model in bfloat16:

        import torch

        net = torch.nn.Linear(4, 1).to(torch.bfloat16)
        with torch.no_grad():
            prediction = net(torch.rand(8, 4, dtype=torch.bfloat16)).numpy()

    What autocast computes has its dtype, too:

        import torch

        net = torch.nn.Linear(4, 1)
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
            prediction = net(torch.rand(8, 4))
        print(prediction.numpy(force=True))

    Use instead
    -----------
    Cast to float32 first, which holds every bfloat16 exactly:

        import torch

        net = torch.nn.Linear(4, 1).to(torch.bfloat16)
        with torch.no_grad():
            prediction = net(torch.rand(8, 4, dtype=torch.bfloat16)).float().numpy()

    A quantized tensor has values, or the integers that stand for them:

        import torch

        q = torch.quantize_per_tensor(torch.rand(4), 0.1, 0, torch.quint8)
        print(q.dequantize().numpy(), q.int_repr().numpy())

    Known limits
    ------------
    A dtype that a setting or an argument decides is not known. Inside autocast the output of a model is reported as
    likely, though the last operation of a model may be one that autocast computes in float32. What is computed from a
    bfloat16 tensor and another one whose dtype is not known is not reported.

    Fix safety
    ----------
    Unsafe: `.float()` gives a float32 copy, `.cfloat()` a complex64 one, `.dequantize()` one of float32 values, and
    where the dtype was another one the program worked with that.

    Observed
    --------
    torch 2.13, NumPy 2.4: `.numpy()`, `.numpy(force=True)`, `np.asarray(t)`, `np.exp(t)`, `np.mean([t, t])` and
    `arr[:] = t` raise "TypeError: Got unsupported ScalarType BFloat16" (`Float8_e4m3fn`, `ComplexHalf`, `QUInt8`);
    `np.from_dlpack(t)` raises "RuntimeError: Unsupported dtype in DLTensor." `tolist()`, `item()` and `float(t)` work,
    and so does float16.
    """

    code = "TSL104"
    name = "dtype-to-numpy"
    events = (Conversion,)

    def judge(self, event: Event) -> Iterator[Verdict]:
        from tensorlint.fixes.links import with_link  # here: pages need no parser

        assert isinstance(event, Conversion)
        fact, name = event.tensor.form.dtype, event.tensor.form.dtype_name
        confidence = form_confidence(fact, event)
        if confidence is None:
            return
        link = _LINKS.get(name, ".float()")
        yield Verdict(
            event.place,
            _message(event, confidence, name),
            confidence,
            evidence(event, fact.reason),
            with_link(event, link, f"the array has another dtype than the tensor: that of `{link}`"),
        )


_QUANTIZED = ("quantized", "quint8", "qint8", "qint32", "quint4x2", "quint2x4")
_LINKS = {"complex32": ".cfloat()", **dict.fromkeys(_QUANTIZED, ".dequantize()")}
_SCALARS = {"bfloat16": "BFloat16", "complex32": "ComplexHalf", "quint8": "QUInt8", "qint8": "QInt8"}


def _message(event: Conversion, confidence: Confidence, name: str) -> str:
    error = "TypeError: Got unsupported ScalarType"
    scalar = _SCALARS.get(name, name.capitalize() if name.startswith("float8") else "")
    error = f"{error} {scalar}".rstrip()
    if event.by.endswith("from_dlpack"):
        error = "an error, as there is no such dtype in NumPy"
    dtype = "a dtype that NumPy does not have" if not name else f"the dtype {name}, which NumPy does not have"
    if name == "quantized":
        dtype = "a quantized dtype, which NumPy does not have"
    if confidence is Confidence.CERTAIN:
        return f"{subject(event, 'has', 'have')} {dtype}: {converter(event)} raises {error}"
    return f"{subject(event, 'may have', 'may have')} {dtype}: then {converter(event)} raises {error}"
