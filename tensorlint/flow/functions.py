"""Calls of the project's functions: the body is executed with what is known of the arguments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import libcst as cst

from tensorlint.flow.annotations import annotated
from tensorlint.flow.arguments import Arguments, bind
from tensorlint.flow.backward import assignments_before_backward
from tensorlint.flow.containers import make_items
from tensorlint.flow.definitions import FunctionDefinition
from tensorlint.flow.facts import UNKNOWN, Fact, Reason, Truth
from tensorlint.flow.gradmode import mode_of_decorators, within
from tensorlint.flow.heap import HeapObject, Manager
from tensorlint.flow.joining import join, join_values
from tensorlint.flow.machine import Frame, Machine, evaluate, evaluate_globally, execute, execute_all
from tensorlint.flow.names import condition_key, short
from tensorlint.flow.recursion import calls_itself, goes_deeper
from tensorlint.flow.state import RECORDS, State
from tensorlint.flow.values import Array, Constant, Device, Function, Ref, Tensor, Unknown, Value

__all__ = [
    "DEEPEST_CALLS",
    "among",
    "call_function",
    "defaults_of",
    "enter",
    "may_enter",
    "mode_of_function",
    "outside",
    "run_body",
]

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

    Calls nested deeper than ``DEEPEST_CALLS`` and most recursive ones (``recursion.py``) give an unknown value and do
    nothing.
    """
    definition = function.definition
    again = calls_itself(machine, definition)
    if not may_enter(machine, definition, again):
        return Unknown()
    if function.given:
        arguments = arguments.after(function.given)
    if receiver is not None and not definition.is_static:
        arguments = replace(arguments, positional=((node, receiver), *arguments.positional))
    called = short(node.func) if isinstance(node, cst.Call) else definition.name
    names = bind(machine, definition.parameters, arguments, state, called, {}, node)
    _take_defaults(machine, definition, state, names)
    told = defaults_of(machine, definition, state, {name for name, v in names.items() if isinstance(v, Unknown)})
    for name, default in told.items():
        if isinstance(default, Tensor | Array | Device | Ref):
            names[name] = default
    if definition.is_context_manager:
        ref = Ref(machine.address(node, "manager", definition))
        state.heap[ref.address] = Manager(function, names, _as_written(definition, arguments))
        return ref
    if again and not goes_deeper(machine, definition, names, state):
        return Unknown()
    entry, before = state.fork(), state.grad
    later = dict(names) if definition.generator else None
    with among(machine, state, names):
        mode = mode_of_function(machine, function, state)
        call = Reason(machine.place(node), f"`{definition.name}` is called here")
        result = enter(machine, definition, function.closure, state, call)
    if later is not None and mode is None and isinstance(result, Ref) and before.truth is Truth.NO:
        state.heap[result.address] = _given_later(
            machine, function, entry.fork(), later, call, state.heap[result.address]
        )
    if result is None:  # every path raises: an abstract method, say; the caller's path goes on
        state.become(entry)
        return Unknown()
    state.grad = before if mode is not None else outside(state.grad, before, _as_written(definition, arguments))
    return result


def _given_later(
    machine: Machine, function: Function, state: State, names: dict[str, Value], call: Reason, now: HeapObject
) -> HeapObject:
    """What a generator gives where autograd records: its body runs when it is iterated over, whatever the mode here."""
    emit, machine.emit = machine.emit, lambda event: None
    try:
        state.grad = RECORDS
        with among(machine, state, names):
            result = enter(machine, function.definition, function.closure, state, call)
    finally:
        machine.emit = emit
    return state.heap[result.address] if isinstance(result, Ref) else now


def may_enter(machine: Machine, definition: FunctionDefinition, again: bool = False) -> bool:
    """A function can be executed: it is not being executed already (but by itself), nor too deep, nor is too much."""
    if machine.inlined <= 0 or machine.budget < machine.followed_until:
        return False
    active = [frame.definition for frame in machine.frames]
    return (again or definition not in active) and len(active) <= DEEPEST_CALLS


@contextmanager
def among(machine: Machine, state: State, names: dict[str, Value]) -> Iterator[None]:
    """Be among the names of a function that is called, and afterwards among the caller's again."""
    caller, saved_names, saved_assumed = machine.frame, state.names, state.assumed
    state.frames[caller.number] = saved_names
    state.names, state.assumed = names, {}
    yield
    state.names = state.frames.get(caller.number) or saved_names
    state.assumed = saved_assumed


def mode_of_function(machine: Machine, function: Function, state: State) -> Fact | None:
    """The grad mode that a function is wrapped in, set in ``state``; note whether autograd records in its body."""
    mode = function.mode or mode_of_decorators(machine, function.definition, state)
    if mode is not None:
        state.grad = within(state.grad, mode)
    machine.called.setdefault(function.definition, []).append(state.records() is not Truth.NO)
    return mode


def outside(grad: Fact, before: Fact, written: Mapping[str, str]) -> Fact:
    """The grad mode that a function leaves; conditions on its parameters become those on the caller's arguments."""
    if grad is before or not grad.given:
        return grad
    return replace(grad, given=frozenset((written[text], wanted) for text, wanted in grad.given if text in written))


def _as_written(definition: FunctionDefinition, arguments: Arguments) -> dict[str, str]:
    """How the caller writes the argument for each parameter, where that can be tested again."""
    parameters = [*definition.parameters.posonly_params, *definition.parameters.params]
    nodes = {name: node for name, (node, _) in arguments.keywords.items()}
    for parameter, (node, _) in zip(parameters, arguments.positional, strict=False):
        nodes[parameter.name.value] = node
    return {name: key for name, node in nodes.items() if (key := condition_key(node)) is not None}


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
    statements: Sequence[cst.CSTNode] | None = None,
) -> Value | None:
    """Execute a function's body on ``state``, whose names are its parameters; None if no path returns.

    :param statements: execute these instead of all
    """
    machine.frame_numbers += 1
    machine.bring_globals(definition.file, state)
    frame = Frame(definition, definition.file, machine.frame_numbers, closure, call)
    frame.arguments = dict(state.names)
    frame.leaving_backward = assignments_before_backward(machine, definition.node, definition.text)
    machine.frames.append(frame)
    try:
        if statements is None:
            run_body(machine, definition, state)
        else:
            execute_all(machine, statements, state)
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
    if definition in machine.defaulting:
        return {}  # `def f(x, y=f(1))`: the default calls what had the name before
    machine.defaulting.add(definition)
    try:
        return _defaults_of(machine, definition, state, wanted)
    finally:
        machine.defaulting.discard(definition)


def _defaults_of(
    machine: Machine, definition: FunctionDefinition, state: State, wanted: set[str] | None
) -> dict[str, Value]:
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
