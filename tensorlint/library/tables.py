"""Looking up what a library call does."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from tensorlint.library import installed
from tensorlint.library.own import own_rows, words_in
from tensorlint.library.row import Row
from tensorlint.library.schema import TableError, names_of, properties_of, row_of
from tensorlint.settings import RowTable
from tensorlint.versions import NEWEST, Targets, within

__all__ = ["Library", "Row", "TableError", "installed_names_in", "library", "problems"]

_FOLDER = Path(__file__).parent
_GENERATED = "_generated"
_SAVES = "_saves"


class _Table(NamedTuple):
    """One library's tables, read but not yet turned into rows."""

    rows: dict[str, dict[str, Any]]
    of_versions: dict[str, list[dict[str, Any]]]
    """Rows that are restricted to versions of torch or NumPy; where one of them holds it goes before ``rows``."""
    patterns: list[tuple[re.Pattern[str], dict[str, Any]]]
    aliases: dict[str, str]
    prefixes: list[tuple[str, str]]
    """Aliases of whole prefixes, the longest first."""


class Library:
    """All tables, each read when a name of its library is first looked up.

    A library's rows stand in ``<library>.toml``, and those made by a program in ``<library>_generated.toml``; where
    both have a name, the former holds. What their calls save for the backward stands in ``<library>_saves.toml``.
    Other packages add tables of other libraries (``installed.py``).
    """

    def __init__(self, texts: Mapping[str, str] | None = None, targets: Targets = NEWEST) -> None:
        """
        :param texts: file name -> TOML, instead of the files of this package
        :param targets: the versions of torch and NumPy whose rows are wanted
        """
        self.targets = targets
        self.own: Mapping[str, Row] = {}
        """Rows of the linted project, by their names."""
        self._texts = texts
        self._tables: dict[str, _Table | None] = {}
        self._found: dict[str, Row | None] = {}

    def at(self, targets: Targets, own: Mapping[str, Row] | None = None) -> Library:
        """The same tables as they are for other versions; what was read is shared.

        :param own: rows of the linted project, which go before those of the tables
        """
        other = Library(self._texts, targets)
        other._tables = self._tables
        other.own = own or {}
        return other

    def row(self, name: str) -> Row | None:
        """The row of a fully qualified name, or None where the tables have none. Aliases are followed.

        :raises TableError: if the library's table file is not formed as it must be
        """
        if name in self.own:
            return self.own[name]
        if name not in self._found:
            self._found[name] = self._find(name, 3)
        return self._found[name]

    def names(self, package: str) -> Iterator[str]:
        """The names of a library's rows, without patterns and aliases."""
        table = self._table(package)
        if table is not None:
            yield from table.rows
            yield from (name for name in table.of_versions if name not in table.rows and self._own(table, name))

    def packages(self) -> list[str]:
        """The libraries that there are tables for."""
        if self._texts is not None:
            found = [name[: -len(".toml")] for name in self._texts]
        else:
            found = [path.stem for path in _FOLDER.glob("*.toml")]
        return sorted({name.removesuffix(_GENERATED).removesuffix(_SAVES) for name in found})

    def _find(self, name: str, aliases_left: int) -> Row | None:
        table = self._table(name.partition(".")[0])
        if table is None:
            return None
        if (fields := self._own(table, name)) is not None:
            return row_of(name, fields)
        other = table.aliases.get(name)
        if other is None:
            for prefix, instead in table.prefixes:
                if name.startswith(prefix):
                    other = instead + name[len(prefix) :]
                    break
        if other is not None and aliases_left and (row := self._find(other, aliases_left - 1)) is not None:
            return row
        for pattern, fields in table.patterns:
            if pattern.fullmatch(name):
                return row_of(name, fields)
        return None

    def _own(self, table: _Table, name: str) -> dict[str, Any] | None:
        """The fields of the row of exactly this name that holds for the targets."""
        for fields in table.of_versions.get(name, ()):
            torch, numpy = fields.get("torch", ""), fields.get("numpy", "")
            if within(self.targets.torch, torch) and within(self.targets.numpy, numpy):
                return fields
        return table.rows.get(name)

    def _table(self, package: str) -> _Table | None:
        if package not in self._tables:
            self._tables[package] = self._read(package) or self._added(package)
        return self._tables[package]

    def _read(self, package: str) -> _Table | None:
        table = _Table({}, {}, [], {}, [])
        seen = False
        for file in (f"{package}{_GENERATED}.toml", f"{package}.toml"):
            text = self._text(file)
            if text is not None:
                seen = True
                _add(table, file, package, text)
        text = self._text(f"{package}{_SAVES}.toml")
        if text is not None:
            _add_saves(table, f"{package}{_SAVES}.toml", text)
        table.prefixes.sort(key=lambda pair: -len(pair[0]))
        return table if seen else None

    def _added(self, package: str) -> _Table | None:
        """The table of another package; what is wrong with one is said by :func:`problems`, and it is not used."""
        text = installed.tables().texts.get(package) if self._texts is None else None
        if text is None:
            return None
        table = _Table({}, {}, [], {}, [])
        try:
            _add(table, f"{package}.toml", package, text)
        except TableError:
            return None
        table.prefixes.sort(key=lambda pair: -len(pair[0]))
        return table

    def _text(self, file: str) -> str | None:
        if self._texts is not None:
            return self._texts.get(file)
        path = _FOLDER / file
        return path.read_text("utf-8") if file.removesuffix(".toml").isidentifier() and path.is_file() else None


