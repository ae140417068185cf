"""Writes that are seen on the other side: NumPy's in a tensor, torch's in an array, in memory that both share.

The memory is looked at when values cross the boundary, at optimizer steps, when what was made of it is gone, and at the
end of the run. A write lies between the look before it and the look after it.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from tensorlint.observe.crossings import Facts
from tensorlint.observe.detached import Detached
from tensorlint.observe.hazards import BY_STEP, NUMPY_WROTE, STALE, TORCH_WROTE
from tensorlint.observe.pairs import Look, Pair, nodes_made, pair
from tensorlint.observe.places import Place
from tensorlint.observe.recorder import Recorder
from tensorlint.observe.recording import Hazard
from tensorlint.observe.samples import Budget

__all__ = ["Sharing", "Unseen"]

_MOST = 64
"""Pairs that are watched at a time, the latest."""
_AT_A_CROSSING = 8
"""Of these, how many are looked at at a crossing, the latest; the others wait for an optimizer step or the end."""
_KEPT = 2
"""Writes by another after which something was kept, and not only in use until the next turn of a loop."""
_FREE, _SHARE = 0.5, 0.3
"""Seconds, and the part of the run's time, that may be spent here; there are no new pairs and no looks beyond that."""


class _Write(NamedTuple):
    """Something that was written, which is still to be told."""

    pair: Pair
    by_torch: bool
    since: Place
    until: Place | None
    by_step: bool
    """An optimizer step at ``until`` wrote it, and nothing else can have."""


class Unseen(NamedTuple):
    """A write that torch has not counted."""

    place: Place
    """Of the conversion."""
    since: Place
    until: Place | None
    low: int
    high: int
    checksum: int
    """Of what was there before."""
    nodes: int
    """How many operations autograd had recorded by then."""


