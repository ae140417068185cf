"""Workflow commands: GitHub Actions makes annotations of them, beside the lines of a pull request.

Source: "Workflow commands for GitHub Actions", and ``toolkit/packages/core/src/command.ts`` for what is escaped.
"""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.finding import Confidence, Finding
from tensorlint.report.checkout import checkout_path
from tensorlint.report.details import details
from tensorlint.report.printable import escaped
from tensorlint.report.run import Run

__all__ = ["render"]

_LEVELS = {Confidence.CERTAIN: "error", Confidence.LIKELY: "warning", Confidence.POSSIBLE: "notice"}

_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = _DATA | str.maketrans({":": "%3A", ",": "%2C"})


def render(run: Run) -> Iterator[str]:
    """A line for each finding. The evidence is a part of the message, which has several lines then."""
    for finding in run.findings:
        text = "\n".join([escaped(finding.message), *details(finding)])
        properties = ",".join(f"{name}={value.translate(_PROPERTY)}" for name, value in _properties(finding).items())
        yield f"::{_LEVELS[finding.confidence]} {properties}::{text.translate(_DATA)}\n"


def _properties(finding: Finding) -> dict[str, str]:
    properties = {
        "title": f"{finding.code} {finding.name}",
        "file": escaped(checkout_path(finding.path)),
        "line": str(finding.line),
        "endLine": str(finding.end_line),
    }
    if finding.line == finding.end_line:  # columns of a stretch of several lines are refused
        properties |= {"col": str(finding.column), "endColumn": str(finding.end_column)}
    return properties
