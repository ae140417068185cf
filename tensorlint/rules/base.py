"""What a rule is: a code, a name, a page (its docstring) and a judgement of events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from tensorlint.finding import Confidence
from tensorlint.fixes.repair import Repair
from tensorlint.flow.events import Event
from tensorlint.flow.facts import Place, Reason

__all__ = ["Rule", "Verdict"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says of an event; the linter turns it into a finding."""

    place: Place
    message: str
    confidence: Confidence
    evidence: tuple[Reason, ...] = ()
    """The steps of the chain, the origin first."""
    repair: Repair | None = None


class Rule:
    """A rule. Subclasses live in ``rules/tslNNN_name.py``, one each, and are found by discovery."""

    code: ClassVar[str]
    name: ClassVar[str]
    default: ClassVar[bool] = True
    """On unless deselected; an opt-in rule must be selected."""
    about_dropped: ClassVar[bool] = False
    """It is about results that are dropped: what a notebook shows is none."""
    events: ClassVar[tuple[type[Event], ...]]
    """The kinds of events that ``judge`` wants to see; none: the rule is not about the program."""

    def judge(self, event: Event) -> Iterator[Verdict]:
        """The verdicts on one event: none, or (nearly always) one."""
        raise NotImplementedError
