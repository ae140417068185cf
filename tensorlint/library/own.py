"""The project's own rows: what its functions do, said in its settings in the form of the tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from tensorlint.library.row import Row
from tensorlint.library.schema import TableError, names_of, properties_of, row_of
from tensorlint.settings import RowTable
from tensorlint.versions import Targets, within

__all__ = ["check_own_rows", "names_in", "own_rows", "words_in"]


def own_rows(tables: Iterable[RowTable], targets: Targets, file: str = "settings") -> dict[str, Row]:
    """The rows that hold for some versions, by their names; one that is restricted to versions goes before others.

    :param file: where the tables stand, for messages
    :raises TableError: if one of them is not formed as it must be; the message names the row
    """
    found: dict[str, Row] = {}
    seen: set[tuple[str, str, str]] = set()
    for number, table in enumerate(tables, 1):
        written = _as_written(table)
        names = names_of(file, number, written)
        fields = properties_of(file, names[0], written, "the settings")
        torch, numpy = fields.get("torch", ""), fields.get("numpy", "")
        holds = within(targets.torch, torch) and within(targets.numpy, numpy)
        for name in names:
            if not all(part.isidentifier() for part in name.split(".")) or "." not in name:
                raise TableError(f"{file}: row {name}: the name must be that of a module and what is in it, with dots")
            if (name, torch, numpy) in seen:
                raise TableError(f"{file}: row {name} stands there twice")
            seen.add((name, torch, numpy))
            if holds and (torch or numpy or name not in found):
                found[name] = row_of(name, fields)
    return found


def names_in(text: str, tables: tuple[RowTable, ...]) -> set[str]:
    """The words by which a file may call what the tables are about: last parts of names, and what they are imported as.

    The tables are formed as they must be.
    """
    return words_in(text, _names(tables))


def words_in(text: str, names: Iterable[str]) -> set[str]:
    """The words by which a file may call what has one of some full names."""
    found = {last for last in {name.rpartition(".")[2] for name in names} if last in text}
    return found | {alias for name in found for alias in re.findall(rf"\b{name}\s+as\s+(\w+)", text)}


@lru_cache(maxsize=64)
def _names(tables: tuple[RowTable, ...]) -> frozenset[str]:
    return frozenset(name for table in tables for name in names_of("settings", 1, _as_written(table)))


def check_own_rows(tables: Iterable[RowTable], file: str) -> None:
    """See that the tables are formed as they must be.

    :raises TableError: if one is not
    """
    own_rows(tables, Targets(), file)


def _as_written(table: RowTable) -> Mapping[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in table}
