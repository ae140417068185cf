"""Calls of the project's functions: the body is executed with what is known of the arguments."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from tensorlint.flow.annotations import annotated
from tensorlint.flow.arguments import Arguments, bind
from tensorlint.flow.backward import assignments_before_backward
from tensorlint.flow.containers import make_items
from tensorlint.flow.definitions import FunctionDefinition
from tensorlint.flow.facts import UNKNOWN, Reason, Truth
from tensorlint.flow.gradmode import mode_of_decorators, within
from tensorlint.flow.joining import join, join_values
from tensorlint.flow.machine import Frame, Machine, evaluate, evaluate_globally, execute
from tensorlint.flow.names import short
from tensorlint.flow.state import State
from tensorlint.flow.values import Array, Constant, Device, Function, Ref, Tensor, Unknown, Value

__all__ = ["DEEPEST_CALLS", "call_function", "defaults_of", "enter", "run_body"]

DEEPEST_CALLS = 6


def call_function(
    machine: Machine,
    function: Function,
    arguments: Arguments,
    state: State,
    node: cst.BaseExpression,
    receiver: Value | None = None,
) -> Value:
    """What a call gives, and what it does to the state.

    Calls nested deeper than ``DEEPEST_CALLS`` and recursive ones give an unknown value and do nothing.
    """
    definition = function.definition
    active = [frame.definition for frame in machine.frames]
    if definition in active or len(active) > DEEPEST_CALLS or machine.inlined <= 0:
        return Unknown()
    if receiver is not None and not definition.is_static:
        arguments = replace(arguments, positional=((node, receiver), *arguments.positional))
    called = short(node.func) if isinstance(node, cst.Call) else definition.name
    names = bind(machine, definition.parameters, arguments, state, called, {}, node)
    _take_defaults(machine, definition, state, names)
    told = defaults_of(machine, definition, state, {name for name, v in names.items() if isinstance(v, Unknown)})
    for name, default in told.items():
        if isinstance(default, Tensor | Array | Device | Ref):
            names[name] = default
    caller = machine.frame
    entry = state.fork()
    saved_names, saved_grad, saved_assumed = state.names, state.grad, state.assumed
    state.frames[caller.number] = saved_names
    state.names, state.assumed = names, {}
    mode = mode_of_decorators(machine, definition, state)
    if mode is not None:
        state.grad = within(state.grad, mode)
    machine.called.setdefault(definition, []).append(state.records() is not Truth.NO)
    call = Reason(machine.place(node), f"`{definition.name}` is called here")
    result = enter(machine, definition, function.closure, state, call)
    if result is None:  # every path raises: an abstract method, say; the caller's path goes on
        state.become(entry)
        return Unknown()
    state.names = state.frames.get(caller.number) or saved_names
    state.grad, state.assumed = saved_grad, saved_assumed
    return result


def _take_defaults(machine: Machine, definition: FunctionDefinition, state: State, names: dict[str, Value]) -> None:
    """What a call does not give is the parameter's default, and nothing else."""
    parameters = definition.parameters
    for parameter in (*parameters.posonly_params, *parameters.params, *parameters.kwonly_params):
        value = names[parameter.name.value]
        if isinstance(value, Unknown) and value.missing and parameter.default is not None:
            default = evaluate_globally(machine, definition.file, parameter.default, state)
            names[parameter.name.value] = default


def enter(
    machine: Machine,
    definition: FunctionDefinition,
    closure: tuple[int, ...],
    state: State,
    call: Reason | None,
) -> Value | None:
    """Execute a function's body on ``state``, whose names are its parameters; None if no path returns."""
    machine.frame_numbers += 1
    frame = Frame(definition, definition.file, machine.frame_numbers, closure, call)
    frame.leaving_backward = assignments_before_backward(machine, definition.node, definition.file.text)
    machine.frames.append(frame)
    try:
        run_body(machine, definition, state)
    finally:
        machine.frames.pop()
    if state.alive or (frame.yielded and not frame.returned):
        frame.returned.append((Constant(None), state.fork()))  # a generator may be left at any yield
        frame.returned[-1][1].alive = True
    if not frame.returned:
        return None
    value, final = frame.returned[0]
    final = final.fork()
    for other, its_state in frame.returned[1:]:
        value = join(value, other)
        final.join(its_state)
    if frame.nested:
        final.frames[frame.number] = final.names
        if call is None:
            machine.nested.extend(item for item in frame.nested if isinstance(item, Function))
    state.become(final)
    if definition.generator:
        site = (definition.node, "yields")
        return make_items(machine, state, site, rest=join_values(frame.yielded), kind="generator")
    return value


def run_body(machine: Machine, definition: FunctionDefinition, state: State) -> None:
    """Execute the statements, or return a lambda's expression."""
    node = definition.node
    if isinstance(node, cst.Lambda):
        value = evaluate(machine, node.body, state)
        machine.frame.returned.append((value, state.fork()))
        state.alive = False
        return
    execute(machine, node.body, state)


def defaults_of(
    machine: Machine, definition: FunctionDefinition, state: State, wanted: set[str] | None = None
) -> dict[str, Value]:
    """What each parameter (of ``wanted``) is by its annotation and default, where nothing is passed."""
    found: dict[str, Value] = {}
    parameters = definition.parameters
    for parameter in (*parameters.posonly_params, *parameters.params, *parameters.kwonly_params):
        name = parameter.name.value
        if wanted is not None and name not in wanted:
            continue
        value: Value | None = None
        if parameter.annotation is not None:
            value = annotated(machine, parameter.annotation.annotation, state, definition.file, name)
        if parameter.default is not None:
            default = evaluate(machine, parameter.default, state)
            if isinstance(default, Constant) and default.value is None:
                # left out, a device is wherever the rest is
                value = replace(value, accelerator=UNKNOWN) if isinstance(value, Device) else value
                if value is None:
                    found[name] = Unknown(name, parameter=True, optional=True)
                    continue
            if value is None:
                plain = isinstance(default, Constant) and default.value is not None
                value = join(Unknown(name), default) if plain else None
            elif not (isinstance(default, Constant) and default.value is None):
                value = join(value, default)
        if value is not None:
            found[name] = value
    return found
