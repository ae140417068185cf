"""Files written whole or not at all, and diffs of what would be written."""

from __future__ import annotations

import contextlib
import difflib
import itertools
import os
import stat
import tempfile

from tensorlint.source import Source

__all__ = ["FileChanged", "Replacement", "unified_diff", "write_atomically"]


class FileChanged(OSError):
    """The file no longer holds what it held when it was read."""


def write_atomically(path: str | os.PathLike[str], data: bytes, expected: bytes) -> None:
    """Write ``data`` to a file that holds ``expected``: a reader sees the old content or the new one, never a part.

    The new content is written to a temporary file in the same folder, forced to the disk and renamed. The mode is kept,
    and a symbolic link stays one: the file that it points to is written.

    :raises FileChanged: if the file holds something else by now
    :raises PermissionError: if the file is read-only (a rename alone would not notice)
    :raises OSError: if it cannot be read or written; the file is as it was, and no temporary file stays behind
    """
    target = os.path.realpath(path)
    with open(target, "r+b") as current:  # fails where the file may not be written
        if current.read() != expected:
            raise FileChanged(f"{os.fspath(path)} was changed by somebody else meanwhile; it was left as it is")
        mode = stat.S_IMODE(os.fstat(current.fileno()).st_mode)
    if not mode & 0o222:
        raise PermissionError(f"{os.fspath(path)} is read-only; it was left as it is")  # the superuser may open it
    with Replacement(target, mode) as replacement:
        replacement.file.write(data)
        replacement.replace()


class Replacement:
    """A temporary file that takes another's name when it is complete. Where it does not, nothing of it stays behind.

    :param target: the file to replace, or to make; no symbolic link
    :param mode: the permissions that it gets
    :raises OSError: if the folder cannot be written to
    """

    def __init__(self, target: str, mode: int) -> None:
        self._target = target
        self._mode = mode
        handle, self._temporary = tempfile.mkstemp(prefix=".tensorlint-", suffix=".tmp", dir=os.path.dirname(target))
        self.file = open(handle, "wb")  # noqa: SIM115 - closed in __exit__

    def __enter__(self) -> Replacement:
        return self

    def replace(self) -> None:
        """Force what was written to the disk, and put it in the place of the target."""
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()  # Windows renames no open file
        os.chmod(self._temporary, self._mode)
        os.replace(self._temporary, self._target)
        _force_folder(os.path.dirname(self._target))

    def __exit__(self, *error: object) -> None:
        with contextlib.suppress(OSError):
            self.file.close()
        with contextlib.suppress(OSError):  # where it has taken the target's name it is not there
            os.unlink(self._temporary)


def unified_diff(before: Source, after: Source) -> str:
    """The patch from ``before`` to ``after``, in the files' own line ends, with three lines of context.

    Empty if nothing changes. A file without a final line end is marked as ``diff`` marks it.
    """
    pieces = []
    for line in difflib.unified_diff(_lines(before), _lines(after), before.path, after.path):
        if line.endswith(("\n", "\r")):
            pieces.append(line)
        else:
            pieces.append(f"{line}\n\\ No newline at end of file\n")
    return "".join(pieces)


def _lines(source: Source) -> list[str]:
    """The lines with their ends; a form feed or the like, which ``str.splitlines`` takes for an end, is not one."""
    starts = [source.offset(number, 1) for number in range(1, len(source.lines) + 1)] + [len(source.text)]
    lines = [source.text[start:end] for start, end in itertools.pairwise(starts)]
    return lines if lines[-1] else lines[:-1]


def _force_folder(folder: str) -> None:
    """Make the rename itself durable, where the system lets a folder be opened."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
