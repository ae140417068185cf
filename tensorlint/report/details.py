"""The evidence and the fix of a finding as lines of text, for reports that show no source."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.finding import Finding
from tensorlint.report.checkout import checkout_path
from tensorlint.report.place import place
from tensorlint.report.printable import escaped

__all__ = ["details"]


def details(finding: Finding) -> Iterator[str]:
    """A line for each step of the evidence, the origin first, and one each for what was observed and for the fix."""
    for step in finding.evidence:
        yield f"{escaped(checkout_path(step.path))}:{place(step)}: {escaped(step.message)}"
    if finding.observed is not None:
        yield escaped(str(finding.observed))
    if finding.fix is not None:
        yield f"{finding.fix.applicability} fix: {escaped(finding.fix.message)}"
