"""Files written whole or not at all, and diffs of what would be written."""

from __future__ import annotations

import contextlib
import difflib
import itertools
import os
import stat
import tempfile

from tensorlint.source import Source

__all__ = ["FileChanged", "unified_diff", "write_atomically"]


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
    handle, temporary = tempfile.mkstemp(prefix=".tensorlint-", suffix=".tmp", dir=os.path.dirname(target))
    try:
        with open(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _force_folder(os.path.dirname(target))


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
