"""What tests of a tensor's form tell: of its conjugate and negative bits, its dtype and its layout."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from tensorlint.flow.facts import NO, Fact, Truth
from tensorlint.flow.form import LACKING, Form
from tensorlint.flow.machine import Machine
from tensorlint.flow.narrowing_dtypes import is_dtype_of, names_of, narrow_dtype
from tensorlint.flow.narrowing_types import replace_alternatives
from tensorlint.flow.state import State
from tensorlint.flow.values import Single, Tensor, Value

__all__ = ["narrow_form"]

FLAGS = {
    "is_conj": "conj",
    "is_neg": "neg",
    "is_quantized": "dtype",
    "is_sparse": "layout",
    "is_sparse_csr": "layout",
    "is_mkldnn": "layout",
    "is_nested": "layout",
}
"""Methods and attributes that ask for a fact, of the tensor or of a dtype or layout that it has a name for."""
ASKED = {"is_quantized": "quantized", "is_mkldnn": "mkldnn", "is_nested": "nested"}


def narrow_form(machine: Machine, test: cst.BaseExpression, state: State, outcome: bool) -> None:
    """Let a test of a form have had this outcome; nothing happens if it is none."""
    match test:
        case cst.Call(func=cst.Attribute(value=subject, attr=cst.Name(value="is_conj" | "is_neg" as name)), args=[]):
            _narrow(machine, subject, state, FLAGS[name], "", outcome)
        case cst.Call(func=cst.Attribute(attr=cst.Name(value="is_conj" | "is_neg" as name)), args=[argument]):
            _narrow(machine, argument.value, state, FLAGS[name], "", outcome)
        case cst.Attribute(value=subject, attr=cst.Name(value=name)) if name in FLAGS:
            _narrow(machine, subject, state, FLAGS[name], ASKED.get(name, "sparse"), outcome)
        case cst.Comparison(comparisons=[target]):
            _comparison(machine, test.left, target, state, outcome)
        case _:
            pass


def _comparison(
    machine: Machine, left: cst.BaseExpression, target: cst.ComparisonTarget, state: State, outcome: bool
) -> None:
    """``x.dtype == torch.bfloat16``, ``x.dtype in (...)``, ``x.layout != torch.strided``."""
    right, operator = target.comparator, target.operator
    if isinstance(operator, cst.NotEqual | cst.IsNot | cst.NotIn):
        outcome = not outcome
    elif not isinstance(operator, cst.Equal | cst.Is | cst.In):
        return
    for subject, other in ((left, right), (right, left)):
        if isinstance(subject, cst.Attribute) and is_dtype_of(machine, subject, state):
            _asked(machine, subject, other, state, outcome)
            return
        narrow_dtype(machine, subject, other, state, outcome)
        if isinstance(operator, cst.In | cst.NotIn):
            return


def _asked(machine: Machine, left: cst.Attribute, right: cst.BaseExpression, state: State, outcome: bool) -> None:
    names = names_of(machine, right, state)
    if not names:
        return
    if left.attr.value == "layout":
        _layout(machine, left.value, state, names, outcome)
    elif names <= LACKING:
        _narrow(machine, left.value, state, "dtype", next(iter(names)) if len(names) == 1 else "", outcome)
    elif outcome and names.isdisjoint(LACKING):
        _narrow(machine, left.value, state, "dtype", "", False)


def _layout(machine: Machine, subject: cst.BaseExpression, state: State, names: set[str], outcome: bool) -> None:
    if names == {"strided"}:
        _narrow(machine, subject, state, "layout", "", not outcome)
    elif all(name.startswith("sparse_") for name in names):
        _narrow(machine, subject, state, "layout", "sparse", outcome)


def _narrow(machine: Machine, subject: cst.BaseExpression, state: State, fact: str, name: str, outcome: bool) -> None:
    """The fact is ruled out where a test for it fails; where the test was for another dtype or layout it stays."""

    def change(item: Single) -> Value | None:
        if not isinstance(item, Tensor) or outcome:
            return item
        known: Fact = getattr(item.form, fact)
        if known is NO or not _is_meant(item.form, fact, name):
            return item
        if known.truth is Truth.YES:
            return None
        return replace(item, form=_without(item.form, fact))

    replace_alternatives(machine, subject, state, change)


def _is_meant(form: Form, fact: str, name: str) -> bool:
    known = form.dtype_name if fact == "dtype" else form.layout_name if fact == "layout" else ""
    return not name or not known or known == name


def _without(form: Form, fact: str) -> Form:
    match fact:
        case "conj":
            return replace(form, conj=NO)
        case "neg":
            return replace(form, neg=NO)
        case "dtype":
            return replace(form, dtype=NO, dtype_name="")
        case _:
            return replace(form, layout=NO, layout_name="")
