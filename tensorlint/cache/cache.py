"""Results of earlier runs, looked up and kept."""

from __future__ import annotations

import functools
import importlib.util
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import tensorlint
from tensorlint.cache import coding, folder
from tensorlint.cache.results import Result, Stored, surviving
from tensorlint.cache.state import State, Watched
from tensorlint.discovery import project_root
from tensorlint.extensions import RULES, TABLES, Extension, extensions, place
from tensorlint.finding import Finding
from tensorlint.flow.importers import Index
from tensorlint.settings import Settings

__all__ = ["Cache", "Linted"]


class Linted(NamedTuple):
    """A file that was linted, and what that gave."""

    path: str
    settings: Settings
    result: Result


class Cache:
    """The results that a folder holds.

    :param path: the folder; it is made when there is something to keep
    :param warn: told, in a sentence, why the cache could not be used; the run goes on without it
    """

    def __init__(self, path: str, warn: Callable[[str], object]) -> None:
        self.path = path
        self._warn = warn
        self._files: dict[Settings, _File] = {}
        self._roots: dict[str, str] = {}

    def look_up(self, files: Sequence[tuple[str, Settings]]) -> dict[str, tuple[Finding, ...]]:
        """The findings about those of some files for which nothing has changed, by the files' absolute paths."""
        found = {}
        for path, settings in files:
            project = self._project(path, settings)
            if path in project.findings:
                found[path] = project.findings[path]
        return found

    def indices(self, files: Sequence[tuple[str, Settings]], many: int) -> dict[str, Index]:
        """Who imports what: in projects where it is known, or of which ``many`` files or more are to be linted."""
        counts: dict[str, int] = {}
        for path, _ in files:
            counts[self._root(path)] = counts.get(self._root(path), 0) + 1
        found: dict[str, Index] = {}
        for path, settings in files:
            root = self._root(path)
            if root not in found:
                state = self._project(path, settings).state
                if state.watched.indexed or counts[root] >= many:
                    found[root] = state.index
        return found

    def keep(self, linted: Iterable[Linted]) -> None:
        """Keep what was found in some files, as far as what it was made from is still so."""
        for each in linted:
            self._project(each.path, each.settings).new[each.path] = each.result
        for file in self._files.values():
            self._try(file.write)

    def _file(self, settings: Settings) -> _File:
        settings = _relevant(settings)
        if settings not in self._files:
            self._files[settings] = _File(self.path, _key(settings))
            self._try(self._files[settings].read)
        return self._files[settings]

    def _project(self, path: str, settings: Settings) -> _Project:
        file, root = self._file(settings), self._root(path)
        self._try(lambda: file.project(root))
        return file.project(root)  # without what was written, if that is damaged

    def _try(self, action: Callable[[], object]) -> None:
        try:
            action()
        except folder.Unusable as error:
            self._warn(f"the cache is not used: {error}")
        except OSError as error:
            where = error.filename2 or error.filename or self.path
            self._warn(f"the cache cannot be written: {where}: {error.strerror or error}")

    def _root(self, path: str) -> str:
        above = os.path.dirname(path)
        if above not in self._roots:
            self._roots[above] = project_root(above)
        return self._roots[above]


