"""What a report is made of."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

from tensorlint.finding import Finding
from tensorlint.fingerprint import fingerprints
from tensorlint.report.checkout import checkout_path
from tensorlint.report.lines import Lines
from tensorlint.report.paint import PLAIN, Paint
from tensorlint.report.summary import Summary, summarise

__all__ = ["Run"]


@dataclass(frozen=True)
class Run:
    """The findings that are left after a run, in the order of their places, and what is needed to show them."""

    findings: tuple[Finding, ...]
    files: tuple[str, ...]
    """Every file (or path) that was linted or should have been, as findings call it, in order."""
    fixed: int = 0
    """How many findings were fixed."""
    lines: Lines = field(default_factory=Lines)
    paint: Paint = PLAIN

    @functools.cached_property
    def summary(self) -> Summary:
        return summarise(self.findings, len(self.files), self.fixed)

    def by_file(self) -> Iterator[tuple[str, list[Finding]]]:
        """The files in which something was found, and what."""
        for path, found in groupby(self.findings, lambda each: each.path):
            yield path, list(found)

    def fingerprinted(self) -> Iterator[tuple[Finding, str]]:
        """Every finding with its fingerprint; the path in it is that of the checkout, wherever in it the run began."""
        for path, found in self.by_file():
            marks = fingerprints(found, self.lines.program(path), checkout_path(path), self.lines.number)
            for each in found:
                yield each, marks[each]
