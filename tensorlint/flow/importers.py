"""Who imports what in a project: an index of the names in its import statements, read off the bytes."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tensorlint.dependencies import Answer, Question, asked
from tensorlint.files import read
from tensorlint.listing import MOST_FILES, Folder, walk

__all__ = [
    "DEFAULT_DTYPE",
    "Index",
    "Words",
    "forget",
    "importers",
    "know",
    "reached_from_torch",
    "reaches_torch",
    "sets_default_dtype",
    "words",
]

IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+([.\w]+)[ \t]+import[ \t]*(\([^)]*\)|[^\n#]*)|import[ \t]+([^\n#]+))", re.MULTILINE
)
WORD = re.compile(rb"[A-Za-z_]\w*")
DEFAULT_DTYPE = re.compile(rb"set_default_(?:dtype|tensor_type)\(")
TESTS = re.compile(rb"^[ \t]*(?:async )?def test_|\bpytest\b|\bunittest\b", re.MULTILINE)
"""What makes a file of tests of one that is called ``test_...``: research code calls its evaluation so."""


class Words(NamedTuple):
    """What the index knows of a file."""

    names: tuple[str, ...]
    """The names that it imports, and the last parts of the modules that it imports them from."""
    torch: bool
    """It mentions torch."""
    default: bool
    """It sets torch's default dtype."""


def words(path: str, data: bytes) -> Words | None:
    """What the index should know of a file; None if it is one of tests."""
    name = os.path.basename(path)
    if name == "conftest.py" or (name.startswith("test_") and TESTS.search(data)):
        return None
    torch = b"torch" in data
    return Words(imported(data), torch, torch and DEFAULT_DTYPE.search(data) is not None)


def imported(data: bytes) -> tuple[str, ...]:
    """The names that a file imports, and the last parts of the modules that it imports them from."""
    return tuple(dict.fromkeys(word for match in IMPORT.finditer(data) for word in _names(match)))


def _names(match: re.Match[bytes]) -> list[str]:
    module, names, modules = match.groups()
    words = WORD.findall(names if names is not None else modules)
    if module is not None:
        words += WORD.findall(module)[-1:]
    return [word.decode() for word in words]


@dataclass(slots=True)
class Index:
    """What the files below a root import."""

    importing: dict[str, set[str]] = field(default_factory=dict)
    """For each imported name, or last part of an imported module's name, the files that import it."""
    torch: set[str] = field(default_factory=set)
    """The files that mention torch."""
    defaults: set[str] = field(default_factory=set)
    """The files that set torch's default dtype."""
    known_by: Set[str] | None = None
    """What ``_known_by`` gives, once it was asked for."""

    @classmethod
    def of(cls, files: Iterable[tuple[str, Words | None]]) -> Index:
        """The index of some files."""
        index = cls()
        for path, known in files:
            if known is None:
                continue
            if known.torch:
                index.torch.add(path)
            if known.default:
                index.defaults.add(path)
            for name in known.names:
                index.importing.setdefault(name, set()).add(path)
        return index

    def answer(self, question: Question) -> Answer:
        """What the index says."""
        if question.kind == "importers":
            return tuple(self._importers(question))
        match question.kind:
            case "reached":
                found = self._reached(question.path)
            case "reaching":
                found = not self._known_by().isdisjoint(question.names)
            case _:
                found = self._set_for(question.path)
        return ("yes",) if found else ()

    def _known_by(self) -> Set[str]:
        """The names that the files which mention torch, and the packages that these are in, are imported by."""
        if self.known_by is None:
            self.known_by = {name for path in self.torch for name in (module_name(path), *path.split(os.sep)[-4:-1])}
        return self.known_by

    def _importers(self, question: Question) -> list[str]:
        of = question.path
        found = {path for name in question.names for path in self.importing.get(name, ()) if path != of}
        found = found & self.torch if question.of_torch else found
        surely = self.importing.get(module_name(of), ())
        parts = of.split(os.sep)

        def distance(path: str) -> tuple[bool, bool, int, str]:
            return (path not in surely, path not in self.torch, -_common(parts, path), path)

        return sorted(found, key=distance)[: question.most]

    def _reached(self, path: str) -> bool:
        if not self.torch:
            return False
        todo, seen = [path], {path}
        for _ in range(2):
            found = [one for each in todo for one in self.importing.get(module_name(each), ()) if one not in seen]
            if any(one in self.torch for one in found):
                return True
            seen.update(found)
            todo = found
        return False

    def _set_for(self, path: str) -> bool:
        return any(
            path.startswith(os.path.dirname(other) + os.sep) or path in self.importing.get(module_name(other), ())
            for other in self.defaults
        )


def module_name(path: str) -> str:
    """The last part of the name that a file is imported by."""
    folder, name = os.path.split(path)
    return os.path.basename(folder) if name == "__init__.py" else name.removesuffix(".py")


def _common(parts: list[str], path: str) -> int:
    """The length of the path down to which two files lie in the same folders."""
    same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(parts, path.split(os.sep), strict=False))
    return sum(len(part) + 1 for part, _ in same)


_INDICES: dict[str, Index] = {}
"""By the root; made once a run."""


def forget() -> None:
    """A new run begins: the files may have changed."""
    _INDICES.clear()


def know(indices: dict[str, Index]) -> None:
    """Take over what was found out elsewhere, by the projects' roots."""
    _INDICES.update(indices)


def _index(root: str) -> Index:
    if root not in _INDICES:
        _INDICES[root] = Index.of((path, _read(path)) for path in chosen(walk(root)))
    return _INDICES[root]


def chosen(walked: Iterable[tuple[str, Folder]]) -> list[str]:
    """The files of some folders that are searched for callers."""
    paths = (os.path.join(path, name) for path, folder in walked for name in folder.files if name.endswith(".py"))
    return list(itertools.islice(paths, MOST_FILES))


def _read(path: str) -> Words | None:
    try:
        return words(path, read(path))
    except OSError:
        return None


def _ask(root: str, question: Question) -> Answer:
    answer = _index(root).answer(question)
    asked(question, answer)
    return answer


def reached_from_torch(root: str, path: str) -> bool:
    """Whether a file that mentions torch imports this one (or its package), directly or through one more file."""
    return bool(_ask(root, Question("reached", path)))


def reaches_torch(root: str, path: str, data: bytes) -> bool:
    """Whether a file imports one that mentions torch, or a package that one is in, as far as names can tell."""
    return bool(_ask(root, Question("reaching", path, imported(data))))


def sets_default_dtype(root: Path, path: str) -> bool:
    """Whether what runs with a file changes the dtype that torch gives by default: a file beside it or above it, or one
    that it imports."""
    return bool(_ask(str(root), Question("default dtype", path)))


def importers(root: Path, names: set[str], of: Path, most: int, of_torch: bool = False) -> list[Path]:
    """At most ``most`` files below ``root`` that import one of ``names``.

    Those that name the file ``of`` come first, then those that mention torch, then the nearest; the order is the same
    in every run.

    :param of_torch: leave out those that do not mention torch
    """
    question = Question("importers", str(of), tuple(sorted(names)), most, of_torch)
    return [Path(path) for path in _ask(str(root), question)]
