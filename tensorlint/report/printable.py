"""Text that a terminal shows as it is: no control characters, tabs as spaces, known widths."""

from __future__ import annotations

import unicodedata

__all__ = ["Row", "escaped", "width"]

_TAB = 4
_LONGEST = 1000
"""Characters of a line that is shown whole."""
_BEFORE, _SHOWN, _CUT = 60, 300, "..."


def escaped(text: str) -> str:
    """``text`` with what a terminal would obey or could not show written as escapes (a path can hold any of it)."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode("ascii") for c in text)


def width(character: str) -> int:
    """How many columns of a terminal a character takes."""
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class Row:
    """A line of source as it is shown, and where its characters come to stand.

    Tabs become spaces; characters that a terminal would obey are shown as ``?``. Of a very long line a part is shown.

    :param near: a column of the source (from 1) that is in that part
    """

    def __init__(self, line: str, near: int = 1) -> None:
        self._first, end = 0, len(line)
        if len(line) > _LONGEST:
            self._first = max(min(near, len(line)) - 1 - _BEFORE, 0)
            end = self._first + _SHOWN
        pieces = [_CUT] if self._first else []
        self._starts: list[int] = []
        at = len("".join(pieces))
        for character in line[self._first : end]:
            self._starts.append(at)
            if character == "\t":
                wide = _TAB - at % _TAB
                pieces.append(" " * wide)
            elif not character.isprintable():  # what turns the direction of writing around, too
                wide = 1
                pieces.append("?")
            else:
                wide = width(character)
                pieces.append(character)
            at += wide
        self._starts.append(at)
        if end < len(line):
            pieces.append(_CUT)
        self.text = "".join(pieces).rstrip()

    def at(self, column: int) -> int:
        """The terminal's column (from 0) of a column of the source (from 1); one past the end for what lies beyond."""
        return self._starts[min(max(column - self._first, 1), len(self._starts)) - 1]
