"""What a loop computes in each step and reads in some steps only: ``if step % 100 == 0: print(value)``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import libcst as cst

__all__ = ["read_in_some_steps"]


@lru_cache(maxsize=1024)
def read_in_some_steps(
    scope: cst.FunctionDef | cst.Lambda | cst.Module,
    body: cst.BaseSuite,
    name: str,
    conversion: cst.BaseExpression | None,
) -> cst.BaseExpression | None:
    """The first test of the step that ``name`` is read under in the body of a loop; None where it is read elsewhere.

    :param conversion: what may read it too, as in ``norm = float(norm)``
    """
    everywhere = _reads(scope, name) - (_reads(conversion, name) if conversion is not None else 0)
    found = 0
    first: cst.BaseExpression | None = None
    for node in _tested(body):
        reads = _reads(node.body, name)
        if reads and not _reads(node.test, name):
            first = first or node.test
            found += reads
    return first if found == everywhere else None


def _tested(body: cst.BaseSuite) -> Iterator[cst.If]:
    """The outermost tests of the step among the statements of a loop."""
    todo: list[cst.CSTNode] = list(reversed(body.body))
    while todo:
        node = todo.pop()
        match node:
            case cst.If(test=test, body=inner, orelse=orelse):
                if _is_of_the_step(test):
                    yield node
                else:
                    todo.append(inner)
                todo.extend([orelse] if orelse is not None else [])
            case cst.With(body=inner) | cst.Else(body=inner) | cst.Try(body=inner):
                todo.append(inner)
            case cst.IndentedBlock(body=statements):
                todo.extend(reversed(statements))


def _is_of_the_step(test: cst.BaseExpression) -> bool:
    """``step % 100 == 0``, ``not step % 100``, ``rank == 0 and (step + 1) % every == 0``, with ``or`` both."""
    match test:
        case cst.BooleanOperation(left=left, right=right, operator=cst.And()):
            return _is_of_the_step(left) or _is_of_the_step(right)
        case cst.BooleanOperation(left=left, right=right):
            return _is_of_the_step(left) and (_is_of_the_step(right) or _is_one_step(right))
        case cst.UnaryOperation(operator=cst.Not(), expression=cst.BinaryOperation(operator=cst.Modulo())):
            return True
        case cst.Comparison(left=left, comparisons=[cst.ComparisonTarget(operator=cst.Equal(), comparator=right)]):
            return any(
                isinstance(one, cst.BinaryOperation) and isinstance(one.operator, cst.Modulo) for one in (left, right)
            )
        case _:
            return False


def _is_one_step(test: cst.BaseExpression) -> bool:
    """``step == last``"""
    return isinstance(test, cst.Comparison) and isinstance(test.comparisons[0].operator, cst.Equal)


def _reads(root: cst.CSTNode, name: str) -> int:
    """How often a name is read: everywhere but where it is bound as a whole."""
    count = 0
    todo: list[cst.CSTNode] = [root]
    while todo:
        node = todo.pop()
        match node:
            case cst.Name(value=value):
                count += value == name
            case cst.Attribute(value=value):
                todo.append(value)
            case cst.Arg(value=value):
                todo.append(value)
            case cst.AssignTarget(target=cst.Name()):
                pass
            case _:
                todo.extend(node.children)
    return count
