"""SARIF 2.1.0, which code scanning services and editors read (OASIS: "Static Analysis Results Interchange Format")."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tensorlint import __version__
from tensorlint.finding import Confidence, Evidence, Finding, Fix
from tensorlint.report.lines import Lines
from tensorlint.report.place import in_cell
from tensorlint.report.printable import escaped
from tensorlint.report.run import Run
from tensorlint.report.sarif_rules import descriptors
from tensorlint.report.summary import FAULT
from tensorlint.report.uri import ROOT, artifact

__all__ = ["render"]

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Confidence.CERTAIN: "error", Confidence.LIKELY: "warning", Confidence.POSSIBLE: "note"}
_FINGERPRINT = "tensorlint/v1"
"""Named after how it is made: a better way would get a name of its own beside this one."""

_RESULTS = '"results": []'
"""Where they go. Inside a string the quotes would be escaped, so that no text can be taken for it."""

Json = dict[str, Any]


def render(run: Run) -> Iterator[str]:
    """One log with one run. Columns count code points and ends are exclusive, as in findings.

    Each result has a line of its own: the log of a large run is written as it is made, and is a third as long.
    """
    rules = descriptors(run.findings)
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    before, _, after = json.dumps(_log(run, rules), indent=2).rpartition(_RESULTS)
    yield before + _RESULTS[:-1]
    between = "\n"
    for finding, mark in run.fingerprinted():
        yield f"{between}        {json.dumps(_result(finding, mark, index[finding.code], run.lines))}"
        between = ",\n"
    yield ("\n      ]" if run.findings else "]") + after + "\n"


def _log(run: Run, rules: list[Json]) -> Json:
    """The log without its results."""
    failures = [finding for finding in run.findings if finding.code == FAULT]
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "tensorlint", "semanticVersion": __version__, "rules": rules}},
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {
                    ROOT: {"description": {"text": "The root of the checkout, else the folder of the run."}}
                },
                "invocations": [
                    {
                        "executionSuccessful": not failures,
                        "toolExecutionNotifications": [_notification(each, run.lines) for each in failures],
                    }
                ],
                "results": [],
            }
        ],
    }


def _result(finding: Finding, fingerprint: str, rule: int, lines: Lines) -> Json:
    place = _location(finding, lines)
    message = {"text": in_cell(finding, escaped(finding.message))}
    result: Json = {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": _LEVELS[finding.confidence],
        "message": message,
        "locations": [place],
        "partialFingerprints": {_FINGERPRINT: fingerprint},
        "properties": {"confidence": str(finding.confidence)},
    }
    if finding.observed is not None:
        result["properties"]["observed"] = {"sight": str(finding.observed.sight), "text": finding.observed.text}
    if finding.evidence:
        steps = [
            {**_location(step, lines), "message": {"text": in_cell(step, escaped(step.message))}}
            for step in finding.evidence
        ]
        sink = {**place, "message": message}
        result["relatedLocations"] = [{"id": number, **step} for number, step in enumerate(steps, 1)]
        result["codeFlows"] = [{"threadFlows": [{"locations": [{"location": each} for each in [*steps, sink]]}]}]
    if finding.fix is not None and (fix := _fix(finding, finding.fix, lines)) is not None:
        result["fixes"] = [fix]
    return result


def _location(place: Finding | Evidence, lines: Lines) -> Json:
    span = lines.in_file(place)
    region = _region(span.line, span.column, span.end_line, span.end_column)
    return {"physicalLocation": {"artifactLocation": artifact(place.path), "region": region}}


def _region(line: int, column: int, end_line: int, end_column: int) -> Json:
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}


def _fix(finding: Finding, fix: Fix, lines: Lines) -> Json | None:
    """A fix as what it changes in the file; None where that cannot be said."""
    replacements = []
    for change in (lines.edit_in_file(finding.path, edit) for edit in fix.edits):
        # A program in an encoding of its own can hold half a character, which JSON cannot pass on.
        if change is None or any("\ud800" <= character <= "\udfff" for character in change[1]):
            return None
        span, text = change
        deleted = _region(span.line, span.column, span.end_line, span.end_column)
        replacements.append({"deletedRegion": deleted, "insertedContent": {"text": text}})
    return {
        "description": {"text": escaped(fix.message)},
        "artifactChanges": [{"artifactLocation": artifact(finding.path), "replacements": replacements}],
        "properties": {"applicability": str(fix.applicability)},
    }


def _notification(finding: Finding, lines: Lines) -> Json:
    message = {"text": in_cell(finding, escaped(finding.message))}
    return {"level": "error", "message": message, "locations": [_location(finding, lines)]}
