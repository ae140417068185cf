"""What has changed since a git revision: the lines of each file that are not as they were.

Git is asked without a shell, and without the programs that a repository or a user can have it call (external diffs,
text converters, file system monitors).
"""

from __future__ import annotations

import itertools
import os
import re
from bisect import bisect_left
from dataclasses import dataclass, field

__all__ = ["ALL", "Changes", "ChangesError", "Lines"]

_HUNK = re.compile(rb"^@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)
_SECTION = re.compile(rb"^diff --git ", re.MULTILINE)
_SAFE = ("--no-pager", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
_SECTIONS = {b"T": 2}
"""How many sections of the patch are about one file, if it is not one: a file that became a link goes and comes."""
_DIFF = (
    *("diff", "-z", "--raw", "--patch", "--unified=0", "--inter-hunk-context=0", "--find-renames=70%", "--no-color"),
    *("--no-ext-diff", "--no-textconv", "--ignore-submodules=all"),
)


class ChangesError(Exception):
    """The changes cannot be told; the text says why."""


class _Refused(ChangesError):
    """Git itself said no."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of a file. ``None`` stands for all of them."""

    numbers: tuple[int, ...] | None = None

    def meet(self, first: int, last: int) -> bool:
        """Whether one of the lines from ``first`` to ``last`` is among them."""
        if self.numbers is None:
            return True
        at = bisect_left(self.numbers, first)
        return at < len(self.numbers) and self.numbers[at] <= last


ALL = Lines()


@dataclass(slots=True)
class Changes:
    """The changes since ``revision``; each repository is asked once.

    With ``...`` at its end, ``revision`` stands for the commit at which the present branch left it.
    """

    revision: str
    _known: dict[str, dict[str, Lines | None]] = field(default_factory=dict)

    def of(self, path: str) -> Lines | None:
        """The lines of a file (an absolute path) that are new or changed; None where the file is as it was.

        All of a file is new that git does not know.

        :raises ChangesError: outside a repository, or where the revision is not known to it
        """
        folder = os.path.realpath(os.path.dirname(path))
        root = self._root(folder)
        if root not in self._known:
            self._known[root] = _changed(root, self.revision)
        return self._known[root].get(os.path.join(folder, os.path.basename(path)), ALL)

    def _root(self, folder: str) -> str:
        at = folder
        while not os.path.exists(os.path.join(at, ".git")):
            above = os.path.dirname(at)
            if above == at:
                raise ChangesError(f"{folder} is in no git repository")
            at = above
        return at


def _changed(root: str, revision: str) -> dict[str, Lines | None]:
    """The files that git knows, with their changed lines; None for those without a change."""
    base = _commit(root, revision)
    entries, patch = _split(_git(root, *_DIFF, base, "--"))
    starts = [match.start() for match in _SECTION.finditer(patch)]
    sections = iter([patch[start:end] for start, end in itertools.pairwise([*starts, len(patch)])])
    found: dict[str, Lines | None] = {_absolute(root, name): None for name in _names(root, "ls-files", "-z")}
    for status, name in entries:
        if status == b"U":  # in a conflict: what git shows of it differs, and all of it is new in a way
            found[_absolute(root, name)] = ALL
            continue
        section = b"".join(itertools.islice(sections, _SECTIONS.get(status, 1)))
        found[_absolute(root, name)] = Lines(tuple(_added(section)))
        if not section:
            break
    else:
        if next(sections, None) is None:
            return found
    raise ChangesError(f"what git says of the changes in {root} cannot be read")


def _names(root: str, *arguments: str) -> list[bytes]:
    return [name for name in _git(root, *arguments).split(b"\0") if name]


def _absolute(root: str, name: bytes) -> str:
    return os.path.join(root, os.fsdecode(name))


def _split(raw: bytes) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """The changed files, each with a letter for what happened to it and its name now, and the patch, in their order."""
    entries = []
    while raw.startswith(b":"):
        about, name, raw = raw.split(b"\0", 2)
        status = about.rpartition(b" ")[2][:1]
        if status in (b"R", b"C"):  # the new name follows the old one
            name, raw = raw.split(b"\0", 1)
        entries.append((status, name))
    return entries, raw.removeprefix(b"\0")


def _added(section: bytes) -> list[int]:
    """The numbers of the lines that a file's part of a patch adds."""
    lines: list[int] = []
    for match in _HUNK.finditer(section):
        start, count = int(match[1]), int(match[2] or 1)
        lines.extend(range(start, start + count))
    return lines


def _commit(root: str, revision: str) -> str:
    """The name of the commit."""
    name = revision.removesuffix("...")
    if not name or name.startswith("-"):
        raise ChangesError(f"{revision!r} is no revision")
    asked = ("merge-base", name, "HEAD") if name != revision else ("rev-parse", "--verify", f"{name}^{{commit}}")
    try:
        return _git(root, *asked).decode("ascii").strip()
    except _Refused as error:
        raise ChangesError(f"{revision!r} is not known to the git repository {root} ({error})") from None


def _git(root: str, *arguments: str) -> bytes:
    import subprocess

    unwanted = ("GIT_EXTERNAL_DIFF", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")
    environment = {name: value for name, value in os.environ.items() if name not in unwanted}
    environment.update(LC_ALL="C", GIT_OPTIONAL_LOCKS="0")
    try:
        done = subprocess.run(
            ["git", *_SAFE, *arguments],
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise ChangesError(f"git cannot be run: {error.strerror or error}") from None
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise _Refused(said[0] if said else f"git {arguments[0]} failed")
    return done.stdout
