"""What became of a claim: one row of the table each. Needs no torch."""

from __future__ import annotations

import enum
from dataclasses import dataclass

__all__ = ["Row", "Verdict"]


class Verdict(enum.Enum):
    """What became of a claim."""

    CONFIRMED = "confirmed"
    CONTRADICTED = "contradicted"
    STALE = "stale"
    """It was observed elsewhere, before the fixture changed."""
    SKIPPED = "not checked"
    """What it needs is not installed, or its function is for devices or versions that are not here."""

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table."""

    fixture: str
    function: str
    device: str
    claimed: str
    observed: str
    verdict: Verdict
    path: str = ""
    """The file that it is about, relative to the fixture's folder, and the line; empty and 0 where it is about all."""
    line: int = 0
