"""From a table of settings to :class:`Settings`, with errors that name the file, the key and what it takes."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from tensorlint.settings.keys import KEYS, Origin
from tensorlint.settings.kinds import CODES, CODES_BY_PATTERN, shown
from tensorlint.settings.model import Given, Selection, Settings, SettingsError

__all__ = ["check_codes", "laid_over", "parse"]

_SELECTORS = ("select", "extend-select", "ignore")
_FIXES = ("extend-safe-fixes", "extend-unsafe-fixes")


def parse(table: Mapping[str, Any], file: str, name: str = "tool.tensorlint") -> Settings:
    """The settings in the table of a TOML file.

    :param file: the path of the file: what it says is relative to its folder, errors name it
    :param name: how the table is called; empty: the keys stand at the top of the file
    :raises SettingsError: on an unknown key or a value that the key does not take
    """
    origin = Origin(file, os.path.dirname(os.path.abspath(file)), name)
    return replace(laid_over(Settings(), table, origin), file=file)


def laid_over(settings: Settings, table: Mapping[str, Any], origin: Origin) -> Settings:
    """``settings`` with a table laid over them. An empty table changes nothing.

    :raises SettingsError: on an unknown key or a value that the key does not take
    """
    for unknown in (name for name in table if name not in KEYS):
        raise SettingsError(f"{origin.name}: {_unknown(unknown, origin)}")
    if not table:
        return settings
    _check_conflicts(table, origin)
    if any(key in table for key in _SELECTORS):
        settings = replace(settings, selections=(*settings.selections, Selection()))
    for name, key in KEYS.items():  # in the order of the keys: what extends comes after what it extends
        if name not in table:
            continue
        where = f"{origin.name}: {name!r}{_in(origin)}"
        try:
            value = key.kind.read(table[name])
        except TypeError:
            raise SettingsError(f"{where} takes {key.kind.takes}, not {shown(table[name])}") from None
        except ValueError as error:
            raise SettingsError(f"{where} {error}") from None
        settings = key.lay(settings, value, origin)
        settings = replace(settings, given=(*settings.given, Given(name, origin.name, value)))
    return settings


def _in(origin: Origin) -> str:
    return f" in [{origin.table}]" if origin.table else ""


def _unknown(key: str, origin: Origin) -> str:
    """What is said of a key that there is not."""
    complaint = f"unknown key {shown(key)}{_in(origin)}"
    if key == "tool" and not origin.table:
        return f"{complaint} (in a file of tensorlint's own the keys stand at the top, without [tool.tensorlint])"
    return f"{complaint} ({_meant(key.replace('_', '-').lower(), KEYS)}known keys: {', '.join(KEYS)})"


def _meant(word: str, known: Collection[str]) -> str:
    """The known word that is most like another one, as a question."""
    from difflib import get_close_matches

    near = get_close_matches(word, known, 1)
    return f"did you mean {near[0]!r}? " if near else ""


def _check_conflicts(table: Mapping[str, Any], origin: Origin) -> None:
    safe, unsafe = (table.get(key) for key in _FIXES)
    if isinstance(safe, list) and isinstance(unsafe, list):
        for code in safe:
            if code in unsafe:
                raise SettingsError(
                    f"{origin.name}: {shown(code)} stands in {_FIXES[0]!r} and in {_FIXES[1]!r}{_in(origin)}"
                )


def check_codes(settings: Settings, known: Collection[str]) -> None:
    """See that every selector is a known code or begins one.

    :raises SettingsError: naming the first that does not, where it was given, and the known codes
    """
    for key, origin, value in settings.given:
        for selector in _selectors(key, value):
            if not selector or not any(code.startswith(selector) for code in known):
                raise SettingsError(
                    f"{origin}: {key!r} has an unknown rule code {shown(selector)} "
                    f"({_meant(selector.upper(), known)}known codes: {', '.join(sorted(known))})"
                )


def _selectors(key: str, value: Any) -> Iterator[str]:
    """The selectors in the value of a key."""
    kind = KEYS[key].kind
    if kind is CODES:
        yield from value
    elif kind is CODES_BY_PATTERN:
        yield from (code for _, codes in value for code in codes)
