"""Remembering, under the name or attribute that holds a value, what was learnt of it or done to it."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from tensorlint.flow.containers import mapping_of
from tensorlint.flow.entries import entry_at, learnt
from tensorlint.flow.machine import Machine, evaluate
from tensorlint.flow.modules import instance_of
from tensorlint.flow.names import literal
from tensorlint.flow.state import State
from tensorlint.flow.values import Array, External, Ref, Tensor, Value, alternatives, union

__all__ = ["literal_key", "rebind"]


def rebind(
    machine: Machine,
    node: cst.BaseExpression,
    value: Value,
    state: State,
    only: type[Tensor] | type[Array] | None = None,
) -> None:
    """Let the name or attribute ``node`` hold ``value`` from now on: something was learnt about it, or done to it."""
    match node:
        case cst.Name(value=name):
            frame = machine.frame
            if name in state.names:
                before = state.names[name]
                state.names[name] = _among(before, value, only)
                for sweep in frame.sweeps.values():
                    if sweep.value == name and state.names.get(sweep.entry) is before:
                        learnt(state, sweep, state.names[name])
                return
            for number in reversed((frame.file.frame, *frame.closure)):
                names = state.frames.get(number)
                if names is not None and name in names:
                    if not isinstance(names[name], External):
                        state.frames[number] = {**names, name: _among(names[name], value, only)}
                    return
        case cst.Attribute(attr=cst.Name(value=name)):
            base = evaluate(machine, node.value, state)
            for item in alternatives(base):
                instance = instance_of(state, item)
                if isinstance(item, Ref) and instance is not None:
                    present = instance.attributes.get(name)
                    new = value if present is None else _among(present, value, only)
                    attributes = {**instance.attributes, name: new}
                    state.heap[item.address] = replace(instance, attributes=attributes)
        case cst.Subscript() if (found := entry_at(machine, state, node)) is not None:
            learnt(state, found, _among(state.names[found.entry], value, only))
        case cst.Subscript():
            base = evaluate(machine, node.value, state)
            text = literal_key(node)
            mapping = mapping_of(state, base)
            if mapping is not None and isinstance(base, Ref) and text is not None and text in mapping.entries:
                entries = {**mapping.entries, text: value}
                state.heap[base.address] = replace(mapping, entries=entries)
        case _:
            pass


def _among(present: Value, value: Value, only: type[Tensor] | type[Array] | None) -> Value:
    """Of a union only the alternatives of one kind change."""
    if only is None:
        return value
    items = alternatives(present)
    if len(items) < 2:
        return value
    kept = [item for item in items if not isinstance(item, only)]
    return union([*kept, *alternatives(value)])


def literal_key(target: cst.Subscript) -> str | None:
    """The key of a subscript that is a plain string."""
    if len(target.slice) == 1 and isinstance(target.slice[0].slice, cst.Index):
        return literal(target.slice[0].slice.value)
    return None
