"""Arming the recorder in a process, once that imports torch. Needs no torch itself."""

from __future__ import annotations

import contextlib
import importlib.machinery
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType

__all__ = ["ENVIRONMENT", "Plan", "arm", "arm_from_environment", "tell"]

ENVIRONMENT = "TENSORLINT_OBSERVE"
"""The variable that tells the processes of an observed program what to do."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the processes of an observed program do."""

    parts: str
    """The folder into which each process writes what it saw."""
    simulate: str = ""
    """The device that is simulated; empty for none."""
    check_sharing: bool = True
    """Whether shared memory is watched for writes."""

    def as_text(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def of_text(cls, text: str) -> Plan:
        return cls(**json.loads(text))


_armed: list[Plan] = []
_told: list[Callable[[], None]] = []


def arm_from_environment() -> None:
    """Do what the environment asks for; nothing where it asks for nothing."""
    text = os.environ.get(ENVIRONMENT)
    if text:
        arm(Plan.of_text(text))


def arm(plan: Plan) -> None:
    """Record from the moment on that torch is imported; once a process."""
    if _armed:
        return
    _armed.append(plan)
    torch = sys.modules.get("torch")
    if torch is not None and not getattr(getattr(torch, "__spec__", None), "_initializing", False):
        _begin(plan)
    else:
        sys.meta_path.insert(0, _Finder(lambda: _begin(plan)))


def _begin(plan: Plan) -> None:
    try:
        from tensorlint.observe.process import begin

        _told.append(begin(plan).tell)
    except Exception as error:  # the program goes on, unobserved; the report says so
        with contextlib.suppress(Exception):
            from tensorlint.observe.journal import Journal
            from tensorlint.observe.recording import Recording

            told = Recording(processes=1, faults={f"{type(error).__name__}: {error}"[:160]: 1})
            Journal(Path(plan.parts)).about(told)


def tell() -> None:
    """Bring what this process has seen to the disk, where it records."""
    for each in _told:
        each()


class _Finder:
    """Finds torch as the other finders do, and calls something when it has been imported."""

    def __init__(self, then: Callable[[], None]) -> None:
        self._then = then

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != "torch":
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            if finder is self or find is None:
                continue
            spec: importlib.machinery.ModuleSpec | None = find(name, path, target)
            if spec is not None:
                self._follow(spec)
                return spec
        return None

    def _follow(self, spec: importlib.machinery.ModuleSpec) -> None:
        loader = spec.loader
        execute = getattr(loader, "exec_module", None)
        if loader is None or execute is None:
            return

        def exec_module(module: ModuleType) -> None:
            del loader.exec_module  # the loader is as it was
            execute(module)
            if self in sys.meta_path:
                sys.meta_path.remove(self)
                self._then()

        loader.exec_module = exec_module  # type: ignore[method-assign]
