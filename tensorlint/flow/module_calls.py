"""Methods of modules and optimizers."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.container_methods import call_dict_method
from tensorlint.flow.containers import items_at, make_items, make_mapping, mapping_of
from tensorlint.flow.events import StaleAlias
from tensorlint.flow.facts import NO, UNKNOWN, Fact, Reason, yes
from tensorlint.flow.foreign_dtypes import foreign_method
from tensorlint.flow.form import PLAIN
from tensorlint.flow.gradients import zero_gradients
from tensorlint.flow.heap import Instance, Taken
from tensorlint.flow.joining import join
from tensorlint.flow.library_call import Call
from tensorlint.flow.machine import Machine
from tensorlint.flow.module_dtypes import LAYERS, cast_module
from tensorlint.flow.modules import CONTENTS, cast, change_parameters, freeze, is_module, move, parameters_of, parts
from tensorlint.flow.names import short
from tensorlint.flow.row_forms import lacking_form, module_dtype
from tensorlint.flow.rows import apply_row
from tensorlint.flow.state import State, next_write
from tensorlint.flow.storage import aliases_of
from tensorlint.flow.tensors import device_of, inputs_of
from tensorlint.flow.unseen import may_have_changed, seen_so_far
from tensorlint.flow.values import (
    Alias,
    Bound,
    Constant,
    Dtype,
    External,
    Function,
    Number,
    Ref,
    Tensor,
    Tuple,
    Unknown,
    Value,
    alternatives,
)

__all__ = ["call_module_method", "call_optimizer_method"]

MOST_APPLIED = 32
"""Parts of a module that a function is applied to."""
SAME = frozenset({"eval", "train", "share_memory", "compile"})


def call_module_method(
    machine: Machine,
    state: State,
    node: cst.BaseExpression,
    ref: Ref,
    instance: Instance,
    name: str,
    receiver_node: cst.BaseExpression,
    arguments: Arguments,
) -> Value:
    """A method of ``nn.Module`` that the project does not define itself."""
    written = short(receiver_node)
    own = machine.library.row(f"{instance.type}.{name}") if instance.type else None
    if own is not None:  # the library tells of a method of its own
        return apply_row(machine, state, Call(own, node, arguments, ref, receiver_node, f".{name}()"))
    match name:
        case "to" | "cuda" | "cpu":
            foreign_method(machine, node, name, arguments)
            device = _device(machine, state, node, name, arguments)
            if device is not None:
                move(machine, state, ref, device)
            if name == "to" and (asked := module_dtype(arguments)) is not None:
                cast(state, ref, lacking_form(machine, node, asked))
            cast_module(state, ref, name, arguments)
            return ref
        case "requires_grad_":
            off = arguments.value(0, "requires_grad")
            told = off is None or isinstance(off, Constant)
            frozen = isinstance(off, Constant) and off.value is False if told else None
            freeze(machine, state, ref, frozen, machine.place(node))
            return ref
        case "apply":
            _apply(machine, state, node, ref, arguments)
            return ref
        case "parameters":
            one = parameters_of(machine, state, ref, written, node)
            return make_items(machine, state, (node, ref.address), rest=one, kind="parameters")
        case "named_parameters":
            one = parameters_of(machine, state, ref, written, node)
            return make_items(machine, state, (node, ref.address), rest=Tuple((Number(), one)), kind="parameters")
        case "buffers" | "named_buffers":
            buffer = replace(parameters_of(machine, state, ref, written, node), requires_grad=NO)
            return make_items(machine, state, (node,), rest=buffer if name == "buffers" else Tuple((Number(), buffer)))
        case "state_dict":
            return _state_dict(machine, state, node, ref, written)
        case "load_state_dict":
            return _load(machine, state, node, ref, written, arguments)
        case "children" | "modules":
            found = [part for part, _ in parts(state, ref)]
            return make_items(machine, state, (node,), known=found[1:] if name == "children" else found)
        case "named_children" | "named_modules":
            pairs = [Tuple((Number(), part)) for part, _ in parts(state, ref)]
            return make_items(machine, state, (node,), known=pairs[1:] if name == "named_children" else pairs)
        case "items" | "values" | "keys" if isinstance(inside := instance.attributes.get(CONTENTS), Ref):
            entries = mapping_of(state, inside)  # of a ModuleDict or ParameterDict
            if entries is None:
                return Unknown()
            return call_dict_method(machine, state, node, inside, entries, name, receiver_node, arguments)
        case "register_buffer" | "register_parameter":
            return _register(state, ref, instance, name, arguments)
        case "add_module" | "register_module" | "append" | "extend" | "insert":
            return _add_part(state, ref, instance, name, arguments)
        case "__init__":
            return _init(state, ref, instance, arguments)
        case "zero_grad":
            owned = [part.module.storage for _, part in parts(state, ref) if part.module is not None]
            zero_gradients(machine, state, owned, node)
            return Constant(None)
        case "float" | "half" | "double":
            cast(state, ref, PLAIN)
            cast_module(state, ref, name, arguments)
            return ref
        case "bfloat16" | "type":
            asked = External("torch.bfloat16") if name == "bfloat16" else arguments.value(0, "dst_type") or Unknown()
            cast(state, ref, lacking_form(machine, node, asked))
            cast_module(state, ref, name, arguments)
            return ref
        case _ if name in SAME:
            return ref
        case _:
            if instance.definition is None and name not in ("forward", "__call__"):
                return _method_of_model(machine, state, node, ref, instance, name, written, arguments)
            return Unknown()


def _apply(machine: Machine, state: State, node: cst.BaseExpression, ref: Ref, arguments: Arguments) -> None:
    """``net.apply(function)``: the function is called with every part."""
    from tensorlint.flow.calls import call_value

    function = arguments.value(0, "fn")
    if isinstance(function, Function) or (isinstance(function, Bound) and function.function is not None):
        for part, _ in list(parts(state, ref))[:MOST_APPLIED]:
            call_value(machine, state, node, function, None, Arguments(((node, part),)))


def _method_of_model(
    machine: Machine,
    state: State,
    node: cst.BaseExpression,
    ref: Ref,
    instance: Instance,
    name: str,
    written: str,
    arguments: Arguments,
) -> Value:
    """A method of a model that is not in sight: of its inputs' device if they were moved; its grad is not known."""
    inputs = inputs_of(state, arguments.values())
    device = instance.module.device if instance.module is not None and instance.module.device.holds else inputs.device
    if not device.holds or inputs.tensor is NO:
        return Unknown()
    place = machine.place(node)
    fact = device.because(place, f"result of `{written}.{name}(...)`, a method of an nn.Module that is there")
    return Tensor(UNKNOWN, fact.weakened(), opaque=True)


