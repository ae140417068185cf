"""Where in the user's program something happens: the innermost frame that is not a library's."""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from collections.abc import Iterable
from itertools import islice
from types import CodeType, FrameType
from typing import NamedTuple

__all__ = ["Place", "Places"]

_MOST = 20_000
"""Places that are remembered; a program that makes code without end starts over then."""


class Place(NamedTuple):
    """A stretch of a file, lines and columns from 1, ends exclusive; columns are 0 where Python does not tell them.

    Columns count bytes of UTF-8, as code objects do.
    """

    path: str
    """Absolute."""
    line: int
    column: int
    end_line: int
    end_column: int


class Places:
    """Finds the places of frames, and remembers them."""

    def __init__(self) -> None:
        self._libraries = tuple(sorted(_libraries()))
        self._own: dict[str, bool] = {}
        self._known: dict[tuple[int, int], tuple[CodeType, Place]] = {}

    def own(self, filename: str) -> bool:
        """Whether a file is the user's: none of Python's, of an installed package's or of tensorlint's."""
        known = self._own.get(filename)
        if known is None:
            known = self._own[filename] = self._judge(filename)
        return known

    def _judge(self, filename: str) -> bool:
        if filename.startswith("<") or not filename:
            return False
        path = os.path.abspath(filename)
        parts = path.split(os.sep)
        return not path.startswith(self._libraries) and not {"site-packages", "dist-packages"} & set(parts)

    def of(self, frame: FrameType | None) -> Place | None:
        """The place of the innermost own frame from ``frame`` outwards; None where there is none."""
        while frame is not None and not self.own(frame.f_code.co_filename):
            frame = frame.f_back
        if frame is None:
            return None
        key = (id(frame.f_code), frame.f_lasti)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _MOST:
                self._known.clear()
            found = self._known[key] = (frame.f_code, _place(frame))  # the code is kept, so that its id stays its own
        return found[1]


def _place(frame: FrameType) -> Place:
    path, line = os.path.abspath(frame.f_code.co_filename), frame.f_lineno
    if sys.version_info >= (3, 11):
        position = next(islice(frame.f_code.co_positions(), frame.f_lasti // 2, None), (None,) * 4)
        start, end, column, end_column = position
        if start and end and column is not None and end_column is not None:
            return Place(path, start, column + 1, end, end_column + 1)
    return Place(path, line, 0, line, 0)


def _libraries() -> Iterable[str]:
    paths = {name: path for name, path in sysconfig.get_paths().items() if name in ("stdlib", "platstdlib")}
    folders = [*paths.values(), *site.getsitepackages(), site.getusersitepackages()]
    folders.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return {os.path.join(os.path.abspath(folder), "") for folder in folders}
