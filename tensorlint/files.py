"""Files read without waiting: what is no regular file, or is too large, is refused before it can do harm."""

from __future__ import annotations

import errno
import os
import stat

__all__ = ["MOST_BYTES", "MOST_BYTES_OF_NOTEBOOK", "is_notebook", "read"]

MOST_BYTES = 5_000_000
"""More than any file of code has. CPython's syntax tree of dense code takes some 400 times the text's memory."""
MOST_BYTES_OF_NOTEBOOK = 100_000_000
"""The same for notebooks: the outputs of the cells, images and tables, are a part of the file."""


def is_notebook(path: str | os.PathLike[str]) -> bool:
    """Whether a file is called a notebook."""
    return os.fspath(path).lower().endswith(".ipynb")


def read(path: str | os.PathLike[str], most: int | None = None) -> bytes:
    """The bytes of a regular file.

    :param most: how many bytes it may have; None: as many as code has, or a notebook
    :raises OSError: if it cannot be read, is larger, or is a folder, a pipe, a device or the like (none is waited for)
    """
    if most is None:
        most = MOST_BYTES_OF_NOTEBOOK if is_notebook(path) else MOST_BYTES
    _must_be_regular(os.stat(path).st_mode, path)  # some devices act on being opened
    with open(path, "rb", opener=_at_once) as file:
        _must_be_regular(os.fstat(file.fileno()).st_mode, path)
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"larger than {most / 1e6:g} MB", os.fspath(path))
    return data


def _at_once(path: str, flags: int) -> int:
    """Open a file; a named pipe that has taken its place meanwhile does not block."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _must_be_regular(mode: int, path: str | os.PathLike[str]) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "not a regular file", os.fspath(path))
