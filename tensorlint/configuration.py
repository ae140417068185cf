"""Which settings hold for which file: the nearest ``pyproject.toml`` that has a ``[tool.tensorlint]`` table."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tensorlint.finding import Confidence
from tensorlint.settings import PathPatterns, Selection, Settings, SettingsError, parse

__all__ = ["Configuration", "Overrides", "nearest", "read"]


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line sets, over any file."""

    selection: Selection = field(default_factory=Selection)
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] = ()
    confidence: Confidence | None = None
    base: str = ""
    """The folder that patterns of the command line are relative to."""

    def applied(self, settings: Settings) -> Settings:
        """``settings`` with what the command line says."""
        settings = replace(settings, selections=(*settings.selections, self.selection))
        if self.exclude is not None:
            settings = replace(settings, exclude=(PathPatterns(self.base, self.exclude),))
        if self.extend_exclude:
            settings = replace(settings, exclude=(*settings.exclude, PathPatterns(self.base, self.extend_exclude)))
        if self.confidence is not None:
            settings = replace(settings, confidence=self.confidence)
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
        if self.isolated or self.file is not None:
            if "" not in self._known:
                settings = (
                    Settings(target_torch="newest", target_numpy="newest")
                    if self.file is None
                    else read(self.file, required=True) or Settings()
                )
                self._known[""] = self._finished(settings)
            return self._known[""]
        above = os.path.dirname(folder)
        file = os.path.join(folder, "pyproject.toml")
        if os.path.isfile(file) and (found := read(file)) is not None:
            return self._finished(found)
        return self._finished(Settings()) if above == folder else self.settings(above)

    def _finished(self, settings: Settings) -> Settings:
        settings = self.overrides.applied(settings)
        self.check(settings)
        return settings


def nearest(path: str | os.PathLike[str]) -> Settings:
    """The settings of the file ``path`` where there is no command line (an editor, a flake8 run).

    :raises SettingsError: as :meth:`Configuration.settings`
    """
    return Configuration().settings(Path(os.path.abspath(path)).parent)


def read(file: str, required: bool = False) -> Settings | None:
    """The settings in a TOML file: ``[tool.tensorlint]`` of a ``pyproject.toml``; None where it has no such table.

    :param required: the file was asked for by name: it must be there, and be TOML
    :raises SettingsError: if it cannot be read, is not TOML, or says something that is not known
    """
    try:
        data = Path(file).read_bytes()
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read: {error.strerror or error}") from None
    if not required and b"tensorlint" not in data:
        return None  # spares the import of a TOML parser, and a template that is no TOML harms nobody
    table = _table(data, file)
    if table is None:
        return None
    return parse(table, file)


def _table(data: bytes, file: str) -> dict[str, Any] | None:
    import sys

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        document = tomllib.loads(data.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: not valid TOML: {error}") from None
    tool = document.get("tool", {})
    table = tool.get("tensorlint") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise SettingsError(f"{file}: [tool.tensorlint] must be a table, not {table!r}")
    return table
