"""One line a finding: ``path:line:column: CODE [confidence] message``, with ``cell N:`` before a notebook's line."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.finding import Finding
from tensorlint.report.paint import Paint
from tensorlint.report.place import place
from tensorlint.report.printable import escaped
from tensorlint.report.run import Run

__all__ = ["render"]


def render(run: Run) -> Iterator[str]:
    """Every finding on a line of its own, in the form that editors make links of."""
    for finding in run.findings:
        yield _line(finding, run.paint) + "\n"


def _line(finding: Finding, paint: Paint) -> str:
    where = paint(f"{escaped(finding.path)}:{place(finding)}:", "bold")
    code = paint(finding.code, str(finding.confidence))
    observed = f" ({escaped(str(finding.observed))})" if finding.observed is not None else ""
    return f"{where} {code} [{finding.confidence}] {escaped(finding.message)}{observed}"
