"""The form that a tensor's elements are stored in, as far as NumPy cannot read it: bits, dtype, layout."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from tensorlint.flow.facts import NO, UNKNOWN, Fact, Guards, Place, either

__all__ = ["FLOATS", "LACKING", "PLAIN", "Form", "combined", "promoted"]

LACKING = frozenset({
    "bfloat16", "complex32", "quint8", "qint8", "qint32", "quint4x2", "quint2x4", "float8_e4m3fn", "float8_e5m2",
    "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu", "float4_e2m1fn_x2",
})  # fmt: skip
"""The dtypes of torch that NumPy does not have (observed: torch 2.13, NumPy 2.4)."""
FLOATS = frozenset({"float16", "float32", "float64", "complex64", "complex128"})


@dataclass(frozen=True, slots=True)
class Form:
    """What NumPy refuses beside a gradient and a device. Each fact is NO for an ordinary tensor."""

    conj: Fact = NO
    """Its conjugate bit is set."""
    neg: Fact = NO
    """Its negative bit is set."""
    dtype: Fact = NO
    """Its dtype is one that NumPy does not have."""
    layout: Fact = NO
    """Its elements are not in strided memory."""
    dtype_name: str = field(default="", compare=False)
    """``bfloat16`` ...; empty where it is one of several."""
    layout_name: str = field(default="", compare=False)
    """``sparse``, ``mkldnn``, ``nested``; empty where it is one of several."""

    @property
    def refused(self) -> bool:
        """NumPy refuses it on at least some path."""
        return self.conj.holds or self.neg.holds or self.dtype.holds or self.layout.holds

    def join(self, other: Form, mine: Guards = frozenset(), others: Guards = frozenset()) -> Form:
        """What holds where two paths meet."""
        if self is other or self == other == PLAIN:
            return self
        joined = Form(
            self.conj.join(other.conj, mine, others),
            self.neg.join(other.neg, mine, others),
            self.dtype.join(other.dtype, mine, others),
            self.layout.join(other.layout, mine, others),
            _name(self.dtype, self.dtype_name, other.dtype, other.dtype_name),
            _name(self.layout, self.layout_name, other.layout, other.layout_name),
        )
        return self if joined == self else joined

    @property
    def conditional(self) -> bool:
        """Some of it holds only under conditions that are known."""
        return bool(self.conj.given or self.neg.given or self.dtype.given or self.layout.given)

    def with_each(self, change: Callable[[Fact], Fact]) -> Form:
        """The form with every fact changed."""
        conj, neg, dtype, layout = (change(fact) for fact in (self.conj, self.neg, self.dtype, self.layout))
        if conj is self.conj and neg is self.neg and dtype is self.dtype and layout is self.layout:
            return self
        return Form(conj, neg, dtype, layout, self.dtype_name, self.layout_name)

    def weakened(self) -> Form:
        """The same, but only perhaps."""
        return self.with_each(Fact.weakened) if self.refused else self

    def because(self, place: Place, text: str) -> Form:
        """The same, one step further along the chains of what holds."""
        return self.with_each(lambda fact: fact.because(place, text)) if self.refused else self

    def resolved(self) -> Form:
        """Without the bits: elements that were written anew."""
        return replace(self, conj=NO, neg=NO) if self.conj is not NO or self.neg is not NO else self


PLAIN = Form()


def combined(forms: Iterable[Form]) -> Form:
    """What NumPy refuses of some tensors together."""
    found = [form for form in forms if form is not PLAIN]
    if not found:
        return PLAIN
    return Form(
        either(*(form.conj for form in found)),
        either(*(form.neg for form in found)),
        either(*(form.dtype for form in found)),
        either(*(form.layout for form in found)),
        next((form.dtype_name for form in found if form.dtype.holds), ""),
        next((form.layout_name for form in found if form.layout.holds), ""),
    )


def promoted(operands: Iterable[tuple[str, Form]], integral: Iterable[str]) -> Form:
    """The form of what is computed from tensors of these dtypes and forms: new memory, in the promoted dtype.

    The layout is not kept: most operations on a sparse tensor and another one give a dense one, or fail.
    """
    floating = [(name, form) for name, form in operands if name not in integral]
    forms = [form for _, form in floating if form.dtype.holds]
    if not forms:
        return PLAIN
    known = combined(forms)
    fact = known.dtype
    if any(name in FLOATS for name, form in floating if not form.dtype.holds):
        return PLAIN
    if len(forms) < len(floating):
        fact = UNKNOWN
    elif len({form.dtype_name for form in forms}) > 1 or not all(form.dtype == forms[0].dtype for form in forms):
        fact = fact.weakened()
    return Form(dtype=fact, dtype_name=known.dtype_name)


def _name(a: Fact, name: str, b: Fact, other: str) -> str:
    if a.holds and b.holds:
        return name if name == other else ""
    return name if a.holds else other
