"""The packages that add rules and tables to tensorlint: what their entry points say.

Nothing of theirs is imported here. Where no package has such an entry point, which the bytes of the files tell, reading
them properly is not worth its time.
"""

from __future__ import annotations

import functools
import glob
import importlib.util
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

__all__ = ["CODE", "OWN", "RULES", "TABLES", "Extension", "ExtensionWarning", "extensions", "forget", "place"]

RULES = "tensorlint.rules"
TABLES = "tensorlint.tables"

CODE = re.compile(r"[A-Z]{1,3}[0-9]{3}")
"""A rule's code, as flake8 takes it too."""
OWN = "TSL"
"""What tensorlint's own codes begin with."""

_WORDS = (RULES.encode(), TABLES.encode())
_FILES = ("*.dist-info/entry_points.txt", "*.egg-info/entry_points.txt")


class ExtensionWarning(UserWarning):
    """A rule or a table that another package adds is not used; the text names the package and says why."""


@dataclass(frozen=True, slots=True, order=True)
class Extension:
    """One entry point of an installed package."""

    package: str
    """The distribution's name: ``tensorlint-example``."""
    name: str
    """The prefix of the codes, or the library that the table is about."""
    value: str
    """Where the rules or the table are: a dotted name."""
    version: str

    def __str__(self) -> str:
        return f"{self.package} {self.version}"


@functools.cache
def extensions(group: str) -> tuple[Extension, ...]:
    """What the installed packages have in ``RULES`` or ``TABLES``, in the order of the packages' names."""
    if not _any():
        return ()
    from importlib.metadata import entry_points

    found = set()
    for each in entry_points(group=group):
        package, version = (each.dist.name, each.dist.version) if each.dist is not None else ("?", "?")
        found.add(Extension(package, each.name, each.value, version))
    return tuple(sorted(found))


def forget() -> None:
    """Look for the packages again when they are next asked for."""
    extensions.cache_clear()


def place(value: str) -> Path | None:
    """The file or folder of a dotted name, found without importing anything; None where there is none."""
    top, *rest = value.partition(":")[0].strip().split(".")
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    for folder in spec.submodule_search_locations or ():
        path = Path(folder, *rest)
        if path.is_dir():
            return path
        if path.with_suffix(".py").is_file():
            return path.with_suffix(".py")
    return Path(spec.origin) if spec.origin and not rest and os.path.isfile(spec.origin) else None


def _any() -> bool:
    """Whether a package that can be imported may have such an entry point; errs on the side of yes."""
    for folder in dict.fromkeys(sys.path):
        if os.path.isfile(folder):  # an archive
            return True
        for pattern in _FILES:
            for file in glob.iglob(os.path.join(glob.escape(folder or os.curdir), pattern)):
                try:
                    data = Path(file).read_bytes()
                except OSError:
                    continue
                if any(word in data for word in _WORDS):
                    return True
    return False
