"""Edits of a notebook's program: where they belong in the cells, and what becomes of the JSON."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tensorlint.finding import Edit
from tensorlint.notebook.cells import Cell
from tensorlint.notebook.json_text import JsonText
from tensorlint.notebook.layout import Laid, Layout

__all__ = ["Placing", "change", "written"]

_END = re.compile(r"\r\n|\r|\n")
_PART = re.compile(r"[^\n]*\n|[^\n]+")


@dataclass(frozen=True, slots=True)
class Placing:
    """From edits of the program to edits of cells."""

    layout: Layout

    def placed(self, edit: Edit) -> Edit | None:
        """The edit in its cell; None where it would touch what is no Python there, or more than one cell."""
        is_insertion = (edit.line, edit.column) == (edit.end_line, edit.end_column)
        if is_insertion and edit.column == 1 and edit.text.endswith(("\n", "\r")):
            return self._lines(edit)
        start, end = self.layout.at(edit.line), self.layout.at(edit.end_line)
        if start is None or end is None or start[0] is not end[0]:
            return None
        (cell, first), last = start, end[1]
        if any(_touches(cell, row, edit) for row in range(first, last + 1)):
            return None
        if _END.search(edit.text) and (cell.rows[first].moved or _is_joined(cell.cell)):
            return None
        return Edit(
            first + 1,
            edit.column + cell.rows[first].moved,
            last + 1,
            edit.end_column + cell.rows[last].moved,
            edit.text,
            cell.cell.number,
        )

    def _lines(self, edit: Edit) -> Edit | None:
        """New lines in front of one, or at the end of the cell before: an import belongs to the imports above it."""
        found = self.layout.at(edit.line)
        if found is None:
            return None
        cell, row = found
        if edit.line > self.layout.length:
            return _appended(cell, edit.text)
        if row == 0 and cell.before:
            above = self.layout.at(edit.line - 1)
            if above is not None and above[0].rows[above[1]].text.startswith(("import ", "from ")):
                return _appended(above[0], edit.text)
        if cell.rows[row].first or cell.rows[row].moved or _is_joined(cell.cell) or not cell.cell.pieces:
            return None
        return Edit(row + 1, 1, row + 1, 1, _END.sub(cell.newline, edit.text), cell.cell.number)


def _appended(cell: Laid, text: str) -> Edit | None:
    if cell.rows[-1].moved or _is_joined(cell.cell) or not cell.cell.pieces:
        return None
    text = _END.sub(cell.newline, text)
    line, column = len(cell.lines), len(cell.lines[-1]) + 1
    if column > 1:
        text = cell.newline + text.rstrip("\r\n")
    return Edit(line, column, line, column, text, cell.cell.number)


def _touches(cell: Laid, row: int, edit: Edit) -> bool:
    """Whether an edit reaches into a part of a row that the notebook does not have so."""
    foreign_start, foreign_end = cell.rows[row].foreign
    if foreign_start == foreign_end:
        return False
    start = edit.column - 1 if cell.before + row + 1 == edit.line else 0
    end = edit.end_column - 1 if cell.before + row + 1 == edit.end_line else foreign_end
    return start < foreign_end and foreign_start <= end


def _is_joined(cell: Cell) -> bool:
    """Whether the ends of its lines are not in the JSON, so that none can be added."""
    return any(piece.joint for piece in cell.pieces)


def written(json: JsonText, layout: Layout, edits: Iterable[Edit]) -> str:
    """The JSON with edits of cells made.

    :raises ValueError: if two edits overlap, or one is of no place in a cell
    """
    changes = sorted((change(json, layout, edit) for edit in edits), key=lambda each: each[:2])
    pieces, at = [], 0
    for start, end, text in changes:
        if start < at:
            raise ValueError(f"overlapping edits at {':'.join(map(str, json.place(start)))} of the JSON")
        pieces += [json.text[at:start], text]
        at = end
    return "".join([*pieces, json.text[at:]])


def change(json: JsonText, layout: Layout, edit: Edit) -> tuple[int, int, str]:
    """From where to where an edit of a cell changes the JSON, and what stands there then.

    :raises ValueError: if there is no such place in a cell
    """
    cell = layout.cell(edit.cell) if edit.cell is not None else None
    if cell is None or not cell.cell.pieces:
        raise ValueError(f"there is no cell {edit.cell} to edit")
    first, last = cell.offset(edit.line, edit.column), cell.offset(edit.end_line, edit.end_column)
    before, start = cell.cell.piece(first)
    after, end = cell.cell.piece(last, end=last > first)
    parts = _PART.findall(edit.text) if cell.cell.in_list else [edit.text]
    between = f'"{_separator(json, cell.cell)}"'
    text = between.join(json.escaped(part) for part in parts)
    if cell.cell.in_list and parts:  # each line in a string of its own
        if start == len(before.text) and before.text.endswith("\n"):
            text = between + text
        if edit.text.endswith("\n") and end < len(after.text):
            text += between
    return json.inside(before.start, start), json.inside(after.start, end), text


def _separator(json: JsonText, cell: Cell) -> str:
    """What stands between two strings of the list."""
    first, *others = cell.pieces
    if others:
        return json.text[first.end : others[0].start]
    space = json.text[cell.start + 1 : first.start]
    return f",{space or ' '}"
