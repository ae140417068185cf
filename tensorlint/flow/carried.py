"""What operations save for the backward, as the tensors carry it that were computed by them."""

from __future__ import annotations

from dataclasses import dataclass, field

from tensorlint.flow.facts import Fact, Place, Reason

__all__ = ["Saved", "Spoiled", "carried"]

MOST_CARRIED = 40


@dataclass(frozen=True, slots=True)
class Spoiled:
    """A write, behind autograd's back, to memory that is saved."""

    place: Place
    name: str
    """What was written to, in the code."""
    through: str
    """``array``, ``tensor``, or ``rebinding`` for ``x.data = ...``."""
    made: Reason | None
    """Where what was written to became an alias of the memory."""
    condition: str
    """When it is one at all; empty for always."""
    calls: tuple[Reason, ...]
    assumed: frozenset[tuple[str, bool]]
    """The outcomes of conditions at the write."""


@dataclass(frozen=True, slots=True)
class Saved:
    """Memory that an operation has saved for its backward."""

    number: int
    """Each time that an operation saves something it is another one."""
    storage: int
    part: int = field(compare=False)
    """Which part of the memory, as in an alias."""
    reason: Reason = field(compare=False)
    """The operation."""
    wanted: Fact = field(compare=False)
    """Whether the gradient is wanted that is computed from it."""
    of_result: bool = field(compare=False)
    """It is the memory of the operation's result, not of an operand."""
    version: int = field(compare=False)
    """How often the storage had been written to."""
    spoiled: Spoiled | None = None
    """The last write to it that autograd has not noticed, on the paths on which there was one."""


def carried(*several: frozenset[Saved]) -> frozenset[Saved]:
    """What a tensor carries that was computed from others: of too much, what was saved last."""
    largest = max(several, key=len)
    if all(some <= largest for some in several):
        return largest
    found = frozenset().union(*several)
    if len(found) > MOST_CARRIED:
        return frozenset(sorted(found, key=lambda one: -one.number)[:MOST_CARRIED])
    return found
