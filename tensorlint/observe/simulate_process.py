"""Simulated CUDA for a whole process: from the import of torch to the end, in every thread."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import torch
from torch.multiprocessing import reductions

from tensorlint.observe.simulate import CPU, NotSimulated, SimulatedCuda, simulated_cuda

__all__ = ["simulate"]

_NOT_SIMULATED = (
    "current_stream",
    "default_stream",
    "get_device_capability",
    "get_device_properties",
    "mem_get_info",
    "stream",
)
"""Functions of ``torch.cuda`` whose answers would be made up."""


_until_the_end = ExitStack()


def simulate() -> None:
    """Simulate from now on."""
    mode = _until_the_end.enter_context(simulated_cuda())
    _in_every_thread(mode)
    _tag_what_workers_send(mode)
    for name in _NOT_SIMULATED:
        if hasattr(torch.cuda, name):
            setattr(torch.cuda, name, _refusing(name, getattr(torch.cuda, name)))


def _in_every_thread(mode: SimulatedCuda) -> None:
    """Modes are for one thread each."""
    bootstrap: Callable[[threading.Thread], None] = threading.Thread._bootstrap_inner  # type: ignore[attr-defined]

    def inside(thread: threading.Thread) -> None:
        with mode:
            bootstrap(thread)

    threading.Thread._bootstrap_inner = inside  # type: ignore[attr-defined]


def _tag_what_workers_send(mode: SimulatedCuda) -> None:
    """What comes out of a queue from another process is in host memory."""
    rebuild = reductions.rebuild_tensor

    @functools.wraps(rebuild)
    def rebuild_tensor(*args: Any, **named: Any) -> Any:
        return mode.tag(rebuild(*args, **named), CPU, anew=False)

    reductions.rebuild_tensor = rebuild_tensor


def _refusing(name: str, truth: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(truth)
    def refuse(*args: Any, **named: Any) -> Any:
        raise NotSimulated(f"torch.cuda.{name} on simulated CUDA")

    return refuse
