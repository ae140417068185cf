"""Where a report goes: standard output, standard error or a file."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO

import click

__all__ = ["OutputFile", "Unwritable", "echo", "opened"]

_BLOCK = 1 << 16
"""Characters that are written at once: pieces alone would be flushed one by one, and all together fill the memory."""


class Unwritable(click.ClickException):
    """The output file cannot be written, as click reports an error: on standard error."""

    exit_code = 2


def echo(pieces: Iterable[str], *, err: bool = False, colour: bool = False) -> None:
    """Print a text that comes in pieces."""
    for block in _blocks(pieces):
        click.echo(block, nl=False, err=err, color=colour)


class OutputFile:
    """A file for a report; it is as it was until the whole report is there."""

    def __init__(self, path: str, file: IO[str]) -> None:
        self.path = path
        self.file = file
        self.written = False

    def write(self, pieces: Iterable[str]) -> None:
        """Write the report.

        :raises Unwritable: if it cannot be written (the disk is full)
        """
        try:
            for block in _blocks(pieces):
                self.file.write(block)
            self.file.flush()
        except OSError as error:
            raise _unwritable(self.path, error) from None
        self.written = True


@contextmanager
def opened(path: str | None) -> Iterator[OutputFile | None]:
    """The file for the report; None where there is to be none.

    It is opened first of all, so that a run is not for nothing, and takes its name at the end, if a report was written.

    :raises Unwritable: if it cannot be written
    """
    if path is None:
        yield None
        return
    target = os.path.realpath(path)
    try:
        mode = _mode(target)
    except OSError as error:
        raise _unwritable(path, error) from None
    if mode is None:
        with _special(path, target) as output:
            yield output
        return
    from tensorlint.fixes.write import Replacement

    try:
        replacement = Replacement(target, mode)
    except OSError as error:
        raise _unwritable(path, error) from None
    with replacement:
        output = OutputFile(path, _text(replacement.file))
        yield output
        if output.written:
            try:
                replacement.replace()
            except OSError as error:
                raise _unwritable(path, error) from None


@contextmanager
def _special(path: str, target: str) -> Iterator[OutputFile]:
    """``/dev/null``, a pipe and the like are written to as they are."""
    try:
        file = open(target, "wb")  # noqa: SIM115 - closed below, apart from the errors of opening it
    except OSError as error:
        raise _unwritable(path, error) from None
    with file:
        yield OutputFile(path, _text(file))


def _mode(target: str) -> int | None:
    """The mode that the file has, or a new one gets; None for what is no regular file."""
    try:
        mode = os.stat(target).st_mode
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(None, "it is a folder")
    if not stat.S_ISREG(mode):
        return None
    if not mode & 0o222 or not os.access(target, os.W_OK):  # a rename alone would not notice
        raise PermissionError(None, "it is read-only")
    return stat.S_IMODE(mode)


def _text(file: IO[bytes]) -> IO[str]:
    return io.TextIOWrapper(file, encoding="utf-8", errors="backslashreplace", newline="")


def _blocks(pieces: Iterable[str]) -> Iterator[str]:
    held: list[str] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= _BLOCK:
            yield "".join(held)
            held, size = [], 0
    if held:
        yield "".join(held)


def _unwritable(path: str, error: OSError) -> Unwritable:
    from tensorlint.report.printable import escaped

    return Unwritable(f"{escaped(path)}: cannot be written: {error.strerror or error}")
