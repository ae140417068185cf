"""Calls of ``torch.utils.data``: data sets and loaders keep what they are made of."""

from __future__ import annotations

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.collation import collated
from tensorlint.flow.containers import element, make_items
from tensorlint.flow.heap import Instance
from tensorlint.flow.iteration import LOADER, TENSORS
from tensorlint.flow.machine import Machine
from tensorlint.flow.special_calls import special
from tensorlint.flow.state import State
from tensorlint.flow.values import Object, Ref, Tuple, Unknown, Value

__all__: list[str] = []

LOADED_BY = {"dataset": 0, "collate_fn": 6}
"""What decides what a loader gives, with the positions of the arguments."""


@special(LOADER, "torch.utils.data.dataloader.DataLoader")
def _loader(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    given = {name: arguments.value(position, name) for name, position in LOADED_BY.items()}
    attributes = {name: value for name, value in given.items() if value is not None}
    return _made(machine, state, node, LOADER, attributes)


@special(TENSORS)
def _tensors(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    if arguments.rest is not None or not arguments.positional:
        return Object(TENSORS)
    tensors = Tuple(tuple(value for _, value in arguments.positional))
    return _made(machine, state, node, TENSORS, {"tensors": tensors})


def _made(machine: Machine, state: State, node: cst.BaseExpression, name: str, attributes: dict[str, Value]) -> Ref:
    ref = Ref(machine.address(node, name))
    state.heap[ref.address] = Instance(None, name, attributes)
    return ref


@special("torch.utils.data.Subset")
def _subset(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    """Some of the items: any of them is what any item of the whole is."""
    return arguments.value(0, "dataset") or Unknown()


@special("torch.utils.data.random_split")
def _split(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    return make_items(machine, state, (node,), rest=arguments.value(0, "dataset"))


@special(
    "torch.utils.data.default_collate",
    "torch.utils.data.dataloader.default_collate",
    "torch.utils.data._utils.collate.default_collate",
)
def _collate(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    first = arguments.get(0, "batch")
    if first is None:
        return Unknown()
    return collated(machine, state, element(machine, state, first[1], node), node, first[0])
