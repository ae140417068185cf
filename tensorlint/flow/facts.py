"""Facts: what is known of a value, three-valued, with the reason why it is believed."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import libcst as cst

__all__ = ["NO", "UNKNOWN", "Fact", "Guards", "Place", "Reason", "Truth", "either", "maybe", "yes"]


Guards: TypeAlias = "frozenset[tuple[str, bool]]"
"""Conditions with their outcomes."""


class Truth(enum.Enum):
    """How a yes-or-no fact stands."""

    NO = "no"
    YES = "yes"
    """On every path in sight."""
    MAYBE = "maybe"
    """On some paths, or by a recognised idiom."""
    UNKNOWN = "unknown"
    """Nothing speaks for it and nothing rules it out."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A node of a file: the place that a reason or an event is about. Lines are computed only when it is reported."""

    path: str
    node: cst.CSTNode

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Place) and self.node is other.node

    def __hash__(self) -> int:
        return id(self.node)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a fact is believed: a place, what happened there, and the reason behind that."""

    place: Place
    text: str
    because: Reason | None = None

    def chain(self) -> Iterator[Reason]:
        """This reason and those behind it, the nearest first."""
        reason: Reason | None = self
        while reason is not None:
            yield reason
            reason = reason.because


@dataclass(frozen=True, slots=True)
class Fact:
    """A truth with its reason. Facts are equal when their truths are: reasons explain, they do not decide."""

    truth: Truth
    reason: Reason | None = field(default=None, compare=False)
    given: Guards = frozenset()
    """Conditions (their text, their outcome) without which a MAYBE does not hold."""

    @property
    def holds(self) -> bool:
        """It is known to hold on at least some path."""
        return self.truth in (Truth.YES, Truth.MAYBE)

    def because(self, place: Place, text: str) -> Fact:
        """The same truth, one step further along the chain."""
        if not self.holds:
            return self
        return Fact(self.truth, Reason(place, text, self.reason), self.given)

    def weakened(self) -> Fact:
        """The same, but only perhaps."""
        return Fact(Truth.MAYBE, self.reason, self.given) if self.truth is Truth.YES else self

    def join(self, other: Fact, mine: Guards = frozenset(), others: Guards = frozenset()) -> Fact:
        """What holds where two paths meet; ``mine`` and ``others`` are the conditions that led along each."""
        if self is other or (self.truth is other.truth and not self.holds):
            return self
        if self.truth is Truth.YES and other.truth is Truth.YES:
            return self
        if self.holds and other.holds:
            return Fact(Truth.MAYBE, self.reason or other.reason, self.given & other.given)
        if self.holds:
            return Fact(Truth.MAYBE, self.reason, self.given | mine)
        if other.holds:
            return Fact(Truth.MAYBE, other.reason, other.given | others)
        return UNKNOWN

    def assuming(self, outcomes: Mapping[str, bool]) -> Fact:
        """The fact where some conditions' outcomes are known."""
        if self.given and any(outcomes.get(text, wanted) is not wanted for text, wanted in self.given):
            return NO
        return self


NO = Fact(Truth.NO)
UNKNOWN = Fact(Truth.UNKNOWN)


def yes(place: Place, text: str, because: Reason | None = None) -> Fact:
    """It holds, since ``text`` happened at ``place``."""
    return Fact(Truth.YES, Reason(place, text, because))


def maybe(place: Place, text: str, because: Reason | None = None) -> Fact:
    """It may hold, since ``text`` happened at ``place``."""
    return Fact(Truth.MAYBE, Reason(place, text, because))


def either(*facts: Fact) -> Fact:
    """The fact of a result that has it as soon as one operand has it (requires_grad, being on a GPU)."""
    best = NO
    for fact in facts:
        truth = fact.truth
        if truth is Truth.YES:
            return fact
        if truth is Truth.MAYBE:
            best = best if best.truth is Truth.MAYBE else fact
        elif truth is Truth.UNKNOWN and best.truth is Truth.NO:
            best = fact
    return best
