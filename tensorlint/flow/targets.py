"""Assignment: to names, attributes, subscripts and several targets at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import libcst as cst

from tensorlint.flow.carried import carried
from tensorlint.flow.containers import length_of, make_items, make_mapping, store_item, unpack
from tensorlint.flow.conversion import convert
from tensorlint.flow.entries import entry_at, store_entry
from tensorlint.flow.events import How
from tensorlint.flow.expanded_writes import item_of_expanded_written
from tensorlint.flow.facts import NO, Reason, Truth, maybe, yes
from tensorlint.flow.heap import Instance
from tensorlint.flow.leaving import new_leaf
from tensorlint.flow.machine import Machine, evaluate
from tensorlint.flow.mixing import mixed_store
from tensorlint.flow.modules import freeze, instance_of
from tensorlint.flow.names import dotted, short
from tensorlint.flow.read_only import set_writeable
from tensorlint.flow.rebinding import literal_key, rebind
from tensorlint.flow.saved import by_rebinding
from tensorlint.flow.snapshots import keep_states, made_of
from tensorlint.flow.state import State
from tensorlint.flow.storage import keep, write
from tensorlint.flow.tensors import inputs_of
from tensorlint.flow.values import Array, Constant, Number, Ref, Tensor, Unknown, Value, alternatives

__all__ = ["assign", "assign_name", "attribute_owner"]


def assign(machine: Machine, target: cst.BaseExpression, value: Value, state: State, source: cst.CSTNode) -> None:
    """``target = value``."""
    match target:
        case cst.Name(value=name):
            assign_name(machine, name, value, state)
        case cst.Tuple(elements=elements) | cst.List(elements=elements):
            _assign_several(machine, [e.value for e in elements], elements, value, state, source)
        case cst.Attribute():
            _assign_attribute(machine, target, value, state)
        case cst.Subscript():
            _assign_item(machine, target, value, state, source)
        case cst.StarredElement(value=inner):
            assign(machine, inner, value, state, source)
        case _:
            pass


def assign_name(machine: Machine, name: str, value: Value, state: State) -> None:
    """Bind a name where its function says that it lives."""
    frame = machine.frame
    state.forget(name)
    if frame.loops and frame.branches:
        value = _kept_in_loop(machine, state, value, name)
    if name in frame.globals:
        machine.callees.load(frame.file, state, machine)
        names = dict(state.frames.get(frame.file.frame) or {})
        names[name] = value
        state.frames[frame.file.frame] = names
    elif name in frame.nonlocals:
        for number in reversed(frame.closure):
            if name in (state.frames.get(number) or {}):
                state.frames[number] = {**state.frames[number], name: value}
                break
    else:
        state.names[name] = value


def _kept_in_loop(machine: Machine, state: State, value: Value, name: str) -> Value:
    """What is assigned in a branch inside a loop (best so far) is kept while the loop goes on."""
    for item in alternatives(value):
        if isinstance(item, Tensor | Array):
            for alias in item.aliases:
                if alias.made is not None and alias.kept is None:
                    return keep(value, Reason(alias.made.place, f"kept in `{name}` while the loop goes on"))
        made = made_of(state, item)
        if made is not None:
            return keep_states(machine, state, value, Reason(made, f"kept in `{name}` while the loop goes on"))
    return value


def _assign_several(
    machine: Machine,
    targets: list[cst.BaseExpression],
    elements: Sequence[cst.BaseElement],
    value: Value,
    state: State,
    source: cst.CSTNode,
) -> None:
    stars = [i for i, e in enumerate(elements) if isinstance(e, cst.StarredElement)]
    if not stars:
        for target, item in zip(targets, unpack(machine, state, value, len(targets), source), strict=True):
            assign(machine, target, item, state, source)
        return
    star, length = stars[0], length_of(state, value)
    after = len(targets) - star - 1
    if length is not None and length >= len(targets) - 1:
        parts = unpack(machine, state, value, length, source)
        middle = make_items(machine, state, (targets[star], "rest"), known=parts[star : length - after])
        parts[star : length - after] = [middle]
    else:
        parts = unpack(machine, state, value, len(targets), source)
        parts[star] = make_items(machine, state, (targets[star], "rest"), rest=parts[star])
    for target, part in zip(targets, parts, strict=True):
        assign(machine, target, part, state, source)


def attribute_owner(machine: Machine, target: cst.Attribute, state: State) -> list[tuple[Ref, Instance]]:
    """The instances whose attribute ``target`` names; an unknown receiver becomes an instance."""
    value = evaluate(machine, target.value, state)
    if isinstance(value, Unknown):
        ref = Ref(machine.address(target.value, "instance", dotted(target.value)))
        if ref.address not in state.heap:
            state.heap[ref.address] = Instance(open=True)
        rebind(machine, target.value, ref, state)
        value = ref
    found = []
    for item in alternatives(value):
        instance = instance_of(state, item)
        if isinstance(item, Ref) and instance is not None:
            found.append((item, instance))
    return found


def _assign_attribute(machine: Machine, target: cst.Attribute, value: Value, state: State) -> None:
    name = target.attr.value
    state.forget(name)
    if name == "writeable" and isinstance(target.value, cst.Attribute) and target.value.attr.value == "flags":
        set_writeable(machine, state, target, target.value.value, value)
        return
    place = machine.place(target)
    receiver = evaluate(machine, target.value, state)
    tensors = [item for item in alternatives(receiver) if isinstance(item, Tensor)]
    if tensors:
        _assign_tensor_attribute(machine, target, tensors, value, state)
        return
    if isinstance(receiver, Unknown) and name == "requires_grad" and isinstance(value, Constant):
        fact = yes(place, f"`{short(target)} = True`") if value.value is True else NO
        rebind(machine, target.value, Tensor(fact, kind=maybe(place, "requires_grad is set")), state)
        return
    if not _made_of(value, target):
        value = keep(value, Reason(place, f"kept in `{short(target)}`"))
    value = step(machine, value, target, f"`{short(target)}` holds it")
    for ref, instance in attribute_owner(machine, target, state):
        registered = instance.registered
        attributes = {**instance.attributes, name: value}
        module = instance.module
        state.heap[ref.address] = replace(instance, attributes=attributes, registered=registered, module=module)


def _made_of(value: Value, target: cst.Attribute) -> bool:
    """``self.x = self.x.detach()``: the alias takes the place of its source, and there is no snapshot."""
    written = dotted(target)
    for item in alternatives(value):
        for alias in item.aliases if isinstance(item, Tensor | Array) else ():
            made = alias.made.place.node if alias.made is not None else None
            if isinstance(made, cst.Call) and isinstance(made.func, cst.Attribute):
                return written is not None and dotted(made.func.value) == written
    return False


def _assign_tensor_attribute(
    machine: Machine, target: cst.Attribute, tensors: list[Tensor], value: Value, state: State
) -> None:
    place = machine.place(target)
    name = target.attr.value
    if name == "requires_grad":
        for tensor in tensors:
            for alias in tensor.aliases:
                address = machine.modules.get(alias.storage)
                if address is not None and alias.made is None:
                    frozen = value.value is False if isinstance(value, Constant) else None
                    freeze(machine, state, Ref(address), frozen, place)
            if isinstance(value, Constant) and isinstance(value.value, bool):
                fact = yes(place, f"`{short(target)}` is set to True") if value.value else NO
                lost = new_leaf(tensor.lost, place, f"{short(target)} = True") if value.value else tensor.lost
                rebind(machine, target.value, replace(tensor, requires_grad=fact, lost=lost), state)
    if name == "data":
        for tensor in tensors:
            by_rebinding(machine, state, tensor, target, short(target))
        for storage in {alias.storage for tensor in tensors for alias in tensor.aliases if alias.made is None}:
            state.rebind_memory(storage)


def step(machine: Machine, value: Value, node: cst.BaseExpression, text: str) -> Value:
    """The value with a step of evidence, when its facts come from elsewhere."""
    if not isinstance(value, Tensor) or not (value.requires_grad.holds or value.device.holds or value.form.refused):
        return value
    place = machine.place(node)
    return replace(
        value,
        requires_grad=value.requires_grad.because(place, text),
        device=value.device.because(place, text),
        form=value.form.because(place, text),
    )


def _assign_item(machine: Machine, target: cst.Subscript, value: Value, state: State, source: cst.CSTNode) -> None:
    if (sweep := entry_at(machine, state, target)) is not None:
        store_entry(state, sweep, step(machine, value, target, f"`{short(target)}` holds it"))
        return
    if not isinstance(source, cst.AugAssign):
        item_of_expanded_written(machine, state, target, target)
    key = _key(machine, target, state)
    with machine.unread(isinstance(key, Constant)):
        receiver = evaluate(machine, target.value, state)
    name = short(target.value)
    if isinstance(receiver, Unknown):
        base = literal_key(target)
        if base is not None:
            ref = make_mapping(machine, state, (target.value, "mapping", name), rest=Unknown())
            rebind(machine, target.value, ref, state)
            receiver = ref
    for item in alternatives(receiver):
        match item:
            case Array() if not item.scalar:
                _store_in_array(machine, target, item, value, state, source)
            case Tensor():
                if receiver is item and isinstance(source, cst.BaseExpression):
                    mixed_store(machine, target, item, value, source)
                _store_in_tensor(machine, target, item, value, state)
            case Ref():
                found = instance_of(state, item)
                if found is None:
                    store_item(machine, state, item, key, value, target, name)
            case _:
                pass


def _key(machine: Machine, target: cst.Subscript, state: State) -> Value:
    if len(target.slice) == 1 and isinstance(target.slice[0].slice, cst.Index):
        return evaluate(machine, target.slice[0].slice.value, state)
    return Unknown()


def _store_in_array(
    machine: Machine, target: cst.Subscript, array: Array, value: Value, state: State, source: cst.CSTNode
) -> None:
    if isinstance(source, cst.BaseExpression):
        rows = _several_places(machine, target, array, state)
        for item in alternatives(value):
            # one place takes a number, which float() makes of a 0-d tensor even with grad (observed: torch 2.13)
            if (rows and isinstance(item, Tensor | Unknown)) or (isinstance(item, Tensor) and item.ndim):
                convert(machine, state, source, source, item, How.IMPLICIT, f"{short(target)} = ...")
    if not _direct(target.value):
        changed = write(machine, state, array, target, short(target.value), f"`{short(target)} = ...` writes to it")
        rebind(machine, target.value, changed, state, only=Array)


def _several_places(machine: Machine, target: cst.Subscript, array: Array, state: State) -> bool:
    """The subscript names rows or several items, so that what is stored there becomes an array."""
    if any(isinstance(element.slice, cst.Slice) for element in target.slice):
        return True
    keys = [evaluate(machine, part.slice.value, state) for part in target.slice if isinstance(part.slice, cst.Index)]
    for key in keys:
        if isinstance(key, Array) and not (key.scalar or key.maybe_scalar):
            return True
        if isinstance(key, Tensor) and key.dtype == "bool" and key.ndim != 0:
            return True
    single = all(isinstance(key, Number | Constant) for key in keys)
    return single and array.ndim is not None and array.ndim > len(keys)


def _direct(node: cst.BaseExpression) -> bool:
    """``x.numpy()[...] = v`` writes to the tensor on purpose."""
    return isinstance(node, cst.Call)


def _store_in_tensor(machine: Machine, target: cst.Subscript, tensor: Tensor, value: Value, state: State) -> None:
    found = inputs_of(state, [value])
    changed = write(
        machine,
        state,
        tensor,
        target,
        short(target.value),
        f"`{short(target)} = ...` writes to it",
        _direct(target.value),
    )
    if isinstance(changed, Tensor):
        if found.requires_grad.holds and state.records() is not Truth.NO:
            place = machine.place(target)
            fact = found.requires_grad.because(place, f"stored into `{short(target.value)}`")
            changed = replace(changed, requires_grad=fact, lost=None, saves=carried(changed.saves, found.saves))
        rebind(machine, target.value, changed, state, only=Tensor)
