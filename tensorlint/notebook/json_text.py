"""JSON as it is written: where its values stand, so that one can be changed and the rest stays as it is."""

from __future__ import annotations

import bisect
import functools
import json
import re
from json.decoder import scanstring  # type: ignore[attr-defined]  # which the stubs lack
from typing import Any

from tensorlint.source import SourceError

__all__ = ["JsonText"]

_STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_SPACE = re.compile(r"[ \t\n\r]*")
_PLAIN = re.compile(rf"{_STRING}|[^,\]}}\s]+", re.DOTALL)
_CHARACTER = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\]", re.DOTALL
)
_NESTING = re.compile(rf"{_STRING}|[\[\]{{}}]", re.DOTALL)


class JsonText:
    """A text of JSON. Places in it are indices; a value is known by where it begins.

    :raises SourceError: if it is not JSON
    """

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            self.value: Any = json.loads(text)
        except json.JSONDecodeError as error:
            reason = error.msg[:1].lower() + error.msg[1:]
            raise SourceError(f"not a notebook: not JSON: {reason}", error.lineno, error.colno) from None
        except RecursionError:
            raise SourceError("not a notebook: the JSON is nested too deeply") from None
        except ValueError as error:  # a number of thousands of digits
            raise SourceError(f"not a notebook: {error}") from None
        self.start = self._space(0)

    @functools.cached_property
    def _lines(self) -> list[int]:
        """Where the lines begin."""
        return [0, *(match.end() for match in re.finditer("\n", self.text))]

    def place(self, at: int) -> tuple[int, int]:
        """The line and the column (from 1) of an index."""
        line = bisect.bisect_right(self._lines, at)
        return line, at - self._lines[line - 1] + 1

    def members(self, start: int) -> dict[str, int]:
        """Where the values of an object begin. Of a key that is there twice the last one counts, as for Jupyter."""
        found = {}
        at = self._space(start + 1)
        while self.text[at] != "}":
            key, at = scanstring(self.text, at + 1)
            found[key] = self._space(self._space(at) + 1)
            at = self._next(found[key])
        return found

    def items(self, start: int) -> list[int]:
        """Where the values of an array begin."""
        found = []
        at = self._space(start + 1)
        while self.text[at] != "]":
            found.append(at)
            at = self._next(at)
        return found

    def string(self, start: int) -> tuple[str, int]:
        """A string, and where the text goes on after it."""
        value, end = scanstring(self.text, start + 1)
        return value, end

    def inside(self, start: int, index: int) -> int:
        """Where the character is written that a string has at an index, or where the string ends."""
        at = start + 1
        for _ in range(index):
            character = _CHARACTER.match(self.text, at)
            assert character is not None
            at = character.end()
        return at

    def escaped(self, text: str) -> str:
        """How a part of a string is written, in the manner of what is there."""
        return json.dumps(text, ensure_ascii=self.text.isascii() and "\\u" in self.text)[1:-1]

    def _space(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        assert match is not None
        return match.end()

    def _next(self, start: int) -> int:
        """Where the next value (or its key) begins, else where the object or array ends."""
        at = self._space(self._end(start))
        return self._space(at + 1) if self.text[at] == "," else at

    def _end(self, start: int) -> int:
        if self.text[start] not in "[{":
            plain = _PLAIN.match(self.text, start)
            assert plain is not None
            return plain.end()
        depth = 0
        for match in _NESTING.finditer(self.text, start):
            if match[0] in ("[", "{"):
                depth += 1
            elif match[0] in ("]", "}"):
                depth -= 1
                if not depth:
                    return match.end()
        raise AssertionError("the JSON was found to be whole")
