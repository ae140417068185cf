"""The source lines that a report shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from tensorlint.source import Source, SourceError

__all__ = ["Lines"]


class Lines:
    """The lines of the files that findings speak of, read when they are asked for.

    :param given: the bytes of files that are not on the disk as they were linted (standard input), by path
    """

    def __init__(self, given: Mapping[str, bytes] | None = None) -> None:
        self._given = dict(given or {})
        self._lines: dict[str, list[str]] = {}

    def line(self, path: str, number: int) -> str | None:
        """The text of a line (from 1); None where the file or the line is not there any more."""
        if path not in self._lines:
            self._lines[path] = self._read(path)
        lines = self._lines[path]
        return lines[number - 1] if 1 <= number <= len(lines) else None

    def _read(self, path: str) -> list[str]:
        data = self._given.get(path)
        if data is None:
            try:
                data = Path(path).read_bytes()
            except (OSError, ValueError):
                return []
        try:
            return Source(data, path).lines
        except SourceError:  # shown as well as can be: this very fault is what is reported
            return re.split(r"\r\n|\r|\n", data.decode("utf-8", "replace"))