def _device(machine: Machine, state: State, node: cst.BaseExpression, name: str, arguments: Arguments) -> Fact | None:
    if name == "cuda":
        return yes(machine.place(node), f"`{short(node)}` moves it to the GPU")
    if name == "cpu":
        return NO
    for argument, value in [
        *arguments.positional[:1],
        *([arguments.keywords["device"]] if "device" in arguments.keywords else []),
    ]:
        if isinstance(value, Dtype):
            continue
        fact = device_of(machine, state, value, argument)
        if fact is not None:
            return fact.because(machine.place(node), f"`{short(node)}` moves it there")
    return None


def _state_dict(machine: Machine, state: State, node: cst.BaseExpression, ref: Ref, written: str) -> Value:
    made = Reason(machine.place(node), f"`{written}.state_dict()` holds the parameters of `{written}` themselves")
    storages = [part.module.storage for _, part in parts(state, ref) if part.module is not None]
    aliases = frozenset(Alias(number, state.version(number), made) for number in storages[:8])
    instance = state.object(ref)
    device = instance.module.device if isinstance(instance, Instance) and instance.module is not None else UNKNOWN
    form = instance.module.form if isinstance(instance, Instance) and instance.module is not None else PLAIN
    one = Tensor(NO, device, kind=yes(machine.place(node), "an entry of a state_dict"), aliases=aliases, form=form)
    source = Taken(storages[0], seen_so_far(state, storages[0])) if storages else None
    return make_mapping(machine, state, (node, ref.address), rest=one, source=source)


