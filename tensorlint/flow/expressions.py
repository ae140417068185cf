"""Names, literals, conditional expressions, lambdas, assignments inside expressions."""

from __future__ import annotations

import builtins
from collections.abc import Sequence

import libcst as cst

from tensorlint.flow.conditions import resolve
from tensorlint.flow.containers import element, items_at, make_items, make_mapping, make_tuple, mapping_of
from tensorlint.flow.definitions import FunctionDefinition
from tensorlint.flow.facts import Reason
from tensorlint.flow.heap import Key
from tensorlint.flow.joining import join, join_optional, join_values
from tensorlint.flow.machine import Machine, evaluate, evaluates
from tensorlint.flow.names import literal
from tensorlint.flow.narrowing import narrow, outcomes
from tensorlint.flow.state import State
from tensorlint.flow.storage import keep, look
from tensorlint.flow.targets import assign
from tensorlint.flow.values import Constant, External, Function, Number, Single, Tuple, Union, Unknown, Value

__all__ = ["name"]

BUILTINS = frozenset(dir(builtins))
CONSTANTS = {"None": None, "True": True, "False": False}
MOST_ITEMS = 32


@evaluates(cst.Name)
def name(machine: Machine, node: cst.Name, state: State) -> Value:
    """A variable that is read."""
    value = _lookup(machine, node.value, state)
    if state.assumed:
        value = resolve(value, state.assumed)
    look(machine, state, value, node)
    return value


def _lookup(machine: Machine, text: str, state: State) -> Value:
    value = state.names.get(text)
    if value is None:
        frame = machine.frame
        for number in (*reversed(frame.closure), frame.file.frame):
            value = (state.frames.get(number) or {}).get(text)
            if value is not None:
                break
        else:
            if frame.file.frame in machine.partly or state.frames.get(frame.file.frame) is None:
                value = machine.callees.global_name(frame.file, text, state, machine)
    if value is not None:
        if isinstance(value, External):
            return _resolved(machine, state, value)
        if isinstance(value, Union) and any(isinstance(item, External) for item in value.items):
            return join_values([_resolved(machine, state, item) for item in value.items]) or value
        return value
    if text in CONSTANTS:
        return Constant(CONSTANTS[text])
    return External(f"builtins.{text}") if text in BUILTINS else Unknown(text)


def _resolved(machine: Machine, state: State, value: Single) -> Value:
    """The project's function, class or variable that an imported name stands for; libraries' stay names."""
    project = machine.callees.resolve(value.name, state, machine) if isinstance(value, External) else None
    return project if project is not None else value


@evaluates(cst.Integer, cst.Float, cst.Imaginary)
def number(machine: Machine, node: cst.Integer | cst.Float | cst.Imaginary, state: State) -> Value:
    """A number."""
    if isinstance(node, cst.Integer):
        return Constant(int(node.value.replace("_", ""), 0) if node.value.strip("0_") else 0)
    return Number(type="float" if isinstance(node, cst.Float) else "complex")


@evaluates(cst.SimpleString, cst.ConcatenatedString)
def string(machine: Machine, node: cst.SimpleString | cst.ConcatenatedString, state: State) -> Value:
    """Text."""
    if isinstance(node, cst.SimpleString) and "b" in node.prefix.lower():
        return Constant(node.evaluated_value)
    value = literal(node)
    return Constant(value) if value is not None else Number()


@evaluates(cst.FormattedString)
def formatted(machine: Machine, node: cst.FormattedString, state: State) -> Value:
    """An f-string: text that is not known, but for a device's name at its start."""
    for part in node.parts:
        if isinstance(part, cst.FormattedStringExpression):
            evaluate(machine, part.expression, state)
    first = node.parts[0] if node.parts else None
    if isinstance(first, cst.FormattedStringText) and first.value.startswith(("cuda:", "mps:")):
        return Constant(first.value + "0")
    return Number()


@evaluates(cst.Tuple)
def tuple_(machine: Machine, node: cst.Tuple, state: State) -> Value:
    """``(a, b)``."""
    values = _elements(machine, node.elements, state)
    if values is None:
        return make_items(machine, state, (node,), rest=_joined(machine, node.elements, state), kind="tuple")
    return make_tuple(machine, state, node, values)


