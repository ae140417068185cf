"""Which settings hold for which file: those of the nearest settings file, with the command line over them.

The nearest file is looked for in the linted file's folder, then in the one above, and so on. In one folder a
``.tensorlint.toml`` counts before a ``tensorlint.toml``, and that before a ``pyproject.toml``, which counts only if it
has a ``[tool.tensorlint]`` table. Files are never mixed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tensorlint.settings import BASELINE, Origin, Settings, SettingsError, laid_over, parse

__all__ = ["FILES", "Configuration", "Overrides", "nearest", "pair", "read"]

PYPROJECT = "pyproject.toml"
FILES = (".tensorlint.toml", "tensorlint.toml", PYPROJECT)
"""The names of settings files, the one that counts first at first."""

_TABLE = "tool.tensorlint"


@dataclass(frozen=True, slots=True)
class Overrides:
    """What is laid over any file: tables of settings, each with the name of what gave it, the last on top."""

    tables: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    base: str = ""
    """The folder that paths and patterns in them are relative to; empty: the working folder."""

    def applied(self, settings: Settings) -> Settings:
        """``settings`` with the tables laid over them.

        :raises SettingsError: if one of them cannot be used
        """
        for name, table in self.tables:
            settings = laid_over(settings, table, Origin(name, self.base or os.getcwd()))
        return settings


@dataclass(slots=True)
class Configuration:
    """The settings of every folder, read once each.

    :param file: a TOML file to use instead of the nearest one (``--config``)
    :param isolated: use no file at all (``--isolated``)
    :param check: called with the settings of every file that is read and of the command line; raises SettingsError
    """

    overrides: Overrides = field(default_factory=Overrides)
    file: str | None = None
    isolated: bool = False
    check: Callable[[Settings], None] = lambda settings: None
    _known: dict[str, Settings] = field(default_factory=dict)

    def settings(self, folder: str | os.PathLike[str]) -> Settings:
        """The settings that hold for the files of ``folder``.

        :raises SettingsError: if the file that says so cannot be read or used
        """
        folder = os.path.abspath(folder)
        if folder not in self._known:
            self._known[folder] = self._find(folder)
        return self._known[folder]

    def _find(self, folder: str) -> Settings:
        if self.isolated:
            return self._once(Settings(target_torch="newest", target_numpy="newest"))
        if self.file is not None:
            return self._once(None)
        for name in FILES:
            file = os.path.join(folder, name)
            # A link to nowhere was meant to be read, too.
            if (os.path.isfile(file) or os.path.islink(file)) and (found := read(file)) is not None:
                return self._finished(_with_baseline(found, folder))
        above = os.path.dirname(folder)
        settings = self._finished(Settings()) if above == folder else self.settings(above)
        return settings if settings.file is not None else _with_baseline(settings, folder)

    def _once(self, settings: Settings | None) -> Settings:
        """The settings of every folder where they are the same; None: those of the file that was named."""
        if "" not in self._known:
            if settings is None:
                assert self.file is not None
                folder = os.path.dirname(os.path.abspath(self.file))
                settings = _with_baseline(read(self.file, required=True) or Settings(), folder)
            self._known[""] = self._finished(settings)
        return self._known[""]

    def _finished(self, settings: Settings) -> Settings:
        settings = self.overrides.applied(settings)
        self.check(settings)
        return settings


def _with_baseline(settings: Settings, folder: str) -> Settings:
    """The settings with the baseline that lies in a folder, where they do not say another."""
    file = os.path.join(folder, BASELINE)
    if any(each.key == "baseline" for each in settings.given) or not os.path.isfile(file):
        return settings
    return replace(settings, baseline=file)


def nearest(path: str | os.PathLike[str]) -> Settings:
    """The settings of the file ``path`` where there is no command line (an editor, a flake8 run).

    :raises SettingsError: as :meth:`Configuration.settings`
    """
    return Configuration().settings(Path(os.path.abspath(path)).parent)


def read(file: str, required: bool = False) -> Settings | None:
    """The settings in a TOML file; None where it is a ``pyproject.toml`` without a ``[tool.tensorlint]`` table.

    :param required: the file was asked for by name: it must be there, and be TOML
    :raises SettingsError: if it cannot be read, is not TOML, or says something that is not known
    """
    try:
        data = Path(file).read_bytes()
    except (OSError, ValueError) as error:
        raise SettingsError(f"{file}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    shared = os.path.basename(file) == PYPROJECT
    if shared and not required and b"tensorlint" not in data:
        return None  # spares the import of a TOML parser, and a template that is no TOML harms nobody
    document = _parsed(data, file)
    table = _tool_table(document, file)
    if table is not None and os.path.basename(file) not in FILES[:-1]:
        return parse(table, file, _TABLE)
    return None if shared else parse(document, file, "")


def pair(text: str) -> Mapping[str, Any]:
    """What ``KEY = VALUE`` of the command line says, as TOML; a value that is no TOML is a string.

    :raises ValueError: if it is neither
    """
    tomllib = _tomllib()
    key, _, value = text.partition("=")
    for written in (text, f"{key} = {_quoted(value.strip())}"):
        try:
            return dict(tomllib.loads(written))
        except (ValueError, RecursionError) as error:
            problem = error
    raise ValueError(f"not KEY = VALUE as in TOML: {problem}")


def _quoted(text: str) -> str:
    import json

    return json.dumps(text)


def _parsed(data: bytes, file: str) -> dict[str, Any]:
    tomllib = _tomllib()
    try:
        return dict(tomllib.loads(data.decode("utf-8-sig")))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SettingsError(f"{file}: not valid TOML: not UTF-8 (at line {line})") from None
    except (ValueError, RecursionError) as error:  # nested too deeply, or a number of thousands of digits, too
        raise SettingsError(f"{file}: not valid TOML: {error}") from None


def _tool_table(document: Mapping[str, Any], file: str) -> dict[str, Any] | None:
    tool = document.get("tool", {})
    table = tool.get("tensorlint") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise SettingsError(f"{file}: [{_TABLE}] must be a table, not {table!r}")
    return table


def _tomllib() -> Any:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib
