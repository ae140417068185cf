"""Functions that ``contextlib.contextmanager`` decorates: executed up to their ``yield``, and later on from there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from tensorlint.flow.definitions import FunctionDefinition, suites_of
from tensorlint.flow.facts import Reason
from tensorlint.flow.functions import among, enter, may_enter, mode_of_function, outside, run_body
from tensorlint.flow.heap import Manager
from tensorlint.flow.joining import join_values
from tensorlint.flow.machine import Frame, Machine
from tensorlint.flow.state import State
from tensorlint.flow.values import Function, Unknown, Value

__all__ = ["Suspended", "resume", "start"]


@dataclass(frozen=True, slots=True)
class Suspended:
    """A generator that stands at its ``yield``."""

    function: Function
    names: dict[str, Value]


def start(machine: Machine, state: State, node: cst.BaseExpression, manager: Manager) -> tuple[Value, Suspended] | None:
    """Execute the function up to its ``yield``: what it yields there; None where that is not reached."""
    function, before = manager.function, state.grad
    definition = function.definition
    if not may_enter(machine, definition):
        return None
    entry = state.fork()
    with among(machine, state, dict(manager.names)):
        mode = mode_of_function(machine, function, state)
        machine.frame_numbers += 1
        frame = Frame(definition, definition.file, machine.frame_numbers, function.closure, _entered(machine, node))
        frame.suspended = []
        machine.frames.append(frame)
        try:
            run_body(machine, definition, state)
        finally:
            machine.frames.pop()
        for path in frame.suspended:
            state.join(path)
        names = state.names
        if frame.nested:
            state.frames[frame.number] = names
    if not frame.suspended:
        state.become(entry)
        return None
    # what decorates a generator holds while it runs, not while it stands at its yield (observed: torch 2.13)
    state.grad = before if mode is not None else outside(state.grad, before, manager.written)
    return join_values(frame.yielded) or Unknown(), Suspended(function, names)


def resume(machine: Machine, state: State, node: cst.BaseExpression, generator: Suspended) -> None:
    """Execute what follows the ``yield``."""
    definition = generator.function.definition
    rest = _rest(definition)
    if not rest or not may_enter(machine, definition):
        return
    entry = state.fork()
    with among(machine, state, dict(generator.names)):
        result = enter(machine, definition, generator.function.closure, state, _entered(machine, node), rest)
    if result is None:
        state.become(entry)


def _entered(machine: Machine, node: cst.BaseExpression) -> Reason:
    return Reason(machine.place(node), "this context is entered here")


def _rest(definition: FunctionDefinition) -> Sequence[cst.CSTNode]:
    """The statements that follow the first ``yield`` of a generator, those that clean up among them."""
    node = definition.node
    return (_after_yield(node.body) if isinstance(node, cst.FunctionDef) else None) or []


def _after_yield(body: cst.BaseSuite) -> list[cst.CSTNode] | None:
    for index, statement in enumerate(body.body):
        found = _within(statement)
        if found is not None:
            return [*found, *body.body[index + 1 :]]
    return None


def _within(statement: cst.CSTNode) -> list[cst.CSTNode] | None:
    """What follows a ``yield`` inside a statement; None if there is none."""
    match statement:
        case cst.Expr(value=cst.Yield()) | cst.Assign(value=cst.Yield()):
            return []
        case cst.SimpleStatementLine(body=parts):
            return [] if any(_within(part) is not None for part in parts) else None
        case cst.FunctionDef() | cst.ClassDef():
            return None
        case cst.BaseCompoundStatement():
            for suite in suites_of(statement):
                found = _after_yield(suite)
                if found is not None:
                    final = statement.finalbody if isinstance(statement, cst.Try | cst.TryStar) else None
                    return [*found, *(final.body.body if final is not None else ())]
    return None
