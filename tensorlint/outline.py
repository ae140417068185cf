"""A file's syntax tree whose function bodies are parsed when they are asked for.

Making a tree of all of a file is what costs most of a run, and most functions of most files are never looked at. The
tree is made of the text without the bodies of its functions, in whose places stand names; a body that is asked for is
parsed and put into the tree, where it then is as if it had always been there.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

__all__ = ["Body", "Outline"]

LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
STAND_IN = re.compile(r"__tensorlint_body_(\d+)__")
LEAST = 2
"""Lines of a body that is worth leaving out."""


@dataclass(slots=True, eq=False)
class Body:
    """The body of a function."""

    outline: Outline
    first: int
    """The index of its first line."""
    end: int
    """The index of the line after its last one."""
    head: int
    """The index of the function's first line, that of its first decorator."""
    coroutine: bool
    function: cst.FunctionDef | None = None
    """The function, once its place in the tree is known and until the body is there."""

    @property
    def text(self) -> str:
        """The source text of the function."""
        return "".join(self.outline.lines[self.head : self.end])

    def parse(self) -> None:
        """Put the body into the tree, unless it is there.

        A body that cannot be parsed is left out; ``outline.fault`` says why.
        """
        if self.function is not None:
            function, self.function = self.function, None
            self.outline.graft(self, function)


class Outline:
    """The tree of one file.

    :param text: its text
    :param tree: CPython's tree of the same text, if there is one already; it is not kept
    :raises libcst.ParserSyntaxError: if what is outside the bodies is no Python
    """

    def __init__(self, text: str, tree: ast.Module | None = None) -> None:
        self.lines = LINE.findall(text)
        self.bodies: list[Body] = []
        self.fault: Exception | None = None
        """Why a body could not be parsed, the first one."""
        self.missing: dict[int, int] = {}
        """For each statement (by ``id``) that stands for a body, how many lines fewer than the body it has."""
        tree = tree if tree is not None else _tree(text)
        if tree is not None and STAND_IN.search(text) is None:
            self.bodies = list(_bodies(self, tree))
        self.module = self._parse()

    def body(self, function: cst.FunctionDef) -> Body | None:
        """The body of a function that is still to be parsed."""
        found = _stand_in(function)
        return self.bodies[found[1]] if found is not None and id(found[0]) in self.missing else None

    def complete(self) -> cst.Module:
        """The tree with every body in it."""
        for body in self.bodies:
            body.parse()
        return self.module

    def graft(self, body: Body, function: cst.FunctionDef) -> None:
        """Parse a body and put it in its place."""
        block = cst.ensure_type(function.body, cst.IndentedBlock)
        stand_in = cst.ensure_type(block.body[0], cst.SimpleStatementLine)
        newline, indent = self.module.default_newline, self.module.default_indent
        text = "".join(self.lines[body.first : body.end])
        if not text.endswith(("\n", "\r")):
            text += newline
        # the first indented line says what the indentation of the file is
        head = f"if _:{newline}{indent}_{newline}{'async ' if body.coroutine else ''}def _():{newline}"
        try:
            module = cst.parse_module(head + text)
        except (cst.ParserSyntaxError, cst.CSTValidationError, RecursionError) as error:
            self.fault = self.fault or error
            return
        parsed = cst.ensure_type(cst.ensure_type(module.body[1], cst.FunctionDef).body, cst.IndentedBlock)
        first, *others = parsed.body
        # nodes are compared by identity, and others hold this one: it is completed where it is
        object.__setattr__(block, "body", (first.with_changes(leading_lines=stand_in.leading_lines), *others))
        del self.missing[id(stand_in)]

    def _parse(self) -> cst.Module:
        pieces, at = [], 0
        for number, body in enumerate(self.bodies):
            line = self.lines[body.first]
            last = self.lines[body.end - 1]
            pieces += self.lines[at : body.first]
            pieces.append(line[: len(line) - len(line.lstrip(" \t"))])
            pieces.append(f"__tensorlint_body_{number}__{last[len(last.rstrip(chr(13) + chr(10))) :]}")
            at = body.end
        module = cst.parse_module("".join(pieces + self.lines[at:]))
        if self.bodies:
            for function in _functions(module):
                if (found := _stand_in(function)) is not None:
                    line, number = found
                    body = self.bodies[number]
                    body.function = function
                    self.missing[id(line)] = body.end - body.first - 1
        return module


def _stand_in(function: cst.FunctionDef) -> tuple[cst.SimpleStatementLine, int] | None:
    """The statement that stands for a function's body, and the number of the body."""
    match function.body:
        case cst.IndentedBlock(body=[cst.SimpleStatementLine(body=[cst.Expr(value=cst.Name(value=name))]) as line]):
            found = STAND_IN.fullmatch(name)
            return (line, int(found[1])) if found is not None else None
        case _:
            return None


def _tree(text: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes are other linters' business
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _bodies(outline: Outline, tree: ast.Module) -> Iterator[Body]:
    """The bodies of the functions that are not inside functions, and that have lines of their own, from the top."""
    for node in _outer(tree.body):
        first, last = node.body[0], node.body[-1]
        start = min([first.lineno, *(one.lineno for one in getattr(first, "decorator_list", ()))]) - 1
        end = last.end_lineno or 0
        if end - start < LEAST or end > len(outline.lines):
            continue
        before = outline.lines[start][: first.col_offset] if start == first.lineno - 1 else ""
        joined = start > 0 and outline.lines[start - 1].rstrip("\r\n").endswith("\\")
        if before.strip(" \t") or joined or outline.lines[end - 1].rstrip("\r\n").endswith("\\"):
            continue
        head = min([node.lineno, *(one.lineno for one in node.decorator_list)]) - 1
        yield Body(outline, start, end, head, isinstance(node, ast.AsyncFunctionDef))


def _outer(statements: list[ast.stmt]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for statement in statements:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            yield statement
            continue
        for name in ("body", "handlers", "cases", "orelse", "finalbody"):
            for part in getattr(statement, name, ()):
                yield from _outer([part] if isinstance(part, ast.stmt) else part.body)


def _functions(node: cst.CSTNode) -> Iterator[cst.FunctionDef]:
    """The functions of a tree that are not inside functions."""
    for child in node.children:
        if isinstance(child, cst.FunctionDef):
            yield child
        elif not isinstance(child, cst.SimpleStatementLine | cst.BaseExpression | cst.BaseParenthesizableWhitespace):
            yield from _functions(child)
