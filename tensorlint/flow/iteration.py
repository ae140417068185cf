"""What iterating over objects gives: the project's own, by their ``__iter__``, and loaders, by the data they load."""

from __future__ import annotations

from dataclasses import dataclass, field

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.classes import method_of
from tensorlint.flow.collation import SOME_BATCH, Batch, collated, put_back, taken
from tensorlint.flow.containers import element, make_items
from tensorlint.flow.functions import call_function
from tensorlint.flow.heap import Instance
from tensorlint.flow.joining import join_values
from tensorlint.flow.machine import Machine
from tensorlint.flow.state import State
from tensorlint.flow.values import Array, Constant, Device, Number, Ref, Tensor, Tuple, Unknown, Value, alternatives

__all__ = ["LOADER", "MOVED", "TENSORS", "Loaded", "element_of_instance"]

LOADER = "torch.utils.data.DataLoader"
MOVED = "#moved"
"""The attribute of a loader for the device that it puts its batches on."""
TENSORS = "torch.utils.data.TensorDataset"
MOST_VISITS = 2
"""How often samples are looked at for one loader: what is done to the data at one visit is there at the next."""


@dataclass(slots=True)
class Loaded:
    """The batches of a loader, as they were found at its last visit."""

    loader: Instance
    batch: Batch
    visits: int = field(default=1)


def element_of_instance(
    machine: Machine, state: State, ref: Ref, instance: Instance, node: cst.BaseExpression
) -> Value:
    """What iterating over an instance gives, one time."""
    if instance.type == LOADER:
        return _batch_of(machine, state, ref, instance, node)
    if instance.type == TENSORS:
        return _row(machine, state, instance, node)
    made = _called(machine, state, ref, instance, "__iter__", node)
    if made is None:
        index = Arguments(((node, Number()),))
        return _called(machine, state, ref, instance, "__getitem__", node, index) or Unknown()
    found = [
        _called(machine, state, ref, instance, "__next__", node)
        if isinstance(item, Ref) and item.address == ref.address
        else element(machine, state, item, node)
        for item in alternatives(made)
    ]
    return join_values(value for value in found if value is not None) or Unknown()


def _called(
    machine: Machine,
    state: State,
    ref: Ref,
    instance: Instance,
    name: str,
    node: cst.BaseExpression,
    arguments: Arguments | None = None,
) -> Value | None:
    """What a method of the project gives; None where there is none."""
    method = method_of(machine, instance.definition, name, state) if instance.definition is not None else None
    if method is None:
        return None
    return call_function(machine, method, arguments or Arguments(), state, node, receiver=ref)


def _batch_of(machine: Machine, state: State, ref: Ref, loader: Instance, node: cst.BaseExpression) -> Value:
    """What a loader gives, which is looked at a few times and remembered: a data set may be long."""
    known = machine.batches.get(ref.address)
    if known is not None and known.loader == loader and known.visits >= MOST_VISITS:
        return put_back(state, known.batch)
    if known is not None and known.visits > 2 * MOST_VISITS:
        return SOME_BATCH
    moved = loader.attributes.get(MOVED)
    device = moved.accelerator if isinstance(moved, Device) else None
    batch = taken(state, _loaded(machine, state, loader, node), device)
    machine.batches[ref.address] = Loaded(loader, batch, known.visits + 1 if known is not None else 1)
    return put_back(state, batch)


def _loaded(machine: Machine, state: State, loader: Instance, node: cst.BaseExpression) -> Value:
    from tensorlint.flow.calls import call_value

    dataset = loader.attributes.get("dataset", Unknown())
    sample = join_values(_sample(machine, state, item, node) for item in alternatives(dataset)) or Unknown()
    collate = loader.attributes.get("collate_fn", Constant(None))
    if isinstance(collate, Constant):
        return collated(machine, state, sample, node, node)
    samples = make_items(machine, state, (node, "samples"), rest=sample)
    made = call_value(machine, state, node, collate, None, Arguments(((node, samples),)))
    return SOME_BATCH if isinstance(made, Unknown) else made


def _sample(machine: Machine, state: State, dataset: Value, node: cst.BaseExpression) -> Value:
    """One item of a data set."""
    instance = state.object(dataset) if isinstance(dataset, Ref) else None
    if isinstance(dataset, Ref) and isinstance(instance, Instance):
        found = _called(machine, state, dataset, instance, "__getitem__", node, Arguments(((node, Number()),)))
        return found if found is not None else element_of_instance(machine, state, dataset, instance, node)
    if isinstance(dataset, Ref | Tuple | Tensor | Array):
        return element(machine, state, dataset, node)
    return Unknown()


def _row(machine: Machine, state: State, instance: Instance, node: cst.BaseExpression) -> Value:
    """A row of each of the tensors that a ``TensorDataset`` was made of."""
    tensors = instance.attributes.get("tensors")
    if not isinstance(tensors, Tuple):
        return Unknown()
    return Tuple(tuple(element(machine, state, tensor, node) for tensor in tensors.items))
