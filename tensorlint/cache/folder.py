"""The folder of the cache: files written whole, read with care, and not too many of them."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import tempfile
from collections.abc import Iterator
from hashlib import blake2b

from tensorlint.files import read as read_file

__all__ = ["DEFAULT", "Unusable", "clean", "damaged", "read", "write"]

DEFAULT = ".tensorlint_cache"
MOST_BYTES = 64_000_000
"""Of one file; the file of two thousand linted ones takes some two million."""
MOST_FILES = 16
"""One file a combination of settings, versions and working folder; the oldest ones go."""

_MAGIC = b"tensorlint cache 1 "
_OURS = re.compile(r"[0-9a-f]{32}\.(?:results|[\w-]+\.part)")
_BESIDE = {
    ".gitignore": "# Made by tensorlint.\n*\n",
    "CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n# A folder of tensorlint's; it can be deleted.\n",
}


class Unusable(Exception):
    """What is there is no cache of tensorlint's; the text says why."""


def read(folder: str, key: str) -> tuple[bytes, bytes] | None:
    """The head and the body that were written under a key; None where nothing was.

    :raises Unusable: if something is there that cannot be read or was not written so
    """
    path = _path(folder, key)
    try:
        # What is no regular file is not waited for, and a link is not followed.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))
    except FileNotFoundError:
        return None
    except OSError as error:
        if os.path.islink(path):
            raise Unusable(f"{path}: a symbolic link") from None
        raise Unusable(f"{path}: cannot be read: {error.strerror or error}") from None
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise Unusable(f"{path}: not a regular file")
        with os.fdopen(handle, "rb", closefd=False) as file:
            data = file.read(MOST_BYTES + 1)
    finally:
        os.close(handle)
    if len(data) > MOST_BYTES:
        raise Unusable(f"{path}: too large")
    first, _, rest = data.partition(b"\n")
    head, _, body = rest.partition(b"\n")
    if first != _MAGIC + _digest(rest):
        raise damaged(folder, key)
    return head, body


def damaged(folder: str, key: str) -> Unusable:
    """What was written under a key is not what tensorlint writes."""
    return Unusable(f"{_path(folder, key)}: damaged")


def write(folder: str, key: str, head: bytes, body: bytes) -> None:
    """Keep a head and a body under a key; who reads meanwhile sees what was there before, or this.

    :raises OSError: if that is not possible; what was there before is still there then
    """
    rest = head + b"\n" + body
    if len(rest) > MOST_BYTES - 1_000:
        return
    os.makedirs(folder, exist_ok=True)
    for name, text in _BESIDE.items():
        with contextlib.suppress(FileExistsError), open(os.path.join(folder, name), "x", encoding="ascii") as file:
            file.write(text)
    handle, temporary = tempfile.mkstemp(".part", f"{key}.", folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(_MAGIC + _digest(rest) + b"\n" + rest)
        os.replace(temporary, _path(folder, key))
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _forget_the_oldest(folder)


def clean(folder: str) -> bool:
    """Delete a cache, and the folder if nothing else is in it. Whether there was one.

    :raises OSError: if something of it cannot be deleted
    """
    names = [*_ours(folder), *(name for name, text in _BESIDE.items() if _holds(os.path.join(folder, name), text))]
    for name in names:
        os.unlink(os.path.join(folder, name))
    if names:
        with contextlib.suppress(OSError):  # there are other things in it
            os.rmdir(folder)
    return bool(names)


def _holds(path: str, text: str) -> bool:
    """Whether a file holds just this."""
    try:
        return read_file(path) == text.encode("ascii")
    except OSError:
        return False


def _ours(folder: str) -> Iterator[str]:
    try:
        names = sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    for name in names:
        path = os.path.join(folder, name)
        if _OURS.fullmatch(name) and (os.path.islink(path) or not os.path.isdir(path)):
            yield name


def _forget_the_oldest(folder: str) -> None:
    ages = []
    for name in _ours(folder):
        with contextlib.suppress(OSError):
            ages.append((os.lstat(os.path.join(folder, name)).st_mtime_ns, name))
    for _, name in sorted(ages, reverse=True)[MOST_FILES:]:
        with contextlib.suppress(OSError):
            os.unlink(os.path.join(folder, name))


def _path(folder: str, key: str) -> str:
    return os.path.join(folder, f"{key}.results")


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).hexdigest().encode("ascii")
