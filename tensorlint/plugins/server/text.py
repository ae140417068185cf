"""The text of a file as editors count it: lines from 0, columns in the units that were agreed on (mostly UTF-16's)."""

from __future__ import annotations

import difflib
import re

from lsprotocol.types import Position, Range, TextEdit
from pygls.workspace import PositionCodec

from tensorlint.files import read
from tensorlint.finding import Edit, Evidence, Finding

__all__ = ["Text"]

_BETWEEN_LINES = re.compile(r"(?<=\n)|(?<=\r)(?!\n)")
_BOM = "\ufeff"


class Text:
    """One state of a file."""

    def __init__(self, text: str, codec: PositionCodec) -> None:
        self._codec = codec
        self._lines = _lines(text)
        self._bom = text.startswith(_BOM)

    @classmethod
    def of_file(cls, path: str, codec: PositionCodec) -> Text:
        """The file as it is on the disk; where it cannot be read its columns are taken as they are."""
        from tensorlint.source import Source, SourceError

        try:
            return cls(Source(read(path), path).text, codec)
        except (OSError, ValueError, SourceError):
            return cls("", codec)

    def position(self, line: int, column: int) -> Position:
        """A place of a finding, in the units of the editor."""
        if line > len(self._lines):
            return Position(line - 1, column - 1)
        if line == 1 and self._bom:  # which is no character of the program, but is one to an editor that keeps it
            column += 1
        before = self._lines[line - 1].rstrip("\r\n")[: column - 1]
        return Position(line - 1, self._codec.client_num_units(before))

    def range(self, place: Finding | Evidence | Edit) -> Range:
        """The stretch of text that something is about."""
        start = self.position(place.line, place.column)
        return Range(start, self.position(place.end_line, place.end_column) if place.end_line else start)

    def edit(self, edit: Edit) -> TextEdit:
        """An edit of this text."""
        return TextEdit(self.range(edit), edit.text)

    def edits_to(self, other: str) -> list[TextEdit]:
        """The edits that make another text of this one, by lines: the cursor stays where nothing changes."""
        lines = _lines(other)
        return [
            TextEdit(Range(self._start(first), self._start(last)), "".join(lines[start:end]))
            for kind, first, last, start, end in difflib.SequenceMatcher(None, self._lines, lines).get_opcodes()
            if kind != "equal"
        ]

    def replaced(self, place: Range, new: str) -> str:
        """The text with a stretch of it replaced."""
        text = "".join(self._lines)
        return text[: self._index(place.start)] + new + text[self._index(place.end) :]

    def _index(self, position: Position) -> int:
        """Which character of the text stands there; the nearest place in it where the editor is of another mind."""
        start = sum(map(len, self._lines[: position.line]))
        if position.line >= len(self._lines):
            return start
        line, units = self._lines[position.line].rstrip("\r\n"), 0
        for number, character in enumerate(line):
            if units >= position.character:
                return start + number
            units += self._codec.client_num_units(character)
        return start + len(line)

    def _start(self, number: int) -> Position:
        """Where a line begins (from 0), or the end of the text."""
        if number < len(self._lines):
            return Position(number, 0)
        return Position(len(self._lines) - 1, self._codec.client_num_units(self._lines[-1]))


def _lines(text: str) -> list[str]:
    """The lines with their ends as LSP knows them: a form feed is no end. The last one has none, and may be empty."""
    return _BETWEEN_LINES.split(text)
