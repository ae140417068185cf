"""Findings as the protocol's diagnostics, with the evidence as related information."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from lsprotocol.types import Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, Location
from pygls.uris import from_fs_path

from tensorlint.finding import Confidence, Evidence, Finding
from tensorlint.plugins.server.documents import Document, Sheet
from tensorlint.plugins.server.text import Text

__all__ = ["SOURCE", "Shown", "diagnostics"]

SOURCE = "tensorlint"
_SEVERITIES = {
    Confidence.CERTAIN: DiagnosticSeverity.Error,
    Confidence.LIKELY: DiagnosticSeverity.Warning,
    Confidence.POSSIBLE: DiagnosticSeverity.Information,
}


class Shown(NamedTuple):
    """A finding in the editor."""

    finding: Finding
    sheet: Sheet
    diagnostic: Diagnostic


def diagnostics(
    document: Document,
    findings: Sequence[Finding],
    text: Callable[[str], Text],
    other: Callable[[str], Text],
    related: bool,
) -> Iterator[Shown]:
    """What was found in a document, in the order of ``findings``.

    :param text: gives a text as the editor counts it
    :param other: gives the text of another file that evidence points to, by its path
    :param related: the editor can show the evidence; where it cannot it is a part of the message
    """
    texts: dict[tuple[str, int | None], tuple[str, Text]] = {}

    def at(place: Finding | Evidence, path: str) -> tuple[str, Text]:
        """The address and the text of what a place is in."""
        key = (place.path, place.cell)
        if key not in texts:
            if place.path == path:
                sheet = document.sheet(place.cell)
                texts[key] = sheet.uri, text(sheet.text)
            else:
                texts[key] = str(from_fs_path(os.path.abspath(place.path))), other(place.path)
        return texts[key]

    def evidence(finding: Finding) -> Iterator[DiagnosticRelatedInformation]:
        for step in finding.evidence:
            uri, its_text = at(step, finding.path)
            yield DiagnosticRelatedInformation(Location(uri, its_text.range(step)), step.message)

    for finding in findings if document.sheets else ():
        diagnostic = Diagnostic(
            range=at(finding, finding.path)[1].range(finding),
            message=finding.message if related else _with_evidence(finding),
            severity=_SEVERITIES[finding.confidence],
            code=finding.code,
            source=SOURCE,
            related_information=list(evidence(finding)) if related else None,
        )
        yield Shown(finding, document.sheet(finding.cell), diagnostic)


def _with_evidence(finding: Finding) -> str:
    return "\n".join([finding.message, *(f"{_named(step, finding)}: {step.message}" for step in finding.evidence)])


def _named(step: Evidence, finding: Finding) -> str:
    """What the place of a step is called beside a finding."""
    if step.path != finding.path:
        return f"{step.path}:{step.line}"
    return f"line {step.line}" if step.cell == finding.cell else f"cell {step.cell}, line {step.line}"
