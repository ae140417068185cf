"""The recorder: every crossing of a process, with the user's line, added to a recording.

Whatever goes wrong in here is counted and goes no further: the program gets what torch gives it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from types import FrameType
from typing import Any

import numpy as np
import torch

from tensorlint.observe.crossings import INDEXING, MOVING, SCALAR, Facts, case, crossings, facts
from tensorlint.observe.intercept import intercept, standing_in
from tensorlint.observe.journal import Journal
from tensorlint.observe.places import Place, Places
from tensorlint.observe.recording import Case, Hazard, Recording
from tensorlint.observe.simulate_calls import ACTIVE

__all__ = ["Recorder"]

_Watcher = Callable[[Facts, Any, Place, bool], None]


class _Thread(threading.local):
    busy = False
    """Inside a crossing: what it calls in turn is no crossing of its own."""


class Recorder:
    """Records while it is entered.

    :param journal: keeps what is seen on the disk
    """

    def __init__(self, journal: Journal | None = None) -> None:
        self.recording = Recording()
        self.recording.torch, self.recording.numpy = str(torch.__version__), str(np.__version__)
        self.recording.processes = 1
        self.places = Places()
        self.lock = threading.Lock()
        self.watchers: list[_Watcher] = []
        """Told of every crossing that was made: what went in, what came out, where, whether they share memory."""
        self.makers: list[Callable[[Any, Place], None]] = []
        """Told of every tensor that one of these calls of torch's made, of numbers, too, and where."""
        self.at_end: list[Callable[[], None]] = []
        """Called when the journal is brought up to date: what is still known then is told."""
        self.in_child: list[Callable[[], None]] = []
        """Called in a process that was forked."""
        self.journal = journal
        self._thread = _Thread()
        self._undo = ExitStack()
        self._forked = False

    def __enter__(self) -> Recorder:
        for owner, name, call in crossings():
            if hasattr(owner, name):
                self._undo.callback(intercept(owner, name, call, self._crossing))
        for mode in ACTIVE:
            calls = {**INDEXING, **MOVING} if mode.device.refused else INDEXING
            self._undo.enter_context(mode.telling(calls, self._crossing))
        return self

    def __exit__(self, *error: object) -> None:
        self._undo.close()

    def fault(self, error: Exception) -> None:
        """Count something that went wrong in here."""
        text = f"{type(error).__name__}: {error}"[:160]
        if text in self.recording.faults or len(self.recording.faults) < 100:
            self.recording.faults[text] = self.recording.faults.get(text, 0) + 1

    def tell(self) -> None:
        """Bring the journal up to date; never raises."""
        for each in self.at_end:
            each()
        if self.journal is None:
            return
        held = self.lock.acquire(timeout=1.0)  # a signal may have come in while it was held
        try:
            recording = self.recording
            if recording.sightings or recording.faults or not self._forked:
                self.journal.about(recording)
            for place, sighting in list(recording.sightings.items()):
                for case_, tally in list(sighting.cases.items()):
                    if not _is_told(tally.count):  # else it is there
                        self.journal.case(place, case_, tally)
                for hazard, count in list(sighting.hazards.items()):
                    if not _is_told(count):
                        self.journal.hazard(place, hazard, count)
        except Exception as fault:
            self.fault(fault)
        finally:
            if held:
                self.lock.release()

    def begin_anew(self) -> None:
        """In a child process that was forked: what was seen before is the parent's."""
        old = self.recording
        self._forked = True
        self.lock = threading.Lock()  # another thread may have held it
        self.recording = Recording(processes=1, torch=old.torch, numpy=old.numpy, simulated=old.simulated)
        if self.journal is not None:
            self.journal.begin()
        for each in self.in_child:
            each()

    def hazard(self, place: Place | None, hazard: Hazard, count: int = 1) -> None:
        """Note what went wrong at a place without an exception."""
        with self.lock:
            sighting = self.recording.at(place)
            if sighting is None or place is None:
                return
            total = sighting.add_hazard(hazard, count)
            if self.journal is not None and _is_told(total):
                self.journal.hazard(place, hazard, total)

    def _crossing(
        self, name: str, original: Callable[..., Any], frame: FrameType, args: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        __tracebackhide__ = True
        thread = self._thread
        if name in SCALAR and _of_torch(frame):  # torch reading its own counters
            return original(*args, **named)
        if thread.busy:
            return standing_in(frame)(original, args, named)
        thread.busy = True
        try:
            before, call = self._before(name, frame, args, named)
            started = time.perf_counter()
            try:
                result = call(original, args, named)
            except BaseException as error:
                self._add(before, None, error, time.perf_counter() - started, frame)
                raise
            self._add(before, result, None, time.perf_counter() - started, frame)
            if self.makers and name.startswith("torch."):
                self._tell_makers(result, frame)
        finally:
            thread.busy = False
        return result

    def _before(
        self, name: str, frame: FrameType, args: tuple[Any, ...], named: dict[str, Any]
    ) -> tuple[Facts | None, Callable[..., Any]]:
        call: Callable[..., Any] = _plainly
        try:
            call = standing_in(frame)
            with torch._C.DisableTorchFunction():
                return facts(name, args, named), call
        except Exception as fault:
            self.fault(fault)
            return None, call

    def _add(
        self,
        before: Facts | None,
        result: Any,
        error: BaseException | None,
        seconds: float,
        frame: FrameType,
    ) -> None:
        if before is None or (error is None and before.case.call in MOVING.values()):
            return
        try:
            place = self.places.of(frame)
            with torch._C.DisableTorchFunction():
                seen = case(before, result, error)
                self._count(place, seen, seconds)
                if error is None and place is not None:
                    for watcher in self.watchers:
                        watcher(before, result, place, seen.shares)
        except Exception as fault:
            self.fault(fault)

    def _tell_makers(self, made: Any, frame: FrameType) -> None:
        try:
            if (place := self.places.of(frame)) is not None:
                with torch._C.DisableTorchFunction():
                    for maker in self.makers:
                        maker(made, place)
        except Exception as fault:
            self.fault(fault)

    def _count(self, place: Place | None, seen: Case, seconds: float) -> None:
        with self.lock:
            sighting = self.recording.at(place)
            if sighting is None or place is None:
                return
            seen, tally = sighting.add(seen, 1, seconds)
            if self.journal is not None and _is_told(tally.count):
                self.journal.case(place, seen, tally)


def _is_told(count: int) -> bool:
    """Whether the journal is told of a count as soon as it is reached."""
    return 0 < count <= 16 or not count & (count - 1)


def _of_torch(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__")).startswith("torch.")


def _plainly(function: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    return function(*args, **named)
