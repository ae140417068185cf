"""The chain that led to a finding as the stops of a way: from the origin over the evidence to the finding's place."""

from __future__ import annotations

from dataclasses import dataclass

from tensorlint.finding import Finding
from tensorlint.report.lines import Part

__all__ = ["Stop", "stops"]


@dataclass(frozen=True, slots=True)
class Stop:
    """A place on the way. Lines and columns from 1, ends exclusive."""

    number: int
    """From 1, in the order of the way."""
    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    text: str
    cell: int | None = None
    sink: bool = False
    """It is the place of the finding itself, where the way ends."""

    @property
    def part(self) -> Part:
        """What its lines are counted in."""
        return self.path, self.cell

    def columns(self, line: int, length: int) -> tuple[int, int]:
        """What lies on a line of ``length`` characters, as indices into it; never nothing, even at the line's end."""
        start = self.column - 1 if line == self.line else 0
        end = self.end_column - 1 if line == self.end_line else length
        return start, max(end, start + 1)


def stops(finding: Finding) -> tuple[Stop, ...]:
    """The way to a finding: its evidence in order, and its own place last."""
    way = [
        Stop(
            number,
            step.path,
            step.line,
            step.column,
            step.end_line or step.line,
            step.end_column if step.end_line else step.column,
            step.message,
            step.cell,
        )
        for number, step in enumerate(finding.evidence, 1)
    ]
    place = (finding.path, finding.line, finding.column, finding.end_line, finding.end_column)
    return (*way, Stop(len(way) + 1, *place, finding.name, finding.cell, sink=True))
