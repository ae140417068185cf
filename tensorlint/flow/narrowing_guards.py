"""What the outcome of a test tells that is a function of the project: ``if is_tensor(x)``.

Of such a function, nothing but imports, ``if test: return ...`` and ``return ...``, every ``return`` is followed as a
test of what its parameter is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeAlias

import libcst as cst

from tensorlint.flow.functions import among, may_enter
from tensorlint.flow.joining import join_values
from tensorlint.flow.machine import Frame, Machine, evaluate, execute
from tensorlint.flow.narrowing_elements import Change
from tensorlint.flow.state import State
from tensorlint.flow.values import Bound, Function, Single, Unknown, Value, alternatives

__all__ = ["guard"]

Narrow: TypeAlias = "Callable[[Machine, cst.BaseExpression, State, bool], None]"
Tested: TypeAlias = "tuple[Function, Value | None]"
"""A function, and what it is called on if it is a method."""
MOST_STATEMENTS = 8


def guard(
    machine: Machine, test: cst.Call, state: State, outcome: bool, narrow: Narrow
) -> tuple[cst.BaseExpression, Change] | None:
    """What the outcome of ``test(x)`` makes of ``x``, and where that stands; None where it is no such test."""
    match test:
        case cst.Call(
            func=cst.Name() | cst.Attribute(),
            args=[cst.Arg(value=cst.Name() | cst.Attribute() | cst.Subscript() as subject, star="", keyword=None)],
        ):
            functions = _functions(machine, test.func, state)
        case _:
            return None
    if not functions or not all(_is_test(machine, function) for function, _ in functions):
        return None

    def change(item: Single) -> Value | None:
        left = [_narrowed(machine, one, item, state, outcome, narrow, test) for one in functions]
        return join_values(value for value in left if value is not None)

    return subject, change


def _functions(machine: Machine, node: cst.BaseExpression, state: State) -> list[Tested]:
    found: list[Tested] = []
    for item in alternatives(evaluate(machine, node, state)):
        match item:
            case Function():
                found.append((item, None))
            case Bound(function=Function() as function):
                found.append((function, None if function.definition.is_static else item.receiver))
            case _:
                return []
    return found


def _is_test(machine: Machine, function: Function) -> bool:
    """All that it does is to test what it is given."""
    definition = function.definition
    body = _body(function)
    plain = not definition.generator and not definition.decorators and not function.given
    plain = plain or definition.decorators == ("staticmethod",)
    return plain and bool(body) and all(map(_is_followed, body)) and may_enter(machine, definition)


def _body(function: Function) -> Sequence[cst.CSTNode]:
    """The statements, without a docstring."""
    node = function.definition.node
    if not isinstance(node, cst.FunctionDef):
        return ()
    body: list[cst.CSTNode] = []
    for statement in node.body.body:
        body.extend(statement.body if isinstance(statement, cst.SimpleStatementLine) else (statement,))
    match body:
        case [cst.Expr(value=cst.SimpleString() | cst.ConcatenatedString()), *rest]:
            body = rest
    return body if len(body) <= MOST_STATEMENTS else ()


def _is_followed(statement: cst.CSTNode) -> bool:
    match statement:
        case cst.Import() | cst.ImportFrom() | cst.Return(value=cst.BaseExpression()):
            return True
        case cst.If(orelse=None):
            return _returned(statement) is not None
        case _:
            return False


def _returned(node: cst.If) -> cst.BaseExpression | None:
    """What the body of an ``if`` returns, where it does nothing else."""
    match node.body:
        case (
            cst.IndentedBlock(body=[cst.SimpleStatementLine(body=[cst.Return(value=value)])])
            | cst.SimpleStatementSuite(body=[cst.Return(value=value)])
        ):
            return value
    return None


def _narrowed(
    machine: Machine,
    tested: Tested,
    item: Single,
    state: State,
    outcome: bool,
    narrow: Narrow,
    node: cst.Call,
) -> Value | None:
    """What is left of a value of which a function says that it is so; None where it cannot say that."""
    function, receiver = tested
    parameters = [*function.definition.parameters.posonly_params, *function.definition.parameters.params]
    first = 0 if receiver is None else 1
    if len(parameters) <= first:
        return item
    name = parameters[first].name.value
    names: dict[str, Value] = {parameter.name.value: Unknown(parameter.name.value) for parameter in parameters}
    if receiver is not None:
        names[parameters[0].name.value] = receiver
    names[name] = item
    machine.step()
    inner = state.fork()
    with among(machine, inner, names), _inside(machine, function, inner):
        ends = _ends(machine, _body(function), inner, outcome, narrow)
        left = [end.names.get(name, item) for end in ends]
    for end in ends:
        state.adopt(end)
    return join_values(left)


@contextmanager
def _inside(machine: Machine, function: Function, state: State) -> Iterator[None]:
    """Be inside a function that was called and looked at before."""
    definition = function.definition
    machine.frame_numbers += 1
    machine.bring_globals(definition.file, state)
    machine.frames.append(Frame(definition, definition.file, machine.frame_numbers, function.closure))
    emit, machine.emit = machine.emit, lambda event: None
    try:
        yield
    finally:
        machine.emit = emit
        machine.frames.pop()


def _ends(machine: Machine, body: Sequence[cst.CSTNode], state: State, outcome: bool, narrow: Narrow) -> list[State]:
    """The states in which the statements return what has this outcome."""
    ends: list[State] = []
    for statement in body:
        match statement:
            case cst.Return(value=cst.BaseExpression() as value):
                narrow(machine, value, state, outcome)
                ends.append(state)
                break
            case cst.If() if (returned := _returned(statement)) is not None:
                path = state.fork()
                narrow(machine, statement.test, path, True)
                if path.alive:
                    narrow(machine, returned, path, outcome)
                ends.append(path)
                narrow(machine, statement.test, state, False)
            case _:
                execute(machine, statement, state)
        if not state.alive:
            break
    else:
        if not outcome:
            ends.append(state)  # it returns None
    return [end for end in ends if end.alive]
