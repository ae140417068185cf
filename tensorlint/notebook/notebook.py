"""A notebook as a source: what is linted is the program of its cells, what is edited are strings in its JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from tensorlint.files import MOST_BYTES_OF_NOTEBOOK
from tensorlint.finding import Edit, Evidence, Finding, Fix
from tensorlint.notebook.cells import code_cells
from tensorlint.notebook.edits import Placing, change, written
from tensorlint.notebook.json_text import JsonText
from tensorlint.notebook.layout import Laid, Layout
from tensorlint.places import Span
from tensorlint.source import Source, SourceError

__all__ = ["Notebook"]


class Notebook(Source):
    """The code cells of a notebook, in their order.

    :raises SourceError: if the bytes are not UTF-8, not JSON or no notebook; its place is one in the JSON then
    """

    def _encoding(self) -> str:
        return "utf-8-sig" if self.bom else "utf-8"

    def _program(self) -> str:
        if len(self.data) > MOST_BYTES_OF_NOTEBOOK:
            raise SourceError(f"larger than {MOST_BYTES_OF_NOTEBOOK / 1e6:g} MB")
        self._json = JsonText(self._decoded("save the notebook as UTF-8"))
        self._layout = Layout(code_cells(self._json))
        return self._layout.program

    @property
    def program(self) -> bytes:
        return self.text.encode()

    def cell_lines(self, number: int) -> list[str]:
        """The lines of a cell without their ends, as the notebook has them; none where it is no code."""
        cell = self._layout.cell(number)
        return cell.lines if cell is not None else []

    def number(self, place: Finding | Evidence) -> int:
        cell = self._layout.cell(place.cell) if place.cell is not None else None
        return place.line if cell is None else cell.before + place.line

    def written(self, place: Finding | Evidence) -> str:
        lines = self.cell_lines(place.cell) if place.cell is not None else []
        return lines[place.line - 1] if place.line <= len(lines) else ""

    def in_file(self, place: Finding | Evidence) -> Span:
        span = super().in_file(place)
        cell = self._layout.cell(place.cell) if place.cell is not None else None
        if cell is None or not cell.cell.pieces:
            return span
        start = self._in_json(cell, span.line, span.column)
        end = self._in_json(cell, span.end_line, span.end_column, end=span.end_column > 1)
        return Span(*start, *max(start, end))

    def edit_in_file(self, edit: Edit) -> tuple[Span, str]:
        start, end, text = change(self._json, self._layout, edit)
        return Span(*self._json.place(start), *self._json.place(end)), text

    def placed(self, finding: Finding) -> Finding:
        span = Span(finding.line, finding.column, finding.end_line, finding.end_column)
        number, span = self._placed(span)
        return replace(
            finding,
            line=span.line,
            column=span.column,
            end_line=span.end_line,
            end_column=span.end_column,
            cell=number,
            evidence=tuple(map(self._placed_evidence, finding.evidence)),
            fix=self._placed_fix(finding.fix),
        )

    def placed_edit(self, edit: Edit) -> Edit | None:
        return edit if edit.cell is not None else Placing(self._layout).placed(edit)

    def placed_error(self, error: SourceError) -> SourceError:
        if error.has_place and error.cell is None:
            error.cell, span = self._placed(Span(error.line, error.column, error.line, error.column))
            error.line, error.column = span.line, span.column
        return error

    def is_shown(self, span: Span) -> bool:
        found = self._layout.at(span.line)
        return found is not None and found[0].shown == span

    def suspects(self) -> list[tuple[int, Source]]:
        return [
            (cell.before, Source(cell.program.encode(), self.path)) for cell in self._layout.cells if not cell.whole
        ]

    def texts(self) -> Iterator[tuple[str, list[str]]]:
        for cell in self._layout.cells:
            yield f"{self.path}:cell {cell.cell.number}", cell.with_ends

    def edited(self, edits: Iterable[Edit]) -> bytes:
        """The notebook's bytes with ``edits`` made; nothing but strings of the cells' texts is written anew.

        :raises ValueError: if two edits overlap, or the notebook has no place for one
        """
        placed = []
        for edit in sorted(edits, key=lambda each: (each.cell or 0, each)):
            where = self.placed_edit(edit)
            if where is None:
                raise ValueError(f"{self.path} has no place for the edit at line {edit.line} of its program")
            placed.append(where)
        return written(self._json, self._layout, placed).encode(self.encoding)

    def _placed(self, span: Span) -> tuple[int | None, Span]:
        """A stretch of the program in its cell."""
        found = self._layout.at(span.line)
        if found is None:
            return None, span
        cell, first = found
        last = min(max(span.end_line - cell.before, 1), len(cell.rows)) - 1
        start, end = _column(cell, first, span.column), _column(cell, last, span.end_column)
        return cell.cell.number, Span(first + 1, start, last + 1, end)

    def _placed_evidence(self, step: Evidence) -> Evidence:
        if step.path != self.path or step.cell is not None:
            return step
        end = (step.end_line, step.end_column) if step.end_line else (step.line, step.column)
        number, span = self._placed(Span(step.line, step.column, *end))
        step = replace(step, line=span.line, column=span.column, cell=number)
        return replace(step, end_line=span.end_line, end_column=span.end_column) if step.end_line else step

    def _placed_fix(self, fix: Fix | None) -> Fix | None:
        if fix is None:
            return None
        edits = [self.placed_edit(edit) for edit in fix.edits]
        placed = tuple(edit for edit in edits if edit is not None)
        return replace(fix, edits=placed) if len(placed) == len(edits) else None

    def _in_json(self, cell: Laid, line: int, column: int, end: bool = False) -> tuple[int, int]:
        """The place in the JSON of a place in a cell; the nearest one where it has none."""
        lines = cell.lines
        line = min(max(line, 1), len(lines))
        column = min(max(column, 1), len(lines[line - 1]) + 1)
        piece, index = cell.cell.piece(cell.offset(line, column), end=end)
        return self._json.place(self._json.inside(piece.start, index))


def _column(cell: Laid, row: int, column: int) -> int:
    """A column of the program in the cell, or where its line ends."""
    return min(column + cell.rows[row].moved, len(cell.lines[row]) + 1)
