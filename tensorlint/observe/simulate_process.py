"""A simulated GPU for a whole process: from the import of torch to the end, in every thread."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from torch.multiprocessing import reductions

from tensorlint.observe.simulate import CPU, NotSimulated, Simulation, simulated

__all__ = ["simulate"]

_until_the_end = ExitStack()


def simulate(device: str) -> None:
    """Simulate a device, by its type, from now on."""
    mode = _until_the_end.enter_context(simulated(device))
    mode.names_lines = True
    _in_every_thread(mode)
    _tag_what_workers_send(mode)
    for module, names in mode.device.unknown.items():
        for name in names:
            if hasattr(module, name):
                what = f"{module.__name__}.{name} on simulated {mode.device.title}"
                setattr(module, name, _refusing(what, getattr(module, name)))


def _in_every_thread(mode: Simulation) -> None:
    """Modes are for one thread each."""
    bootstrap: Callable[[threading.Thread], None] = threading.Thread._bootstrap_inner  # type: ignore[attr-defined]

    def inside(thread: threading.Thread) -> None:
        with mode:
            bootstrap(thread)

    threading.Thread._bootstrap_inner = inside  # type: ignore[attr-defined]


def _tag_what_workers_send(mode: Simulation) -> None:
    """What comes out of a queue from another process is in host memory."""
    rebuild = reductions.rebuild_tensor

    @functools.wraps(rebuild)
    def rebuild_tensor(*args: Any, **named: Any) -> Any:
        return mode.tag(rebuild(*args, **named), CPU, anew=False)

    reductions.rebuild_tensor = rebuild_tensor


def _refusing(what: str, truth: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(truth)
    def refuse(*args: Any, **named: Any) -> Any:
        raise NotSimulated(what)

    return refuse