def _load(
    machine: Machine, state: State, node: cst.BaseExpression, ref: Ref, written: str, arguments: Arguments
) -> Value:
    """``load_state_dict``: into the module itself it changes nothing, else it writes to the parameters."""
    given = arguments.get(0, "state_dict")
    own = {part.module.storage for _, part in parts(state, ref) if part.module is not None}
    if given is not None:
        found = aliases_of(state, given[1])
        if found and {alias.storage for alias in found} & own:
            for item in alternatives(given[1]):
                _restored_from_itself(machine, state, node, written, given[0], item, own)
            return Unknown()
    change_parameters(machine, state, frozenset(own), node, f"`{short(node)}` overwrites the parameters", "tensor")
    return Unknown()


def _restored_from_itself(
    machine: Machine,
    state: State,
    node: cst.BaseExpression,
    written: str,
    argument: cst.BaseExpression,
    value: Value,
    own: set[int],
) -> None:
    """A module is given back references to its own parameters: the snapshot has followed every change."""
    if isinstance(argument, cst.Call):
        return  # load_state_dict(net.state_dict()) on one line is no snapshot
    mapping = mapping_of(state, value)
    for item in alternatives(mapping.rest) if mapping is not None and mapping.rest is not None else ():
        if not isinstance(item, Tensor) or mapping is None or mapping.source is None:
            continue
        for alias in sorted(item.aliases, key=lambda a: (a.version, a.storage)):
            if alias.made is None or alias.storage not in own:
                continue
            last = state.written_since(alias)
            place = machine.place(node)
            seen = last is not None and last.place.node is not node
            if seen and last is not None:
                first = next_write(alias, last)
                changed = Reason(first.place, first.text)
            elif seen_so_far(state, mapping.source.storage) > mapping.source.unseen:
                text = f"`{written}` is given back its own parameters here: whatever changed them stays"
                changed = may_have_changed(state, mapping.source.storage) or Reason(place, text)
            else:
                continue
            machine.emit(
                StaleAlias(
                    place=alias.made.place,
                    calls=machine.calls(),
                    alias=item,
                    kept=alias.kept or Reason(machine.place(argument), f"kept in `{short(argument)}`"),
                    changed=changed,
                    used=Reason(place, f"`{short(argument)}` is given back to `{written}`"),
                    what=alias.made.text,
                    certain=seen and not alias.condition,
                )
            )
            return


def _register(state: State, ref: Ref, instance: Instance, name: str, arguments: Arguments) -> Value:
    key, value = arguments.value(0, "name"), arguments.value(1, "tensor" if name == "register_buffer" else "param")
    if isinstance(key, Constant) and isinstance(key.value, str) and value is not None:
        registered = instance.registered | {key.value} if name == "register_buffer" else instance.registered
        state.heap[ref.address] = replace(
            instance, attributes={**instance.attributes, key.value: value}, registered=registered
        )
    return Constant(None)


def _add_part(state: State, ref: Ref, instance: Instance, name: str, arguments: Arguments) -> Value:
    values = arguments.values()
    if values:
        part = values[-1]
        present = instance.attributes.get(CONTENTS)
        attributes = {**instance.attributes, CONTENTS: part if present is None else join(present, part)}
        attributes.pop(LAYERS, None)
        state.heap[ref.address] = replace(instance, attributes=attributes)
    return ref


def _init(state: State, ref: Ref, instance: Instance, arguments: Arguments) -> Value:
    """A library's ``__init__`` called by a subclass: it keeps the modules that it is given (``Sequential`` does)."""
    attributes = dict(instance.attributes)
    for value in arguments.values():
        items = items_at(state, value)
        inside = items.known if items is not None and items.known is not None else (value,)
        if any(is_module(state, item) for part in inside for item in alternatives(part)):
            present = attributes.get(CONTENTS)
            attributes[CONTENTS] = value if present is None else join(present, value)
    state.heap[ref.address] = replace(instance, attributes=attributes)
    return Constant(None)


def call_optimizer_method(machine: Machine, state: State, node: cst.BaseExpression, ref: Ref, name: str) -> Value:
    """``step`` updates the parameters that the optimizer was made for, ``zero_grad`` drops their gradients."""
    if name == "step":
        storages = frozenset(machine.optimized.get(ref.address, ()))
        change_parameters(machine, state, storages, node, f"`{short(node)}` updates the parameters", "optimizer")
    elif name == "zero_grad":
        zero_gradients(machine, state, sorted(machine.optimized.get(ref.address, ())), node)
    return Unknown()
