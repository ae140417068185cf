"""Table files: the form they have, and errors that name file and row where they do not have it.

A file is TOML::

    library = "torch"                  # the first part of every name in it
    source = "run: torch 2.13.0"       # for every row that does not say its own

    [aliases]                          # another name = the row's name; with a dot at the end, whole prefixes
    "torch.absolute" = "torch.abs"
    "torch.special." = "torch."

    [[rows]]
    prefix = ["torch.", "torch.Tensor."]     # optional: one prefix or several
    names = '''argmax argmin'''        # separated by blanks; every property below holds for each
    returns = "tensor"
    grad = "no"

A table ``[[amendments]]`` of the same form adds properties to rows that stand elsewhere, in this file or in the
generated one of its library, and replaces those of the same key.

``torch = ">=2.3"`` and ``numpy = "<2"`` restrict a row to versions; a name may have one row for every version, and
others that are restricted, which go before it where they hold.

A name may hold ``*`` and ``[A-Z]`` within one of its parts (``sklearn.*.[A-Z]*.fit``); exact names go before such
patterns, and patterns before one another in the order of the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from tensorlint.library.row import CONDITIONS, DEFAULTS, DEVICES, DTYPES, GRADS, HOWS, READ_ONLY, RETURNS, STRIDES, Row
from tensorlint.versions import is_range

__all__ = ["KNOWN", "TableError", "names_of", "properties_of", "row_of"]

_WORDS: dict[str, frozenset[str]] = {
    "returns": RETURNS,
    "grad": GRADS,
    "device": DEVICES,
    "dtype": DTYPES,
    "default": DEFAULTS,
    "how": HOWS,
    "negative_stride": STRIDES,
    "read_only": READ_ONLY,
}
_LISTS: dict[str, Callable[[str], bool]] = {
    "items": lambda word: word in RETURNS or "." in word,
    "item_grad": lambda word: word in {"inputs", "no"},
    "same_dtype": lambda word: word.isdigit() or word.isidentifier(),
    "writes": lambda word: word.isdigit() or word.isidentifier(),
    "parameters_if": lambda word: word.isdigit() or word.isidentifier(),
    "parameters_unless": lambda word: word.isdigit() or word.isidentifier(),
    "containers": lambda word: word in {"list", "dict"},
    "saves": lambda word: re.fullmatch(r"(self|parameters|\d):(self|parameters|result\d?|\d)", word) is not None,
    "converts": lambda word: word.isdigit() or word.isidentifier() or word in {"*", "**"},
}
_TEXTS = frozenset({"dtype_at", "type", "note", "source"})
_TRUTHS = frozenset({"parameters", "attribute", "reduces", "wraps"})
_RANGES = frozenset({"torch", "numpy"})
_HEADER = frozenset({"prefix", "names"})
KNOWN = frozenset({*_WORDS, *_LISTS, *_TEXTS, *_TRUTHS, *_RANGES, "shares"})


class TableError(ValueError):
    """A table is not formed as it must be; the message names the file and the row."""


def names_of(file: str, number: int, table: Mapping[str, Any]) -> list[str]:
    """The full names that the ``number``-th ``[[rows]]`` table of a file is about.

    :raises TableError: if it has none, or they are not text
    """
    names, prefix = table.get("names"), table.get("prefix", "")
    if not isinstance(names, str) or not names.split():
        raise TableError(f"{file}: rows table {number} has no names")
    prefixes = [prefix] if isinstance(prefix, str) else prefix
    if not isinstance(prefixes, list) or not all(isinstance(one, str) for one in prefixes):
        raise TableError(f"{file}: prefix of rows table {number} ({names.split()[0]}) must be text or a list of texts")
    return [one + name for one in prefixes for name in names.split()]


def properties_of(file: str, row: str, table: Mapping[str, Any], source: str) -> dict[str, Any]:
    """The fields of a Row that a ``[[rows]]`` table gives.

    :param row: the first of the table's names, for messages
    :raises TableError: on an unknown key or a value that the key cannot have
    """
    where = f"{file}: row {row}"
    fields: dict[str, Any] = {"source": source}
    for key, value in table.items():
        if key in _HEADER:
            continue
        if key not in KNOWN:
            raise TableError(f"{where}: unknown key {key!r} (known: {', '.join(sorted(KNOWN | _HEADER))})")
        fields[key] = _checked(where, key, value)
    if fields.get("items") and fields.get("returns") not in {"tuple", "tensor_or_pair"}:
        raise TableError(f"{where}: items without returns = 'tuple' or 'tensor_or_pair'")
    if fields.get("item_grad") and len(fields["item_grad"]) != len(fields.get("items", ())):
        raise TableError(f"{where}: item_grad must have one entry for each of items")
    if fields.get("returns") == "tuple" and "items" not in fields:
        raise TableError(f"{where}: returns = 'tuple' needs items")
    if fields.get("shares") == "view":
        fields.setdefault("negative_stride", "keep")
    return fields


def _checked(where: str, key: str, value: object) -> object:
    """The value in the type that Row has for the key."""
    if key in _WORDS:
        if value not in _WORDS[key]:
            raise TableError(f"{where}: {key} = {value!r} (known: {', '.join(sorted(_WORDS[key]))})")
    elif key in _LISTS:
        if not isinstance(value, list) or not all(isinstance(word, str) and _LISTS[key](word) for word in value):
            raise TableError(f"{where}: {key} = {value!r} is not a list of words that it can have")
        return tuple(value)
    elif key in _TRUTHS:
        if not isinstance(value, bool):
            raise TableError(f"{where}: {key} = {value!r} is neither true nor false")
    elif not isinstance(value, str):
        raise TableError(f"{where}: {key} = {value!r} is not text")
    elif key in _RANGES and not is_range(value):
        raise TableError(f"{where}: {key} = {value!r} is no range of versions as '>=2.3' or '>=1.13, <2.2'")
    elif key == "shares" and value not in ("", "view") and not CONDITIONS.issuperset(value.split(" or ")):
        known = ", ".join(sorted(CONDITIONS))
        raise TableError(f"{where}: shares = {value!r} (known: view, {known}; several joined by ' or ')")
    return value


def row_of(name: str, fields: Mapping[str, Any]) -> Row:
    """The row, where a class that stands for itself gets its own name as ``type``."""
    row = Row(name=name, **fields)
    if row.returns == "object" and not row.type:
        return Row(name=name, **{**fields, "type": name})
    return row
