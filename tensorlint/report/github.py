"""Workflow commands: GitHub Actions makes annotations of them, beside the lines of a pull request.

Source: "Workflow commands for GitHub Actions", and ``toolkit/packages/core/src/command.ts`` for what is escaped.
"""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.finding import Confidence, Finding
from tensorlint.report.checkout import checkout_path
from tensorlint.report.details import details
from tensorlint.report.place import in_cell
from tensorlint.report.printable import escaped
from tensorlint.report.run import Run
from tensorlint.source import Span

__all__ = ["render"]

_LEVELS = {Confidence.CERTAIN: "error", Confidence.LIKELY: "warning", Confidence.POSSIBLE: "notice"}

_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = _DATA | str.maketrans({":": "%3A", ",": "%2C"})


def render(run: Run) -> Iterator[str]:
    """A line for each finding. The evidence is a part of the message, which has several lines then."""
    for finding in run.findings:
        text = "\n".join([in_cell(finding, escaped(finding.message)), *details(finding)])
        named = _properties(finding, run.lines.in_file(finding))
        properties = ",".join(f"{name}={value.translate(_PROPERTY)}" for name, value in named.items())
        yield f"::{_LEVELS[finding.confidence]} {properties}::{text.translate(_DATA)}\n"


def _properties(finding: Finding, span: Span) -> dict[str, str]:
    properties = {
        "title": f"{finding.code} {finding.name}",
        "file": escaped(checkout_path(finding.path)),
        "line": str(span.line),
        "endLine": str(span.end_line),
    }
    if span.line == span.end_line:  # columns of a stretch of several lines are refused
        properties |= {"col": str(span.column), "endColumn": str(span.end_column)}
    return properties
