"""The source lines that a report shows."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tensorlint.files import read
from tensorlint.source import Source, SourceError

__all__ = ["Lines"]

_KEPT = 64
"""A long report must not hold all files: it goes through them in order, and comes back to few."""


class Lines:
    """The lines of the files that findings speak of, read when they are asked for.

    :param given: the bytes of files that are not on the disk as they were linted (standard input), by path
    """

    def __init__(self, given: Mapping[str, bytes] | None = None) -> None:
        self._given = dict(given or {})
        self._lines: dict[str, list[str]] = {}  # in the order of use

    def line(self, path: str, number: int) -> str | None:
        """The text of a line (from 1); None where the file or the line is not there any more."""
        lines = self.of(path)
        return lines[number - 1] if 1 <= number <= len(lines) else None

    def of(self, path: str) -> list[str]:
        """All lines of a file without their ends; none where it is not there any more."""
        lines = self._lines.pop(path, None)
        self._lines[path] = self._read(path) if lines is None else lines
        if len(self._lines) > _KEPT:
            del self._lines[next(iter(self._lines))]
        return self._lines[path]

    def _read(self, path: str) -> list[str]:
        data = self._given.get(path)
        if data is None:
            try:
                data = read(path)
            except (OSError, ValueError):
                return []
        try:
            return Source(data, path).lines
        except SourceError:  # shown as well as can be: this very fault is what is reported
            return re.split(r"\r\n|\r|\n", data.decode("utf-8", "replace"))
