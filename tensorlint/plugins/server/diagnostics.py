"""Findings as the protocol's diagnostics, with the evidence as related information."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from lsprotocol.types import Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, Location
from pygls.uris import from_fs_path

from tensorlint.finding import Confidence, Finding
from tensorlint.plugins.server.text import Text

__all__ = ["SOURCE", "diagnostics"]

SOURCE = "tensorlint"
_SEVERITIES = {
    Confidence.CERTAIN: DiagnosticSeverity.Error,
    Confidence.LIKELY: DiagnosticSeverity.Warning,
    Confidence.POSSIBLE: DiagnosticSeverity.Information,
}


def diagnostics(
    findings: Sequence[Finding], uri: str, text: Text, other: Callable[[str], Text], related: bool
) -> list[Diagnostic]:
    """The diagnostics of one file.

    :param text: what the findings are about
    :param other: gives the text of another file that evidence points to, by its path
    :param related: the editor can show the evidence; where it cannot it is a part of the message
    """
    texts: dict[str, Text] = {each.path: text for each in findings}

    def evidence(finding: Finding) -> list[DiagnosticRelatedInformation]:
        found = []
        for step in finding.evidence:
            if step.path not in texts:
                texts[step.path] = other(step.path)
            where = uri if step.path == finding.path else str(from_fs_path(os.path.abspath(step.path)))
            place = Location(where, texts[step.path].range(step))
            found.append(DiagnosticRelatedInformation(place, step.message))
        return found

    return [
        Diagnostic(
            range=text.range(finding),
            message=finding.message if related else _with_evidence(finding),
            severity=_SEVERITIES[finding.confidence],
            code=finding.code,
            source=SOURCE,
            related_information=evidence(finding) if related else None,
        )
        for finding in findings
    ]


def _with_evidence(finding: Finding) -> str:
    steps = (
        f"line {step.line}: {step.message}" if step.path == finding.path else f"{step.path}:{step.line}: {step.message}"
        for step in finding.evidence
    )
    return "\n".join([finding.message, *steps])
