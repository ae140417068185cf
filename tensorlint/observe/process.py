"""One observed process, from the import of torch to its end."""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tensorlint.observe.backward import Backward
from tensorlint.observe.detached import Detached
from tensorlint.observe.gradients import Gradients
from tensorlint.observe.intercept import hide_frames
from tensorlint.observe.journal import Journal
from tensorlint.observe.recorder import Recorder
from tensorlint.observe.sharing import Sharing
from tensorlint.observe.snapshots import Snapshots
from tensorlint.observe.start import Plan

__all__ = ["begin"]


def begin(plan: Plan) -> Recorder:
    """Record until the process ends."""
    if plan.simulate:
        from tensorlint.observe.simulate_process import simulate

        simulate(plan.simulate)
    recorder = Recorder(Journal(Path(plan.parts)))
    recorder.recording.simulated = plan.simulate
    recorder.tell()
    recorder.__enter__()
    if plan.check_sharing:
        detached = Detached().__enter__()
        Snapshots(recorder, detached).__enter__()
        sharing, gradients = Sharing(recorder, detached).__enter__(), Gradients(recorder, detached).__enter__()
        Backward(recorder, sharing, gradients).__enter__()
    hide_frames()
    atexit.register(recorder.tell)
    for name in ("_exit", "execv", "execve"):  # they end the process, and ask nobody
        _first(name, recorder.tell)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=recorder.begin_anew)
    return recorder


def _first(name: str, do: Callable[[], None]) -> None:
    original = getattr(os, name, None)
    if original is None:
        return

    def first(*args: Any, **named: Any) -> Any:
        do()
        return original(*args, **named)

    setattr(os, name, first)