class Sharing:
    """Watches for writes to shared memory while it is entered."""

    def __init__(self, recorder: Recorder, detached: Detached) -> None:
        self._recorder = recorder
        self._detached = detached
        self._pairs: deque[Pair] = deque()
        self._written: deque[_Write] = deque(maxlen=_MOST)
        self.unseen: deque[Unseen] = deque(maxlen=_MOST)
        """The latest writes that torch has not counted."""
        self.budget = Budget(_FREE, _SHARE)
        self._guard = threading.Lock()
        self._handles: list[Any] = []
        self._ended = False

    def __enter__(self) -> Sharing:
        self._recorder.watchers.append(self._made)
        self._recorder.at_end.append(self._last_look)
        self._recorder.in_child.append(self._begin_anew)
        self._handles = [
            register_optimizer_step_pre_hook(self._before_step),
            register_optimizer_step_post_hook(self._after_step),
        ]
        return self

    def __exit__(self, *error: object) -> None:
        self._last_look()
        self._ended = True
        self._recorder.watchers.remove(self._made)
        self._recorder.at_end.remove(self._last_look)
        self._recorder.in_child.remove(self._begin_anew)
        for handle in self._handles:
            handle.remove()

    def look(self, until: Place | None, by_step: bool = False, latest: int = _MOST) -> None:
        """Look at the latest pairs, and tell of what was written to them since the last look.

        :param until: where the program is
        :param by_step: an optimizer step there was all that came since the last look
        """
        started = time.perf_counter()
        if not (self._pairs or self._written) or not self.budget.has_left():
            return
        if not self._guard.acquire(blocking=False):  # another thread looks
            return
        try:
            with torch._C.DisableTorchFunction():
                self._look(list(self._pairs)[-latest:], until, by_step)
                self._tell()
        except Exception as fault:
            self._recorder.fault(fault)
        finally:
            self._guard.release()
            self.budget.spend(started)

    def _made(self, before: Facts, made: Any, place: Place, shares: bool) -> None:
        self.look(place, latest=_AT_A_CROSSING)
        started = time.perf_counter()
        if not shares or isinstance(made, np.ndarray) is isinstance(before.value, np.ndarray):
            return
        if self._ended or not self.budget.has_left():
            return
        sources = list(self._sources(before.value)) if isinstance(made, np.ndarray) else ()
        found = pair(before.value, made, sources, place, self._gone)
        if found is not None:
            self._pairs.append(found)
            if len(self._pairs) > _MOST:
                self._pairs.popleft().let_go()
        self.budget.spend(started)

    def _sources(self, tensor: torch.Tensor) -> Iterator[torch.Tensor]:
        for one in (tensor, tensor._base, self._detached.source(tensor)):
            if one is not None and not isinstance(one, torch.nn.Parameter):
                yield one

    def _look(self, pairs: list[Pair], until: Place | None, by_step: bool) -> None:
        there = [each for each in pairs if not each.is_gone()]
        seen = [(each, storage, each.look()) for each in there if (storage := each.storage()) is not None]
        counted = [each for each, _, look in seen if look.writes != each.last.writes]
        nodes = nodes_made()
        for each, storage, look in seen:
            self._judge(each, storage, look, any(one.overlaps(each.low, each.high) for one in counted), until, by_step)
            each.last, each.nodes = look, nodes
            each.since = until or each.since
        kept = {each for each, storage, _ in seen if not each.is_over(storage)}
        for each in pairs:
            if each not in kept:
                each.let_go()
                with contextlib.suppress(ValueError):  # it has made room for another one
                    self._pairs.remove(each)

    def _judge(
        self,
        each: Pair,
        storage: torch.UntypedStorage,
        look: Look,
        by_torch: bool,
        until: Place | None,
        by_step: bool = False,
    ) -> None:
        if look.checksum == each.last.checksum:
            return
        if not by_torch:
            one = Unseen(each.place, each.since, until, each.low, each.high, each.last.checksum, each.nodes)
            self.unseen.append(one)
        if each.is_seen_by_array() if by_torch else each.is_seen_by_tensor(storage):
            each.surprises += each.is_surprised(by_torch) and not by_step  # steps are watched by the snapshots
            self._written.append(_Write(each, by_torch, each.since, until, by_step and by_torch))

    def _gone(self, each: Pair) -> None:
        """A look from within the end of one side: wherever that is, so nothing is told and no lock is taken."""
        try:
            if self._ended:
                return
            started = time.perf_counter()
            if self.budget.has_left() and each.holder is not None:
                with torch._C.DisableTorchFunction():
                    self._look_at_last(each, self._recorder.places.of(sys._getframe().f_back))
            if each.holder is not None and each.holder() is None:
                each.let_go()
            self.budget.spend(started)
        except Exception as fault:
            self._recorder.fault(fault)

    def _look_at_last(self, each: Pair, until: Place | None) -> None:
        storage = each.storage()
        if storage is None:
            return
        look = each.look()
        if look.checksum != each.last.checksum:
            others = [one for one in list(self._pairs) if one.overlaps(each.low, each.high)]
            by_torch = any(one.look().writes != one.last.writes for one in others if one.storage() is not None)
            self._judge(each, storage, look, by_torch or look.writes != each.last.writes, until)
            each.last, each.since = look, until or each.since

    def _tell(self) -> None:
        while self._written:
            write = self._written.popleft()
            kind = TORCH_WROTE if write.by_torch else NUMPY_WROTE
            hazard = Hazard(kind, BY_STEP, write.until) if write.by_step else Hazard(kind, "", write.since, write.until)
            self._recorder.hazard(write.pair.place, hazard)
            if write.pair.surprises >= _KEPT:
                write.pair.surprises = 0
                text = f"its memory was {kind} more than once while it was kept"
                self._recorder.hazard(write.pair.place, Hazard(STALE, text))

    def _before_step(self, *_: Any) -> None:
        self.look(self._recorder.places.of(sys._getframe(1)))

    def _after_step(self, *_: Any) -> None:
        self.look(self._recorder.places.of(sys._getframe(1)), by_step=True)

    def _last_look(self) -> None:
        self.look(None)

    def _begin_anew(self) -> None:
        """In a process that was forked: what was seen before is the parent's."""
        self._guard = threading.Lock()
        while self._pairs:
            self._pairs.popleft().let_go()
        self._written.clear()
        self.unseen.clear()
