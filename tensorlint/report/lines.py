"""The source lines that a report shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from tensorlint.files import is_notebook, read
from tensorlint.finding import Edit, Evidence, Finding
from tensorlint.notebook import source_of
from tensorlint.source import Source, SourceError, Span

__all__ = ["Lines", "Part"]

Part: TypeAlias = tuple[str, "int | None"]
"""What lines are counted in: a file, or a cell of a notebook."""

_KEPT = 64
"""A long report must not hold all files: it goes through them in order, and comes back to few."""
_LONGEST = 1000
"""Characters of a line of JSON that is worth showing: an image is one line, and so may be a whole notebook."""


@dataclass(frozen=True, slots=True)
class _Text:
    """What is known of a file."""

    lines: list[str]
    """As an editor of text shows it."""
    source: Source | None
    """None if it cannot be read as what it is called."""


class Lines:
    """The lines of the files that findings speak of, read when they are asked for.

    :param given: the bytes of files that are not on the disk as they were linted (standard input), by path
    """

    def __init__(self, given: Mapping[str, bytes] | None = None) -> None:
        self._given = dict(given or {})
        self._texts: dict[str, _Text] = {}  # in the order of use

    def line(self, part: Part, number: int) -> str | None:
        """The text of a line (from 1); None where the file or the line is not there any more."""
        lines = self.of(part)
        return lines[number - 1] if 1 <= number <= len(lines) else None

    def of(self, part: Part) -> list[str]:
        """All lines of a file or a cell without their ends; none where it is not there any more."""
        path, cell = part
        text = self._text(path)
        if cell is None:
            return text.lines
        from tensorlint.notebook.notebook import Notebook

        return text.source.cell_lines(cell) if isinstance(text.source, Notebook) else []

    def program(self, path: str) -> list[str]:
        """The lines of what was linted of a file: of a notebook those of all its cells."""
        text = self._text(path)
        return text.lines if text.source is None else text.source.lines

    def number(self, place: Finding) -> int:
        """The line of the program that a finding is on."""
        source = self._text(place.path).source
        return place.line if source is None else source.number(place)

    def in_file(self, place: Finding | Evidence) -> Span:
        """The stretch of the file, as an editor of text shows it."""
        source = self._text(place.path).source if place.cell is not None else None
        if source is not None:
            return source.in_file(place)
        end = (place.end_line, place.end_column) if place.end_line else (place.line, place.column)
        return Span(place.line, place.column, *end)

    def edit_in_file(self, path: str, edit: Edit) -> tuple[Span, str] | None:
        """What an edit changes in the file, and into what; None where a notebook is not as it was."""
        source = self._text(path).source if edit.cell is not None else None
        if source is None:
            return (
                None
                if edit.cell is not None
                else (Span(edit.line, edit.column, edit.end_line, edit.end_column), edit.text)
            )
        try:
            return source.edit_in_file(edit)
        except ValueError:
            return None

    def _text(self, path: str) -> _Text:
        text = self._texts.pop(path, None)
        self._texts[path] = self._read(path) if text is None else text
        if len(self._texts) > _KEPT:
            del self._texts[next(iter(self._texts))]
        return self._texts[path]

    def _read(self, path: str) -> _Text:
        data = self._given.get(path)
        if data is None:
            try:
                data = read(path)
            except (OSError, ValueError):
                return _Text([], None)
        try:
            source = source_of(data, path)
        except SourceError:  # shown as well as can be: this very fault is what is reported
            return _Text(_written(data, path), None)
        return _Text(_written(data, path) if is_notebook(path) else source.lines, source)


def _written(data: bytes, path: str) -> list[str]:
    lines = re.split(r"\r\n|\r|\n", data.decode("utf-8", "replace"))
    return lines if not is_notebook(path) or max(map(len, lines)) <= _LONGEST else []
