"""Cheap looks at memory, and how much time may be spent on them."""

from __future__ import annotations

import ctypes
import time
import zlib
from typing import Any

import numpy as np

from tensorlint.observe.crossings import memory

__all__ = ["Budget", "checksum", "piece"]

_WHOLE = 16_384
"""Bytes up to which all of a piece of memory is looked at."""
_CHUNK, _CHUNKS = 2048, 8
"""Bytes, and places, of a larger one."""


def piece(value: Any) -> tuple[int, int] | None:
    """The first byte of a tensor or array and the one after its last.

    None where it does not lie on the CPU in one piece: between its elements there may be those of another.
    """
    if not isinstance(value, np.ndarray) and value.is_nested:
        return None
    found = memory(value)
    return found if found is not None and found[1] - found[0] == value.nbytes else None


def checksum(low: int, high: int) -> int:
    """Of what is in memory from ``low`` to ``high``: of all of it, or of pieces spread over it."""
    if high - low <= _WHOLE:
        return zlib.crc32((ctypes.c_char * (high - low)).from_address(low))
    sum_ = 0
    for index in range(_CHUNKS):
        start = low + (high - low - _CHUNK) * index // (_CHUNKS - 1)
        sum_ = zlib.crc32((ctypes.c_char * _CHUNK).from_address(start), sum_)
    return sum_


class Budget:
    """A part of the run's time.

    :param free: seconds that may be spent in any case
    :param share: of the time since the beginning
    """

    def __init__(self, free: float, share: float) -> None:
        self._free, self._share = free, share
        self._since = time.perf_counter()
        self._spent = 0.0

    def has_left(self) -> bool:
        """Whether some of it is left."""
        return self._spent <= self._free + self._share * (time.perf_counter() - self._since)

    def spend(self, started: float) -> None:
        """Count the time since ``started``, of ``time.perf_counter()``."""
        self._spent += time.perf_counter() - started
