"""What tensorlint says: findings, the evidence behind them and the edits that repair them.

Lines and columns start at 1, columns count Unicode code points and ends are exclusive, everywhere in this module. In a
notebook there is a cell as well, from 1 in the order of the file, and lines are the cell's.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

__all__ = ["FAULT", "Applicability", "Confidence", "Edit", "Evidence", "Finding", "Fix", "Observed", "Sight"]


FAULT = "TSL900"
"""The code of a file that could not be linted."""


class Confidence(enum.IntEnum):
    """How firmly a finding is believed. Ordered: ``POSSIBLE < LIKELY < CERTAIN``."""

    POSSIBLE = 1
    """Nothing that is known rules it out."""
    LIKELY = 2
    """A recognised idiom, or it holds on some of the paths that lead here."""
    CERTAIN = 3
    """It holds on every path in sight."""

    def __str__(self) -> str:
        return self.name.lower()

    @classmethod
    def parse(cls, text: str) -> Confidence:
        """The confidence called ``text``; ValueError names the known ones."""
        try:
            return cls[text.upper()]
        except KeyError:
            known = ", ".join(str(level) for level in cls)
            raise ValueError(f"unknown confidence {text!r} (known: {known})") from None


class Applicability(enum.Enum):
    """Whether a fix may be applied without being asked for."""

    SAFE = "safe"
    UNSAFE = "unsafe"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Replace the text between two places of the linted file by ``text`` (an insertion where they are one place)."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str
    cell: int | None = None


@dataclass(frozen=True, slots=True)
class Fix:
    """A repair: all its edits are made, or none."""

    applicability: Applicability
    message: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One step of the chain that led to a finding."""

    path: str
    line: int
    column: int
    message: str
    end_line: int = 0
    end_column: int = 0
    cell: int | None = None


class Sight(enum.Enum):
    """What a run of the program says of a finding."""

    CONFIRMED = "confirmed"
    """It happened."""
    CLEARED = "cleared"
    """The place ran, and it did not happen."""
    NOT_REACHED = "not reached"
    """The place did not run, or not where it could have happened."""
    NOT_WATCHED = "not watched"
    """What the rule finds leaves no trace that is recorded."""
    ONLY = "observed only"
    """It happened, and the static analysis has no such finding."""

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Observed:
    """What was observed at a finding's place, and how often."""

    sight: Sight
    text: str

    def __str__(self) -> str:
        return f"{self.sight}: {self.text}" if self.text else str(self.sight)


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule's verdict on an event. ``path`` is relative to the working folder where it lies below it, with ``/``."""

    code: str
    name: str
    message: str
    confidence: Confidence
    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    evidence: tuple[Evidence, ...] = ()
    fix: Fix | None = None
    cell: int | None = None
    observed: Observed | None = None
    """Where a recording of the program is at hand."""

    @property
    def sort_key(self) -> tuple[str, int, int, int, str, str]:
        return (self.path, self.cell or 0, self.line, self.column, self.code, self.message)
