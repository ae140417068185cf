"""The functions of a file and what they contain, so that what was observed in one is not said of another.

A place is in the innermost function around it, or else in a statement at the file's top level. Needs no torch.
"""

from __future__ import annotations

import ast
import hashlib
import textwrap
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Scope", "Scopes"]

_MODULE = "<module>"


@dataclass(frozen=True, slots=True)
class Scope:
    """A function, or a statement at the top level of a file."""

    name: str
    """Qualified, as ``Trainer.fit``; ``<module>`` for a statement."""
    line: int
    """Its first line, decorators included."""
    end_line: int
    digest: str
    """Of its text, however deep it is indented."""

    @property
    def is_statement(self) -> bool:
        """Whether it is a statement."""
        return self.name == _MODULE

    def as_list(self) -> list[str | int]:
        return [self.name, self.line, self.end_line, self.digest]


class Scopes:
    """The scopes of one file.

    :raises SyntaxError, ValueError: if the text is not Python
    """

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()
        self.digest = _digest(text)
        """Of the whole text."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
        self._all = [
            *self._functions(tree, ""),
            *(self._scope(_MODULE, node) for node in tree.body if not isinstance(node, _FUNCTIONS)),
        ]

    def _functions(self, node: ast.AST, prefix: str) -> Iterator[Scope]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (*_FUNCTIONS, ast.ClassDef)):
                name = f"{prefix}{child.name}"
                if isinstance(child, _FUNCTIONS):
                    yield self._scope(name, child)
                yield from self._functions(child, f"{name}.")
            else:
                yield from self._functions(child, prefix)

    def _scope(self, name: str, node: ast.stmt) -> Scope:
        first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))])
        last = node.end_lineno or node.lineno
        text = textwrap.dedent("\n".join(line.rstrip() for line in self._lines[first - 1 : last]))
        return Scope(name, first, last, _digest(text))

    def around(self, line: int) -> Scope | None:
        """The scope that a line is in: the innermost function, else the statement; None between statements."""
        inside = [one for one in self._all if one.line <= line <= one.end_line]
        functions = [one for one in inside if one.name != _MODULE]
        return min(functions or inside, key=lambda one: one.end_line - one.line, default=None)

    def now(self, then: Scope) -> int | None:
        """How many lines a scope has moved since it was looked at; None if it is changed or gone."""
        same = [one.line - then.line for one in self._all if (one.name, one.digest) == (then.name, then.digest)]
        return min(same, key=abs, default=None)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
