"""Errors that the program catches: where the handler goes on, the program asks whether something works."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import libcst as cst

from tensorlint.flow.definitions import suites_of
from tensorlint.flow.machine import Machine, evaluate
from tensorlint.flow.names import dotted
from tensorlint.flow.state import State
from tensorlint.flow.values import External, Tuple, Value, alternatives

__all__ = ["catching", "caught_by_context", "caught_by_handlers", "is_caught"]

ANY = frozenset({"Exception", "BaseException"})
EXPECTS = frozenset({"suppress", "raises", "assertRaises", "assertRaisesRegex"})
"""Contexts that go on after an error: ``contextlib.suppress``, ``pytest.raises``, ``TestCase.assertRaises``."""
EXITS = frozenset({"exit", "quit", "sys.exit", "os._exit", "os.abort"})


def is_caught(machine: Machine, error: str) -> bool:
    """An error of this name would be caught, here or in a caller.

    What catches any error is taken to be about the statements of its ``try`` and the functions that these call, not
    about everything that happens below them.
    """
    for distance, frame in enumerate(reversed(machine.frames)):
        for names in frame.caught:
            if error in names or (distance <= 1 and not names.isdisjoint(ANY)):
                return True
    return False


@contextmanager
def catching(machine: Machine, names: frozenset[str]) -> Iterator[None]:
    """Be where errors of these names are caught."""
    caught = machine.frame.caught
    caught.append(names)
    try:
        yield
    finally:
        caught.pop()


def caught_by_handlers(machine: Machine, handlers: Sequence[cst.ExceptHandler], state: State) -> frozenset[str]:
    """The names of the errors after which some handler goes on."""
    found: set[str] = set()
    for handler in handlers:
        if not _ends(handler.body):
            found |= {"BaseException"} if handler.type is None else _names(evaluate(machine, handler.type, state))
    return frozenset(found)


def caught_by_context(machine: Machine, node: cst.BaseExpression, state: State) -> frozenset[str]:
    """The names of the errors that a context like ``suppress(TypeError)`` catches."""
    if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Name | cst.Attribute):
        return frozenset()
    last = node.func.attr if isinstance(node.func, cst.Attribute) else node.func
    if last.value not in EXPECTS:
        return frozenset()
    values = [evaluate(machine, argument.value, state) for argument in node.args if argument.keyword is None]
    return frozenset(name for value in values for name in _names(value))


def _names(value: Value) -> set[str]:
    found: set[str] = set()
    for item in alternatives(value):
        if isinstance(item, Tuple):
            found.update(name for part in item.items for name in _names(part))
        elif isinstance(item, External):
            found.add(item.name.rpartition(".")[2])
    return found


def _ends(body: cst.BaseSuite) -> bool:
    """A handler raises again on some path, or ends the program: it does not go on whatever the error was."""
    for statement in body.body:
        parts = statement.body if isinstance(statement, cst.SimpleStatementLine) else [statement]
        for part in parts:
            match part:
                case cst.Raise():
                    return True
                case cst.Expr(value=cst.Call(func=function)):
                    if dotted(function) in EXITS:
                        return True
                case cst.FunctionDef() | cst.ClassDef():
                    pass
                case cst.BaseCompoundStatement():
                    if any(_ends(suite) for suite in suites_of(part)):
                        return True
    return False
