"""The batch that a loader makes of samples (observed: torch 2.13)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import libcst as cst

from tensorlint.flow.classes import is_named_tuple
from tensorlint.flow.containers import make_items, make_mapping
from tensorlint.flow.conversion import give_to_torch
from tensorlint.flow.facts import NO, Fact, Place, Reason, maybe, yes
from tensorlint.flow.given import give_array
from tensorlint.flow.heap import HeapObject, Instance, Items, Mapping
from tensorlint.flow.joining import join_values
from tensorlint.flow.machine import Machine
from tensorlint.flow.state import State
from tensorlint.flow.tensors import recorded
from tensorlint.flow.values import (
    Array,
    Constant,
    Number,
    Ref,
    Single,
    Tensor,
    Tuple,
    Unknown,
    Value,
    alternatives,
    union,
)

__all__ = ["SOME_BATCH", "Batch", "collated", "put_back", "taken"]

SOME_BATCH = Tensor(NO, NO, opaque=True)
"""What a loader gives of which nothing else is known."""
DEEPEST = 5


@dataclass(frozen=True, slots=True)
class _Collation:
    """One call of ``default_collate``: where it is, and what the samples are called there."""

    machine: Machine
    state: State
    node: cst.BaseExpression
    samples: cst.BaseExpression


def collated(
    machine: Machine, state: State, sample: Value, node: cst.BaseExpression, samples: cst.BaseExpression
) -> Value:
    """What ``default_collate`` makes of several samples: tensors in memory of their own, in the samples' structure."""
    return _collated(_Collation(machine, state, node, samples), sample, (node,))


def _collated(call: _Collation, sample: Value, site: tuple[object, ...]) -> Value:
    items = alternatives(sample)
    return join_values(_one(call, item, (*site, index)) for index, item in enumerate(items)) or Unknown()


def _one(call: _Collation, sample: Single, site: tuple[object, ...]) -> Value:
    machine, state, place = call.machine, call.state, call.machine.place(call.node)
    depth = len(site) // 2

    def part(value: Value, key: object) -> Value:
        return _collated(call, value, (*site, key))

    match sample:
        case Tensor():
            return _stacked(state, sample, place)
        case Array():
            give_to_torch(machine, state, call.node, call.samples, sample, "default_collate")
            give_array(machine, call.node, call.samples, sample, "torch.utils.data.default_collate", "default_collate")
            kept = _kept_dtype(call, sample)
            return Tensor(NO, NO, sample.dtype, yes(place, "a batch of arrays becomes a tensor"), dtype_from=kept)
        case Constant(value=str() | bytes() | None):
            return make_items(machine, state, site, rest=Number())
        case Number(type="float") | Constant(value=float()):
            return _of_floats(machine.place(call.node))
        case Number() | Constant():
            return Tensor(NO, NO, kind=yes(place, "a batch of numbers becomes a tensor"), ndim=1)
        case Unknown() if depth > 1 and isinstance(site[-2], int):  # the entries of a dict may well be texts
            return Tensor(NO, NO, kind=maybe(place, "one of the tensors of a batch"))
        case Unknown():
            return SOME_BATCH
        case Tuple(items=items) if depth < DEEPEST:
            return make_items(machine, state, site, known=[part(one, i) for i, one in enumerate(items)])
        case Ref() if depth < DEEPEST:
            match state.object(sample):
                case Items(known=known, rest=rest):
                    several = None if known is None else [part(one, i) for i, one in enumerate(known)]
                    return make_items(machine, state, site, several, None if rest is None else part(rest, ""))
                case Mapping(entries=entries, rest=rest):
                    made = {key: part(value, key) for key, value in entries.items()}
                    return make_mapping(machine, state, site, made, None if rest is None else part(rest, ""))
                case Instance(definition=definition) as record if definition is not None and is_named_tuple(definition):
                    ref = Ref(machine.address(*site))
                    attributes = {name: part(value, name) for name, value in record.attributes.items()}
                    state.heap[ref.address] = replace(record, attributes=attributes)
                    return ref
    return Unknown()


def _of_floats(place: Place) -> Tensor:
    text = "`default_collate` makes a float64 tensor of Python floats"
    made = Reason(place, text, Reason(place, "the samples hold Python floats"))
    return Tensor(NO, NO, "float64", yes(place, "a batch of numbers becomes a tensor"), ndim=1, dtype_from=made)


def _kept_dtype(call: _Collation, sample: Array) -> Reason | None:
    if sample.dtype_from is None:
        return None
    text = f"`default_collate` makes a {sample.dtype} tensor of such arrays"
    return Reason(call.machine.place(call.node), text, sample.dtype_from)


def _stacked(state: State, sample: Tensor, place: Place) -> Tensor:
    def fact(of_sample: Fact) -> Fact:
        return of_sample.because(place, "the loader stacks such samples") if of_sample.holds else NO

    return replace(
        sample,
        requires_grad=recorded(state, fact(sample.requires_grad)),
        device=fact(sample.device),
        kind=sample.kind if sample.kind.holds else maybe(place, "one of the tensors of a batch"),
        opaque=False,
        aliases=frozenset(),
        ndim=None if sample.ndim is None else sample.ndim + 1,
    )


@dataclass(frozen=True, slots=True)
class Batch:
    """A value with the lists and dicts in it, in no state: each pass of a loop over a loader gets such a one anew."""

    value: Value
    objects: dict[int, HeapObject] = field(default_factory=dict)


def taken(state: State, value: Value, device: Fact | None = None) -> Batch:
    """The batch as it is in a state. Its tensors have memory that nothing else has; they are moved to ``device``."""
    objects: dict[int, HeapObject] = {}

    def part(value: Value, depth: int) -> Value:
        return union([apart(item, depth) for item in alternatives(value)])

    def apart(item: Single, depth: int) -> Single:
        match item:
            case Tensor():
                return replace(item, aliases=frozenset(), device=item.device if device is None else device)
            case Array():
                return replace(item, aliases=frozenset())
            case Tuple(items=items):
                return replace(item, items=tuple(part(one, depth + 1) for one in items))
            case Ref(address=address) if address not in objects and depth <= DEEPEST:
                match state.object(item):
                    case Items(known=known, rest=rest) as found:
                        objects[address] = found
                        several = None if known is None else tuple(part(one, depth + 1) for one in known)
                        one = None if rest is None else part(rest, depth + 1)
                        objects[address] = replace(found, known=several, rest=one)
                    case Mapping(entries=entries, rest=rest) as mapping:
                        objects[address] = mapping
                        made = {key: part(one, depth + 1) for key, one in entries.items()}
                        one = None if rest is None else part(rest, depth + 1)
                        objects[address] = replace(mapping, entries=made, rest=one)
        return item

    return Batch(part(value, 0), objects)


def put_back(state: State, batch: Batch) -> Value:
    """The batch as it was taken, in another state."""
    for address, item in batch.objects.items():
        state.heap[address] = item
    return batch.value
