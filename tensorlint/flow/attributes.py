"""Reading attributes: of libraries, tensors, arrays, instances and modules."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.autograd_functions import is_autograd_function
from tensorlint.flow.classes import ancestors, method_of
from tensorlint.flow.conditions import resolve
from tensorlint.flow.containers import fields_of
from tensorlint.flow.definitions import ClassDefinition
from tensorlint.flow.facts import NO, UNKNOWN, Truth, maybe
from tensorlint.flow.functions import call_function
from tensorlint.flow.gradients import gradient_of
from tensorlint.flow.heap import Instance
from tensorlint.flow.joining import join_values
from tensorlint.flow.library_call import Call
from tensorlint.flow.links import data_read
from tensorlint.flow.machine import Machine, evaluate, evaluate_globally, evaluates
from tensorlint.flow.modules import parameters_of
from tensorlint.flow.names import dotted, short
from tensorlint.flow.rebinding import rebind
from tensorlint.flow.rows import apply_row
from tensorlint.flow.saved import of_bias
from tensorlint.flow.state import State
from tensorlint.flow.storage import look
from tensorlint.flow.values import (
    Array,
    Bound,
    Class,
    Device,
    External,
    Number,
    Object,
    Ref,
    Single,
    Tensor,
    Tuple,
    Unknown,
    Value,
    alternatives,
)

__all__ = ["attribute", "attribute_of", "only_describes", "part_of_structure"]

DESCRIBES = frozenset({
    "data_ptr", "device", "dim", "dtype", "element_size", "flags", "is_contiguous", "is_cuda", "itemsize", "layout",
    "nbytes", "ndim", "ndimension", "numel", "requires_grad", "shape", "size", "stride", "strides",
})  # fmt: skip
"""What a tensor or an array can be asked without a look at its elements."""
RESULT_FIELDS = {
    **dict.fromkeys(("values", "Q", "U", "eigenvalues", "LU", "sign", "L", "mantissa", "solution", "hist"), 0),
    **dict.fromkeys(("indices", "R", "S", "eigenvectors", "logabsdet", "info", "pivots", "bin_edges", "exponent"), 1),
    **dict.fromkeys(("V", "Vh"), 2),
}
"""Names of the items of torch's named tuples, by position."""


def only_describes(node: cst.Attribute) -> bool:
    """``x.shape``: the elements of what has a name are not looked at."""
    return node.attr.value in DESCRIBES and isinstance(node.value, cst.Name | cst.Attribute)


@evaluates(cst.Attribute)
def attribute(machine: Machine, node: cst.Attribute, state: State) -> Value:
    """``value.name`` that is read."""
    with machine.unread(only_describes(node)):
        receiver = evaluate(machine, node.value, state)
    found = [attribute_of(machine, state, node, item, node.attr.value) for item in alternatives(receiver)]
    value = join_values(found) or Unknown()
    if state.assumed:
        value = resolve(value, state.assumed)
    if any(isinstance(item, Ref) for item in alternatives(receiver)):
        look(machine, state, value, node)
    return value


def attribute_of(machine: Machine, state: State, node: cst.Attribute, receiver: Single, name: str) -> Value:
    """The attribute of one alternative; methods come as :class:`Bound`."""
    match receiver:
        case External():
            full = f"{receiver.name}.{name}"
            project = machine.callees.resolve(full, state, machine)
            return project if project is not None else External(full)
        case Tensor():
            return _of_tensor(machine, state, node, receiver, name)
        case Array():
            row = machine.library.row(f"numpy.ndarray.{name}")
            if row is not None and row.attribute:
                return apply_row(machine, state, Call(row, node, Arguments(), receiver, node.value, f".{name}"))
            return Bound(receiver, name)
        case Ref():
            return _of_object(machine, state, node, receiver, name)
        case Class():
            return _of_class(machine, state, receiver, name)
        case Object():
            row = machine.library.row(f"{receiver.type}.{name}")
            if row is not None and row.attribute:
                return apply_row(machine, state, Call(row, node, Arguments(), receiver, node.value, f".{name}"))
            return Bound(receiver, name)
        case Tuple(items=items) if name in RESULT_FIELDS and RESULT_FIELDS[name] < len(items):
            return items[RESULT_FIELDS[name]]
        case Device():
            return Number() if name in ("type", "index") else Unknown()
        case Unknown() if name == "device" and not _is_settings(node.value):
            return Device(UNKNOWN, False, UNKNOWN)
        case Unknown() if name == "codes" and isinstance(node.value, cst.Attribute) and node.value.attr.value == "cat":
            return Object("pandas.Series")  # nothing else has these
        case Unknown():
            if name == "data" and not machine.operating:
                machine.ask_callers_nearby()
            base = dotted(node) or name
            return Unknown(base, parameter=receiver.parameter, from_caller=receiver.from_caller)
        case _:
            return Bound(receiver, name)


