"""State dicts that are put away while a loop goes on: the best so far, the history of a training."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from tensorlint.flow.facts import Place, Reason
from tensorlint.flow.heap import Instance, Items, Mapping
from tensorlint.flow.joining import join_objects
from tensorlint.flow.machine import Machine
from tensorlint.flow.state import State
from tensorlint.flow.storage import keep
from tensorlint.flow.values import Ref, Single, Tensor, Value, alternatives, union

__all__ = ["keep_states", "made_of"]

DEEPEST = 2


def keep_states(
    machine: Machine, state: State, value: Value, reason: Reason, among: cst.CSTNode | None = None, depth: int = 0
) -> Value:
    """The value, whose entries that are the parameters of a module become snapshots that can go stale.

    A module that is one of many is left alone: another one may have changed since.

    :param among: the argument by which it is put beside what was put there before, which stays
    """
    if not any(frame.loops for frame in machine.frames):
        return value
    result: list[Single] = []
    states = [item for item in alternatives(value) if isinstance(item, Ref) and _mapping(state, item) is not None]
    for item in alternatives(value):
        mapping = _mapping(state, item)
        if mapping is None or not isinstance(item, Ref) or len(states) > 1:
            result.append(item)
            continue
        kept = _kept(machine, state, mapping, reason, among, depth)
        if kept is not mapping and among is not None:
            item = Ref(machine.address(among, "kept", depth, reason.text))
            earlier = state.heap.get(item.address)
            state.heap[item.address] = join_objects(earlier, kept) if earlier is not None else kept
        elif kept is not mapping:
            state.heap[item.address] = kept
        result.append(item)
    return union(result)


def made_of(state: State, value: Value) -> Place | None:
    """Where a state dict, or one inside a dict, was made of a module's parameters."""
    mapping = _mapping(state, value)
    if mapping is None:
        return None
    if mapping.source is None:
        found = (made_of(state, one) for entry in mapping.entries.values() for one in alternatives(entry))
        return next((place for place in found if place is not None), None)
    for one in alternatives(mapping.rest) if mapping.rest is not None else ():
        for alias in one.aliases if isinstance(one, Tensor) else ():
            if alias.made is not None:
                return alias.made.place
    return None


def _mapping(state: State, value: Value) -> Mapping | None:
    found = state.object(value) if isinstance(value, Ref) else None
    return found if isinstance(found, Mapping) else None


def _kept(
    machine: Machine, state: State, mapping: Mapping, reason: Reason, among: cst.CSTNode | None, depth: int
) -> Mapping:
    if mapping.source is not None:
        if mapping.rest is None or _is_one_of_many(machine, state, mapping.source.storage):
            return mapping
        rest = keep(mapping.rest, reason)
        return mapping if rest is mapping.rest else replace(mapping, rest=rest)
    if depth >= DEEPEST:
        return mapping
    entries = {
        key: keep_states(machine, state, value, replace(reason, text=f"{reason.text} ({key!r})"), among, depth + 1)
        if any(_mapping(state, item) is not None for item in alternatives(value))
        else value
        for key, value in mapping.entries.items()
    }
    changed = any(entries[key] is not value for key, value in mapping.entries.items())
    return replace(mapping, entries=entries) if changed else mapping


def _is_one_of_many(machine: Machine, state: State, storage: int) -> bool:
    """Whether the module is an item of a list, or belongs to one, whose items are not told apart."""
    address = machine.modules.get(storage)
    for found in state.heap.values():
        rest = found.rest if isinstance(found, Items | Mapping) else None
        for item in alternatives(rest) if rest is not None else ():
            if not isinstance(item, Ref):
                continue
            owner = state.object(item)
            held = owner.attributes.values() if isinstance(owner, Instance) else ()
            if item.address == address or any(Ref(address or 0) in alternatives(value) for value in held):
                return True
    return False
