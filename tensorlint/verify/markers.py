"""Markers: which findings a fixture's lines must get, written at the end of the line.

``# TSL101: 12 certain, TSL102: 12 likely`` asks for two findings at column 12 (from 1, in code points).
"""

from __future__ import annotations

import io
import re
import tokenize
from dataclasses import dataclass

from tensorlint.extensions import CODE, OWN

__all__ = ["Marker", "comments", "markers"]

_ONE = rf"({CODE.pattern}): (\d+) (certain|likely|possible)"
_MARKER = re.compile(rf"#\s*({_ONE}(?:,\s*{_ONE})*)\s*$")
_MEANT = re.compile(rf"#\s*(?:{OWN}\d{{3}}\b|{CODE.pattern}:)")


@dataclass(frozen=True, slots=True, order=True)
class Marker:
    """One finding that is asked for (or that was got: the two are compared)."""

    line: int
    column: int
    code: str
    confidence: str

    def __str__(self) -> str:
        return f"{self.code} at {self.line}:{self.column} {self.confidence}"


def comments(text: str) -> dict[int, str]:
    """The comments of a Python file by line, from 1.

    :raises SyntaxError, tokenize.TokenError: if the text is not Python
    """
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}


def markers(text: str, path: str = "fixture") -> tuple[Marker, ...]:
    """The markers of a fixture's text.

    :param path: its file, for the error
    :raises ValueError: where a comment looks like a marker and is none
    """
    found: list[Marker] = []
    for line, comment in comments(text).items():
        match = _MARKER.search(comment)
        if match is None:
            if _MEANT.search(comment):
                raise ValueError(f"{path}:{line}: {comment!r} is no marker; write '# TSL101: <column> <confidence>'")
            continue
        found += [Marker(line, int(column), code, word) for code, column, word in re.findall(_ONE, match[1])]
    return tuple(sorted(found))
