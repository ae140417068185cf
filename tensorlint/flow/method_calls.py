"""Methods that are called: of tensors and arrays (by their rows), containers, modules, optimizers, unknown things."""

from __future__ import annotations

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.autograd_functions import apply_function
from tensorlint.flow.container_methods import call_dict_method, call_list_method
from tensorlint.flow.contexts import enter_context
from tensorlint.flow.engines import ENGINE, call_engine_method, takes_handler
from tensorlint.flow.heap import Instance, Items, Mapping
from tensorlint.flow.hooks import REGISTERS, register_hook
from tensorlint.flow.library_call import Call
from tensorlint.flow.machine import Machine
from tensorlint.flow.missing import passed_to_backward
from tensorlint.flow.module_calls import call_module_method, call_optimizer_method
from tensorlint.flow.names import short
from tensorlint.flow.read_only import as_bytes, set_flags
from tensorlint.flow.rows import apply_row
from tensorlint.flow.saved import backward
from tensorlint.flow.saved_calls import keeps_graph
from tensorlint.flow.special_calls import SPECIAL
from tensorlint.flow.state import State
from tensorlint.flow.tensor_methods import call_tensor_method
from tensorlint.flow.unknown_methods import call_unknown_method
from tensorlint.flow.values import (
    Array,
    Bound,
    Class,
    Constant,
    Number,
    Object,
    Ref,
    Tensor,
    Tuple,
    Unknown,
    Value,
)

__all__ = ["call_method"]

ENTERS_ITSELF = frozenset({"__enter__", "__aenter__"})
ENTERS_ANOTHER = frozenset({"enter_context", "enter_async_context"})
"""Methods of an ``ExitStack``."""
BACKWARD = frozenset({"backward", "manual_backward"})


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
    if name in ENTERS_ITSELF:
        return enter_context(machine, state, node, receiver).value
    if name in ENTERS_ANOTHER and isinstance(receiver, Object | Unknown) and (given := arguments.value(0)) is not None:
        return enter_context(machine, state, arguments.positional[0][0], given).value
    if name in REGISTERS:
        register_hook(machine, state, receiver_node, arguments)
        return Unknown()
    if name in BACKWARD and not isinstance(receiver, Tensor):
        passed_to_backward(machine, state, node, receiver, receiver_node, arguments)
        if (loss := arguments.get(0, "loss")) is not None:
            backward(machine, state, [loss[1]], node, short(loss[0]), keeps_graph(arguments))
    match receiver:
        case Tensor():
            return call_tensor_method(machine, state, node, receiver, name, receiver_node, arguments)
        case Array():
            row = machine.library.row(f"numpy.ndarray.{name}")
            if row is None:
                return Unknown()
            if name == "setflags":
                set_flags(machine, state, node, receiver, arguments)
            call = Call(row, node, arguments, receiver, receiver_node, f".{name}()")
            return as_bytes(machine, node, name, apply_row(machine, state, call))
        case Ref():
            return _of_object(machine, state, node, receiver, name, receiver_node, arguments)
        case Object():
            return _of_library_object(machine, state, node, receiver, name, receiver_node, arguments)
        case Class(definition=definition):  # no other method of a class is bound without its function
            return apply_function(machine, state, node, definition, arguments)
        case Tuple():
            if (handler := arguments.value(0)) is not None and takes_handler(state, bound, handler):
                return handler
            return Number()
        case Constant(value=str()) | Number():
            return Number()
        case Unknown():
            value = call_unknown_method(machine, state, node, receiver, name, receiver_node, arguments)
            return as_bytes(machine, node, name, value)
        case _:
            return Unknown()


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
            return call_list_method(machine, state, node, ref, items, name, receiver_node, arguments)
        case Mapping() as mapping:
            return call_dict_method(machine, state, node, ref, mapping, name, receiver_node, arguments)
        case Instance(type="torch.optim.Optimizer"):
            return call_optimizer_method(machine, state, node, ref, name)
        case Instance(type=type_) as instance if type_ == ENGINE:
            return call_engine_method(machine, state, node, ref, instance, name, arguments)
        case Instance(module=module) as instance if module is not None:
            return call_module_method(machine, state, node, ref, instance, name, receiver_node, arguments)
        case Instance() as instance if instance.type:
            row = machine.library.row(f"{instance.type}.{name}")
            if row is not None:
                return apply_row(machine, state, Call(row, node, arguments, ref, receiver_node, f".{name}()"))
            return Unknown()
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
    full = f"{receiver.type}.{name}"
    if (special := SPECIAL.get(full)) is not None:
        return special(machine, state, node, arguments)
    row = machine.library.row(full)
    if row is not None:
        return apply_row(machine, state, Call(row, node, arguments, receiver, receiver_node, f".{name}()"))
    if receiver.type.startswith("matplotlib.") and name in ("flatten", "ravel", "reshape"):
        return receiver
    return Unknown()
