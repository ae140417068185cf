"""What is wrong with a gradient by the time that ``backward`` is called.

Memory that was saved for it may have been written: torch raises where it has counted the write itself, and it counts
none of NumPy's. And what was made outside of the graph may take part.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from types import FrameType
from typing import Any

import torch

from tensorlint.observe.crossings import memory
from tensorlint.observe.gradients import Gradients
from tensorlint.observe.graphs import operations, saved
from tensorlint.observe.hazards import BEHIND_AUTOGRAD, NO_GRAPH
from tensorlint.observe.intercept import intercept
from tensorlint.observe.places import Place
from tensorlint.observe.recorder import Recorder
from tensorlint.observe.recording import Hazard
from tensorlint.observe.samples import checksum
from tensorlint.observe.sharing import Sharing

__all__ = ["Backward"]


class Backward:
    """Looks at what is differentiated, at the beginning of each ``backward``, while it is entered."""

    def __init__(self, recorder: Recorder, sharing: Sharing, gradients: Gradients) -> None:
        self._recorder = recorder
        self._gradients = gradients
        self._sharing = sharing
        self._undo = ExitStack()

    def __enter__(self) -> Backward:
        for name in ("backward", "grad"):
            self._undo.callback(intercept(torch.autograd, name, f"torch.autograd.{name}", self._called))
        return self

    def __exit__(self, *error: object) -> None:
        self._undo.close()

    def _called(
        self, name: str, original: Callable[..., Any], frame: FrameType, args: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        __tracebackhide__ = True
        self._look(frame, args[0] if args else named.get("tensors", named.get("outputs")))
        try:
            return original(*args, **named)
        except RuntimeError as error:
            if "does not require grad" in str(error):
                self._refused(frame)
            raise

    def _look(self, frame: FrameType, roots: Any) -> None:
        try:
            place = self._recorder.places.of(frame)
            self._sharing.look(place)
            if not self._sharing.budget.has_left():
                return
            started = time.perf_counter()
            with torch._C.DisableTorchFunction():
                self._gradients.look(roots, place)
                if self._sharing.unseen:
                    self._compare(roots, place)
            self._sharing.budget.spend(started)
        except Exception as fault:
            self._recorder.fault(fault)

    def _refused(self, frame: FrameType) -> None:
        try:
            self._recorder.hazard(self._recorder.places.of(frame), Hazard(NO_GRAPH, ""))
        except Exception as fault:
            self._recorder.fault(fault)

    def _compare(self, roots: Any, place: Place | None) -> None:
        """Find what was saved before a write that torch did not count, and is not as it was."""
        told: set[Hazard] = set()
        for operation, tensor in saved(operations(roots)):
            found = memory(tensor)
            if found is None:
                continue
            original: dict[tuple[int, int], int] = {}
            for write in list(self._sharing.unseen):
                where = (write.low, write.high)
                # What was saved before the write, and is there still, kept the memory from being another's since.
                if operation._sequence_nr() < write.nodes and found[0] <= write.low and write.high <= found[1]:
                    if checksum(*where) == original.setdefault(where, write.checksum):
                        continue  # it has been written back
                    hazard = Hazard(BEHIND_AUTOGRAD, operation.name(), write.since, write.until or place)
                    if hazard not in told:
                        told.add(hazard)
                        self._recorder.hazard(write.place, hazard)
