"""What the user has set: ``[tool.tensorlint]`` of the nearest ``pyproject.toml``, with the command line over it.

Selection works as ruff's does: a code is on or off by the *longest* selector that names it, ``ignore`` winning a tie;
each layer (the file, then the command line) is laid over the one before, and a layer with ``select`` starts afresh.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tensorlint.finding import Confidence
from tensorlint.versions import is_version

__all__ = [
    "CONVERSION_STYLES",
    "KEYS",
    "PathPatterns",
    "Selection",
    "Settings",
    "SettingsError",
    "check_codes",
    "parse",
]

CONVERSION_STYLES = ("full", "minimal", "force")

DEFAULT_EXCLUDE = (
    *(".bzr", ".direnv", ".eggs", ".git", ".hg", ".idea", ".ipynb_checkpoints", ".mypy_cache", ".nox", ".pyenv"),
    *(".pytest_cache", ".ruff_cache", ".svn", ".tox", ".venv", ".vscode", "__pycache__", "__pypackages__", "_build"),
    *("build", "dist", "node_modules", "site-packages", "venv"),
)
"""Folders that nobody means when naming the folder above them."""


class SettingsError(Exception):
    """The settings cannot be used; the text names the key, the file and what is known."""


@dataclass(frozen=True, slots=True)
class Selection:
    """One layer of selectors: codes (``TSL101``) or prefixes of codes (``TSL1``)."""

    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def over(self, chosen: bool, code: str) -> bool:
        """Whether ``code`` is on with this layer laid over one that said ``chosen``."""
        selected = max((len(s) for s in (*(self.select or ()), *self.extend_select) if code.startswith(s)), default=-1)
        ignored = max((len(s) for s in self.ignore if code.startswith(s)), default=-1)
        if selected == ignored == -1:
            return chosen and self.select is None
        return selected > ignored

    @property
    def selectors(self) -> tuple[str, ...]:
        return (*(self.select or ()), *self.extend_select, *self.ignore)


@dataclass(frozen=True, slots=True)
class PathPatterns:
    """Patterns as ``.gitignore`` writes them, relative to the folder ``base`` (an absolute path)."""

    base: str
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """How files are linted. The defaults are those of a project that sets nothing."""

    selections: tuple[Selection, ...] = ()
    exclude: tuple[PathPatterns, ...] = (PathPatterns("", DEFAULT_EXCLUDE),)
    """What is not linted unless it is named; a base of ``""`` stands for any folder."""
    confidence: Confidence = Confidence.LIKELY
    """Findings below it are not reported."""
    conversion_style: str = "full"
    """What completes a conversion: the whole chain, only the missing link, or ``.numpy(force=True)``."""
    target_torch: str = ""
    """The version of torch that the code is for: ``2.1``, or ``newest``; empty: what the requirements allow."""
    target_numpy: str = ""
    """The same for NumPy."""
    file: str | None = field(default=None, compare=False)
    """Where the settings were read."""

    def is_selected(self, code: str, default: bool = True) -> bool:
        """Whether the rule ``code`` is on; ``default`` is what it is where nothing is selected.

        An opt-in rule (``default`` false) is on as soon as a selector names it or begins its code.
        """
        chosen = default
        for selection in self.selections:
            chosen = selection.over(chosen, code)
        return chosen


def _strings(value: object) -> tuple[str, ...] | None:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    return None


def _one_of(known: Iterable[str], value: object) -> str | None:
    return value if isinstance(value, str) and value in known else None


_LIST = "a list of strings"
_VERSION = 'a version such as "2.1", or "newest"'
KEYS: Mapping[str, str] = {
    "confidence": "one of " + ", ".join(f'"{level}"' for level in Confidence),
    "conversion-style": "one of " + ", ".join(f'"{style}"' for style in CONVERSION_STYLES),
    "exclude": _LIST,
    "extend-exclude": _LIST,
    "extend-select": _LIST,
    "ignore": _LIST,
    "select": _LIST,
    "target-numpy": _VERSION,
    "target-torch": _VERSION,
}
"""The keys of ``[tool.tensorlint]`` and what each takes."""


def parse(table: Mapping[str, Any], file: str) -> Settings:
    """The settings in a ``[tool.tensorlint]`` table.

    :param file: the path of the TOML file: patterns are relative to its folder, errors name it
    :raises SettingsError: on an unknown key or a value of the wrong type
    """
    for key in table:
        if key not in KEYS:
            raise SettingsError(f"{file}: unknown key {key!r} in [tool.tensorlint] (known keys: {', '.join(KEYS)})")
    lists: dict[str, tuple[str, ...]] = {}
    for key, takes in KEYS.items():
        if key in table and takes is _LIST:
            found = _strings(table[key])
            if found is None:
                raise _wrong(file, key, table[key])
            lists[key] = found
    settings = Settings(
        selections=(Selection(lists.get("select"), lists.get("extend-select", ()), lists.get("ignore", ())),),
        file=file,
    )
    base = os.path.dirname(os.path.abspath(file))
    if "exclude" in lists:
        settings = replace(settings, exclude=(PathPatterns(base, lists["exclude"]),))
    if "extend-exclude" in lists:
        settings = replace(settings, exclude=(*settings.exclude, PathPatterns(base, lists["extend-exclude"])))
    if "confidence" in table:
        level = _one_of(map(str, Confidence), table["confidence"])
        if level is None:
            raise _wrong(file, "confidence", table["confidence"])
        settings = replace(settings, confidence=Confidence.parse(level))
    if "conversion-style" in table:
        style = _one_of(CONVERSION_STYLES, table["conversion-style"])
        if style is None:
            raise _wrong(file, "conversion-style", table["conversion-style"])
        settings = replace(settings, conversion_style=style)
    for key in ("target-torch", "target-numpy"):
        if key in table:
            version = table[key]
            if not isinstance(version, str) or not (version == "newest" or is_version(version)):
                raise _wrong(file, key, version)
            if key == "target-torch":
                settings = replace(settings, target_torch=version)
            else:
                settings = replace(settings, target_numpy=version)
    return settings


def _wrong(file: str, key: str, value: object) -> SettingsError:
    return SettingsError(
        f"{file}: {key!r} in [tool.tensorlint] takes {KEYS[key]}, not {value!r} (known keys: {', '.join(KEYS)})"
    )


def check_codes(settings: Settings, known: Collection[str]) -> None:
    """See that every selector is a known code or begins one.

    :raises SettingsError: naming the first that does not, where it was given, and the known codes
    """
    for number, selection in enumerate(settings.selections):
        for selector in selection.selectors:
            if not selector or not any(code.startswith(selector) for code in known):
                # The file's layer is the first where there is a file; any other comes from the command line.
                where = settings.file if number == 0 and settings.file is not None else "command line"
                raise SettingsError(
                    f"{where}: unknown rule code {selector!r} (known codes: {', '.join(sorted(known))})"
                )
