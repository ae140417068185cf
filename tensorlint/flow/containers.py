"""Lists, dicts, sets and iterators: what is in them, and what their methods do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import libcst as cst

from tensorlint.flow.facts import NO, Place, Reason, maybe
from tensorlint.flow.heap import Instance, Items, Key, Mapping, Taken
from tensorlint.flow.joining import join, join_optional, join_values
from tensorlint.flow.machine import Machine
from tensorlint.flow.names import short
from tensorlint.flow.snapshots import keep_states
from tensorlint.flow.state import State
from tensorlint.flow.storage import keep, part_of, share, without_aliases
from tensorlint.flow.tensors import computed_now
from tensorlint.flow.values import (
    Array,
    Constant,
    Number,
    Object,
    Ref,
    Single,
    Tensor,
    Tuple,
    Unknown,
    Value,
    alternatives,
    union,
)

__all__ = [
    "append",
    "element",
    "extend",
    "fields_of",
    "items_at",
    "length_of",
    "make_items",
    "make_mapping",
    "make_tuple",
    "mapping_of",
    "store_item",
    "unpack",
]

MOST_KNOWN = 64
"""Items of a list or tuple of which each is known by its position."""


def make_items(
    machine: Machine,
    state: State,
    site: tuple[object, ...],
    known: Sequence[Value] | None = None,
    rest: Value | None = None,
    kind: str = "list",
    put: tuple[Place, ...] = (),
) -> Ref:
    """A new list, set, deque or iterator; of a very long one it is not known which item is where."""
    if known is not None and len(known) > MOST_KNOWN:
        rest, known = join_values(known), None
    ref = Ref(machine.address(*site))
    state.heap[ref.address] = Items(tuple(known) if known is not None else None, rest, put, kind, machine.frame.loops)
    return ref


def make_tuple(machine: Machine, state: State, node: cst.CSTNode, items: Sequence[Value]) -> Value:
    """A tuple of known items, unless there are very many."""
    if len(items) > MOST_KNOWN:
        return make_items(machine, state, (node, "tuple"), items, kind="tuple")
    return Tuple(tuple(items))


def make_mapping(
    machine: Machine,
    state: State,
    site: tuple[object, ...],
    entries: dict[Key, Value] | None = None,
    rest: Value | None = None,
    factory: Value | None = None,
    source: Taken | None = None,
) -> Ref:
    """A new dict."""
    ref = Ref(machine.address(*site))
    state.heap[ref.address] = Mapping(entries or {}, rest, factory, source)
    return ref


def items_at(state: State, value: Value) -> Items | None:
    """The list behind a reference; of a generator what it would give now."""
    found = state.object(value) if isinstance(value, Ref) else None
    if not isinstance(found, Items):
        return None
    if found.kind == "generator" and found.known is not None:
        return replace(found, known=tuple(computed_now(state, item) for item in found.known))
    return found


def mapping_of(state: State, value: Value) -> Mapping | None:
    """The dict behind a reference."""
    found = state.object(value) if isinstance(value, Ref) else None
    return found if isinstance(found, Mapping) else None


def fields_of(machine: Machine, state: State, node: cst.CSTNode, value: Value) -> Value:
    """``vars(record)``: the attributes of an object that is no module, as a dict."""
    found = state.object(value) if isinstance(value, Ref) else None
    if not isinstance(found, Instance) or found.definition is None or found.module is not None:
        return Unknown()
    entries: dict[Key, Value] = {name: one for name, one in found.attributes.items() if not name.startswith("#")}
    return make_mapping(machine, state, (node, "fields"), entries, Unknown() if found.open else None)


def element(machine: Machine, state: State, value: Value, node: cst.CSTNode) -> Value:
    """What iterating over ``value`` gives, one time."""
    results: list[Value] = []
    for item in alternatives(value):
        match item:
            case Tuple(items=items):
                results.append(join_values(items) or Unknown())
            case Tensor():
                ndim = item.ndim - 1 if item.ndim else None
                form = replace(item.form, layout=NO) if item.form.layout_name == "nested" else item.form
                spread = item.spread.narrowed(0, gone=True)
                aliases = share(state, item, None, part=node)
                results.append(replace(item, aliases=aliases, ndim=ndim, form=form, spread=spread))
            case Array():
                results.append(_row(state, item, node))
            case Object(type="torch.utils.data.DataLoader"):
                results.append(Tensor(NO, item.device, opaque=True))
            case Object():
                results.append(item)
            case Ref():
                results.append(_element_of(machine, state, item, node))
            case Constant(value=str()):
                results.append(Number())
            case Unknown(parameter=True, variable=variable):
                results.append(Unknown(variable, parameter=True))
            case Unknown(from_caller=True):
                results.append(Unknown(from_caller=True))
            case _:
                results.append(Unknown())
    return join_values(results) or Unknown()


def _row(state: State, array: Array, node: cst.CSTNode) -> Array:
    """What iterating over an array gives: a row of it, or of one with a single axis a scalar."""
    ndim = array.ndim - 1 if array.ndim else None
    objects = array.dtype == "object"
    return replace(
        array,
        aliases=share(state, array, None, part=node),
        negative_stride=NO,
        ndim=ndim,
        scalar=array.scalar or ndim == 0,
        maybe_scalar=array.maybe_scalar or ndim is None,
        dtype="" if objects else array.dtype,
        dtype_from=None if objects else array.dtype_from,
        spread=array.spread.narrowed(0, gone=True),
    )


def _element_of(machine: Machine, state: State, ref: Ref, node: cst.CSTNode) -> Value:
    match state.object(ref):
        case Items() as items:
            found = join_values(items.known) if items.known is not None else items.rest
            if found is not None and items.kind == "generator":
                return computed_now(state, found)
            return found or Unknown()
        case Mapping() as mapping:
            if mapping.rest is None and mapping.entries and len(mapping.entries) <= 4:
                return union([Constant(key) for key in mapping.entries])
            return Unknown()
        case Instance(attributes=attributes) if "#contents" in attributes:
            inside = [
                _element_of(machine, state, part, node)
                if isinstance(part, Ref) and items_at(state, part) is not None
                else part
                for part in alternatives(attributes["#contents"])
            ]
            return join_values(inside) or Unknown()
        case Instance() as instance if isinstance(node, cst.BaseExpression):
            from tensorlint.flow.iteration import element_of_instance  # which calls methods

            return element_of_instance(machine, state, ref, instance, node)
        case _:
            return Unknown()


def unpack(machine: Machine, state: State, value: Value, count: int, node: cst.CSTNode) -> list[Value]:
    """The values of ``count`` targets that ``value`` is unpacked into."""
    columns: list[list[Value]] = [[] for _ in range(count)]
    for item in alternatives(value):
        known: Sequence[Value] | None = None
        if isinstance(item, Tuple):
            known = item.items
        elif (items := items_at(state, item)) is not None:
            known = items.known
        if known is not None and len(known) == count:
            for column, part in zip(columns, known, strict=True):
                column.append(part)
        elif isinstance(item, Constant):
            continue
        else:
            one = element(machine, state, item, node)
            if isinstance(item, Tensor) and item.opaque and isinstance(one, Tensor) and not one.kind.holds:
                one = replace(one, kind=maybe(machine.place(node), "one of the tensors of a batch"), opaque=False)
            for index, column in enumerate(columns):
                if isinstance(item, Tensor) and item.opaque:
                    column.append(_apart(machine, one))  # what a model gives are several tensors
                else:
                    column.append(part_of(one, _target(machine, node, index)))
    return [join_values(column) or Unknown() for column in columns]


def length_of(state: State, value: Value) -> int | None:
    """How many items a value is unpacked into, where that is known."""
    found: set[int | None] = set()
    for item in alternatives(value):
        items = items_at(state, item)
        known = item.items if isinstance(item, Tuple) else items.known if items is not None else None
        found.add(len(known) if known is not None else None)
    return found.pop() if len(found) == 1 else None


def _apart(machine: Machine, value: Value) -> Value:
    """One of several: what stands for all of them has one memory, of which each has a part of its own."""
    result: list[Single] = []
    for item in alternatives(value):
        own = isinstance(item, Tensor | Array) and all(alias.made is None for alias in item.aliases)
        result.extend(alternatives(without_aliases(machine, item)) if own else (item,))
    return union(result)


def _target(machine: Machine, node: cst.CSTNode, index: int) -> cst.CSTNode:
    """A node that stands for one target of an unpacking."""
    return machine.parts.setdefault((id(node), index), cst.Pass())


def append(machine: Machine, state: State, ref: Ref, value: Value, argument: cst.BaseExpression, name: str) -> None:
    """``name.append(argument)``."""
    items = items_at(state, ref)
    if items is None:
        return
    place = machine.place(argument)
    value = keep(value, Reason(place, f"kept in `{name}`"))
    value = keep_states(machine, state, value, Reason(place, f"kept in `{name}`"), argument)
    _keep_fields(state, value, Reason(place, f"kept in `{name}`"))
    value = _step(value, place, f"`{short(argument)}` is put into `{name}`")
    put = items.put if place in items.put else (*items.put, place)[:6]
    if items.known is not None and machine.frame.loops <= items.depth and len(items.known) < 12:
        state.heap[ref.address] = replace(items, known=(*items.known, value), put=put)
        return
    rest = join_values(items.known) if items.known is not None else items.rest
    joined = join_optional(rest, value)
    if items.known is None and joined is items.rest and put == items.put:
        return
    state.heap[ref.address] = replace(items, known=None, rest=joined, put=put)


def extend(
    machine: Machine, state: State, ref: Ref, value: Value, argument: cst.BaseExpression, name: str, node: cst.CSTNode
) -> None:
    """``name.extend(argument)``, ``name += argument``: what is written out there is put in piece by piece."""
    match argument:
        case cst.List(elements=elements) | cst.Tuple(elements=elements) if elements:
            parts = unpack(machine, state, value, len(elements), node)
            if not any(isinstance(one, cst.StarredElement) for one in elements):
                for one, part in zip(elements, parts, strict=True):
                    append(machine, state, ref, part, one.value, name)
                return
        case cst.ListComp(elt=elt) | cst.GeneratorExp(elt=elt):
            argument = elt
        case _:
            pass
    append(machine, state, ref, element(machine, state, value, node), argument, name)


def _keep_fields(state: State, value: Value, reason: Reason) -> None:
    """What is put away in a record (a dataclass, a named tuple) is kept as well."""
    for item in alternatives(value):
        if not isinstance(item, Ref):
            continue
        found = state.object(item)
        if isinstance(found, Instance) and found.definition is not None and found.module is None:
            attributes = {name: keep(field, reason) for name, field in found.attributes.items()}
            state.heap[item.address] = replace(found, attributes=attributes)


def _step(value: Value, place: Place, text: str) -> Value:
    result = []
    for item in alternatives(value):
        if isinstance(item, Tensor) and (item.requires_grad.holds or item.device.holds):
            item = replace(
                item, requires_grad=item.requires_grad.because(place, text), device=item.device.because(place, text)
            )
        result.append(item)
    return union(result)


def store_item(
    machine: Machine, state: State, ref: Ref, key: Value, value: Value, node: cst.BaseExpression, name: str
) -> None:
    """``name[key] = value`` on a list or dict."""
    place = machine.place(node)
    value = keep(value, Reason(place, f"kept in `{name}`"))
    if not isinstance(key, Constant):
        value = keep_states(machine, state, value, Reason(place, f"kept in `{name}`"), node)
    elif machine.frame.branches:
        value = keep_states(machine, state, value, Reason(place, f"kept in `{name}` while the loop goes on"))
    value = _step(value, place, f"`{short(node)}` is put into `{name}`")
    match state.object(ref):
        case Items() as items:
            if (
                items.known is not None
                and isinstance(key, Constant)
                and isinstance(key.value, int)
                and -len(items.known) <= key.value < len(items.known)
            ):
                known = list(items.known)
                known[key.value] = value
                state.heap[ref.address] = replace(items, known=tuple(known))
                return
            rest = join_values(items.known) if items.known is not None else items.rest
            state.heap[ref.address] = replace(items, known=None, rest=join_optional(rest, value))
        case Mapping() as mapping:
            if isinstance(key, Constant) and isinstance(key.value, str | int) and len(mapping.entries) < 64:
                entries = {**mapping.entries, key.value: value}
                state.heap[ref.address] = replace(mapping, entries=entries, source=None)
            else:
                rest = join(mapping.rest, value) if mapping.rest is not None else value
                state.heap[ref.address] = replace(mapping, rest=rest, source=None)
        case _:
            pass
