"""From the paths on the command line to the files to lint, in one order whatever the file system's is."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from tensorlint.files import read
from tensorlint.patterns import Filter
from tensorlint.settings import PathPatterns, Settings

__all__ = ["Discovered", "Problem", "discover", "display_path", "forget", "is_excluded", "is_stub", "project_root"]

_SUFFIXES = (".py", ".ipynb")
_ROOT_MARKS = ("pyproject.toml", "setup.py", "setup.cfg", ".git")


@dataclass(frozen=True, slots=True)
class Problem:
    """A path that cannot be linted or walked, and why."""

    path: str
    message: str


@dataclass(slots=True)
class Discovered:
    """What the paths lead to. Paths are absolute, in the order of findings."""

    files: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    stubs: list[str] = field(default_factory=list)
    """The named ``.pyi`` files: nothing in them runs, so that there is nothing to lint."""
    empty: list[str] = field(default_factory=list)
    """The named folders below which there is no Python file to lint."""


def discover(paths: Iterable[str], settings: Callable[[str], Settings], *, force_exclude: bool = False) -> Discovered:
    """The files to lint.

    A named file is linted whatever it is called (but for ``.pyi``) and whatever excludes it, unless ``force_exclude``.
    Below a named folder: every regular ``*.py`` and ``*.ipynb`` that neither the settings nor a ``.gitignore`` exclude;
    links to folders are not followed. A file that is reached by several names is linted once.

    :param settings: the settings that hold in a folder (an absolute path)
    """
    found = Discovered()
    reached: dict[str, str] = {}
    for path in dict.fromkeys(paths):
        absolute = os.path.abspath(path)
        try:
            mode = os.stat(path).st_mode
        except (OSError, ValueError) as error:
            found.problems.append(Problem(path, _why(error)))
            continue
        if stat.S_ISDIR(mode):
            if force_exclude and is_excluded(absolute, settings(absolute), is_folder=True):
                continue
            above = _unless_named(_git_filters(absolute), absolute)
            before = len(reached)
            files = list(_walk(absolute, above, settings, found.problems))
            if not files and len(reached) == before:
                found.empty.append(path)
        elif not stat.S_ISREG(mode):
            found.problems.append(Problem(path, "not a regular file"))
            continue
        elif is_stub(absolute):
            found.stubs.append(path)
            continue
        else:
            parent = os.path.dirname(absolute)
            if force_exclude and is_excluded(absolute, settings(parent)):
                continue
            files = [(absolute, os.path.realpath(absolute))]
        for file, real in files:
            _reach(reached, file, real)
    cwd = os.getcwd()
    found.files = sorted(reached.values(), key=lambda file: display_path(file, cwd))
    return found


def is_stub(path: str) -> bool:
    """Whether a file only declares what another one does."""
    return path.endswith(".pyi")


def _reach(reached: dict[str, str], file: str, real: str) -> None:
    """Note a file; of several names for it the one that is no link stays, else the first in the alphabet."""
    known = reached.get(real)
    if known is None or (file != known and (file == real or (known != real and file < known))):
        reached[real] = file


def display_path(path: str, cwd: str | None = None) -> str:
    """``path`` as findings call it: relative to the working folder where it lies below it, with ``/``."""
    cwd = cwd or os.getcwd()
    absolute = os.path.abspath(path)
    prefix = cwd if cwd.endswith(os.sep) else cwd + os.sep
    if absolute.startswith(prefix):
        absolute = absolute[len(prefix) :]
    return absolute.replace(os.sep, "/")


def project_root(path: str) -> str:
    """The nearest folder at or above ``path`` that looks like a project's root; the working folder without one."""
    folder = os.path.abspath(path)
    while True:
        if any(os.path.exists(os.path.join(folder, mark)) for mark in _ROOT_MARKS):
            return folder
        above = os.path.dirname(folder)
        if above == folder:
            return os.getcwd()
        folder = above


