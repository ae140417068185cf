"""Whether a text is Python, and shallow enough to be made into a tree."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator

from tensorlint.source import Source, SourceError

__all__ = ["TOO_DEEP", "check_syntax"]

TOO_DEEP = "nested too deeply to be analysed (an expression of hundreds of terms)"

_MOST_DEEP = 2000
"""Levels that LibCST's parser takes in seconds; its time grows with their square, and its stack ends at some more."""
_NO_FILE = "<program>"
"""To tell the column of a fault CPython looks into a file of the name that it is given: a notebook's is not there."""
_LONG_NAME = re.compile(r"(?:import|from)[ \t]+(?:[\w. \t]|\\\r?\n){4000}")
"""An imported name of thousands of parts: a text for CPython, but nested once a part in LibCST."""


def check_syntax(source: Source, deeply: bool = True) -> None:
    """See that the file is Python, and not nested so deeply that parsing it would harm the process.

    CPython's parser goes first because LibCST's ends the whole process on some thousand brackets. What only CPython
    refuses may be syntax newer than the running Python: then LibCST has the last word.

    :param deeply: mind, too, an expression that is right but too long to be made into a tree
    :raises SourceError: with the place of the fault
    """
    for before, part in source.suspects():
        try:
            check_syntax(part, deeply)
        except SourceError as error:
            line = before + min(error.line, max(len(part.lines) - 1, 1))  # the end of a part is not its next one's
            raise SourceError(error.message, line, error.column) from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes are other linters' business
            tree = compile(source.text, _NO_FILE, "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    except MemoryError:
        raise SourceError(TOO_DEEP) from None
    except RecursionError:  # the text was parsed, and only then found too deep for a tree
        if deeply:
            raise SourceError(TOO_DEEP) from None
    except SyntaxError as error:
        if "too many" in error.msg:  # nested parentheses, levels of indentation, statically nested blocks
            raise SourceError(f"syntax error: {error.msg}", *_place(error)) from None
        try:
            source.module()
        except SourceError:
            raise SourceError(f"syntax error: {error.msg}", *_place(error)) from None
    else:
        assert isinstance(tree, ast.Module)
        if deeply:
            _check_depth(source, tree)
        source.known(tree)


def _place(error: SyntaxError) -> tuple[int, int]:
    return max(error.lineno or 1, 1), max(error.offset or 1, 1)


def _check_depth(source: Source, tree: ast.Module) -> None:
    if (name := _LONG_NAME.search(source.text)) is not None:
        raise SourceError(TOO_DEEP, source.text.count("\n", 0, name.start()) + 1)
    for expression in _expressions(tree):
        if _length(source, expression) > _MOST_DEEP and _is_deep(expression):
            before = source.lines[expression.lineno - 1].encode()[: expression.col_offset]
            raise SourceError(TOO_DEEP, expression.lineno, len(before.decode()) + 1)


def _expressions(tree: ast.Module) -> Iterator[ast.expr]:
    """Every expression that is not inside another one."""
    todo: list[ast.AST] = [tree]
    while todo:
        for child in ast.iter_child_nodes(todo.pop()):
            if isinstance(child, ast.expr):
                yield child
            else:
                todo.append(child)


def _length(source: Source, expression: ast.expr) -> int:
    """At least as many characters as the expression has."""
    end = expression.end_lineno or expression.lineno
    if end == expression.lineno:
        return (expression.end_col_offset or 0) - expression.col_offset
    return sum(len(line) for line in source.lines[expression.lineno - 1 : end])


def _is_deep(expression: ast.expr) -> bool:
    """Whether it is nested more than ``_MOST_DEEP`` levels, as LibCST counts them."""
    todo: list[tuple[ast.AST, int]] = [(expression, 1)]
    while todo:
        node, depth = todo.pop()
        if isinstance(node, ast.BoolOp):  # `a and b and ...` is flat for CPython alone
            depth += len(node.values)
        if depth > _MOST_DEEP:
            return True
        todo += ((child, depth + 1) for child in ast.iter_child_nodes(node))
    return False
