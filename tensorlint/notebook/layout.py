"""The cells of a notebook one after the other: which line of the program is which line of which cell."""

from __future__ import annotations

import ast
import bisect
import re
from dataclasses import dataclass

from tensorlint.notebook.cells import Cell
from tensorlint.notebook.magics import Row, parsed, rows
from tensorlint.places import Span

__all__ = ["Laid", "Layout"]

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_END = re.compile(r"\r\n|\r|\n")
_QUIET = re.compile(r"[ \t)]*;")
"""What follows an expression whose value is not to be shown."""


@dataclass(frozen=True, slots=True)
class Laid:
    """A cell in its place."""

    cell: Cell
    text: str
    """As the notebook has it."""
    rows: tuple[Row, ...]
    before: int
    """How many lines of the program come before it."""
    shown: Span | None
    """The expression at its end whose value the notebook shows, in the program."""
    whole: bool
    """CPython takes it for a whole program."""

    @property
    def lines(self) -> list[str]:
        """Its lines without their ends, as an editor shows them."""
        return _END.split(self.text)

    @property
    def with_ends(self) -> list[str]:
        """Its lines, each with an end."""
        lines: list[str] = _LINE.findall(self.text)
        return [line if line.endswith(("\n", "\r")) else f"{line}\n" for line in lines]

    @property
    def newline(self) -> str:
        found = _END.search(self.text)
        return found[0] if found is not None else "\n"

    @property
    def program(self) -> str:
        """What the program has of it."""
        return "".join(row.text + (row.end or "\n") for row in self.rows)

    def offset(self, line: int, column: int) -> int:
        """The index into its text of a line and a column of it.

        :raises ValueError: if there is no such place
        """
        starts = [0, *(match.end() for match in _END.finditer(self.text))]
        if not (1 <= line <= len(starts) and 1 <= column <= len(self.lines[line - 1]) + 1):
            raise ValueError(f"cell {self.cell.number} has no place {line}:{column}")
        return starts[line - 1] + column - 1


class Layout:
    """All the cells."""

    def __init__(self, cells: list[Cell]) -> None:
        self.cells: list[Laid] = []
        before = 0
        for cell in cells:
            text = cell.text
            laid = tuple(rows(text))
            tree = parsed(list(laid))
            shown = _shown(tree, laid, before) if isinstance(tree, ast.Module) else None
            whole = not isinstance(tree, SyntaxError)
            self.cells.append(Laid(cell, text, laid, before, shown, whole))
            before += len(laid)
        self._before = [each.before for each in self.cells]
        self._by_number = {each.cell.number: each for each in self.cells}
        self.length = before

    @property
    def program(self) -> str:
        return "".join(cell.program for cell in self.cells)

    def cell(self, number: int) -> Laid | None:
        """A cell by its number in the notebook."""
        return self._by_number.get(number)

    def at(self, line: int) -> tuple[Laid, int] | None:
        """The cell that a line of the program is of, and which row of it, from 0; None where there is no cell."""
        if not self.cells:
            return None
        cell = self.cells[max(bisect.bisect_left(self._before, line) - 1, 0)]
        return cell, min(max(line - cell.before, 1), len(cell.rows)) - 1


def _shown(tree: ast.Module, rows: tuple[Row, ...], before: int) -> Span | None:
    if not tree.body or not isinstance(tree.body[-1], ast.Expr):
        return None
    value = tree.body[-1].value
    if value.end_lineno is None or value.end_col_offset is None or value.end_lineno > len(rows):
        return None
    start = _column(rows[value.lineno - 1], value.col_offset)
    end = _column(rows[value.end_lineno - 1], value.end_col_offset)
    if _QUIET.match(rows[value.end_lineno - 1].text, end):
        return None
    return Span(before + value.lineno, start + 1, before + value.end_lineno, end + 1)


def _column(row: Row, offset: int) -> int:
    """CPython's column, which is in bytes, in characters."""
    return len(row.text.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "replace"))
