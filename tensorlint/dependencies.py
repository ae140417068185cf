"""What the findings about a file depend on, noted while it is linted: the files that were read, where modules were
looked for, and what the project as a whole was asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple

__all__ = [
    "UNREADABLE",
    "Answer",
    "Dependencies",
    "Question",
    "asked",
    "asked_versions",
    "digest",
    "looked_for",
    "note",
    "noting",
    "was_read",
]

UNREADABLE = ""
"""Stands for the content of a file that could not be read."""


class Question(NamedTuple):
    """What the index of a project's imports was asked."""

    kind: str
    path: str
    """The file that it is asked for."""
    names: tuple[str, ...] = ()
    most: int = 0
    of_torch: bool = False


Answer = tuple[str, ...]
"""Paths; of a question that is answered by yes or no, ``("yes",)`` or nothing."""


@dataclass(slots=True)
class Dependencies:
    """What one result was made from."""

    files: dict[str, str] = field(default_factory=dict)
    """The digest of each file that was read, by its absolute path."""
    modules: dict[tuple[str, str], str | None] = field(default_factory=dict)
    """For a folder and a module that a file there imports, the module's file in the project."""
    questions: dict[Question, Answer] = field(default_factory=dict)
    versions: tuple[str, str] | None = None
    """The versions of torch and NumPy that the project's requirements allow, where they were asked."""

    def add(self, other: Dependencies) -> None:
        """Depend on all that another result depends on, too."""
        self.files.update(other.files)
        self.modules.update(other.modules)
        self.questions.update(other.questions)
        self.versions = self.versions or other.versions


_current: ContextVar[Dependencies | None] = ContextVar("noted", default=None)


@contextmanager
def noting() -> Iterator[Dependencies]:
    """Note what is read and asked inside; what is noted around it gets it too."""
    inner = Dependencies()
    before = _current.set(inner)
    try:
        yield inner
    finally:
        _current.reset(before)
        note(inner)


def note(other: Dependencies) -> None:
    """Note what a result that is used again depends on."""
    if (noted := _current.get()) is not None:
        noted.add(other)


def was_read(path: str, content: str) -> None:
    """Note that a file was read.

    :param content: the digest of what was in it
    """
    if (noted := _current.get()) is not None:
        noted.files[path] = content


def looked_for(folder: str, module: str, found: str | None) -> None:
    """Note that a module was looked for."""
    if (noted := _current.get()) is not None:
        noted.modules[folder, module] = found


def asked(question: Question, answer: Answer) -> None:
    """Note what the index was asked, and what it said."""
    if (noted := _current.get()) is not None:
        noted.questions[question] = answer


def asked_versions(torch: str, numpy: str) -> None:
    """Note which versions the project's requirements allow."""
    if (noted := _current.get()) is not None:
        noted.versions = torch, numpy


def digest(data: bytes) -> str:
    """What stands for a file's content."""
    return blake2b(data, digest_size=16).hexdigest()
