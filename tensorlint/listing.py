"""The Python files of a project's folders, by names and stamps alone: nothing is read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["MOST_FILES", "Folder", "Stamp", "is_requirements", "look", "stamp", "walk"]

Stamp = tuple[int, int, int, int]
"""When a file was written and when it was changed in any way (nanoseconds), its size and its number on the disk."""

SKIPPED = frozenset(
    {
        *("venv", "env", "node_modules", "build", "dist", "site-packages"),
        *("test", "tests", "testing"),
    }
)
"""Folders that are not searched for callers; tests call functions with what they must refuse, too."""
MOST_FILES = 6_000


@dataclass(slots=True)
class Folder:
    """What is in a folder, in the order of the names; without what is hidden."""

    folders: list[str] = field(default_factory=list)
    linked: set[str] = field(default_factory=set)
    """Those of the folders that lie elsewhere."""
    files: dict[str, Stamp] = field(default_factory=dict)
    """The regular files that hold Python or requirements."""


def look(path: str) -> Folder | None:
    """What is in a folder; None where there is none, or none that can be read."""
    found = Folder()
    try:
        with os.scandir(path) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return None
    for entry in listed:
        try:
            if entry.name.startswith(".") or entry.name == "__pycache__":
                continue  # holds no modules, and comes and goes
            if entry.is_dir():
                found.folders.append(entry.name)
                if entry.is_symlink():
                    found.linked.add(entry.name)
            elif entry.name.endswith(".py") or is_requirements(entry.name):
                state = entry.stat()
                if stat.S_ISREG(state.st_mode):  # a pipe would be waited for
                    found.files[entry.name] = stamp(state)
        except OSError:
            continue  # it went away, or it is a link in a circle
    return found


def is_requirements(name: str) -> bool:
    """Whether a file of this name may say which versions a project is for."""
    return name in ("pyproject.toml", "setup.cfg") or (name.startswith("requirements") and name.endswith(".txt"))


def stamp(state: os.stat_result) -> Stamp:
    """What changes when a file does."""
    return (state.st_mtime_ns, state.st_ctime_ns, state.st_size, state.st_ino)


def walk(root: str) -> Iterator[tuple[str, Folder]]:
    """The folders that are searched for callers, until so many files were met; the order is the same in every run."""
    pending, count = [root], 0
    while pending:
        path = pending.pop()
        folder = look(path)
        if folder is None:
            continue
        yield path, folder
        count += len(folder.files)
        if count > MOST_FILES:
            return
        inside = [name for name in folder.folders if name not in SKIPPED and name not in folder.linked]
        pending += [os.path.join(path, name) for name in reversed(inside)]