@lru_cache(maxsize=1)
def _shipped() -> Library:
    return Library()


@lru_cache(maxsize=64)
def library(targets: Targets = NEWEST, own: tuple[RowTable, ...] = ()) -> Library:
    """The tables of this package for some versions of torch and NumPy; they are read once a process.

    :param own: the rows of the linted project, as its settings have them
    :raises TableError: if these are not formed as they must be
    """
    return _shipped() if (targets, own) == (NEWEST, ()) else _shipped().at(targets, own_rows(own, targets))


def installed_names_in(text: str) -> set[str]:
    """The words by which a file may call what the tables of other packages are about."""
    found: set[str] = set()
    for package in installed.tables().texts:
        if package in text:
            found |= words_in(text, _shipped().names(package))
    return found


def problems() -> list[str]:
    """What other packages' tables are not used, and why: a sentence each, on one line."""
    found = list(installed.tables().problems)
    for package, text in installed.tables().texts.items():
        try:
            _add(_Table({}, {}, [], {}, []), f"{package}.toml", package, text)
        except TableError as error:
            by = installed.tables().origins[package]
            found.append(f"the table {package!r} of {by} is not used: {' '.join(str(error).split())}")
    return found


def _add(table: _Table, file: str, package: str, text: str) -> None:
    """Add a file's rows and aliases to a table.

    :raises TableError: on invalid TOML, unknown keys or values, a name twice, a name of another library
    """
    content = _parsed(file, text)
    if unknown := content.keys() - {"library", "version", "source", "aliases", "rows", "amendments"}:
        raise TableError(f"{file}: unknown key {sorted(unknown)[0]!r}")
    if content.get("library") != package:
        raise TableError(f"{file}: library = {content.get('library')!r} (it must be {package!r})")
    source = content.get("source", "")
    mine: set[str] = set()
    restricted: set[tuple[str, str, str]] = set()
    for number, rows in enumerate(content.get("rows", ()), 1):
        names = names_of(file, number, rows)
        fields = properties_of(file, names[0], rows, source)
        versions = (fields.get("torch", ""), fields.get("numpy", ""))
        for name in names:
            if name in mine if versions == ("", "") else (name, *versions) in restricted:
                raise TableError(f"{file}: row {name} stands there twice")
            if not name.startswith(f"{package}."):
                raise TableError(f"{file}: row {name} is not of {package}")
            if versions != ("", ""):
                if "*" in name or "[" in name:
                    raise TableError(f"{file}: row {name}: a row for many names is for all versions")
                restricted.add((name, *versions))
                table.of_versions.setdefault(name, []).append(fields)
                continue
            mine.add(name)
            if "*" in name or "[" in name:
                table.patterns.append((_pattern(name), fields))
            else:
                table.rows[name] = fields
    _amend(table, file, content.get("amendments", ()))
    for name, instead in content.get("aliases", {}).items():
        if name in mine:
            raise TableError(f"{file}: {name} is a row and an alias")
        if not isinstance(instead, str) or name.endswith(".") != instead.endswith("."):
            raise TableError(f"{file}: alias {name} = {instead!r} must be a name for a name, or a prefix for a prefix")
        if name.endswith("."):
            table.prefixes.append((name, instead))
        else:
            table.aliases[name] = instead


def _amend(table: _Table, file: str, amendments: Sequence[Mapping[str, Any]]) -> None:
    """Add properties to rows that are there already.

    :raises TableError: if one of them is not
    """
    for number, amendment in enumerate(amendments, 1):
        names = names_of(file, number, amendment)
        fields = properties_of(file, names[0], amendment, "")
        del fields["source"]
        for name in names:
            if name not in table.rows and name not in table.of_versions:
                raise TableError(f"{file}: an amendment to {name}, which has no row")
            if name in table.rows:
                table.rows[name] = {**table.rows[name], **fields}
            if name in table.of_versions:
                table.of_versions[name] = [{**one, **fields} for one in table.of_versions[name]]


def _add_saves(table: _Table, file: str, text: str) -> None:
    """Add what calls save to the rows that they have.

    :raises TableError: on invalid TOML, a row that says more than ``saves``, a name that has no row
    """
    for number, rows in enumerate(_parsed(file, text).get("rows", ()), 1):
        names = names_of(file, number, rows)
        fields = properties_of(file, names[0], rows, "")
        if fields.keys() != {"source", "saves"}:
            raise TableError(f"{file}: row {names[0]} must say saves, and nothing else")
        for name in names:
            if name not in table.rows:
                raise TableError(f"{file}: row {name} is in no other table")
            table.rows[name] = {**table.rows[name], "saves": fields["saves"]}


def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(name.replace(".", r"\.").replace("*", "[^.]*"))


def _parsed(file: str, text: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TableError(f"{file}: {error}") from None
