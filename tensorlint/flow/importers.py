"""Who imports what in a project: an index of the names in its import statements, read off the bytes."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from tensorlint.files import read

__all__ = ["DEFAULT_DTYPE", "importers", "reached_from_torch", "sets_default_dtype"]

IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+([.\w]+)[ \t]+import[ \t]*(\([^)]*\)|[^\n#]*)|import[ \t]+([^\n#]+))", re.MULTILINE
)
WORD = re.compile(rb"[A-Za-z_]\w*")
DEFAULT_DTYPE = re.compile(rb"set_default_(?:dtype|tensor_type)\(")
SKIPPED = frozenset({
    ".git", ".hg", ".svn", ".venv", "venv", "env", "node_modules", "build", "dist", "site-packages", "__pycache__",
    ".tox", ".nox", ".eggs", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".tensorlint_cache",
    "test", "tests", "testing",
})  # fmt: skip
"""Folders that are not searched for callers; tests call functions with what they must refuse, too."""
TESTS = re.compile(rb"^[ \t]*(?:async )?def test_|\bpytest\b|\bunittest\b", re.MULTILINE)
"""What makes a file of tests of one that is called ``test_...``: research code calls its evaluation so."""
MOST_FILES = 6_000


class _Index(NamedTuple):
    """What the files below a root import."""

    importing: dict[str, set[str]]
    """For each imported name, or last part of an imported module's name, the files that import it."""
    torch: set[str]
    """The files that mention torch."""
    defaults: set[str]
    """The files that set torch's default dtype."""


@lru_cache(maxsize=4)
def _index(root: str) -> _Index:
    found: dict[str, set[str]] = {}
    torch: set[str] = set()
    defaults: set[str] = set()
    count = 0
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in SKIPPED and not name.startswith("."))
        for name in sorted(files):
            if not name.endswith(".py") or name == "conftest.py":
                continue
            count += 1
            if count > MOST_FILES:
                return _Index(found, torch, defaults)
            path = os.path.join(folder, name)
            try:
                data = read(path)
            except OSError:
                continue
            if name.startswith("test_") and TESTS.search(data):
                continue
            if b"torch" in data:
                torch.add(path)
                if DEFAULT_DTYPE.search(data):
                    defaults.add(path)
            for match in IMPORT.finditer(data):
                for word in _names(match):
                    found.setdefault(word, set()).add(path)
    return _Index(found, torch, defaults)


def _names(match: re.Match[bytes]) -> list[str]:
    module, names, modules = match.groups()
    words = WORD.findall(names if names is not None else modules)
    if module is not None:
        words += WORD.findall(module)[-1:]
    return [word.decode() for word in words]


def reached_from_torch(root: str, path: str) -> bool:
    """Whether a file that mentions torch imports this one (or its package), directly or through one more file."""
    index = _index(root)
    if not index.torch:
        return False
    todo, seen = [path], {path}
    for _ in range(2):
        found = [one for each in todo for one in index.importing.get(_module(each), ()) if one not in seen]
        if any(one in index.torch for one in found):
            return True
        seen.update(found)
        todo = found
    return False


def sets_default_dtype(root: Path, path: str) -> bool:
    """Whether what runs with a file changes the dtype that torch gives by default: a file beside it or above it, or one
    that it imports."""
    index = _index(str(root))
    return any(
        path.startswith(os.path.dirname(other) + os.sep) or path in index.importing.get(_module(other), ())
        for other in index.defaults
    )


def _module(path: str) -> str:
    folder, name = os.path.split(path)
    return os.path.basename(folder) if name == "__init__.py" else name.removesuffix(".py")


def importers(root: Path, names: set[str], of: Path, most: int, of_torch: bool = False) -> list[Path]:
    """At most ``most`` files below ``root`` that import one of ``names``.

    Those that name the file ``of`` come first, then those that mention torch, then the nearest; the order is the same
    in every run.

    :param of_torch: leave out those that do not mention torch
    """
    index, torch, _ = _index(str(root))
    found = {path for name in names for path in index.get(name, ()) if path != str(of)}
    found = found & torch if of_torch else found
    surely = index.get(_module(str(of)), ())

    def distance(path: str) -> tuple[bool, bool, int, str]:
        return (path not in surely, path not in torch, -len(os.path.commonpath([path, str(of)])), path)

    return [Path(path) for path in sorted(found, key=distance)[:most]]
