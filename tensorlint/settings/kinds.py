"""The kinds of values that keys take: how each is read, and how a JSON schema describes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tensorlint.settings.model import RowTable
from tensorlint.versions import is_version

__all__ = ["CODES", "CODES_BY_PATTERN", "FILE", "FOLDER", "PATTERNS", "ROWS", "VERSION", "Kind", "choice", "shown"]

_MOST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Kind:
    """What a key takes."""

    takes: str
    """As it stands in an error: ``takes ...``."""
    read: Callable[[object], Any]
    """The value as it is kept. TypeError if it is of another kind, ValueError (which says what) if it is a bad one."""
    schema: Mapping[str, Any]
    """As a JSON schema describes it."""


def shown(value: object) -> str:
    """A value in an error: on one line, and not without end."""
    text = repr(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."


def choice(words: tuple[str, ...]) -> Kind:
    """One of a few words."""

    def read(value: object) -> str:
        if isinstance(value, str) and value in words:
            return value
        raise TypeError

    return Kind("one of " + ", ".join(f'"{word}"' for word in words), read, {"enum": list(words)})


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    if "\0" in value:
        raise ValueError("holds a NUL character")
    return value


def _folder(value: object) -> str:
    if not _text(value):
        raise ValueError("names no folder")
    return _text(value)


def _version(value: object) -> str:
    if isinstance(value, str) and (value == "newest" or is_version(value)):
        return value
    raise TypeError


def _strings(value: object) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise TypeError


def _patterns(value: object) -> tuple[str, ...]:
    found = _strings(value)
    for pattern in found:
        check_pattern(pattern)
    return found


def check_pattern(pattern: str) -> None:
    """See that a pattern can match something.

    :raises ValueError: if it cannot
    """
    from pathspec import GitIgnoreSpec

    try:
        (made,) = GitIgnoreSpec.from_lines([pattern]).patterns
    except Exception:  # pathspec has several, and lets some of `re` through
        made = None
    if made is None or made.include is None:
        raise ValueError(f"has a pattern that can match nothing: {shown(pattern)}")


def _codes_by_pattern(value: object) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(value, dict):
        raise TypeError
    for pattern in value:
        check_pattern(pattern.removeprefix("!"))
    return tuple((pattern, _strings(codes)) for pattern, codes in value.items())


def _rows(value: object) -> tuple[RowTable, ...]:
    if not isinstance(value, list) or not all(isinstance(table, dict) for table in value):
        raise TypeError
    return tuple(tuple((key, _property(key, item)) for key, item in table.items()) for table in value)


def _property(key: str, value: object) -> str | bool | tuple[str, ...]:
    """What a key of a row can hold at all; the tables' own schema says what each of them can."""
    if isinstance(value, (str, bool)):
        return value
    try:
        return _strings(value)
    except TypeError:
        raise ValueError(f"has {key} = {shown(value)}: that is neither text, a list of texts, true nor false") from None


_SELECTOR = {"type": "string", "pattern": "^[A-Z]{1,3}[0-9]{0,3}$"}
_CODES_SCHEMA = {"type": "array", "items": _SELECTOR}

CODES = Kind("a list of codes or beginnings of codes, as strings", _strings, _CODES_SCHEMA)
PATTERNS = Kind("a list of patterns, as strings", _patterns, {"type": "array", "items": {"type": "string"}})
CODES_BY_PATTERN = Kind(
    "a table of patterns, each with a list of codes",
    _codes_by_pattern,
    {"type": "object", "additionalProperties": _CODES_SCHEMA},
)
FILE = Kind("the path of a file, as a string", _text, {"type": "string"})
FOLDER = Kind("the path of a folder, as a string", _folder, {"type": "string", "minLength": 1})
VERSION = Kind(
    'a version such as "2.1", or "newest"', _version, {"type": "string", "pattern": r"^(newest|\d+(\.\d+)*)$"}
)
ROWS = Kind(
    "an array of tables",
    _rows,
    {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["names"],
            "properties": {
                "names": {"type": "string", "description": "Full names, separated by blanks."},
                "prefix": {"type": ["string", "array"], "description": "What stands before each name."},
            },
            "additionalProperties": {"type": ["string", "boolean", "array"]},
        },
    },
)
