"""Tables of other packages: files that their entry points name, read without importing anything of theirs."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tensorlint.extensions import TABLES, Extension, extensions, place

__all__ = ["Installed", "file", "tables"]

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Installed:
    """What the installed packages add."""

    texts: Mapping[str, str]
    """TOML, by the library that it is about."""
    origins: Mapping[str, Extension]
    problems: tuple[str, ...]
    """What is not used, and why: a sentence each, on one line."""


def file(extension: Extension) -> Path | None:
    """The table that an entry point names: ``<library>.toml`` in the folder of a package; None where there is none."""
    folder = place(extension.value)
    path = folder / f"{extension.name}.toml" if folder is not None else None
    return path if path is not None and path.is_file() else None


@functools.cache
def tables() -> Installed:
    """The tables of other packages, not yet looked into. A library that tensorlint has a table for keeps that one."""
    texts: dict[str, str] = {}
    origins: dict[str, Extension] = {}
    problems: list[str] = []
    for extension in extensions(TABLES):
        name = extension.name
        try:
            if not name.isidentifier():
                raise ValueError("the name of the entry point must be that of a library, as it is imported")
            if name in origins or (_FOLDER / f"{name}.toml").is_file():
                raise ValueError(f"{origins.get(name, 'tensorlint')} has a table of this library already")
            path = file(extension)
            if path is None:
                raise ValueError(f"there is no {name}.toml in {extension.value}")
            texts[name] = path.read_text("utf-8")
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else error
            problems.append(f"the table {name!r} of {extension} is not used: {why}")
        else:
            origins[name] = extension
    return Installed(texts, origins, tuple(problems))
