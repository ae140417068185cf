"""A linter whose knowledge is a toy, for the tests of everything around it.

The linted "language": ``bad("TSL101")`` is a finding of that rule (default on; TSL108 is opt-in), its second argument
the confidence, ``because(...)`` anywhere in the file its evidence, and ``fixable("TSL101")`` a finding with the safe
fix ``fine()``, ``risky("TSL101")`` with an unsafe one. ``crash()`` raises, ``die()`` ends the process.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType

import libcst as cst
import pytest

from tensorlint.finding import Applicability, Confidence
from tensorlint.fixes.repair import Repair, Replace
from tensorlint.flow.analysis import Unfinished
from tensorlint.flow.events import Event
from tensorlint.flow.facts import Place, Reason
from tensorlint.rules.base import Rule, Verdict
from tensorlint.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen(Event):
    code: str
    confidence: Confidence
    because: tuple[Reason, ...]
    repair: Repair | None


class _Calls(cst.CSTVisitor):
    def __init__(self) -> None:
        self.calls: list[cst.Call] = []

    def visit_Call(self, node: cst.Call) -> None:
        self.calls.append(node)


def _arguments(call: cst.Call) -> list[str]:
    return [arg.value.raw_value for arg in call.args if isinstance(arg.value, cst.SimpleString)]


def analyse(source: Source, project: object = None) -> list[Event]:
    visitor = _Calls()
    source.module().visit(visitor)
    named = [(call.func.value, call) for call in visitor.calls if isinstance(call.func, cst.Name)]
    because = tuple(Reason(Place(source.path, call), _arguments(call)[0]) for name, call in named if name == "because")
    events: list[Event] = []
    for name, call in named:
        if name == "crash":
            raise ZeroDivisionError("division by toy")
        if name == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if name in ("bad", "fixable", "risky"):
            arguments = _arguments(call)
            confidence = Confidence.parse(arguments[1] if len(arguments) > 1 else "certain")
            repair = None
            if name != "bad":
                kind = Applicability.SAFE if name == "fixable" else Applicability.UNSAFE
                repair = Repair(source.path, kind, "write fine()", (Replace(call, "fine()"),))
            place = Place(source.path, call)
            events.append(Seen(place=place, code=arguments[0], confidence=confidence, because=because, repair=repair))
    return events


class _Toy(Rule):
    """Finds what is bad.

    What it does
    ------------
    Finds what the file itself calls bad.

    Why is this bad?
    ----------------
    The file says so.

    Example
    -------
        bad("TSL101")

    Use instead
    -----------
        fine()

    Known limits
    ------------
    It knows nothing.

    Fix safety
    ----------
    Safe for what the file calls fixable.

    Observed
    --------
    Nowhere.
    """

    events = (Seen,)

    def judge(self, event: Event) -> Iterator[Verdict]:
        assert isinstance(event, Seen)
        if event.code == self.code:
            yield Verdict(event.place, f"{self.code} is bad", event.confidence, event.because, event.repair)


def _rule(code: str, name: str, default: bool = True) -> Rule:
    kind = type(code, (_Toy,), {"code": code, "name": name, "default": default, "__doc__": _Toy.__doc__})
    rule: Rule = kind()
    return rule


RULES = (
    _rule("TSL101", "toy-grad"),
    _rule("TSL102", "toy-device"),
    _rule("TSL108", "toy-opt-in", default=False),
    _rule("TSL201", "toy-write"),
)


def install(patch: pytest.MonkeyPatch) -> None:
    """Put the toy in the place of the interpreter and the rules."""
    analysis = ModuleType("tensorlint.flow.analysis")
    analysis.analyse = analyse  # type: ignore[attr-defined]
    analysis.forget = lambda: None  # type: ignore[attr-defined]
    analysis.Unfinished = Unfinished  # type: ignore[attr-defined]
    registry = ModuleType("tensorlint.rules.registry")
    registry.rules = registry.every_rule = lambda: RULES  # type: ignore[attr-defined]
    registry.origin = lambda code: None  # type: ignore[attr-defined]
    patch.setitem(sys.modules, "tensorlint.flow.analysis", analysis)
    patch.setitem(sys.modules, "tensorlint.rules.registry", registry)


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)
