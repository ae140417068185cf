"""What a run came to, and the line that says so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tensorlint.finding import Applicability, Finding

__all__ = ["FAULT", "Summary", "counted", "summarise"]

FAULT = "TSL900"
"""The code of a file that could not be linted."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of a run, in findings and files."""

    findings: int
    faults: int
    """Files (or paths) that could not be linted."""
    safe: int
    """Findings that ``--fix`` would mend."""
    unsafe: int
    """Findings that need ``--unsafe-fixes`` besides."""
    fixed: int
    files: int
    """Files that were linted, or should have been."""

    def lines(self) -> list[str]:
        """What is said at the end of a run that people read."""
        lines = []
        if self.fixed:
            lines.append(f"Fixed {counted(self.fixed, 'finding')}.")
        if self.findings:
            hints = [f"{self.safe} fixable with --fix"] if self.safe else []
            if self.unsafe:
                hints.append(f"{self.unsafe}{' more' if self.safe else ' fixable'} with --fix --unsafe-fixes")
            hint = f" ({', '.join(hints)})" if hints else ""
            lines.append(f"Found {counted(self.findings, 'finding')}{hint} in {counted(self.files, 'file')}.")
        if self.faults:
            lines.append(f"{counted(self.faults, 'file')} could not be linted.")
        if not self.findings and not self.faults:
            lines.append(f"All clear: {counted(self.files, 'file')}.")
        return lines


def summarise(findings: Iterable[Finding], files: int, fixed: int = 0) -> Summary:
    """The counts of what is left to report."""
    real: list[Finding] = []
    faulty: set[str] = set()
    for finding in findings:
        if finding.code == FAULT:
            faulty.add(finding.path)
        else:
            real.append(finding)
    kinds = [finding.fix.applicability for finding in real if finding.fix is not None]
    return Summary(
        findings=len(real),
        faults=len(faulty),
        safe=kinds.count(Applicability.SAFE),
        unsafe=kinds.count(Applicability.UNSAFE),
        fixed=fixed,
        files=files,
    )


def counted(number: int, noun: str) -> str:
    """A number of things, in words."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