class _File:
    """The results for one combination of settings."""

    def __init__(self, path: str, key: str) -> None:
        self._path = path
        self._key = key
        self._heads: dict[str, coding.Head] = {}
        self._body = b""
        self._projects: dict[str, _Project] = {}
        """Those that were asked for, as far as they hold now."""

    def read(self) -> None:
        """Read what was written; nothing of it is believed if something is wrong with it.

        :raises Unusable: if that is so
        """
        data = folder.read(self._path, self._key)
        if data is not None:
            with self._damages():
                self._heads, self._body = coding.read_head(data[0]), data[1]

    def project(self, root: str) -> _Project:
        """What is known of a project, as far as it holds.

        :raises Unusable: if what was written is damaged
        """
        if root not in self._projects:
            self._projects[root] = _Project(State(Watched(root)), {})
            if (head := self._heads.get(root)) is not None:
                state = State(head.watched)
                if state.stamp() == head.stamp:
                    self._projects[root] = _Project(state, head.findings)
                else:
                    old = self._stored[root]
                    state = State(head.watched, old.contents)
                    holding = surviving(old, state)
                    findings = {path: result.findings for path, result in holding.items()}
                    self._projects[root] = _Project(state, findings, holding)
        return self._projects[root]

    def write(self) -> None:
        """Write everything that holds, if that is not what is written already.

        :raises OSError: if that is not possible
        :raises Unusable: if what was written is damaged
        """
        changed = {root: project for root, project in self._projects.items() if project.changed}
        if not changed:
            return
        stored = dict(self._stored)
        for root, project in changed.items():
            old = stored.get(root)
            stored[root] = project.stored(old)
        folder.write(self._path, self._key, coding.head(stored.values()), coding.body(stored.values()))

    @cached_property
    def _stored(self) -> dict[str, Stored]:
        with self._damages():
            return coding.read_body(self._body, self._heads) if self._heads else {}

    @contextmanager
    def _damages(self) -> Iterator[None]:
        try:
            yield
        except coding.Damaged:
            self._heads = {}
            raise folder.damaged(self._path, self._key) from None


class _Project:
    """What is known of a project, as far as it holds.

    :param state: the project when the run began
    :param holding: the results, where they are not simply those that are written down
    """

    def __init__(
        self, state: State, findings: dict[str, tuple[Finding, ...]], holding: dict[str, Result] | None = None
    ) -> None:
        self.state = state
        self.findings = findings
        self._holding = holding
        self.new: dict[str, Result] = {}

    @property
    def changed(self) -> bool:
        """It is not what is written down."""
        return bool(self.new) or self._holding is not None

    def stored(self, old: Stored | None) -> Stored:
        """All that holds now.

        :param old: what is written down
        """
        then = old if old is not None and self._holding is None else Stored.of(self.state, self._holding or {})
        now = State(then.watched, {**then.contents, **self.state.contents})
        holding = then.results if now.stamp() == then.stamp else surviving(then, now)
        return Stored.of(now, {**holding, **{path: each for path, each in self.new.items() if now.holds(each.noted)}})


def _relevant(settings: Settings) -> Settings:
    """The settings without what does not change what is found in a file."""
    return replace(settings, exclude=(), baseline=None, cache_dir="", file=None, given=())


def _key(settings: Settings) -> str:
    """The name of what is kept for these settings in this folder by this version."""
    made_by = [_code(), _extensions(), _libcst(), sys.version, os.getcwd(), settings]
    return blake2b(repr(made_by).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


@functools.cache
def _code() -> str:
    """Stands for tensorlint's own files: its version alone would not tell one state of a checkout from another."""
    return _digest(os.path.dirname(tensorlint.__file__), ("_fixtures", "verify", "observe"))


@functools.cache
def _extensions() -> list[tuple[Extension, str]]:
    """Stands for the packages that add rules and tables: a rule may use all of its package."""
    made = []
    for group in (RULES, TABLES):
        for each in extensions(group):
            where = place(each.value.partition(".")[0]) if group == RULES else place(each.value)
            made.append((each, _digest(os.fspath(where)) if where is not None else ""))
    return made


def _digest(path: str, without: Collection[str] = ()) -> str:
    """Stands for the content of a file, or of the programs and tables in a folder."""
    found = blake2b(digest_size=16)
    if os.path.isfile(path):
        found.update(Path(path).read_bytes())
    for where, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if name != "__pycache__" and name not in without)
        for name in sorted(names):
            if name.endswith((".py", ".toml")):
                data = Path(where, name).read_bytes()
                found.update(f"{name} {len(data)} ".encode())
                found.update(data)
    return found.hexdigest()


def _libcst() -> bytes:
    """Which LibCST there is, without importing it."""
    spec = importlib.util.find_spec("libcst")
    folders = spec.submodule_search_locations if spec is not None else None
    for where in folders or ():
        try:
            return Path(where, "_version.py").read_bytes()
        except OSError:
            continue
    return b""