def _is_settings(node: cst.BaseExpression) -> bool:
    """``args.device``: what holds settings has a device that somebody chose; a tensor has the one it is on."""
    parts = (dotted(node) or "").lower().split(".")
    return any(part in SETTINGS or part.endswith(("config", "cfg", "args", "params", "opts")) for part in parts)


SETTINGS = frozenset({"args", "arg", "cfg", "conf", "config", "opt", "opts", "options", "hparams", "flags", "settings"})


def _of_tensor(machine: Machine, state: State, node: cst.Attribute, tensor: Tensor, name: str) -> Value:
    row = machine.library.row(f"torch.Tensor.{name}")
    if row is not None and row.attribute and not (tensor.opaque and name in ("names", "name", "values", "layout")):
        value = apply_row(machine, state, Call(row, node, Arguments(), tensor, node.value, f".{name}"))
        if name == "data":
            data_read(machine, node, tensor)
        return gradient_of(machine, state, tensor, value) if name == "grad" else value
    if row is None and tensor.opaque:
        if isinstance(node.value, cst.Name) and tensor.kind.truth not in (Truth.YES, Truth.NO):
            rebind(machine, node.value, replace(tensor, kind=NO), state, only=Tensor)  # a structure
        if name.endswith("loss") and tensor.form.dtype.holds:
            tensor = replace(tensor, form=replace(tensor.form, dtype=UNKNOWN))  # computed in float32, as a rule
        return part_of_structure(machine, node, tensor)  # a field of a model's output, of a batch
    return Bound(tensor, name)


def part_of_structure(machine: Machine, node: cst.BaseExpression, whole: Tensor) -> Tensor:
    """A field or an item of something that may be no tensor itself."""
    if whole.kind.truth is not Truth.NO:
        return whole
    return replace(whole, kind=maybe(machine.place(node), f"`{short(node)}` is a part of a model's output"))


def _of_object(machine: Machine, state: State, node: cst.Attribute, ref: Ref, name: str) -> Value:
    found = state.object(ref)
    if not isinstance(found, Instance):
        return Bound(ref, name)
    if name in found.attributes:
        return found.attributes[name]
    if name == "__dict__":
        return fields_of(machine, state, node, ref)
    if found.definition is not None:
        method = method_of(machine, found.definition, name, state)
        if method is not None:
            if method.definition.is_property:
                return call_function(machine, method, Arguments(), state, node, receiver=ref)
            return Bound(ref, name, method)
    if found.module is not None and machine.library.row(f"torch.nn.Module.{name}") is not None:
        return Bound(ref, name)
    if found.module is not None and name.endswith(("weight", "bias")):
        found_parameter = parameters_of(machine, state, ref, short(node.value), node)
        return of_bias(found_parameter) if name.endswith("bias") else found_parameter
    if found.type:
        row = machine.library.row(f"{found.type}.{name}")
        if row is not None:
            return Bound(ref, name)
    if found.definition is None and found.type:
        return Bound(ref, name)
    if found.module is not None and name in ("device", "dtype"):
        return Device(found.module.device, False, UNKNOWN) if name == "device" else Unknown(name)
    return Unknown(dotted(node) or name, parameter=found.open)


def _of_class(machine: Machine, state: State, value: Class, name: str) -> Value:
    method = method_of(machine, value.definition, name, state)
    if method is not None:
        return Bound(value, name, method) if method.definition.is_class_method else method
    for base in ancestors(machine, value.definition, state):
        if isinstance(base, ClassDefinition):
            for field, _, expression in base.fields:
                if field == name and expression is not None:
                    return evaluate_globally(machine, base.file, expression, state)
    if name == "apply" and is_autograd_function(machine, value.definition, state):
        return Bound(value, name)
    return Unknown(name)
