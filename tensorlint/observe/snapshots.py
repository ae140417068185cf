"""Snapshots that are none: arrays and `state_dict()`s that are kept while optimizer steps change what is in them.

What shares memory with a tensor is looked at right before and right after each optimizer step. An array that is only
in use until the next turn of the loop is not meant: two steps must change it while it is kept.
"""

from __future__ import annotations

import ctypes
import sys
import time
import weakref
import zlib
from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from tensorlint.observe.crossings import Facts, memory, overlap
from tensorlint.observe.places import Place
from tensorlint.observe.recorder import Recorder
from tensorlint.observe.recording import Hazard

__all__ = ["STALE", "Snapshots"]

STALE = "stale"
"""The kind of hazard: what was kept has changed behind its holder's back."""

_CHANGED = "optimizer steps changed it while it was kept"
_MOST = 256
"""What is watched at a time, the latest."""
_OF_A_MODULE = 16
_CHUNK = 4096
"""Bytes at the beginning, in the middle and at the end that are looked at."""
_FREE, _SHARE = 0.5, 0.1
"""Seconds, and the part of the run's time, that may be spent here; steps beyond that are not looked at."""


@dataclass(slots=True)
class _Kept:
    holder: weakref.ref[Any]
    place: Place
    checksum: int
    steps: int = 0


class Snapshots:
    """Watches for stale snapshots while it is entered."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._kept: deque[_Kept] = deque(maxlen=_MOST)
        self._handles: list[Any] = []
        self._since = time.perf_counter()
        self._spent = 0.0
        self._looking = False

    def __enter__(self) -> Snapshots:
        self._recorder.watchers.append(self._made)
        self._handles = [
            register_optimizer_step_pre_hook(self._before_step),
            register_optimizer_step_post_hook(self._after_step),
        ]
        return self

    def __exit__(self, *error: object) -> None:
        self._recorder.watchers.remove(self._made)
        for handle in self._handles:
            handle.remove()

    def _made(self, before: Facts, result: Any, place: Place) -> None:
        if isinstance(result, np.ndarray):
            if isinstance(before.value, torch.Tensor) and overlap(before.value, result):
                self._keep(result, place)
        elif isinstance(before.value, torch.nn.Module) and isinstance(result, dict):
            for value in [one for one in result.values() if isinstance(one, torch.Tensor)][:_OF_A_MODULE]:
                self._keep(value, place)

    def _keep(self, holder: Any, place: Place) -> None:
        checksum = _checksum(holder)
        if checksum is not None:
            self._kept.append(_Kept(weakref.ref(holder), place, checksum))

    def _before_step(self, *_: Any) -> None:
        started = time.perf_counter()
        self._looking = bool(self._kept) and self._spent <= _FREE + _SHARE * (started - self._since)
        if self._looking:
            self._look(None)
            self._spent += time.perf_counter() - started

    def _after_step(self, *_: Any) -> None:
        if self._looking:
            started = time.perf_counter()
            self._look(self._recorder.places.of(sys._getframe(1)))
            self._spent += time.perf_counter() - started

    def _look(self, step: Place | None) -> None:
        """Look at all that is kept; with ``step``, a step was made there since the last look."""
        try:
            with torch._C.DisableTorchFunction():
                still = deque[_Kept](maxlen=_MOST)
                for kept in list(self._kept):
                    holder = kept.holder()
                    checksum = _checksum(holder) if holder is not None else None
                    if checksum is None:
                        continue
                    kept.steps += step is not None and checksum != kept.checksum
                    kept.checksum = checksum
                    if kept.steps >= 2:
                        self._recorder.hazard(
                            kept.place, Hazard(STALE, "optimizer steps changed it while it was kept", step)
                        )
                    else:
                        still.append(kept)
                self._kept = still
        except Exception as fault:
            self._recorder.fault(fault)


def _checksum(holder: Any) -> int | None:
    """Of a sample of what is in a tensor or array; None where it does not lie in one piece, on the CPU."""
    contiguous = holder.flags.c_contiguous if isinstance(holder, np.ndarray) else _is_plain(holder)
    place = memory(holder) if contiguous else None
    if place is None:
        return None
    low, high = place
    size, sum_ = high - low, 0
    for start in sorted({low, low + max(0, size // 2 - _CHUNK // 2), max(low, high - _CHUNK)}):
        sum_ = zlib.crc32((ctypes.c_char * min(_CHUNK, high - start)).from_address(start), sum_)
    return sum_


def _is_plain(tensor: torch.Tensor) -> bool:
    return tensor.layout is torch.strided and not tensor.is_nested and tensor.is_contiguous()
