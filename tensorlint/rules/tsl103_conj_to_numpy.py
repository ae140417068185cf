"""TSL103 conj-to-numpy."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.finding import Confidence
from tensorlint.flow.events import Conversion, Event
from tensorlint.rules.base import Rule, Verdict
from tensorlint.rules.judging import converter, evidence, form_confidence, subject

__all__ = ["ConjToNumpy"]


class ConjToNumpy(Rule):
    """A tensor whose conjugate or negative bit is set is converted to NumPy, which raises.

    What it does
    ------------
    Finds conversions of complex tensors after `.conj()`, `.H`, `.mH` or `.adjoint()`, and of the imaginary part of
    such a tensor, explicit or implicit.

    Why is this bad?
    ----------------
    torch conjugates lazily: it sets a bit, and the memory stays as it was. NumPy knows no such bit: "RuntimeError:
    Can't call numpy() on Tensor that has conjugate bit set. Use tensor.resolve_conj().numpy() instead." `detach()` and
    `cpu()` keep the bit. The imaginary part of a conjugate has a negative bit, with the same result.

    Example
    -------
    The conjugate of a spectrum:

        import torch

        spectrum = torch.fft.fft(torch.rand(8))
        mirrored = spectrum.conj().numpy()

    The conjugate transpose of complex matrices, which an implicit conversion meets:

        import numpy as np
        import torch

        basis = torch.eye(3, dtype=torch.complex64)
        print(np.abs(basis.mH))

    Use instead
    -----------
    Let torch write the conjugate first:

        import torch

        spectrum = torch.fft.fft(torch.rand(8))
        mirrored = spectrum.conj().resolve_conj().numpy()

    Or conjugate in NumPy:

        import numpy as np
        import torch

        spectrum = torch.fft.fft(torch.rand(8))
        mirrored = np.conj(spectrum.numpy())

    Known limits
    ------------
    `.conj()` of a tensor whose dtype is not known is reported as likely, as real tensors are rarely conjugated; `.H`,
    `.mH` and `.adjoint()` are reported only where the tensor is known to be complex, since they serve to transpose
    real ones.

    Fix safety
    ----------
    Safe: where a bit is set the conversion raised, and where none is set `resolve_conj()` and `resolve_neg()` return
    the tensor itself. Unsafe for a comprehension over a list, which takes every element for a tensor.

    Observed
    --------
    torch 2.13, NumPy 2.4: for a complex `z`, `z.conj().numpy()`, `np.asarray(z.conj())`, `np.abs(z.mH)`,
    `arr[:] = z.conj()` and `z.conj() * arr` raise the RuntimeError above, `np.from_dlpack(z.conj())` raises
    "BufferError: Can't export tensors with the conjugate bit set", and `z.conj().imag.numpy()` raises "RuntimeError:
    Can't call numpy() on Tensor that has negative bit set." `z.conj().imag` exported by `np.from_dlpack` has the wrong
    sign, without an error. `numpy(force=True)`, arithmetic, `clone()` and indexing with a mask resolve the bits.
    """

    code = "TSL103"
    name = "conj-to-numpy"
    events = (Conversion,)

    def judge(self, event: Event) -> Iterator[Verdict]:
        from tensorlint.fixes.links import with_link  # here: pages need no parser

        assert isinstance(event, Conversion)
        for fact, bit, link in (
            (event.tensor.form.conj, "conjugate", ".resolve_conj()"),
            (event.tensor.form.neg, "negative", ".resolve_neg()"),
        ):
            confidence = form_confidence(fact, event)
            if confidence is not None:
                message = _message(event, confidence, bit)
                yield Verdict(event.place, message, confidence, evidence(event, fact.reason), with_link(event, link))
                return


def _message(event: Conversion, confidence: Confidence, bit: str) -> str:
    does = f"raises RuntimeError: Can't call numpy() on Tensor that has {bit} bit set"
    if event.by.endswith("from_dlpack"):
        wrong = "gives values of the wrong sign"
        does = wrong if bit == "negative" else f"raises BufferError: Can't export tensors with the {bit} bit set"
    if confidence is Confidence.CERTAIN:
        return f"{subject(event, 'has', 'have')} the {bit} bit set: {converter(event)} {does}"
    return f"{subject(event, 'may have', 'may have')} the {bit} bit set: then {converter(event)} {does}"