def _excluded(filters: Iterable[Filter], path: str, is_folder: bool) -> bool:
    """The last filter that mentions a path decides, as in git."""
    verdict = False
    for each in filters:
        said = each.verdict(path, is_folder)
        verdict = verdict if said is None else said
    return verdict


def _unless_named(filters: Iterable[Filter], folder: str) -> tuple[Filter, ...]:
    """Naming a folder overrules what would exclude that very folder."""
    return tuple(each for each in filters if each.verdict(folder, True) is not True)


def is_excluded(path: str, settings: Settings, is_folder: bool = False) -> bool:
    """Whether the settings or git leave out ``path`` (absolute), or a folder above it."""
    filters = _from_settings(settings)
    return (
        _excluded(filters, path, is_folder)
        or any(_excluded(filters, ancestor, True) for ancestor in _ancestors(path))
        or _git_ignores(path, is_folder)
    )


def _git_ignores(path: str, is_folder: bool) -> bool:
    """Whether git would ignore it: itself, or a folder above it within the repository."""
    folder = os.path.dirname(path)
    filters = _git_filters(folder)
    if not filters:
        return False
    root = _repository(folder)
    above = [a for a in _ancestors(path) if root is not None and len(a) > len(root)]
    return _excluded(filters, path, is_folder) or any(_excluded(filters, ancestor, True) for ancestor in above)


def _walk(
    folder: str, filters: tuple[Filter, ...], settings: Callable[[str], Settings], problems: list[Problem]
) -> Iterator[tuple[str, str]]:
    """The Python files below a folder, with their real paths; ``filters`` are those of the ``.gitignore`` files above
    it."""
    pending = [(folder, filters)]
    real = os.path.realpath(folder)
    while pending:
        here, above = pending.pop()
        try:
            with os.scandir(here) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            problems.append(Problem(here, _why(error)))
            continue
        inside = above
        if here != folder and any(entry.name == ".gitignore" for entry in listed):
            inside = (*above, *filter(None, [_git_filter(here)]))
        every = (*_unless_named(_from_settings(settings(here)), folder), *inside)
        for entry in listed:
            try:
                is_folder = entry.is_dir(follow_symlinks=False)
                is_file = entry.name.endswith(_SUFFIXES) and entry.is_file()
            except OSError:
                continue  # it went away, or it is a link in a circle
            if (is_folder or is_file) and not _excluded(every, entry.path, is_folder):
                if is_folder:
                    pending.append((entry.path, inside))
                elif entry.is_symlink():
                    yield entry.path, os.path.realpath(entry.path)
                else:  # links to folders are not followed: nothing below the first one leads elsewhere
                    yield entry.path, real + entry.path[len(folder) :]


def _from_settings(settings: Settings) -> tuple[Filter, ...]:
    return tuple(Filter.of(each) for each in settings.exclude)


@lru_cache(maxsize=4096)
def _git_filter(folder: str) -> Filter | None:
    """What the ``.gitignore`` of one folder says."""
    try:
        text = read(os.path.join(folder, ".gitignore")).decode("utf-8", "surrogateescape")
        return Filter.of(PathPatterns(folder, tuple(text.splitlines())))
    except (OSError, ValueError):
        return None  # git, too, goes on without one that it cannot read


def forget() -> None:
    """A new run begins: the files may have changed."""
    _git_filter.cache_clear()


def _git_filters(folder: str) -> tuple[Filter, ...]:
    """The ``.gitignore`` files from the repository's root down to ``folder``; the folder's own where it is in none."""
    root = _repository(folder)
    chain = [folder] if root is None else [a for a in (folder, *_ancestors(folder)) if len(a) >= len(root)]
    return tuple(found for each in reversed(chain) if (found := _git_filter(each)) is not None)


def _repository(folder: str) -> str | None:
    for each in (folder, *_ancestors(folder)):
        if os.path.exists(os.path.join(each, ".git")):
            return each
    return None


def _ancestors(path: str) -> Iterator[str]:
    while (above := os.path.dirname(path)) != path:
        yield above
        path = above


def _why(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file or folder"
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read: {error.strerror}"
    return f"cannot be read: {error}"
