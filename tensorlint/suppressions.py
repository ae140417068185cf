"""``# noqa`` comments, with flake8's meaning: what flake8 would not report, tensorlint does not report.

Observed with flake8 5.0 to 7.5: the words are looked for in the whole physical line (a string counts too); codes are
prefixes and, unlike ``noqa`` itself, written in capitals; ``# noqa:`` with what is no code means all codes; and
``# flake8: noqa`` at the start of a line, with or without codes after it, means the whole file.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterable

from tensorlint.finding import Finding
from tensorlint.source import Source

__all__ = ["Suppressions", "unsuppressed"]

_INLINE = re.compile(r"# noqa(?::[\s]?(?P<codes>([A-Z]+[0-9]+(?:[,\s]+)?)+))?", re.IGNORECASE)
_FILE = re.compile(r"\s*# flake8[:=]\s*noqa", re.IGNORECASE)
_SEPARATOR = re.compile(r"[,\s]")

UNSUPPRESSIBLE = "TSL900"
"""A file that could not be linted is never silent."""


class Suppressions:
    """The suppressions of one file."""

    def __init__(self, source: Source) -> None:
        self._lines = source.lines
        self._mentioned = "noqa" in source.text.lower()
        self._joined: dict[int, str] | None = None
        self.whole_file = self._mentioned and any(_FILE.match(line) for line in source.lines)

    def covers(self, line: int, code: str) -> bool:
        """Whether ``code``, reported on ``line`` (from 1), is suppressed."""
        if code == UNSUPPRESSIBLE or not self._mentioned:
            return False
        if self.whole_file:
            return True
        match = _INLINE.search(self._logical(line))
        if match is None:
            return False
        codes = [each for each in _SEPARATOR.split(match["codes"] or "") if each]
        return not codes or code.startswith(tuple(codes))

    def _logical(self, line: int) -> str:
        """The line with those that a backslash or a string of several lines joins to it."""
        if self._joined is None:
            self._joined = _join(self._lines)
        return self._joined.get(line, self._lines[line - 1] if line <= len(self._lines) else "")


def _join(lines: list[str]) -> dict[int, str]:
    """Each line that is joined to others, and all of them as one text."""
    joined: dict[int, str] = {}
    first, last = len(lines) + 1, 0
    try:
        for token in tokenize.generate_tokens(io.StringIO("\n".join(lines)).readline):
            if token.type in (tokenize.ENDMARKER, tokenize.DEDENT):
                continue
            first, last = min(first, token.start[0]), max(last, token.end[0])
            if token.type in (tokenize.NL, tokenize.NEWLINE):
                if last > first:
                    text = "\n".join(lines[first - 1 : last])
                    joined.update(dict.fromkeys(range(first, last + 1), text))
                first, last = len(lines) + 1, 0
    except (tokenize.TokenError, SyntaxError):
        return {}  # as flake8: every line by itself
    return joined


def unsuppressed(findings: Iterable[Finding], source: Source) -> list[Finding]:
    """The findings of a file that no comment suppresses."""
    findings = list(findings)
    if not findings:
        return findings
    suppressions = Suppressions(source)
    return [each for each in findings if not suppressions.covers(each.line, each.code)]
