"""``nn.Module`` instances: what they hold, where they are, and what a call of one gives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import libcst as cst

from tensorlint.flow.facts import NO, UNKNOWN, Fact, Place, Reason, Truth, either, maybe, yes
from tensorlint.flow.form import PLAIN, Form
from tensorlint.flow.heap import Instance, Items, Mapping, ModuleFacts
from tensorlint.flow.machine import Machine
from tensorlint.flow.state import State, Write
from tensorlint.flow.tensors import Inputs, recorded, result_tensor
from tensorlint.flow.values import Alias, Ref, Tensor, Tuple, Value, alternatives

__all__ = [
    "cast",
    "change_parameters",
    "freeze",
    "instance_of",
    "is_current",
    "is_module",
    "make_module",
    "move",
    "output_of",
    "parameters_of",
    "parts",
    "trainable",
]

CONTENTS = "#contents"
"""The attribute that stands for the children of a container module."""
SEVERAL_OUTPUTS = frozenset(
    f"torch.nn.{name}"
    for name in ("RNN", "LSTM", "GRU", "LSTMCell", "MultiheadAttention", "AdaptiveLogSoftmaxWithLoss")
)
"""The layers of torch that give more than one tensor."""
MOST_PARTS = 200


def instance_of(state: State, value: Value) -> Instance | None:
    """The instance behind a reference."""
    if isinstance(value, Ref):
        found = state.object(value)
        return found if isinstance(found, Instance) else None
    return None


def is_module(state: State, value: Value) -> bool:
    """The value is an ``nn.Module``."""
    found = instance_of(state, value)
    return found is not None and found.module is not None


def make_module(
    machine: Machine,
    state: State,
    site: tuple[object, ...],
    type_name: str,
    trainable_fact: Fact,
    device: Fact = NO,
    dtype: str = "float32",
) -> Ref:
    """A module that a library makes, or that is known only by what is done with it."""
    ref = Ref(machine.address(*site))
    storage = machine.storage()
    machine.modules[storage] = ref.address
    facts = ModuleFacts(trainable_fact, device, storage, dtype=dtype)
    state.heap[ref.address] = Instance(None, type_name, {}, facts, open=True)
    return ref


def is_current(machine: Machine, state: State, storage: int) -> bool:
    """No other module was made since where the module was made whose parameters live in ``storage``."""
    address = machine.modules.get(storage)
    found = state.heap.get(address) if address is not None else None
    return not isinstance(found, Instance) or found.module is None or found.module.storage == storage


def parts(state: State, ref: Ref) -> Iterator[tuple[Ref, Instance]]:
    """The module and the modules inside it."""
    seen: set[int] = set()
    todo: list[Value] = [ref]
    while todo and len(seen) < MOST_PARTS:
        value = todo.pop()
        for item in alternatives(value):
            if isinstance(item, Tuple):
                todo.extend(item.items)
            if not isinstance(item, Ref) or item.address in seen:
                continue
            seen.add(item.address)
            match state.object(item):
                case Instance(module=module) as instance if module is not None:
                    yield item, instance
                    todo.extend(instance.attributes.values())
                case Items() as items:
                    todo.extend(items.known or ())
                    if items.rest is not None:
                        todo.append(items.rest)
                case Mapping() as mapping:
                    todo.extend(mapping.entries.values())
                    if mapping.rest is not None:
                        todo.append(mapping.rest)


def trainable(state: State, ref: Ref) -> Fact:
    """Whether the module holds a parameter that requires grad."""
    facts: list[Fact] = []
    unknown = False
    for _, instance in parts(state, ref):
        assert instance.module is not None
        if instance.module.frozen.truth is Truth.YES:
            continue
        fact = instance.module.trainable
        if instance.module.frozen.truth is Truth.MAYBE:
            fact = fact.weakened()
        facts.append(fact)
        for name, value in instance.attributes.items():
            if name in instance.registered:
                continue
            for item in alternatives(value):
                if isinstance(item, Tensor) and item.requires_grad.holds:
                    facts.append(item.requires_grad)
        unknown = unknown or fact is UNKNOWN
    return either(*facts) if facts else NO


def move(machine: Machine, state: State, ref: Ref, device: Fact) -> None:
    """``module.to(device)``: its parameters and buffers, and those of its parts, are there from now on."""
    for part, instance in list(parts(state, ref)):
        assert instance.module is not None
        attributes = dict(instance.attributes)
        for name, value in attributes.items():
            if isinstance(value, Tensor) and (name in instance.registered or value.requires_grad.holds):
                attributes[name] = replace(value, device=device)
        state.heap[part.address] = replace(
            instance, attributes=attributes, module=replace(instance.module, device=device)
        )


def cast(state: State, ref: Ref, form: Form) -> None:
    """``module.to(dtype)``: its floating parameters and buffers, and those of its parts, have the dtype from now on."""
    for part, instance in list(parts(state, ref)):
        assert instance.module is not None
        attributes = dict(instance.attributes)
        for name, value in attributes.items():
            if isinstance(value, Tensor) and (name in instance.registered or value.requires_grad.holds):
                attributes[name] = replace(value, dtype="", form=form)
        state.heap[part.address] = replace(instance, attributes=attributes, module=replace(instance.module, form=form))


def freeze(machine: Machine, state: State, ref: Ref, frozen: bool | None, place: Place) -> None:
    """``requires_grad_(False)`` (or True again) on every parameter of a module and its parts; None: one of both."""
    fact = maybe(place, "perhaps frozen here") if frozen is None else yes(place, "frozen here") if frozen else NO
    for part, instance in list(parts(state, ref)):
        assert instance.module is not None
        facts = replace(instance.module, frozen=fact)
        if frozen is False:
            facts = replace(facts, trainable=yes(place, "its parameters are made to require grad"))
        state.heap[part.address] = replace(instance, module=facts)


def parameters_of(machine: Machine, state: State, ref: Ref, name: str, node: cst.CSTNode) -> Tensor:
    """Any one of a module's parameters."""
    instance = instance_of(state, ref)
    assert instance is not None and instance.module is not None
    fact = trainable(state, ref)
    grad = Fact(fact.truth, Reason(machine.place(node), f"a parameter of `{name}` requires grad"), fact.given)
    if not fact.holds:
        grad = fact
    storages = [part.module.storage for _, part in parts(state, ref) if part.module is not None]
    aliases = frozenset(Alias(number, state.version(number)) for number in storages[:8])
    return Tensor(
        grad,
        instance.module.device,
        kind=yes(machine.place(node), f"a parameter of `{name}`"),
        aliases=aliases,
        form=instance.module.form,
    )


