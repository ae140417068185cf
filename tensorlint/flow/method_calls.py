"""Methods that are called: of tensors and arrays (by their rows), containers, modules, optimizers, unknown things."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.containers import append, element, make_items, make_mapping, mapping_of, store_item
from tensorlint.flow.conversion import array_of, convert
from tensorlint.flow.events import How
from tensorlint.flow.facts import NO, UNKNOWN, Truth, maybe, yes
from tensorlint.flow.heap import Instance, Items, Key, Mapping
from tensorlint.flow.joining import join_optional, join_values
from tensorlint.flow.machine import Machine
from tensorlint.flow.module_calls import call_module_method, call_optimizer_method
from tensorlint.flow.modules import make_module
from tensorlint.flow.names import dotted, short
from tensorlint.flow.rebinding import rebind
from tensorlint.flow.rows import Call, apply_row
from tensorlint.flow.state import State
from tensorlint.flow.storage import fresh
from tensorlint.flow.tensors import device_of, inputs_of, result_tensor
from tensorlint.flow.values import (
    Alias,
    Array,
    Bound,
    Constant,
    Dtype,
    External,
    Number,
    Object,
    Ref,
    Tensor,
    Tuple,
    Unknown,
    Value,
)

__all__ = ["call_method"]

TENSOR_ONLY = frozenset({
    "permute", "unsqueeze", "unsqueeze_", "contiguous", "masked_fill", "masked_fill_", "masked_select", "index_select",
    "expand_as", "view_as", "type_as", "logsumexp", "log_softmax", "unbind", "scatter_", "scatter_add_", "narrow",
    "clamp_", "mul_", "add_", "sub_", "div_", "zero_", "fill_", "copy_", "numel", "retain_grad", "new_zeros",
    "new_tensor",
})  # fmt: skip
"""Methods that of all that is common only tensors have."""


def call_method(
    machine: Machine,
    state: State,
    node: cst.BaseExpression,
    bound: Bound,
    receiver_node: cst.BaseExpression,
    arguments: Arguments,
) -> Value:
    """``receiver.name(arguments)``."""
    receiver, name = bound.receiver, bound.name
    match receiver:
        case Tensor():
            return _of_tensor(machine, state, node, receiver, name, receiver_node, arguments)
        case Array():
            row = machine.library.row(f"numpy.ndarray.{name}")
            if row is None:
                return Unknown()
            call = Call(row, node, arguments, receiver, receiver_node, f".{name}()")
            return apply_row(machine, state, call)
        case Ref():
            return _of_object(machine, state, node, receiver, name, receiver_node, arguments)
        case Object():
            return _of_library_object(machine, state, node, receiver, name, receiver_node, arguments)
        case Tuple():
            return Number()
        case Constant(value=str()) | Number():
            return Number()
        case Unknown():
            return _of_unknown(machine, state, node, receiver, name, receiver_node, arguments)
        case _:
            return Unknown()


def _of_tensor(
    machine: Machine,
    state: State,
    node: cst.BaseExpression,
    tensor: Tensor,
    name: str,
    receiver_node: cst.BaseExpression,
    arguments: Arguments,
) -> Value:
    place = machine.place(node)
    if name == "numpy":
        if arguments.is_true("force") or (isinstance(arguments.value(0), Constant) and arguments.positional):
            return Array(NO, tensor.dtype, fresh(machine) if tensor.device.holds else tensor.aliases)
        convert(machine, state, node, receiver_node, tensor, How.NUMPY, ".numpy()")
        return array_of(machine, state, tensor, node, short(receiver_node))
    if name == "backward":
        grad = tensor.requires_grad
        if not grad.holds:
            known = yes(place, f"`backward()` is called on `{short(receiver_node)}`, so it requires grad")
            rebind(machine, receiver_node, replace(tensor, requires_grad=known, opaque=False), state, only=Tensor)
        return Constant(None)
    if name == "requires_grad_":
        off = arguments.value(0, "requires_grad")
        switched_off = isinstance(off, Constant) and off.value is False
        fact = NO if switched_off else yes(place, f"`{short(node)}` makes it require grad")
        addresses = [machine.modules.get(a.storage) for a in tensor.aliases if a.made is None]
        if any(address is not None for address in addresses):
            from tensorlint.flow.modules import freeze

            for address in addresses:
                if address is not None:
                    freeze(machine, state, Ref(address), switched_off, place)
        changed = replace(tensor, requires_grad=fact)
        rebind(machine, receiver_node, changed, state, only=Tensor)
        return changed
    if name == "detach_":
        changed = replace(tensor, requires_grad=NO)
        rebind(machine, receiver_node, changed, state, only=Tensor)
        return changed
    if tensor.opaque and name in ("items", "values", "keys", "get", "pop", "to_tuple", "copy", "decode"):
        return _of_structure(machine, state, node, tensor, name)
    row = machine.library.row(f"torch.Tensor.{name}")
    if row is None:
        if tensor.opaque:
            found = inputs_of(state, arguments.values())
            if tensor.device.holds and found.tensor is not NO:
                # a method of a model that was moved, given tensors
                device = tensor.device.because(place, f"result of `{short(node)}`").weakened()
                return Tensor(UNKNOWN, device, opaque=True, aliases=fresh(machine))
            return Unknown()
        return tensor if name.endswith("_") else result_tensor(machine, state, inputs_of(state, [tensor]))
    value = apply_row(machine, state, Call(row, node, arguments, tensor, receiver_node, f".{name}()"))
    if row.writes == ("self",):
        return _after_write(machine, state, node, tensor, receiver_node, arguments)
    return value


def _after_write(
    machine: Machine,
    state: State,
    node: cst.BaseExpression,
    tensor: Tensor,
    receiver_node: cst.BaseExpression,
    arguments: Arguments,
) -> Value:
    """The receiver of an in-place method: it requires grad if what was written does."""
    found = inputs_of(state, arguments.values())
    versions = frozenset(replace(alias, version=state.version(alias.storage)) for alias in tensor.aliases)
    changed = replace(tensor, aliases=versions)
    if found.requires_grad.holds and state.records() is not Truth.NO:
        place = machine.place(node)
        changed = replace(
            changed, requires_grad=found.requires_grad.because(place, f"`{short(node)}` computes it in place")
        )
    rebind(machine, receiver_node, changed, state, only=Tensor)
    return changed


def _of_structure(machine: Machine, state: State, node: cst.BaseExpression, tensor: Tensor, name: str) -> Value:
    if name == "items":
        return make_items(machine, state, (node,), rest=Tuple((Unknown(), tensor)))
    if name == "values":
        return make_items(machine, state, (node,), rest=tensor)
    return tensor if name in ("get", "pop", "to_tuple", "copy") else Unknown()


def _of_object(
    machine: Machine,
    state: State,
    node: cst.BaseExpression,
    ref: Ref,
    name: str,
    receiver_node: cst.BaseExpression,
    arguments: Arguments,
) -> Value:
    match state.object(ref):
        case Items() as items:
            return _of_items(machine, state, node, ref, items, name, receiver_node, arguments)
        case Mapping() as mapping:
            return _of_mapping(machine, state, node, ref, mapping, name, receiver_node, arguments)
        case Instance(type="torch.optim.Optimizer"):
            return call_optimizer_method(machine, state, node, ref, name)
        case Instance(module=module) as instance if module is not None:
            return call_module_method(machine, state, node, ref, instance, name, receiver_node, arguments)
        case Instance() as instance if instance.type:
            row = machine.library.row(f"{instance.type}.{name}")
            if row is not None:
                return apply_row(machine, state, Call(row, node, arguments, ref, receiver_node, f".{name}()"))
            return Unknown()
        case _:
            return Unknown()


def _of_items(
    machine: Machine,
    state: State,
    node: cst.BaseExpression,
    ref: Ref,
    items: Items,
    name: str,
    receiver_node: cst.BaseExpression,
    arguments: Arguments,
) -> Value:
    first = arguments.get(0)
    called = short(receiver_node)
    match name:
        case "append" | "appendleft" | "add" if first is not None:
            append(machine, state, ref, first[1], first[0], called)
        case "insert" if len(arguments.positional) == 2:
            append(machine, state, ref, arguments.positional[1][1], arguments.positional[1][0], called)
        case "extend" | "update" | "extendleft" if first is not None:
            append(machine, state, ref, element(machine, state, first[1], node), first[0], called)
        case "pop" | "popleft":
            return element(machine, state, ref, node)
        case "copy":
            return make_items(machine, state, (node,), items.known, items.rest, put=items.put)
        case "clear":
            state.heap[ref.address] = replace(items, known=(), rest=None, put=())
        case "count" | "index":
            return Number()
        case _:
            return Unknown()
    return Constant(None)


def _of_mapping(
    machine: Machine,
    state: State,
    node: cst.BaseExpression,
    ref: Ref,
    mapping: Mapping,
    name: str,
    receiver_node: cst.BaseExpression,
    arguments: Arguments,
) -> Value:
    first = arguments.get(0)
    every = [*mapping.entries.values(), *([mapping.rest] if mapping.rest is not None else [])]
    one = join_values(every)
    match name:
        case "items":
            if mapping.rest is None and 0 < len(mapping.entries) <= 12:
                known = [Tuple((Constant(key), value)) for key, value in mapping.entries.items()]
                return make_items(machine, state, (node,), known=known)
            return make_items(machine, state, (node,), rest=Tuple((Unknown(), one or Unknown())))
        case "values":
            if mapping.rest is None and mapping.entries:
                return make_items(machine, state, (node,), known=list(mapping.entries.values()))
            return make_items(machine, state, (node,), rest=one)
        case "keys":
            return make_items(machine, state, (node,), rest=Unknown())
        case "get" | "pop" | "setdefault":
            found = one
            if first is not None and isinstance(first[1], Constant) and isinstance(first[1].value, str | int):
                found = mapping.entries.get(first[1].value, mapping.rest)
            if name == "setdefault" and first is not None and (default := arguments.get(1)) is not None:
                if found is None:
                    store_item(machine, state, ref, first[1], default[1], default[0], short(receiver_node))
                    return default[1]
                return found
            if name == "pop" and first is not None and isinstance(first[1], Constant):
                kept = {key: value for key, value in mapping.entries.items() if key != first[1].value}
                state.heap[ref.address] = replace(mapping, entries=kept, source=None)
            default_value = arguments.value(1)
            return join_optional(found, default_value) or Unknown()
        case "update":
            other = mapping_of(state, first[1]) if first is not None else None
            entries: dict[Key, Value] = dict(mapping.entries)
            entries.update({key: value for key, (_, value) in arguments.keywords.items()})
            rest = mapping.rest
            if other is not None:
                entries.update(other.entries)
                rest = join_optional(rest, other.rest)
            state.heap[ref.address] = replace(mapping, entries=entries, rest=rest, source=None)
            return Constant(None)
        case "copy":
            return make_mapping(
                machine, state, (node,), dict(mapping.entries), mapping.rest, mapping.factory, mapping.source
            )
        case "clear":
            state.heap[ref.address] = replace(mapping, entries={}, rest=None, source=None)
            return Constant(None)
        case _:
            return Unknown()


def _of_library_object(
    machine: Machine,
    state: State,
    node: cst.BaseExpression,
    receiver: Object,
    name: str,
    receiver_node: cst.BaseExpression,
    arguments: Arguments,
) -> Value:
    row = machine.library.row(f"{receiver.type}.{name}")
    if row is not None:
        return apply_row(machine, state, Call(row, node, arguments, receiver, receiver_node, f".{name}()"))
    if receiver.type.startswith("matplotlib.") and name in ("flatten", "ravel", "reshape"):
        return receiver
    return Unknown()


def _of_unknown(
    machine: Machine,
    state: State,
    node: cst.BaseExpression,
    receiver: Unknown,
    name: str,
    receiver_node: cst.BaseExpression,
    arguments: Arguments,
) -> Value:
    """A method of something that is not known: what only tensors or modules have tells what it is."""
    place = machine.place(node)
    written = short(receiver_node)
    name_of_receiver = dotted(receiver_node)
    if name_of_receiver is not None and name_of_receiver in machine.modules_by_use(machine.frame):
        fact = maybe(place, f"`{written}` is used as an nn.Module (its parameters, eval() or train())")
        ref = make_module(machine, state, (machine.frame.file.path, name_of_receiver, "used"), "", fact, UNKNOWN)
        rebind(machine, receiver_node, ref, state)
        instance = state.object(ref)
        assert isinstance(instance, Instance)
        return call_module_method(machine, state, node, ref, instance, name, receiver_node, arguments)
    match name:
        case "numpy" | "detach" | "backward" | "requires_grad_" | "detach_":
            if name == "numpy" and arguments.values():
                return Unknown()
            if name in ("requires_grad_", "detach_") or not arguments.values() or name == "backward":
                if name == "backward" and arguments.positional:
                    return Unknown()  # accelerator.backward(loss)
                kind = maybe(place, f"`.{name}()` is called on `{written}`")
                alias = Alias(machine.storage())
                if receiver.parameter and name_of_receiver is not None and "." not in name_of_receiver:
                    machine.caller_owned[alias.storage] = receiver.variable or written
                tensor = Tensor(UNKNOWN, UNKNOWN, kind=kind, aliases=frozenset({alias}))
                if receiver.parameter and name == "numpy":
                    machine.ask_callers()
                if name != "numpy" or receiver.parameter:
                    rebind(machine, receiver_node, tensor, state)
                return _of_tensor(machine, state, node, tensor, name, receiver_node, arguments)
        case _ if name in TENSOR_ONLY:
            kind = maybe(place, f"`.{name}()` is called on `{written}`")
            alias = Alias(machine.storage())
            if receiver.parameter:
                machine.caller_owned[alias.storage] = receiver.variable or written
            tensor = Tensor(UNKNOWN, UNKNOWN, kind=kind, aliases=frozenset({alias}))
            rebind(machine, receiver_node, tensor, state)
            return _of_tensor(machine, state, node, tensor, name, receiver_node, arguments)
        case "cpu":
            if receiver.parameter:
                machine.ask_callers()
            kind = maybe(place, f"`.cpu()` is called on `{written}`")
            return Tensor(UNKNOWN, NO, kind=kind, opaque=True, aliases=fresh(machine))
        case "cuda":
            device = yes(place, f"`{short(node)}` puts it on the GPU")
            return Tensor(UNKNOWN, device, opaque=True, aliases=fresh(machine))
        case "to":
            return _moved(machine, state, node, arguments)
        case "step" | "zero_grad" if not arguments.positional and receiver.variable:
            return _unknown_optimizer(machine, state, node, name, receiver_node)
        case "parse_args" | "parse_known_args":
            ref = Ref(machine.address(node))
            state.heap[ref.address] = Instance(open=True)
            return ref if name == "parse_args" else Tuple((ref, Unknown()))
        case _:
            pass
    if name in ("items", "values", "get", "pop", "copy"):
        return Unknown(receiver.variable, parameter=receiver.parameter, from_caller=receiver.from_caller)
    return Unknown(from_caller=receiver.parameter or receiver.from_caller)


def _moved(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    for argument, value in [
        *arguments.positional[:1],
        *([arguments.keywords["device"]] if "device" in arguments.keywords else []),
    ]:
        if isinstance(value, Dtype) or (isinstance(value, External) and value.name.startswith("torch.")):
            return Unknown()
        fact = device_of(machine, state, value, argument)
        if fact is None or fact is UNKNOWN:
            return Unknown()
        if fact.holds and fact.reason is not None and fact.reason.place.node is not node:
            fact = fact.because(machine.place(node), f"`{short(node)}` puts it there")
        return Tensor(UNKNOWN, fact, opaque=True, aliases=fresh(machine))
    return Unknown()


def _unknown_optimizer(
    machine: Machine, state: State, node: cst.BaseExpression, name: str, receiver_node: cst.BaseExpression
) -> Value:
    """``optimizer.zero_grad()`` and ``optimizer.step()`` of something that is not known: an optimizer by its use."""
    key = dotted(receiver_node)
    if key is None:
        return Unknown()
    seen = machine.optimizer_use.setdefault((id(machine.frame.definition), key), set())
    seen.add(name)
    if seen == {"step", "zero_grad"} and name == "step":
        from tensorlint.flow.modules import change_parameters

        storages = frozenset(
            found.module.storage
            for found in state.heap.values()
            if isinstance(found, Instance) and found.module is not None
        )
        change_parameters(machine, state, storages, node, f"`{short(node)}` updates the parameters", "optimizer")
    return Unknown()
