"""GitLab's code quality report, which merge requests show.

Source: "Code Quality", section "Code Quality report format", in GitLab's documentation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tensorlint.finding import Confidence, Finding
from tensorlint.report.checkout import checkout_path
from tensorlint.report.json import array
from tensorlint.report.place import in_cell
from tensorlint.report.printable import escaped
from tensorlint.report.run import Run
from tensorlint.report.summary import FAULT
from tensorlint.source import Span

__all__ = ["render"]

_SEVERITIES = {Confidence.CERTAIN: "major", Confidence.LIKELY: "minor", Confidence.POSSIBLE: "info"}


def render(run: Run) -> Iterator[str]:
    """One array. A finding keeps its fingerprint while its statement stays as it is, wherever in the file that is."""
    yield from array(
        _issue(finding, run.lines.in_file(finding), fingerprint) for finding, fingerprint in run.fingerprinted()
    )


def _issue(finding: Finding, span: Span, fingerprint: str) -> dict[str, Any]:
    return {
        "description": f"{finding.code} [{finding.confidence}] {in_cell(finding, escaped(finding.message))}",
        "check_name": f"{finding.code} {finding.name}",
        "fingerprint": fingerprint,
        "severity": "critical" if finding.code == FAULT else _SEVERITIES[finding.confidence],
        "location": {
            "path": escaped(checkout_path(finding.path)),
            "lines": {"begin": span.line, "end": span.end_line},
        },
    }
