"""What the outcome of a test tells about the values that it tests."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import libcst as cst

from tensorlint.flow.facts import NO, UNKNOWN, Guards, Truth, maybe, yes
from tensorlint.flow.machine import Machine, evaluate
from tensorlint.flow.names import MOST_REMEMBERED, condition_key, dotted, literal, operands, short
from tensorlint.flow.narrowing_devices import narrow_device
from tensorlint.flow.narrowing_dtypes import asked_about_dtype
from tensorlint.flow.narrowing_elements import each, emptiness, holds_something
from tensorlint.flow.narrowing_forms import narrow_form
from tensorlint.flow.narrowing_guards import guard
from tensorlint.flow.narrowing_types import class_of, narrow_call, narrow_types, replace_alternatives, types_of
from tensorlint.flow.state import State
from tensorlint.flow.values import (
    Array,
    Constant,
    Device,
    Number,
    Single,
    Tensor,
    Unknown,
    Value,
)

__all__ = ["narrow", "outcomes"]

MOST_TERMS = 6
"""Of longer tests it is not asked which of their parts decided the outcome."""


def narrow(machine: Machine, test: cst.BaseExpression, state: State, outcome: bool) -> None:
    """Let ``test`` have had this outcome; the state dies where it cannot have."""
    with machine.unread():  # it was evaluated before
        _narrow(machine, test, state, outcome)


def _narrow(machine: Machine, test: cst.BaseExpression, state: State, outcome: bool) -> None:
    match test:
        case cst.Name():
            _narrow_truth(machine, test, state, outcome)
        case cst.UnaryOperation(operator=cst.Not()):
            narrow(machine, test.expression, state, not outcome)
        case cst.BooleanOperation():
            if isinstance(test.operator, cst.And) is outcome:
                for operand in operands(test):
                    narrow(machine, operand, state, outcome)
            elif _terms(test) <= MOST_TERMS:
                _narrow_either(machine, test, state, outcome)
            return  # nothing else is known of it than of its parts
        case cst.IfExp():
            _narrow_chosen(machine, test, state, outcome)
        case cst.Call():
            narrow_call(machine, test, state, outcome)
            if dotted(test.func) != "isinstance":
                asked_about_dtype(machine, test, state)
        case cst.Comparison(comparisons=[_]):
            _narrow_comparison(machine, test, state, outcome)
        case cst.Attribute(attr=cst.Name(value=("requires_grad" | "is_cuda") as name)):
            _narrow_tensor(machine, test.value, state, name, outcome)
        case cst.Attribute(value=cst.Attribute(value=owner, attr=cst.Name("flags")), attr=cst.Name("writeable")):
            _narrow_writeable(machine, owner, state, outcome)
        case cst.Attribute() | cst.Subscript():
            _narrow_truth(machine, test, state, outcome)
        case cst.NamedExpr():
            _narrow_truth(machine, test.target, state, outcome)
        case _:
            pass
    _narrow_tested(machine, test, state, outcome)
    if isinstance(test, cst.Comparison | cst.Call | cst.Attribute):
        narrow_device(machine, test, state, outcome)
        narrow_form(machine, test, state, outcome)
    for key, wanted in outcomes(test, outcome):
        state.assume(key, wanted)
        if (known := _constant_outcome(machine, test, state)) is not None and known is not outcome:
            state.alive = False


def _terms(test: cst.BaseExpression) -> int:
    """How many tests are joined by ``and`` and ``or``."""
    return sum(map(_terms, operands(test))) if isinstance(test, cst.BooleanOperation) else 1


def _narrow_either(machine: Machine, test: cst.BooleanOperation, state: State, outcome: bool) -> None:
    """The left side decided that ``a and b`` is false (or ``a or b`` true), or the right side did."""
    by_right = state.fork()
    _decide(machine, test.left, state, outcome)
    narrow(machine, test.left, by_right, not outcome)
    if by_right.alive:
        _decide(machine, test.right, by_right, outcome)
    state.join(by_right, outcomes(test.left, outcome), outcomes(test.right, outcome) | outcomes(test.left, not outcome))


def _narrow_chosen(machine: Machine, test: cst.IfExp, state: State, outcome: bool) -> None:
    """``a if chosen else b`` has this outcome."""
    other = state.fork()
    narrow(machine, test.test, state, True)
    narrow(machine, test.test, other, False)
    narrow(machine, test.body, state, outcome)
    narrow(machine, test.orelse, other, outcome)
    state.join(other, outcomes(test.test, True), outcomes(test.test, False))


def _decide(machine: Machine, test: cst.BaseExpression, state: State, outcome: bool) -> None:
    """Let one side of a test have decided its outcome: not because a list is empty that something was put into."""
    while isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
        test, outcome = test.expression, not outcome
    if (empty := emptiness(test, outcome, state)) is not None and holds_something(machine, empty[0], state):
        state.alive = False
    else:
        narrow(machine, test, state, outcome)


def _narrow_tested(machine: Machine, test: cst.BaseExpression, state: State, outcome: bool) -> None:
    found = emptiness(test, outcome, state)
    if found is None and isinstance(test, cst.Call):
        found = each(machine, test, state, outcome, narrow) or guard(machine, test, state, outcome, narrow)
    if found is not None:
        replace_alternatives(machine, found[0], state, found[1])


def _constant_outcome(machine: Machine, test: cst.BaseExpression, state: State) -> bool | None:
    if isinstance(test, cst.Name):
        value = state.names.get(test.value)
        if isinstance(value, Constant) and isinstance(value.value, bool) and not value.guards:
            return value.value
        if test.value in ("True", "False"):
            return test.value == "True"
    if isinstance(test, cst.Call) and machine.assumed != "any" and (dotted(test.func) or "").endswith("is_available"):
        value = evaluate(machine, test, state)
        if isinstance(value, Constant) and isinstance(value.value, bool):
            return value.value
    return None


@lru_cache(maxsize=MOST_REMEMBERED)
def outcomes(test: cst.BaseExpression, outcome: bool) -> Guards:
    """The conditions that are known to have an outcome when ``test`` has had this one."""
    match test:
        case cst.UnaryOperation(operator=cst.Not()):
            return outcomes(test.expression, not outcome)
        case cst.BooleanOperation():
            if isinstance(test.operator, cst.And) is outcome:
                return frozenset().union(*(outcomes(operand, outcome) for operand in operands(test)))
            return frozenset()
        case cst.Comparison(comparisons=[target]):
            left, right = condition_key(test.left), condition_key(target.comparator)
            if left is None or right is None:
                return frozenset()
            match target.operator:
                case cst.Is() | cst.Equal():
                    return frozenset({(f"{left} == {right}", outcome)})
                case cst.IsNot() | cst.NotEqual():
                    return frozenset({(f"{left} == {right}", not outcome)})
            return frozenset()
        case _:
            key = condition_key(test)
            return frozenset() if key is None else frozenset({(key, outcome)})


def _narrow_truth(machine: Machine, node: cst.BaseExpression, state: State, outcome: bool) -> None:
    def change(item: Single) -> Value | None:
        if isinstance(item, Constant) and not isinstance(item.value, bool) and bool(item.value) is not outcome:
            return None
        return item

    replace_alternatives(machine, node, state, change)


OTHER_FRAMEWORKS = frozenset({"tf", "tensorflow", "jax", "flax", "keras", "mlx"})


def _narrow_comparison(machine: Machine, test: cst.Comparison, state: State, outcome: bool) -> None:
    target = test.comparisons[0]
    left, right = test.left, target.comparator
    if isinstance(target.operator, cst.Is | cst.IsNot) and isinstance(right, cst.Name) and right.value == "None":
        wanted = isinstance(target.operator, cst.Is) is outcome

        def change(item: Single) -> Value | None:
            is_none = isinstance(item, Constant) and item.value is None
            if isinstance(item, Unknown):
                return Constant(None, item.guards) if wanted else item
            if wanted and isinstance(item, Number) and _is_annotated_alone(machine, left, item):
                return Constant(None, item.guards)  # whoever asks for it knows that it may be left out
            return item if is_none is wanted else None

        replace_alternatives(machine, left, state, change, of_all=True)
        return
    equal = isinstance(target.operator, cst.Equal | cst.Is)
    if (subject := class_of(left)) is not None and (equal or isinstance(target.operator, cst.NotEqual | cst.IsNot)):
        narrow_types(machine, subject, types_of(machine, right, state), state, equal is outcome, machine.place(test))
        return
    if not equal and not isinstance(target.operator, cst.NotEqual | cst.IsNot):
        return
    text = literal(right)
    if text in OTHER_FRAMEWORKS and equal is outcome:
        state.alive = False  # no tensor of torch comes this way
        return
    if text in ("pt", "pytorch") and equal is not outcome and (dotted(left) or "").endswith("framework"):
        state.alive = False  # a framework that is not torch
        return
    if text is not None and equal is outcome and isinstance(target.operator, cst.Equal | cst.NotEqual):
        value = evaluate(machine, left, state)
        if isinstance(value, Device) and not value.text and value.made.truth is Truth.YES:
            state.alive = False  # a torch.device never equals text
            return
    if text is not None or isinstance(right, cst.Name | cst.Attribute):
        _narrow_text(machine, left, right, state, equal is outcome)


def _is_annotated_alone(machine: Machine, node: cst.BaseExpression, item: Number) -> bool:
    """An argument of the function that is looked at, of which the annotation alone tells what it is."""
    frame = machine.frame
    return frame.call is None and isinstance(node, cst.Name) and frame.arguments.get(node.value) is item


def _narrow_text(
    machine: Machine, left: cst.BaseExpression, right: cst.BaseExpression, state: State, same: bool
) -> None:
    value = evaluate(machine, right, state)
    if not isinstance(value, Constant) or not isinstance(value.value, str):
        return
    wanted = value.value

    def change(item: Single) -> Value | None:
        if isinstance(item, Constant) and isinstance(item.value, str):
            return item if (item.value == wanted) is same else None
        return item

    replace_alternatives(machine, left, state, change)


def _narrow_writeable(machine: Machine, node: cst.BaseExpression, state: State, outcome: bool) -> None:
    place = machine.place(node)

    def change(item: Single) -> Value | None:
        if not isinstance(item, Array):
            return item
        if outcome:
            return None if item.read_only.truth is Truth.YES else replace(item, read_only=NO)
        known = item.read_only if item.read_only.holds else yes(place, f"`{short(node)}` is read-only here")
        return replace(item, read_only=known)

    replace_alternatives(machine, node, state, change)


def _narrow_tensor(machine: Machine, node: cst.BaseExpression, state: State, name: str, outcome: bool) -> None:
    place = machine.place(node)

    def change(item: Single) -> Value | None:
        if isinstance(item, Unknown) and outcome:
            item = Tensor(UNKNOWN, UNKNOWN, kind=maybe(place, f"`{short(node)}.{name}` is tested"), guards=item.guards)
        if not isinstance(item, Tensor):
            return item
        if name == "requires_grad":
            if item.requires_grad.truth is Truth.YES and not outcome:
                return None
            known = (
                item.requires_grad if item.requires_grad.holds else yes(place, f"`{short(node)}` requires grad here")
            )
            return replace(item, requires_grad=known if outcome else NO, lost=None if outcome else item.lost)
        if name == "is_cuda":
            known = item.device if item.device.holds else yes(place, f"`{short(node)}` is on the GPU here")
            return replace(item, device=known if outcome else NO)
        return item

    replace_alternatives(machine, node, state, change)
