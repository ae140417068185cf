"""What the user can set, as the linter uses it: hashable, and the same in every process that it is sent to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from tensorlint.finding import Applicability, Confidence

__all__ = [
    "BASELINE",
    "CONVERSION_STYLES",
    "DEFAULT_EXCLUDE",
    "DEVICES",
    "Given",
    "PathPatterns",
    "PerFileIgnore",
    "RowTable",
    "Selection",
    "Settings",
    "SettingsError",
]

DEVICES = ("any", "cpu", "cuda")
CONVERSION_STYLES = ("full", "minimal", "force")

BASELINE = "tensorlint-baseline.jsonl"
"""The file that is taken for a baseline where it lies beside the settings."""

DEFAULT_EXCLUDE = (
    *(".bzr", ".direnv", ".eggs", ".git", ".hg", ".idea", ".ipynb_checkpoints", ".mypy_cache", ".nox", ".pyenv"),
    *(".pytest_cache", ".ruff_cache", ".svn", ".tox", ".venv", ".vscode", "__pycache__", "__pypackages__", "_build"),
    *("build", "dist", "node_modules", "site-packages", "venv"),
)
"""Folders that nobody means when naming the folder above them."""


RowTable: TypeAlias = "tuple[tuple[str, str | bool | tuple[str, ...]], ...]"
"""A table of ``rows``: its keys with their values, as they were written."""


class SettingsError(Exception):
    """The settings cannot be used; the text names the file, the key and what is known."""


class Given(NamedTuple):
    """A key that was set, by which file or option, and the value as it was read."""

    key: str
    origin: str
    value: Any


@dataclass(frozen=True, slots=True)
class Selection:
    """One layer of selectors: codes (``TSL101``) or prefixes of codes (``TSL1``).

    A code is on or off by the *longest* selector that names it, as in ruff, ``ignore`` winning a tie.
    """

    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def over(self, chosen: bool, code: str) -> bool:
        """Whether ``code`` is on with this layer laid over one that said ``chosen``."""
        selected = longest((*(self.select or ()), *self.extend_select), code)
        ignored = longest(self.ignore, code)
        if selected == ignored == -1:
            return chosen and self.select is None
        return selected > ignored


def longest(selectors: tuple[str, ...], code: str) -> int:
    """The length of the longest selector that names ``code``; -1 where none does."""
    return max((len(selector) for selector in selectors if code.startswith(selector)), default=-1)


@dataclass(frozen=True, slots=True)
class PathPatterns:
    """Patterns as ``.gitignore`` writes them, relative to the folder ``base`` (an absolute path)."""

    base: str
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PerFileIgnore:
    """Rules that are off in the files that a pattern names, or does not (``negated``)."""

    where: PathPatterns
    negated: bool
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """How files are linted. The defaults are those of a project that sets nothing."""

    selections: tuple[Selection, ...] = ()
    per_file_ignores: tuple[PerFileIgnore, ...] = ()
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
    assume_device: str = "any"
    """What the program runs on: ``cpu`` (never a GPU), ``cuda`` (a machine with a GPU), or ``any``."""
    rows: tuple[RowTable, ...] = ()
    """What the project's own functions do."""
    safe_fixes: tuple[str, ...] = ()
    """Selectors of rules all of whose fixes are taken as safe."""
    unsafe_fixes: tuple[str, ...] = ()
    """Selectors of rules all of whose fixes are taken as unsafe; of both, the longer selector counts."""
    baseline: str | None = None
    """The file with the findings that are known already (an absolute path); empty: none; None: nothing was said."""
    cache_dir: str = ""
    """The folder for results that are kept (an absolute path); empty: the usual one."""
    file: str | None = field(default=None, compare=False)
    """Where the settings were read."""
    given: tuple[Given, ...] = field(default=(), compare=False)
    """All that was set, in the order in which it was laid over the defaults."""

    def is_selected(self, code: str, default: bool = True) -> bool:
        """Whether the rule ``code`` is on; ``default`` is what it is where nothing is selected.

        An opt-in rule (``default`` false) is on as soon as a selector names it or begins its code.
        """
        chosen = default
        for selection in self.selections:
            chosen = selection.over(chosen, code)
        return chosen

    def applicability(self, code: str) -> Applicability | None:
        """What the fixes of the rule ``code`` are taken for, whatever they are; None where nothing is set."""
        safe, unsafe = longest(self.safe_fixes, code), longest(self.unsafe_fixes, code)
        if safe == unsafe:
            return None
        return Applicability.SAFE if safe > unsafe else Applicability.UNSAFE