def change_parameters(
    machine: Machine, state: State, storages: frozenset[int], node: cst.CSTNode, text: str, through: str
) -> None:
    """The parameters that live in ``storages`` are updated in place, as an optimizer's step does."""
    todo = set(storages)
    for storage in storages:
        if (address := machine.modules.get(storage)) is not None:
            todo |= {part.module.storage for _, part in parts(state, Ref(address)) if part.module is not None}
    for storage in todo:
        state.wrote(storage, Write(machine.place(node), text, through, at=machine.at))


MULTIPLIES = ("torch.nn.Linear", "torch.nn.Conv", "torch.nn.Bilinear", "torch.nn.LazyLinear", "torch.nn.LazyConv")
"""Layers that autocast runs in the lower dtype."""


def _form(machine: Machine, state: State, instance: Instance, inputs: Inputs, node: cst.CSTNode, name: str) -> Form:
    """The form of a module's output: in the dtype of its parameters, or the one of autocast."""
    assert instance.module is not None
    place = machine.place(node)
    layer = instance.type.startswith("torch.nn.")
    if state.autocast.holds:
        row = machine.library.row(instance.type) if layer else None
        if layer and not instance.type.startswith(MULTIPLIES) and (row is None or row.parameters is not None):
            return PLAIN
        fact = state.autocast.because(place, f"output of `{name}`, which computes in it").weakened()
        return Form(dtype=fact, dtype_name="bfloat16")
    form = instance.module.form
    if not form.dtype.holds:
        row = machine.library.row(instance.type) if layer else None
        same = row is not None and row.parameters is False and not row.parameters_if
        return inputs.result if same else PLAIN
    form = form.because(place, f"output of `{name}`, whose parameters have it")
    return form if layer else form.weakened()


def output_of(machine: Machine, state: State, ref: Ref, inputs: Inputs, node: cst.CSTNode, name: str) -> Tensor:
    """What a call of the module gives where its ``forward`` is not in sight."""
    instance = instance_of(state, ref)
    assert instance is not None and instance.module is not None
    place = machine.place(node)
    what = "an nn.Module" if not instance.type else f"{instance.type.replace('torch.nn.', 'nn.')}"
    fact = trainable(state, ref)
    if fact.holds:
        grad = recorded(state, fact.because(place, f"output of `{name}` ({what}), whose parameters require grad"))
    else:
        grad = recorded(state, inputs.requires_grad)
        if grad is NO and fact is UNKNOWN and state.records() is not Truth.NO:
            grad = UNKNOWN
    device = instance.module.device
    if device.holds:
        device = device.because(place, f"output of `{name}` ({what}), which is there")
    elif inputs.device.holds:
        device = inputs.device
    opaque = not instance.type.startswith("torch.nn.") or instance.type in SEVERAL_OUTPUTS
    no_graph = Reason(place, f"`{name}` is called where autograd does not record")
    made = result_tensor(
        machine,
        state,
        inputs,
        requires_grad=grad,
        device=device,
        form=_form(machine, state, instance, inputs, node, name),
        opaque=opaque,
        kind=yes(place, f"output of `{name}`") if instance.type else maybe(place, f"output of `{name}`"),
    )
    return replace(made, no_graph=no_graph) if state.records() is Truth.NO else made
