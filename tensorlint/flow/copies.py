"""``copy.copy`` and ``copy.deepcopy``: new objects, and with the latter new memory for all that is in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.heap import HeapObject, Instance, Items, Mapping
from tensorlint.flow.joining import join_values
from tensorlint.flow.machine import Machine
from tensorlint.flow.names import short
from tensorlint.flow.special_calls import special
from tensorlint.flow.state import State
from tensorlint.flow.storage import without_aliases
from tensorlint.flow.values import Ref, Tuple, Unknown, Value, alternatives, union

__all__: list[str] = []

MOST_COPIED, DEEPEST = 200, 20
"""Objects that one call copies, and how deep; more are taken for the same in original and copy."""


@special("copy.deepcopy", "copy.copy", "torch.clone")
def _copy(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    given = arguments.value(0)
    if given is None:
        return Unknown()
    shallow = isinstance(node, cst.Call) and short(node.func) in ("copy.copy", "copy")
    copy = _shallow if shallow else _deep
    return join_values([copy(machine, state, item, node) for item in alternatives(given)]) or Unknown()


def _shallow(machine: Machine, state: State, value: Value, node: cst.BaseExpression) -> Value:
    found = state.object(value) if isinstance(value, Ref) else None
    if not isinstance(value, Ref) or found is None:
        return value
    ref = Ref(machine.address(node, "copy", value.address))
    state.heap[ref.address] = _with_its_own_memory(machine, found, ref)
    return ref


def _deep(machine: Machine, state: State, value: Value, node: cst.BaseExpression) -> Value:
    copied: dict[int, Ref] = {}

    def copy(value: Value, depth: int) -> Value:
        items = [
            replace(item, items=tuple(copy(part, depth) for part in item.items))
            if isinstance(item, Tuple)
            else one(item, depth)
            if isinstance(item, Ref)
            else item
            for item in alternatives(value)
        ]
        return without_aliases(machine, union(items))

    def one(ref: Ref, depth: int) -> Ref:
        found = state.object(ref)
        if ref.address not in copied:
            if found is None or len(copied) >= MOST_COPIED or depth >= DEEPEST:
                return ref
            copied[ref.address] = new = Ref(machine.address(node, "copy", ref.address))
            whole = _with_its_own_memory(machine, found, new)
            state.heap[new.address] = _contents(whole, lambda value: copy(value, depth + 1))
        return copied[ref.address]

    return copy(value, 0)


def _with_its_own_memory(machine: Machine, found: HeapObject, ref: Ref) -> HeapObject:
    """A module's copy has parameters of its own (with ``copy.copy`` it does not, but it is seldom asked)."""
    if not isinstance(found, Instance) or found.module is None:
        return found
    storage = machine.storage()
    machine.modules[storage] = ref.address
    return replace(found, module=replace(found.module, storage=storage))


def _contents(found: HeapObject, copy: Callable[[Value], Value]) -> HeapObject:
    match found:
        case Instance(attributes=attributes):
            return replace(found, attributes={name: copy(value) for name, value in attributes.items()})
        case Items(known=known, rest=rest):
            items = None if known is None else tuple(copy(value) for value in known)
            return replace(found, known=items, rest=None if rest is None else copy(rest))
        case Mapping(entries=entries, rest=rest):
            new = {key: copy(value) for key, value in entries.items()}
            return replace(found, entries=new, rest=None if rest is None else copy(rest), source=None)
        case _:
            return found
