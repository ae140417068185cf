"""Which stretch of a file a finding is about, in the terms of code objects: lines from 1, columns in bytes from 1."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import NamedTuple

from tensorlint.finding import Evidence, Finding
from tensorlint.observe.places import Place

__all__ = ["Reaches", "Stretch"]


class Stretch(NamedTuple):
    """A stretch of one file, its end exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int

    def overlaps(self, place: Place) -> bool:
        """Whether the two have something in common; where Python told no columns, a line."""
        if not place.column:
            return self.line <= place.line <= self.end_line
        start, end = (place.line, place.column), (place.end_line, place.end_column)
        return start < (self.end_line, self.end_column) and (self.line, self.column) < end

    def contains(self, place: Place) -> bool:
        """Whether the place lies in it, as far as Python told."""
        if not place.column:
            return self.line <= place.line <= self.end_line
        start, end = (place.line, place.column), (place.end_line, place.end_column)
        return (self.line, self.column) <= start and end <= (self.end_line, self.end_column)


class Reaches:
    """The stretches of one file.

    :param lines: the text's lines
    """

    def __init__(self, tree: ast.AST, lines: Sequence[str]) -> None:
        self._lines = lines
        self._functions: list[tuple[int, int]] = []
        self._trying: list[tuple[int, int]] = []
        self._parents: dict[ast.AST, ast.AST] = {}
        self._starting: dict[tuple[int, int], list[ast.expr]] = {}
        for node in ast.walk(tree):
            self._parents.update((child, node) for child in ast.iter_child_nodes(node))
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                self._functions.append((node.lineno, node.end_lineno or node.lineno))
            elif (isinstance(node, ast.Try) and node.handlers) or (isinstance(node, ast.With) and _catches(node)):
                self._trying.append((node.body[0].lineno, node.body[-1].end_lineno or node.lineno))
            elif isinstance(node, ast.expr):
                self._starting.setdefault((node.lineno, node.col_offset + 1), []).append(node)

    def of(self, finding: Finding | Evidence) -> Stretch:
        """What a finding, or a step of its evidence, is about: its own stretch, and the chain of calls on it.

        A finding names the tensor, and what raises is the `.numpy()` behind it, maybe some lines below.
        """
        own, node = self._node(finding)
        while node is not None and _continues(parent := self._parents.get(node), node):
            assert isinstance(parent, ast.expr)
            node = parent
        if node is None:
            return own
        stored = self._parents.get(node)
        if isinstance(stored, ast.Assign) and any(isinstance(one, ast.Subscript) for one in stored.targets):
            return Stretch(stored.lineno, stored.col_offset + 1, *_end(node))  # storing is what converts
        return Stretch(own.line, own.column, *_end(node))

    def is_index(self, finding: Finding) -> bool:
        """Whether what a finding names is an item of something."""
        return isinstance(self._node(finding)[1], ast.Subscript)

    def names(self, finding: Finding | Evidence) -> set[str]:
        """The names of the functions that are called in what a finding, or a step of its evidence, is about."""
        stretch = self.of(finding)
        return {
            str(getattr(node.func, "attr", None) or getattr(node.func, "id", ""))
            for start, nodes in self._starting.items()
            if start >= stretch[:2]
            for node in nodes
            if isinstance(node, ast.Call) and _end(node) <= stretch[2:]
        }

    def is_recorded(self, finding: Finding) -> bool:
        """Whether what a finding names is a call that can be seen: no `torch.FloatTensor(...)` and its like."""
        _, node = self._node(finding)
        if not isinstance(node, ast.Call):
            return True
        name = str(getattr(node.func, "attr", None) or getattr(node.func, "id", ""))
        return name == "Tensor" or not name.endswith(("Tensor", "DataLoader"))

    def is_expected(self, place: Place) -> bool:
        """Whether an exception at a place is caught around it, in the same function."""
        inside = [one for one in self._trying if Stretch(one[0], 1, one[1] + 1, 1).contains(place)]
        around = min((one for one in self._functions if one[0] <= place.line <= one[1]), key=_length, default=None)
        return any(around is None or around[0] <= one[0] for one in inside)

    def _node(self, finding: Finding | Evidence) -> tuple[Stretch, ast.expr | None]:
        line, column = finding.line, self._bytes(finding.line, finding.column)
        end_line = finding.end_line or line
        own = Stretch(line, column, end_line, self._bytes(end_line, finding.end_column) if finding.end_line else column)
        starting = self._starting.get((line, column), ())
        return own, next((one for one in starting if _end(one) == own[2:]), None)

    def place(self, place: Place) -> Stretch:
        """A place with its columns in code points; the whole line where Python told none."""
        if not place.column:
            text = self._line(place.line)
            return Stretch(place.line, len(text) - len(text.lstrip()) + 1, place.line, len(text.rstrip()) + 1)
        start, end = self._points(place.line, place.column), self._points(place.end_line, place.end_column)
        return Stretch(place.line, start, place.end_line, end)

    def _line(self, line: int) -> str:
        return self._lines[line - 1] if 0 < line <= len(self._lines) else ""

    def _bytes(self, line: int, column: int) -> int:
        return len(self._line(line)[: column - 1].encode("utf-8", "surrogatepass")) + 1

    def _points(self, line: int, column: int) -> int:
        return len(self._line(line).encode("utf-8", "surrogatepass")[: column - 1].decode("utf-8", "replace")) + 1


def _end(node: ast.expr) -> tuple[int, int]:
    return node.end_lineno or node.lineno, (node.end_col_offset or node.col_offset) + 1


def _continues(parent: ast.AST | None, node: ast.expr) -> bool:
    """Whether the parent is the next link of a chain: an attribute of the node, a call of it, an item of it."""
    if isinstance(parent, ast.Call):
        return parent.func is node
    return isinstance(parent, (ast.Attribute, ast.Subscript, ast.Await)) and parent.value is node


def _length(lines: tuple[int, int]) -> int:
    return lines[1] - lines[0]


def _catches(node: ast.With) -> bool:
    """``with pytest.raises(...)``, ``self.assertRaises(...)``, ``contextlib.suppress(...)``."""
    calls = [item.context_expr.func for item in node.items if isinstance(item.context_expr, ast.Call)]
    names = {str(getattr(call, "attr", None) or getattr(call, "id", "")) for call in calls}
    return any(name in ("raises", "suppress") or name.startswith("assertRaises") for name in names)
