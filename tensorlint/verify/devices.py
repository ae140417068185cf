"""The devices that fixtures run on, and the surroundings in which a program takes one of them for granted."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any
from unittest import mock

import torch

from tensorlint.observe.simulate import simulated
from tensorlint.verify.claims import DEVICES

__all__ = ["hardware", "on", "present", "reported"]


def present() -> tuple[str, ...]:
    """The devices that this machine has, in the order of ``DEVICES``."""
    have = {"cpu", "meta", "simulated-cuda"}
    if torch.cuda.is_available():
        have.add("cuda")
    if torch.backends.mps.is_available():
        have.add("mps")
    return tuple(device for device in DEVICES if device in have)


def reported(device: str) -> str:
    """What ``str(tensor.device)`` is on a device: the ``{device}`` of a claim."""
    return {"cuda": "cuda:0", "simulated-cuda": "cuda:0", "mps": "mps:0"}.get(device, device)


def hardware(device: str) -> str:
    """The name of the GPU behind a device; empty where there is none."""
    return str(torch.cuda.get_device_name()) if device == "cuda" else ""


@contextlib.contextmanager
def on(device: str) -> Iterator[torch.device]:
    """Run a block on a device: a program that asks torch what there is finds this device and no other GPU."""
    with contextlib.ExitStack() as stack:
        if device != "cuda":
            stack.enter_context(_answer(torch.cuda, "is_available", False))
        if device != "mps":
            stack.enter_context(_answer(torch.backends.mps, "is_available", False))
        if device in ("cpu", "meta") and hasattr(torch, "accelerator"):  # torch >= 2.6
            stack.enter_context(_answer(torch.accelerator, "is_available", False))
            stack.enter_context(_answer(torch.accelerator, "current_accelerator", None))
        if device == "simulated-cuda":
            stack.enter_context(simulated("cuda"))
            device = "cuda"
        yield torch.device(device)


def _answer(module: Any, name: str, answer: object) -> AbstractContextManager[Any]:
    """A function of torch's gives ``answer``, to programs and to torch itself."""
    truth = getattr(module, name)
    return mock.patch.object(module, name, functools.wraps(truth)(lambda *_, **__: answer))
