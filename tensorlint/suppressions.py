"""``# noqa`` comments, with flake8's meaning: what flake8 would not report, tensorlint does not report.

Observed with flake8 5.0 to 7.5: the words are looked for in the whole physical line (a string counts too); codes are
prefixes and, unlike ``noqa`` itself, written in capitals; ``# noqa:`` with what is no code means all codes; and
``# flake8: noqa`` at the start of a line, with or without codes after it, means the whole file.
"""

from __future__ import annotations

import functools
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tensorlint.finding import Finding
from tensorlint.source import Source

__all__ = ["CODE", "Noqa", "Suppressions", "unsuppressed"]

CODE = re.compile(r"[A-Z]+[0-9]+", re.IGNORECASE)
_INLINE = re.compile(r"# noqa(?::[\s]?(?P<codes>([A-Z]+[0-9]+(?:[,\s]+)?)+))?", re.IGNORECASE)
_FILE = re.compile(r"\s*# flake8[:=]\s*noqa", re.IGNORECASE)
_SEPARATOR = re.compile(r"[,\s]")

UNSUPPRESSIBLE = "TSL900"
"""A file that could not be linted is never silent."""


@dataclass(frozen=True, slots=True)
class Noqa:
    """The words that count for a line, or for several that belong together. Columns are from 1, ends exclusive."""

    first: int
    last: int
    """The lines that they count for."""
    line: int
    """The line that they stand on."""
    column: int
    end_column: int
    codes: str
    """The codes as they are written, with what stands between them and after them; empty: all codes."""
    in_comment: bool
    """They stand in a comment, not in a string."""

    @property
    def each(self) -> list[str]:
        """The codes one by one; empty: all codes."""
        return [each for each in _SEPARATOR.split(self.codes) if each]

    def covers(self, code: str) -> bool:
        """Whether a code is suppressed where the words count."""
        return not self.codes or code.startswith(tuple(self.each))


class Suppressions:
    """The suppressions of one file."""

    def __init__(self, source: Source) -> None:
        self._lines = source.lines
        self._mentioned = "noqa" in source.text.lower()
        self.whole_file = self._mentioned and any(_FILE.match(line) for line in source.lines)

    def covers(self, line: int, code: str) -> bool:
        """Whether ``code``, reported on ``line`` (from 1), is suppressed."""
        if code == UNSUPPRESSIBLE or not self._mentioned:
            return False
        if self.whole_file:
            return True
        noqa = self.at(line)
        return noqa is not None and noqa.covers(code)

    def at(self, line: int) -> Noqa | None:
        """What counts for a line: the first mention in it and the lines that are joined to it."""
        if not self._mentioned:
            return None
        first, last = self.joined(line)
        text = "\n".join(self._lines[first - 1 : last])
        match = _INLINE.search(text)
        if match is None:
            return None
        before = text[: match.start()]
        on, column = first + before.count("\n"), match.start() - (before.rfind("\n") + 1) + 1
        comment = self._layout[1].get(on)
        end = column + match.end() - match.start()
        return Noqa(first, last, on, column, end, match["codes"] or "", comment is not None and column >= comment)

    def all(self) -> Iterator[Noqa]:
        """Every mention that counts for some line."""
        line = 1
        while self._mentioned and line <= len(self._lines):
            noqa = self.at(line)
            if noqa is not None:
                yield noqa
            line = self.joined(line)[1] + 1

    def joined(self, line: int) -> tuple[int, int]:
        """The first and the last of the lines that a backslash or a string of several lines joins to a line."""
        return self._layout[0].get(line, (line, line))

    @functools.cached_property
    def _layout(self) -> tuple[dict[int, tuple[int, int]], dict[int, int]]:
        return _layout(self._lines)


def _layout(lines: list[str]) -> tuple[dict[int, tuple[int, int]], dict[int, int]]:
    """For each line that is joined to others, the first and the last of them; and where comments begin, by line."""
    joined: dict[int, tuple[int, int]] = {}
    comments: dict[int, int] = {}
    first, last = len(lines) + 1, 0
    try:
        for token in tokenize.generate_tokens(io.StringIO("\n".join(lines)).readline):
            if token.type in (tokenize.ENDMARKER, tokenize.DEDENT):
                continue
            if token.type == tokenize.COMMENT:
                comments[token.start[0]] = token.start[1] + 1
            first, last = min(first, token.start[0]), max(last, token.end[0])
            if token.type in (tokenize.NL, tokenize.NEWLINE):
                if last > first:
                    joined.update(dict.fromkeys(range(first, last + 1), (first, last)))
                first, last = len(lines) + 1, 0
    except (tokenize.TokenError, SyntaxError):
        return {}, {}  # as flake8: every line by itself
    return joined, comments


def unsuppressed(findings: Iterable[Finding], source: Source) -> list[Finding]:
    """The findings of a file that no comment suppresses."""
    findings = list(findings)
    if not findings:
        return findings
    suppressions = Suppressions(source)
    return [each for each in findings if not suppressions.covers(source.number(each), each.code)]
