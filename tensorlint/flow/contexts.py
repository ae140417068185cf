"""Contexts: entering one sets a grad mode, or runs the program's own ``__enter__``; leaving it undoes that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.caught import catching, caught_by_context
from tensorlint.flow.classes import ancestors, method_of
from tensorlint.flow.facts import NO, Fact
from tensorlint.flow.functions import call_function
from tensorlint.flow.gradmode import mode_of_context, within
from tensorlint.flow.heap import Instance, Manager
from tensorlint.flow.joining import join_values
from tensorlint.flow.machine import Machine, evaluate, execute, executes
from tensorlint.flow.managers import Suspended, resume, start
from tensorlint.flow.names import dotted
from tensorlint.flow.state import State
from tensorlint.flow.targets import assign
from tensorlint.flow.values import (
    EXIT_STACK,
    NO_GUARDS,
    Autocast,
    Bound,
    Constant,
    External,
    GradMode,
    Object,
    Ref,
    Single,
    Unknown,
    Value,
    alternatives,
)

__all__ = ["enter_context"]

Leave = Callable[[State], None]


@dataclass(frozen=True, slots=True)
class Entered:
    """A context that was entered."""

    value: Value
    """What ``as`` binds."""
    leave: tuple[Leave, ...] = ()
    """What happens when it is left."""


@executes(cst.With)
def with_(machine: Machine, node: cst.With, state: State) -> None:
    """A block under contexts, grad mode among them."""
    before, stacked, autocast = state.grad, False, state.autocast
    leave: list[Leave] = []
    caught: set[str] = set()
    for item in node.items:
        context = evaluate(machine, item.item, state)
        entered = enter_context(machine, state, item.item, context)
        leave.extend(entered.leave)
        caught |= caught_by_context(machine, item.item, state)
        stacked = stacked or any(isinstance(one, Object) and one.type == EXIT_STACK for one in alternatives(context))
        if item.asname is not None:
            assign(machine, item.asname.name, entered.value, state, item.item)
    restored = before if stacked or state.grad is not before else None
    frame = machine.frame
    earlier = len(frame.returned), len(frame.breaks), len(frame.continues)
    with catching(machine, frozenset(caught)):
        execute(machine, node.body, state)
    ended = [path for _, path in frame.returned[earlier[0] :]]
    for path in (state, *ended, *frame.breaks[earlier[1] :], *frame.continues[earlier[2] :]):
        _leave(path, leave, restored)
        path.autocast = autocast


def _leave(path: State, leave: list[Leave], restored: Fact | None) -> None:
    if path.alive:
        for one in reversed(leave):
            one(path)
    if restored is not None:
        path.grad = restored


def enter_context(machine: Machine, state: State, node: cst.BaseExpression, context: Value) -> Entered:
    """Let a context be entered: each alternative of it on a path of its own."""
    items = alternatives(context)
    if len(items) == 1:
        return _enter(machine, state, node, items[0])
    before = state.fork()
    entered = [_enter(machine, state, node, items[0])]
    mine = items[0].guards
    for item in items[1:]:
        path = before.fork()
        entered.append(_enter(machine, path, node, item))
        state.join(path, mine, item.guards)
        mine = NO_GUARDS
    value = join_values([one.value for one in entered])
    return Entered(value or Unknown(), tuple(step for one in entered for step in one.leave))


def _enter(machine: Machine, state: State, node: cst.BaseExpression, context: Single) -> Entered:
    match context:
        case GradMode(mode=mode):
            state.grad = within(state.grad, mode)
        case Autocast(lower=fact):
            state.autocast = fact
        case External(name=name) if (found := mode_of_context(name, None)) is not None:
            state.grad = within(state.grad, found)
        case Ref():
            match state.object(context):
                case Manager() as manager:
                    return _enter_manager(machine, state, node, manager)
                case Instance(definition=definition) if definition is not None:
                    return _enter_instance(machine, state, node, context)
        case External() | Bound() | Unknown() if _by_name(node):
            state.grad = NO
        case _:
            pass
    return Entered(context)


def _enter_manager(machine: Machine, state: State, node: cst.BaseExpression, manager: Manager) -> Entered:
    started = start(machine, state, node, manager)
    if started is None:
        return Entered(Unknown())
    value, suspended = started

    def leave(path: State, generator: Suspended = suspended) -> None:
        resume(machine, path, node, generator)

    return Entered(value, (leave,))


def _enter_instance(machine: Machine, state: State, node: cst.BaseExpression, ref: Ref) -> Entered:
    """``__enter__`` of a class of the project, or of the class of torch that it inherits from."""
    instance = state.object(ref)
    assert isinstance(instance, Instance)
    assert instance.definition is not None
    definition = instance.definition
    for base in ancestors(machine, definition, state):
        if isinstance(base, str) and (mode := mode_of_context(base, None)) is not None:
            state.grad = within(state.grad, mode)
    enter = method_of(machine, definition, "__enter__", state) or method_of(machine, definition, "__aenter__", state)
    if enter is None:
        return Entered(ref)
    value = call_function(machine, enter, Arguments(), state, node, receiver=ref)

    def leave(path: State) -> None:
        method = method_of(machine, definition, "__exit__", path) or method_of(machine, definition, "__aexit__", path)
        if method is not None:
            call_function(machine, method, NOTHING_RAISED, path, node, receiver=ref)

    return Entered(value, (leave,))


NOTHING_RAISED = Arguments(((cst.Name("None"), Constant(None)),) * 3)
"""The arguments of ``__exit__``."""


def _by_name(node: cst.BaseExpression) -> bool:
    """A context of unseen making that calls itself no_grad: never a reason to report, only to be quiet."""
    called = node.func if isinstance(node, cst.Call) else node
    last = (dotted(called) or "").rpartition(".")[2].lower()
    return "no_grad" in last or "inference_mode" in last or last.startswith("eval_mode")