@evaluates(cst.List, cst.Set)
def list_(machine: Machine, node: cst.List, state: State) -> Value:
    """``[a, b]``, ``{a, b}``."""
    values = _elements(machine, node.elements, state)
    place = machine.place(node)
    if values is None or len(values) > MOST_ITEMS:
        rest = _joined(machine, node.elements, state) if values is None else join_values(values)
        return make_items(machine, state, (node,), rest=rest)
    kept = [keep(value, Reason(place, "kept in a list")) for value in values]
    return make_items(machine, state, (node,), known=kept)


def _elements(machine: Machine, elements: Sequence[cst.BaseElement], state: State) -> list[Value] | None:
    """The values, starred ones spread; None where a starred one's length is not known."""
    values: list[Value] = []
    for item in elements:
        value = evaluate(machine, item.value, state)
        if isinstance(item, cst.StarredElement):
            items = items_at(state, value)
            known = value.items if isinstance(value, Tuple) else items.known if items is not None else None
            if known is None:
                return None
            values.extend(known)
        else:
            values.append(value)
    return values


def _joined(machine: Machine, elements: Sequence[cst.BaseElement], state: State) -> Value | None:
    return join_values(
        element(machine, state, evaluate(machine, item.value, state), item)
        if isinstance(item, cst.StarredElement)
        else evaluate(machine, item.value, state)
        for item in elements
    )


@evaluates(cst.Dict)
def dict_(machine: Machine, node: cst.Dict, state: State) -> Value:
    """``{key: value}``."""
    entries: dict[Key, Value] = {}
    rest: Value | None = None
    for item in node.elements:
        value = evaluate(machine, item.value, state)
        if isinstance(item, cst.StarredDictElement):
            mapping = mapping_of(state, value)
            if mapping is not None:
                entries.update(mapping.entries)
                rest = join_optional(rest, mapping.rest)
            else:
                rest = join_optional(rest, Unknown())
            continue
        assert isinstance(item, cst.DictElement)
        key = evaluate(machine, item.key, state)
        value = keep(value, Reason(machine.place(item.value), "kept in a dict"))
        if isinstance(key, Constant) and isinstance(key.value, str | int) and len(entries) < MOST_ITEMS:
            entries[key.value] = value
        else:
            rest = join_optional(rest, value)
    return make_mapping(machine, state, (node,), entries, rest)


@evaluates(cst.IfExp)
def conditional(machine: Machine, node: cst.IfExp, state: State) -> Value:
    """``a if test else b``."""
    evaluate(machine, node.test, state)
    other = state.fork()
    narrow(machine, node.test, state, True)
    narrow(machine, node.test, other, False)
    if not state.alive:
        state.join(other)
        return evaluate(machine, node.orelse, state)
    a = evaluate(machine, node.body, state)
    if not other.alive:
        return a
    b = evaluate(machine, node.orelse, other)
    mine, others = outcomes(node.test, True), outcomes(node.test, False)
    state.join(other, mine, others)
    return join(a, b, mine, others)


@evaluates(cst.NamedExpr)
def walrus(machine: Machine, node: cst.NamedExpr, state: State) -> Value:
    """``(name := value)``."""
    value = evaluate(machine, node.value, state)
    assign(machine, node.target, value, state, node.value)
    return value


@evaluates(cst.Lambda)
def lambda_(machine: Machine, node: cst.Lambda, state: State) -> Value:
    """A function made in place."""
    frame = machine.frame
    definition = machine.lambdas.get(id(node))
    if definition is None:
        definition = machine.lambdas[id(node)] = FunctionDefinition(node, frame.file, "<lambda>")
    value = Function(definition, (*frame.closure, frame.number))
    if value not in frame.nested:
        frame.nested.append(value)  # it may outlive the frame, whose names it needs
    return value


@evaluates(cst.Await)
def await_(machine: Machine, node: cst.Await, state: State) -> Value:
    """``await x``."""
    return evaluate(machine, node.expression, state)


@evaluates(cst.Yield)
def yield_(machine: Machine, node: cst.Yield, state: State) -> Value:
    """``yield x``: what the generator gives."""
    if node.value is None:
        machine.frame.yielded.append(Constant(None))
    elif isinstance(node.value, cst.From):
        value = evaluate(machine, node.value.item, state)
        machine.frame.yielded.append(element(machine, state, value, node))
    else:
        machine.frame.yielded.append(evaluate(machine, node.value, state))
    if machine.frame.suspended is not None:
        machine.frame.suspended.append(state.fork())
        state.alive = False
    return Unknown()
