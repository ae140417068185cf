"""Files written whole or not at all, and diffs of what would be written."""

from __future__ import annotations

import contextlib
import difflib
import errno
import os
import stat
import tempfile
import time
from collections.abc import Callable, Iterable

from tensorlint.source import Source

__all__ = ["FileChanged", "Replacement", "remove_leftovers", "unified_diff", "write_atomically"]

_PREFIX, _SUFFIX = ".tensorlint-", ".tmp"
_FORGOTTEN = 600
"""Seconds; no file takes so long to be written."""


_ESCAPES = {ord("\n"): r"\n", ord("\t"): r"\t", ord("\r"): r"\r", ord('"'): r"\"", ord("\\"): r"\\"}


class FileChanged(OSError):
    """The file no longer holds what it held when it was read."""


def write_atomically(path: str | os.PathLike[str], data: bytes, expected: bytes) -> None:
    """Write ``data`` to a file that holds ``expected``: a reader sees the old content or the new one, never a part.

    The new content is written to a temporary file in the same folder, forced to the disk and renamed. Mode, owner and
    extended attributes are kept. A symbolic link stays one: the file that it points to is written. Of the names of a
    file that has several (hard links), the one that is given gets the new content, the others keep the old.

    :raises FileChanged: if the file holds something else by now
    :raises PermissionError: if the file is read-only (a rename alone would not notice), or its owner cannot be kept
    :raises OSError: if it cannot be read or written; the file is as it was, and no temporary file stays behind
    """
    target = os.path.realpath(path)
    found = _expect(target, expected, path)
    if not found.st_mode & 0o222:  # the superuser may open it
        raise PermissionError(errno.EACCES, "it is read-only", os.fspath(path))
    with Replacement(target, stat.S_IMODE(found.st_mode)) as replacement:
        replacement.file.write(data)
        _keep_attributes(found, target, replacement.temporary)
        replacement.replace(lambda: _expect(target, expected, path))  # once more: writing takes its time


def remove_leftovers(paths: Iterable[str]) -> None:
    """Remove the temporary files that a killed process has left beside files that are about to be written.

    Only those are removed that nothing has touched for ten minutes: a younger one may be another process's.
    """
    for folder in {os.path.dirname(os.path.realpath(path)) for path in paths}:
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                if not (entry.name.startswith(_PREFIX) and entry.name.endswith(_SUFFIX)):
                    continue
                with contextlib.suppress(OSError):
                    known = entry.stat(follow_symlinks=False)
                    if stat.S_ISREG(known.st_mode) and time.time() - known.st_mtime > _FORGOTTEN:
                        os.unlink(entry.path)


def _expect(target: str, expected: bytes, path: str | os.PathLike[str]) -> os.stat_result:
    """See that a file holds what is expected, and may be written."""
    changed = FileChanged(errno.EBUSY, "it was changed by somebody else meanwhile", os.fspath(path))
    if not stat.S_ISREG(os.stat(target).st_mode):
        raise changed
    with open(target, "r+b") as current:  # fails where the file may not be written
        if current.read(len(expected) + 1) != expected:
            raise changed
        return os.fstat(current.fileno())


def _keep_attributes(found: os.stat_result, target: str, temporary: str) -> None:
    """Give a new file the owner and the extended attributes (access lists) of the one that it is to replace."""
    if hasattr(os, "chown"):
        made = os.stat(temporary)
        if (made.st_uid, made.st_gid) != (found.st_uid, found.st_gid):
            try:
                os.chown(temporary, found.st_uid, found.st_gid)
            except PermissionError:
                raise PermissionError(errno.EPERM, "its owner and group could not be kept", target) from None
    if hasattr(os, "listxattr"):
        with contextlib.suppress(OSError):  # not every file system has them
            for name in os.listxattr(target):
                with contextlib.suppress(OSError):  # some are the system's own
                    os.setxattr(temporary, name, os.getxattr(target, name))


class Replacement:
    """A temporary file that takes another's name when it is complete. Where it does not, nothing of it stays behind.

    :param target: the file to replace, or to make; no symbolic link
    :param mode: the permissions that it gets
    :raises OSError: if the folder cannot be written to
    """

    def __init__(self, target: str, mode: int) -> None:
        self._target = target
        self._mode = mode
        handle, self.temporary = tempfile.mkstemp(prefix=_PREFIX, suffix=_SUFFIX, dir=os.path.dirname(target))
        self.file = open(handle, "wb")  # noqa: SIM115 - closed in __exit__

    def __enter__(self) -> Replacement:
        return self

    def replace(self, check: Callable[[], object] = lambda: None) -> None:
        """Force what was written to the disk, and put it in the place of the target.

        :param check: called directly before; what it raises leaves the target as it is
        """
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()  # Windows renames no open file
        os.chmod(self.temporary, self._mode)
        check()
        os.replace(self.temporary, self._target)
        _force_folder(os.path.dirname(self._target))

    def __exit__(self, *error: object) -> None:
        with contextlib.suppress(OSError):
            self.file.close()
        with contextlib.suppress(OSError):  # where it has taken the target's name it is not there
            os.unlink(self.temporary)


def unified_diff(before: Source, after: Source) -> str:
    """The patch from ``before`` to ``after``, in the files' own line ends, with three lines of context.

    Empty if nothing changes. A file without a final line end is marked as ``diff`` marks it. Of a notebook each cell
    has a patch of its own.
    """
    pieces = []
    for (name, old), (_, new) in zip(before.texts(), after.texts(), strict=True):
        for line in difflib.unified_diff(old, new, _quoted(name), _quoted(name)):
            if line.endswith(("\n", "\r")):
                pieces.append(line)
            else:
                pieces.append(f"{line}\n\\ No newline at end of file\n")
    return "".join(pieces)


def _quoted(path: str) -> str:
    """A file's name as git writes it into a patch, where it holds what would end it."""
    if path.isprintable() and not set(path) & set('"\\'):
        return path
    written = (
        _ESCAPES.get(each) or (f"\\{each:03o}" if each < 32 or each > 126 else chr(each)) for each in os.fsencode(path)
    )
    return f'"{"".join(written)}"'


def _force_folder(folder: str) -> None:
    """Make the rename itself durable, where the system lets a folder be opened."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
