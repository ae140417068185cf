"""What tests of a dtype tell of the name or attribute that holds it: ``self.dtype is torch.bfloat16``."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import TypeGuard

import libcst as cst

from tensorlint.flow.dtypes import NUMPY_NAMES, dtype_name
from tensorlint.flow.facts import NO
from tensorlint.flow.form import LACKING
from tensorlint.flow.machine import Machine, evaluate
from tensorlint.flow.names import condition_key, dotted
from tensorlint.flow.narrowing_types import replace_alternatives
from tensorlint.flow.state import State
from tensorlint.flow.values import Array, Constant, Dtype, External, Single, Tensor, Tuple, Unknown, Value, alternatives

__all__ = ["asked_about_dtype", "is_dtype_of", "names_of", "narrow_dtype", "same_dtype"]


def same_dtype(key: str, name: str) -> str:
    """The condition that what is written as ``key`` is torch's dtype of this name."""
    return f"{key} == torch.{name}"


def narrow_dtype(
    machine: Machine, node: cst.BaseExpression, other: cst.BaseExpression, state: State, outcome: bool
) -> None:
    """Let ``node`` have been equal to ``other`` (or among its items), or not; nothing happens if it is no dtype.

    The dtypes that this rules out are dropped, and what was made in one of them before is not on this path either.
    """
    subject = _subject(node)
    other = other.target if isinstance(other, cst.NamedExpr) else other
    if not isinstance(subject, cst.Name | cst.Attribute | cst.Subscript):
        return
    before = alternatives(evaluate(machine, subject, state))
    if not any(_name(item) or isinstance(item, Dtype) for item in before):
        return
    names, complete = _listed(machine, other, state) if not isinstance(node, cst.Call) else (_texts(other), True)

    def change(item: Single) -> Value | None:
        if not complete and _name(item) and (outcome or _name(item) not in names):
            return Unknown(guards=item.guards)
        return _narrowed(item, names, outcome) if names else item

    replace_alternatives(machine, subject, state, change)
    key = condition_key(subject)
    if key is None or not state.alive:
        return
    left = {_name(item) for item in alternatives(evaluate(machine, subject, state))}
    for name in {_name(item) for item in before} - left - {""}:
        state.assume(same_dtype(key, name), False)


def asked_about_dtype(machine: Machine, test: cst.Call, state: State) -> None:
    """What a test by a function says of a dtype that it is given is not known: either outcome may be meant for it."""
    for argument in test.args:
        if not isinstance(argument.value, cst.Name | cst.Attribute):
            continue
        if any(_name(item) for item in alternatives(evaluate(machine, argument.value, state))):

            def change(item: Single) -> Value | None:
                return Unknown(guards=item.guards) if _name(item) else item

            replace_alternatives(machine, argument.value, state, change)


def is_dtype_of(machine: Machine, node: cst.BaseExpression, state: State) -> bool:
    """``x.dtype`` of a tensor or array, or of what may be one."""
    if not isinstance(node, cst.Attribute) or node.attr.value not in ("dtype", "layout"):
        return False
    found = alternatives(evaluate(machine, node.value, state))
    return any(isinstance(item, Tensor | Array) for item in found)


def names_of(machine: Machine, node: cst.BaseExpression, state: State) -> set[str]:
    """The names of the dtypes or layouts that are written out, or that ``node`` is; empty where one is not known."""
    parts = [part.value for part in node.elements] if isinstance(node, cst.Tuple | cst.List | cst.Set) else [node]
    found: set[str] = set()
    for part in parts:
        value = evaluate(machine, part, state)
        items = value.items if isinstance(value, Tuple) else (value,)
        for item in (one for each in items for one in alternatives(each)):
            if isinstance(item, External) and item.name.startswith("torch."):
                found.add(dtype_name(item))
            elif isinstance(item, Dtype) and item.name:
                found.add(item.name)
            else:
                return set()
    return found


def _listed(machine: Machine, node: cst.BaseExpression, state: State) -> tuple[set[str], bool]:
    """The names of the dtypes that ``node`` is or lists, and whether these are all."""
    parts = [part.value for part in node.elements] if isinstance(node, cst.Tuple | cst.List | cst.Set) else [node]
    names: set[str] = set()
    complete = True
    for part in parts:
        value = evaluate(machine, part, state)
        for each in value.items if isinstance(value, Tuple) else (value,):
            found = {_name(item) or (item.name if _is_torchs(item) else "") for item in alternatives(each)}
            names |= found if len(found) == 1 else set()
            known = isinstance(each, Constant) or (isinstance(each, External) and each.name.startswith("builtins."))
            complete = complete and (known or (len(found) == 1 and "" not in found))
    return names - {""}, complete


def _is_torchs(item: Single) -> TypeGuard[Dtype]:
    return isinstance(item, Dtype) and item.library != "numpy"


def _subject(node: cst.BaseExpression) -> cst.BaseExpression:
    """What is compared: itself, or as text."""
    if isinstance(node, cst.Call) and dotted(node.func) == "str" and len(node.args) == 1:
        return node.args[0].value
    return node.target if isinstance(node, cst.NamedExpr) else node


def _texts(node: cst.BaseExpression) -> set[str]:
    parts = [part.value for part in node.elements] if isinstance(node, cst.Tuple | cst.List | cst.Set) else [node]
    texts = [part.evaluated_value if isinstance(part, cst.SimpleString) else None for part in parts]
    known = {text.removeprefix("torch.") for text in texts if isinstance(text, str) and text.startswith("torch.")}
    return known if len(known) == len(parts) else set()


def _name(item: Single) -> str:
    """The name of a dtype that is written out (``numpy.`` in front of NumPy's); empty for anything else."""
    if not isinstance(item, External):
        return ""
    library, _, last = item.name.rpartition(".")
    if library == "torch" and last.islower():
        return dtype_name(item)
    return f"numpy.{dtype_name(item)}" if library == "numpy" and last in NUMPY_NAMES else ""


def _narrowed(item: Single, names: AbstractSet[str], outcome: bool) -> Value | None:
    match item:
        case External() if name := _name(item):
            return item if (name in names) is outcome else None
        case Constant():
            return None if outcome else item  # None and text equal no dtype
        case Dtype(name=name, lacking=lacking) if lacking.holds and item.library != "numpy":
            if name:
                excluded = (name in names) is not outcome
            else:
                excluded = names.isdisjoint(LACKING) if outcome else not names.isdisjoint(LACKING)
            return replace(item, lacking=NO) if excluded else item
    return item
