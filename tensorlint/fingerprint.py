"""What a finding is recognised by when the file around it has changed.

A fingerprint is made of the rule's code, the file's path, the statement that the finding lies in, and a number that
tells equal ones apart. It does not change when lines are moved, indented or wrapped in another way, when comments come
or go, or when tensorlint words its message differently; nor does it depend on the Python that runs.
"""

from __future__ import annotations

import hashlib
import io
import re
import tokenize
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from tensorlint.finding import Finding

__all__ = ["fingerprints", "statements"]

_LAYOUT = re.compile(r"[\s\\]+")
_TRAILING_COMMA = re.compile(r",(?=[)\]}])")
_FREE = str.maketrans("'", '"', "()")
"""Formatters choose the quotes, and put parentheses around what they wrap."""

_SKIPPED = (tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)


def fingerprints(
    findings: Iterable[Finding],
    lines: Sequence[str],
    path: str,
    number: Callable[[Finding], int] = lambda finding: finding.line,
) -> dict[Finding, str]:
    """The fingerprints of findings in one file: 32 hexadecimal digits each, no two alike.

    :param findings: all that were found in the file, in any order: equal ones are numbered by their places
    :param lines: the program's lines without their ends; empty where they cannot be read
    :param path: how the file is called whatever the working folder is, with ``/``
    :param number: the line of the program that a finding is on; in a notebook it is not the cell's
    """
    found = dict.fromkeys(sorted(findings, key=lambda each: each.sort_key))
    numbers = {each: number(each) for each in found}
    texts = statements(lines, set(numbers.values()))
    seen: Counter[tuple[str, str]] = Counter()
    result = {}
    for each in found:
        key = (each.code, texts[numbers[each]])
        seen[key] += 1
        result[each] = _digest(*key, path, str(seen[key]))
    return result


def statements(lines: Sequence[str], wanted: Iterable[int]) -> dict[int, str]:
    """The statements (of a compound one, the header) that hold the lines ``wanted`` (from 1), without their layout.

    In a file that cannot be read as Python, a line stands for itself. What lies beyond the last line is empty.
    """
    logical = _logical(lines)
    return {
        number: _normalised(logical.get(number, lines[number - 1] if 1 <= number <= len(lines) else ""))
        for number in wanted
    }


def _logical(lines: Sequence[str]) -> dict[int, str]:
    """Each line of a statement, and the whole statement without comments."""
    found: dict[int, str] = {}
    first, comments = 0, []
    try:
        for token in tokenize.generate_tokens(io.StringIO("\n".join(lines)).readline):
            if token.type == tokenize.COMMENT and first:
                comments.append(token.start)
            elif token.type == tokenize.NEWLINE and first:
                text = _text(lines, first, token.start[0], comments)
                found.update(dict.fromkeys(range(first, token.start[0] + 1), text))
                first, comments = 0, []
            elif token.type not in _SKIPPED and not first:
                first = token.start[0]
    except (tokenize.TokenError, SyntaxError):
        return {}
    return found


def _text(lines: Sequence[str], first: int, last: int, comments: list[tuple[int, int]]) -> str:
    """Lines without the comments at their ends; cut from the lines, as tokens of f-strings differ between Pythons."""
    ends = dict(comments)
    return "\n".join(lines[number - 1][: ends.get(number)] for number in range(first, last + 1))


def _normalised(text: str) -> str:
    return _TRAILING_COMMA.sub("", _LAYOUT.sub("", text)).translate(_FREE)


def _digest(*parts: str) -> str:
    data = "\0".join(parts).encode("utf-8", "surrogatepass")  # a path can hold what is no text
    return hashlib.sha256(data).hexdigest()[:32]
