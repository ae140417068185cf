"""One line a finding: ``path:line:column: CODE [confidence] message``."""

from __future__ import annotations

from collections.abc import Iterable

from tensorlint.finding import Finding
from tensorlint.report.paint import PLAIN, Paint
from tensorlint.report.printable import escaped

__all__ = ["render"]


def render(findings: Iterable[Finding], paint: Paint = PLAIN) -> str:
    """Every finding on a line of its own, in the form that editors make links of."""
    return "".join(_line(finding, paint) + "\n" for finding in findings)


def _line(finding: Finding, paint: Paint) -> str:
    place = paint(f"{escaped(finding.path)}:{finding.line}:{finding.column}:", "bold")
    code = paint(finding.code, str(finding.confidence))
    return f"{place} {code} [{finding.confidence}] {escaped(finding.message)}"
