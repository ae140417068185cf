"""The findings of each file below its name."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.finding import Finding
from tensorlint.report.paint import Paint
from tensorlint.report.place import place
from tensorlint.report.printable import escaped
from tensorlint.report.run import Run

__all__ = ["render"]


def render(run: Run) -> Iterator[str]:
    """A file's name, a line for each finding in it with the places in a column, and an empty line."""
    for path, found in run.by_file():
        yield f"{run.paint(escaped(path), 'bold')}:\n"
        width = max(len(place(finding)) for finding in found)
        yield from (_line(finding, width, run.paint) for finding in found)
        yield "\n"


def _line(finding: Finding, width: int, paint: Paint) -> str:
    code = paint(finding.code, str(finding.confidence))
    return f"  {place(finding).ljust(width)}  {code} [{finding.confidence}] {escaped(finding.message)}\n"
