"""Snapshots that are none: arrays, `state_dict()`s and detached parameters, kept while optimizer steps change them.

What shares memory with a tensor is looked at right before and right after each optimizer step. An array that is only
in use until the next turn of the loop is not meant: two steps must change it while it is kept.
"""

from __future__ import annotations

import sys
import time
import weakref
from collections import deque
from dataclasses import dataclass
from types import FrameType
from typing import Any

import numpy as np
import torch
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from tensorlint.observe.crossings import Facts
from tensorlint.observe.detached import Detached
from tensorlint.observe.hazards import STALE
from tensorlint.observe.places import Place
from tensorlint.observe.recorder import Recorder
from tensorlint.observe.recording import Hazard
from tensorlint.observe.samples import Budget, checksum, piece

__all__ = ["Snapshots"]

_CHANGED = "optimizer steps changed it while it was kept"
_MOST = 256
"""What is watched at a time, the latest."""
_OF_A_MODULE = 16
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

    def __init__(self, recorder: Recorder, detached: Detached | None = None) -> None:
        self._recorder = recorder
        self._detached = detached
        self._kept: deque[_Kept] = deque(maxlen=_MOST)
        self._handles: list[Any] = []
        self._budget = Budget(_FREE, _SHARE)
        self._looking = False

    def __enter__(self) -> Snapshots:
        self._recorder.watchers.append(self._made)
        if self._detached is not None:
            self._detached.watchers.append(self._was_detached)
        self._handles = [
            register_optimizer_step_pre_hook(self._before_step),
            register_optimizer_step_post_hook(self._after_step),
        ]
        return self

    def __exit__(self, *error: object) -> None:
        self._recorder.watchers.remove(self._made)
        if self._detached is not None:
            self._detached.watchers.remove(self._was_detached)
        for handle in self._handles:
            handle.remove()

    def _made(self, before: Facts, result: Any, place: Place, shares: bool) -> None:
        if isinstance(result, np.ndarray):
            if shares and isinstance(before.value, torch.Tensor):
                self._keep(result, place)
        elif isinstance(before.value, torch.nn.Module) and isinstance(result, dict):
            for value in [one for one in result.values() if isinstance(one, torch.Tensor)][:_OF_A_MODULE]:
                self._keep(value, place)

    def _was_detached(self, made: torch.Tensor, frame: FrameType) -> None:
        try:
            # torch detaches parameters for a `state_dict()`, which is kept as such.
            if self._recorder.places.own(frame.f_code.co_filename) and (place := self._recorder.places.of(frame)):
                self._keep(made, place)
        except Exception as fault:
            self._recorder.fault(fault)

    def _keep(self, holder: Any, place: Place) -> None:
        if len(self._kept) == _MOST:  # what is gone makes room first
            self._kept = deque((one for one in list(self._kept) if one.holder() is not None), maxlen=_MOST)
        sum_ = _checksum(holder)
        if sum_ is not None:
            self._kept.append(_Kept(weakref.ref(holder), place, sum_))

    def _before_step(self, *_: Any) -> None:
        started = time.perf_counter()
        self._looking = bool(self._kept) and self._budget.has_left()
        if self._looking:
            self._look(None)
            self._budget.spend(started)

    def _after_step(self, *_: Any) -> None:
        if self._looking:
            started = time.perf_counter()
            self._look(self._recorder.places.of(sys._getframe(1)))
            self._budget.spend(started)

    def _look(self, step: Place | None) -> None:
        """Look at all that is kept; with ``step``, a step was made there since the last look."""
        try:
            with torch._C.DisableTorchFunction():
                still = deque[_Kept](maxlen=_MOST)
                for kept in list(self._kept):
                    holder = kept.holder()
                    sum_ = _checksum(holder) if holder is not None else None
                    if sum_ is None:
                        continue
                    kept.steps += step is not None and sum_ != kept.checksum
                    kept.checksum = sum_
                    if kept.steps >= 2:
                        self._recorder.hazard(kept.place, Hazard(STALE, _CHANGED, step))
                    else:
                        still.append(kept)
                self._kept = still
        except Exception as fault:
            self._recorder.fault(fault)


def _checksum(holder: Any) -> int | None:
    """Of a sample of what is in a tensor or array; None where it does not lie in one piece, on the CPU."""
    found = piece(holder)
    return checksum(*found) if found is not None else None
