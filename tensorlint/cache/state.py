"""A project as it is on the disk: what the results about it may depend on."""

from __future__ import annotations

import os
import stat
import time
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b

from tensorlint.dependencies import UNREADABLE, Dependencies, digest
from tensorlint.files import read
from tensorlint.flow.importers import Index, Words, chosen, words
from tensorlint.flow.lookup import candidates
from tensorlint.listing import Folder, Stamp, look, stamp, walk

__all__ = ["Content", "State", "Watched"]

_RECENT = 2_500_000_000
"""Nanoseconds: a file written so shortly ago may be written again without getting another time (FAT counts in twos)."""


@dataclass(slots=True)
class Watched:
    """The part of the disk that matters to the results about a project."""

    root: str
    indexed: bool = False
    """All files that are searched for callers matter."""
    folders: set[str] = field(default_factory=set)
    """The folders whose names matter, besides those."""
    loose: set[str] = field(default_factory=set)
    """Files that matter and have no name of Python's."""


@dataclass(frozen=True, slots=True)
class Content:
    """What was in a file."""

    stamp: Stamp | None
    """None if it may have been written again without a trace."""
    digest: str
    scanned: bool = False
    """It was read for the index, too."""
    words: Words | None = None
    """What the index knows of it; None, too, for a file of tests."""


class State:
    """A project now.

    :param known: contents of files that were read before; they are not read again if their stamps are the same
    """

    def __init__(self, watched: Watched, known: dict[str, Content] | None = None) -> None:
        self.watched = Watched(watched.root, watched.indexed, set(), set(watched.loose))
        self.contents: dict[str, Content] = {}
        self._known = known or {}
        self._now = time.time_ns()
        self._folders: dict[str, Folder | None] = {}
        self._found: dict[tuple[str, str], str | None] = {}
        self._walked: list[tuple[str, Folder]] = []
        if watched.indexed:
            self._walk()
        for path in sorted(watched.folders):
            self._look(path)

    def _walk(self) -> None:
        self._walked = list(walk(self.watched.root))
        self._folders.update(self._walked)

    def _look(self, path: str) -> Folder | None:
        if path not in self._folders:
            self._folders[path] = look(path)
            self.watched.folders.add(path)
        return self._folders[path]

    def folder(self, path: str) -> Folder | None:
        """What is in a folder. It matters from now on, unless there is none, which the folder above it tells."""
        if path in self._folders:
            return self._folders[path]
        above, name = os.path.split(path)
        below = path.startswith(self.watched.root.rstrip(os.sep) + os.sep)
        if below and not (name.startswith(".") or name == "__pycache__"):  # which are not listed
            parent = self.folder(above)
            if parent is None or name not in parent.folders:
                return None
        return self._look(path)

    def is_file(self, path: str) -> bool:
        """Whether there is a Python file."""
        folder, name = os.path.split(path)
        found = self.folder(folder)
        return found is not None and name in found.files

    def find(self, folder: str, module: str) -> str | None:
        """The file of a module, as it is imported in a folder."""
        if (folder, module) not in self._found:
            places = candidates(self.watched.root, folder, module)
            self._found[folder, module] = next(filter(self.is_file, places), None)
        return self._found[folder, module]

    def watch_index(self) -> None:
        """All files that are searched for callers matter from now on."""
        if not self.watched.indexed:
            self.watched.indexed = True
            self._walk()

    def content(self, path: str) -> Content:
        """What is in a file. It matters from now on."""
        scan = self.watched.indexed and path in self._searched
        found = self.contents.get(path)
        if found is None or (scan and not found.scanned):
            known, now = self._known.get(path), self._trusted(path)
            if known is not None and now is not None and known.stamp == now and (known.scanned or not scan):
                found = known
            else:
                found = _read(path, now, scan)
            self.contents[path] = found
        return found

    def _trusted(self, path: str) -> Stamp | None:
        """The stamp of a file; None if it is too young to tell one content from another."""
        folder, name = os.path.split(path)
        found = self.folder(folder)
        now = found.files.get(name) if found is not None else None
        if now is None:
            self.watched.loose.add(path)
            now = _stamp(path)
        return now if now is not None and max(now[:2]) < self._now - _RECENT else None

    @cached_property
    def searched(self) -> list[str]:
        """The files that are searched for callers."""
        return chosen(self._walked)

    @cached_property
    def _searched(self) -> frozenset[str]:
        return frozenset(self.searched)

    @cached_property
    def index(self) -> Index:
        """Who imports what."""
        self.watch_index()
        return Index.of((path, self.content(path).words) for path in self.searched)

    @cached_property
    def versions(self) -> tuple[str, str]:
        """The versions of torch and NumPy that the project is for."""
        from tensorlint.requirements import targets

        self.folder(self.watched.root)
        found = targets(self.watched.root)
        return found.torch, found.numpy

    def holds(self, noted: Dependencies) -> bool:
        """Whether all that was noted while a file was linted is so here; it matters from now on."""
        return (
            all(self.content(path).digest == content for path, content in noted.files.items())
            and all(self.find(*wanted) == found for wanted, found in noted.modules.items())
            and all(self.index.answer(question) == answer for question, answer in noted.questions.items())
            and noted.versions in (None, self.versions)
        )

    def layout(self) -> str:
        """Stands for the names of all that matters."""
        names = [
            (path, folder and (folder.folders, sorted(folder.linked), list(folder.files)))
            for path, folder in sorted(self._folders.items())
        ]
        return _hash(names)

    def stamp(self) -> str:
        """Stands for all that matters: if it is the same, nothing has changed."""
        young: list[tuple[str, str]] = []
        for path, folder in self._folders.items():
            for name, written in folder.files.items() if folder is not None else ():
                if max(written[:2]) >= self._now - _RECENT:
                    file = os.path.join(path, name)
                    young.append((file, self.content(file).digest if file in self.contents else _digest(file)))
        everything = [
            (path, folder and (folder.folders, sorted(folder.linked), list(folder.files.items())))
            for path, folder in sorted(self._folders.items())
        ]
        return _hash([everything, sorted(young), [(path, _stamp(path)) for path in sorted(self.watched.loose)]])


def _hash(value: object) -> str:
    return blake2b(repr(value).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _stamp(path: str) -> Stamp | None:
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return stamp(found) if stat.S_ISREG(found.st_mode) else None


def _digest(path: str) -> str:
    return _read(path, None, False).digest


def _read(path: str, written: Stamp | None, scan: bool) -> Content:
    try:
        data = read(path)
    except (OSError, ValueError):
        return Content(written, UNREADABLE, scan)
    return Content(written, digest(data), scan, words(path, data) if scan else None)
