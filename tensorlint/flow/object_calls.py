"""Objects that are called: modules, instances with ``__call__``, and what is a module by the way it is called."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.classes import method_of
from tensorlint.flow.facts import NO, UNKNOWN, Truth, maybe
from tensorlint.flow.functions import call_function
from tensorlint.flow.heap import Instance
from tensorlint.flow.hooks import call_hooks
from tensorlint.flow.leaving import combined, layer_output
from tensorlint.flow.library_call import Call
from tensorlint.flow.machine import Machine
from tensorlint.flow.mixed_dtypes import meet_operands, meet_parameters
from tensorlint.flow.module_dtypes import output_dtype
from tensorlint.flow.modules import make_module, output_of
from tensorlint.flow.names import dotted, short
from tensorlint.flow.rebinding import rebind
from tensorlint.flow.rows import apply_row
from tensorlint.flow.saved_calls import saved_by_module
from tensorlint.flow.state import State
from tensorlint.flow.tensors import inputs_of, result_tensor
from tensorlint.flow.values import Ref, Tensor, Unknown, Value

__all__ = ["call_instance", "call_moved", "call_unknown"]


def call_instance(machine: Machine, state: State, node: cst.BaseExpression, ref: Ref, arguments: Arguments) -> Value:
    """``instance(...)``: a module's ``forward``, or ``__call__``."""
    found = state.object(ref)
    if not isinstance(found, Instance):
        return Unknown()
    name = short(node.func) if isinstance(node, cst.Call) else "it"
    value, seen = _call_object(machine, state, node, ref, found, arguments, name)
    if found.module is not None:
        call_hooks(machine, state, node, ref, arguments, value, name, seen)
    return value


def _call_object(
    machine: Machine,
    state: State,
    node: cst.BaseExpression,
    ref: Ref,
    found: Instance,
    arguments: Arguments,
    name: str,
) -> tuple[Value, bool]:
    """What the call gives, and whether what it does was in sight."""
    if found.definition is not None:
        for method_name in ("forward", "__call__") if found.module is not None else ("__call__",):
            method = method_of(machine, found.definition, method_name, state)
            if method is not None:
                value = call_function(machine, method, arguments, state, node, receiver=ref)
                if isinstance(value, Unknown) and found.module is not None:
                    break
                return value, True
    if found.module is not None:
        inputs = inputs_of(state, arguments.values())
        row = machine.library.row(found.type) if found.type else None
        own = machine.library.row(f"{found.type}.__call__") if found.type else None
        if own is not None:  # the library tells what its own modules give
            receiver = node.func if isinstance(node, cst.Call) else node
            return apply_row(machine, state, Call(own, node, arguments, ref, receiver, f"{name}()")), True
        if row is not None and row.returns == "loss":
            meet_operands(machine, state, Call(row, node, arguments, by=name))
            place = machine.place(node)
            grad = inputs.requires_grad.because(place, f"`{short(node)}` is computed from it")
            value = result_tensor(
                machine, state, replace(inputs, requires_grad=grad), kind=maybe(place, "a loss"), ndim=0
            )
            lost = combined(state, arguments.values(), first=True)
            kind = value.kind if value.kind.holds else maybe(place, "a loss")
            value = replace(value, kind=kind, lost=replace(lost, scalar=True) if lost is not None else None)
            return saved_by_module(machine, state, node, ref, arguments, value), True
        meet_parameters(machine, state, node, found, arguments, name)
        dtype, dtype_from = output_dtype(machine, state, node, found, inputs, name)
        given = output_of(machine, state, ref, inputs, node, name)
        if dtype:
            given = replace(given, dtype=dtype, dtype_from=dtype_from)
        if found.type.startswith("torch.nn."):
            lost = combined(state, arguments.values())
            given = replace(given, lost=lost if found.module.trainable is NO else layer_output(lost))
        return saved_by_module(machine, state, node, ref, arguments, given), False
    return Unknown(), False


def call_moved(machine: Machine, state: State, node: cst.BaseExpression, moved: Tensor, arguments: Arguments) -> Value:
    """What was moved to a device, frozen or made to require grad is called: it is a module after all."""
    if moved.kind.truth is Truth.YES:
        return Unknown()
    function = node.func if isinstance(node, cst.Call) else node
    name = short(function)
    place = machine.place(function)
    if moved.requires_grad is UNKNOWN:
        fact = maybe(place, f"`{name}` was moved to a device and is called like an nn.Module")
    else:
        fact = moved.requires_grad.because(place, f"`{name}` is called like an nn.Module").weakened()
    ref = make_module(machine, state, (function, "moved"), "", fact, moved.device)
    rebind(machine, function, ref, state)
    return output_of(machine, state, ref, inputs_of(state, arguments.values()), node, name)


def call_unknown(
    machine: Machine, state: State, node: cst.BaseExpression, callee: Unknown, arguments: Arguments
) -> Value:
    """A parameter or attribute is called: a model where everything speaks for it, else anything."""
    if not callee.variable or not isinstance(node, cst.Call):
        return Unknown()
    name = short(node.func)
    place = machine.place(node)
    inputs = inputs_of(state, arguments.values())
    if dotted(node.func) in machine.modules_by_use(machine.frame):
        fact = maybe(place, f"`{name}` is used as an nn.Module (its parameters, eval() or train())")
        ref = make_module(machine, state, (machine.frame.file.path, name, "used"), "", fact, UNKNOWN)
        rebind(machine, node.func, ref, state)
        return output_of(machine, state, ref, inputs, node, name)
    if state.records() is Truth.NO and inputs.device.holds and inputs.tensor is not NO and callee.parameter:
        # called under no_grad with a tensor that was moved: a model's output is where its input is
        device = inputs.device.because(place, f"output of `{name}`, computed where its input is").weakened()
        return result_tensor(
            machine,
            state,
            inputs,
            requires_grad=NO,
            device=device,
            kind=maybe(place, f"output of `{name}`"),
            opaque=True,
        )
    return Unknown()
