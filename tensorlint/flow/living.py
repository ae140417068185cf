"""The tensors that the names and objects of a program point hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from tensorlint.flow.heap import HeapObject, Instance, Items
from tensorlint.flow.heap import Mapping as Dict
from tensorlint.flow.machine import Machine
from tensorlint.flow.state import State
from tensorlint.flow.values import Tensor, Tuple, Value, alternatives, union

__all__ = ["change_tensors"]

OBJECTS_A_STEP = 64
Change = Callable[[Tensor], Tensor]
K = TypeVar("K")


def change_tensors(machine: Machine, state: State, change: Change) -> None:
    """Let every tensor that can still be reached be what ``change`` makes of it (itself where it is left alone)."""
    for names in (state.names, *machine.aside):
        names.update(_changed(names, change))
    for number, names in list(state.frames.items()):
        machine.step()
        if names is not state.names and (new := _changed(names, change)):
            state.frames[number] = {**names, **new}
    objects = list(state.heap.items())
    machine.step(len(objects) // OBJECTS_A_STEP)
    for address, found in objects:
        if (other := _object(found, change)) is not found:
            state.heap[address] = other


def _changed(values: Mapping[K, Value], change: Change) -> dict[K, Value]:
    """The entries that change."""
    found = {key: _value(value, change) for key, value in values.items()}
    return {key: value for key, value in found.items() if value is not values[key]}


def _value(value: Value, change: Change) -> Value:
    if isinstance(value, Tensor):
        return change(value)
    before = alternatives(value)
    items = [
        change(item) if isinstance(item, Tensor) else _tuple(item, change) if isinstance(item, Tuple) else item
        for item in before
    ]
    return union(items) if any(a is not b for a, b in zip(items, before, strict=True)) else value


def _tuple(value: Tuple, change: Change) -> Tuple:
    items = tuple(_value(item, change) for item in value.items)
    same = all(a is b for a, b in zip(items, value.items, strict=True))
    return value if same else replace(value, items=items)


def _object(found: HeapObject, change: Change) -> HeapObject:
    match found:
        case Items(known=known, rest=rest):
            items = None if known is None else tuple(_value(item, change) for item in known)
            other = None if rest is None else _value(rest, change)
            same = other is rest and (known is None or all(a is b for a, b in zip(items or (), known, strict=True)))
            return found if same else replace(found, known=items, rest=other)
        case Dict(entries=entries, rest=rest):
            new = _changed(entries, change)
            other = None if rest is None else _value(rest, change)
            return replace(found, entries={**entries, **new}, rest=other) if new or other is not rest else found
        case Instance(attributes=attributes):
            changed = _changed(attributes, change)
            return replace(found, attributes={**attributes, **changed}) if changed else found
        case _:
            return found
