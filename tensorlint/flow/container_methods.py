"""Methods of lists, sets, deques and dicts."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.containers import append, element, extend, make_items, make_mapping, mapping_of, store_item
from tensorlint.flow.heap import Items, Key, Mapping
from tensorlint.flow.joining import join_optional, join_values
from tensorlint.flow.machine import Machine
from tensorlint.flow.names import short
from tensorlint.flow.state import State
from tensorlint.flow.values import (
    Constant,
    Number,
    Ref,
    Tuple,
    Unknown,
    Value,
)

__all__ = ["call_dict_method", "call_list_method", "forget_order"]


def call_list_method(
    machine: Machine,
    state: State,
    node: cst.BaseExpression,
    ref: Ref,
    items: Items,
    name: str,
    receiver_node: cst.BaseExpression,
    arguments: Arguments,
) -> Value:
    first = arguments.get(0)
    called = short(receiver_node)
    match name:
        case "append" | "appendleft" | "add" if first is not None:
            append(machine, state, ref, first[1], first[0], called)
        case "insert" if len(arguments.positional) == 2:
            append(machine, state, ref, arguments.positional[1][1], arguments.positional[1][0], called)
        case "extend" | "update" | "extendleft" if first is not None:
            extend(machine, state, ref, first[1], first[0], called, node)
        case "pop" | "popleft":
            return _pop(machine, state, node, ref, items, Constant(0) if name == "popleft" else arguments.value(0))
        case "remove":
            forget_order(state, ref, items)
        case "copy":
            return make_items(machine, state, (node,), items.known, items.rest, put=items.put)
        case "clear":
            state.heap[ref.address] = replace(items, known=(), rest=None, put=())
        case "count" | "index":
            return Number()
        case _:
            return Unknown()
    return Constant(None)


def _pop(
    machine: Machine, state: State, node: cst.BaseExpression, ref: Ref, items: Items, which: Value | None
) -> Value:
    """``values.pop()``, ``values.pop(0)``: what it gives, and what is left."""
    index = -1 if which is None else which.value if isinstance(which, Constant) else None
    known = items.known
    exact = known is not None and items.kind != "set" and machine.frame.loops <= items.depth
    if known is None or not exact or not isinstance(index, int) or not -len(known) <= index < len(known):
        value = element(machine, state, ref, node)
        forget_order(state, ref, items)
        return value
    left = list(known)
    value = left.pop(index)
    state.heap[ref.address] = replace(items, known=tuple(left))
    return value


def forget_order(state: State, ref: Ref, items: Items) -> None:
    """Something was taken out of a list: what is left is some of what was in it."""
    if items.known is not None:
        state.heap[ref.address] = replace(items, known=None, rest=join_values(items.known))


def call_dict_method(
    machine: Machine,
    state: State,
    node: cst.BaseExpression,
    ref: Ref,
    mapping: Mapping,
    name: str,
    receiver_node: cst.BaseExpression,
    arguments: Arguments,
) -> Value:
    first = arguments.get(0)
    every = [*mapping.entries.values(), *([mapping.rest] if mapping.rest is not None else [])]
    one = join_values(every)
    match name:
        case "items":
            if mapping.rest is None and 0 < len(mapping.entries) <= 12:
                known = [Tuple((Constant(key), value)) for key, value in mapping.entries.items()]
                return make_items(machine, state, (node,), known=known)
            return make_items(machine, state, (node,), rest=Tuple((Unknown(), one or Unknown())))
        case "values":
            if mapping.rest is None and mapping.entries:
                return make_items(machine, state, (node,), known=list(mapping.entries.values()))
            return make_items(machine, state, (node,), rest=one)
        case "keys":
            if mapping.rest is None and 0 < len(mapping.entries) <= 12:
                return make_items(machine, state, (node,), known=[Constant(key) for key in mapping.entries])
            return make_items(machine, state, (node,), rest=Unknown())
        case "get" | "pop" | "setdefault":
            found = one
            if first is not None and isinstance(first[1], Constant) and isinstance(first[1].value, str | int):
                found = mapping.entries.get(first[1].value, mapping.rest)
            if name == "setdefault" and first is not None and (default := arguments.get(1)) is not None:
                if found is None:
                    store_item(machine, state, ref, first[1], default[1], default[0], short(receiver_node))
                    return default[1]
                return found
            if name == "pop" and first is not None and isinstance(first[1], Constant):
                kept = {key: value for key, value in mapping.entries.items() if key != first[1].value}
                state.heap[ref.address] = replace(mapping, entries=kept, source=None)
            default_value = arguments.value(1)
            return join_optional(found, default_value) or Unknown()
        case "update":
            other = mapping_of(state, first[1]) if first is not None else None
            entries: dict[Key, Value] = dict(mapping.entries)
            entries.update({key: value for key, (_, value) in arguments.keywords.items()})
            rest = mapping.rest
            if other is not None:
                entries.update(other.entries)
                rest = join_optional(rest, other.rest)
            state.heap[ref.address] = replace(mapping, entries=entries, rest=rest, source=None)
            return Constant(None)
        case "copy":
            return make_mapping(
                machine, state, (node,), dict(mapping.entries), mapping.rest, mapping.factory, mapping.source
            )
        case "clear":
            state.heap[ref.address] = replace(mapping, entries={}, rest=None, source=None)
            return Constant(None)
        case _:
            return Unknown()
