"""The JSON report: one array of findings, as DESIGN fixes it."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

from tensorlint.finding import Edit, Finding, Fix
from tensorlint.report.run import Run

__all__ = ["array", "as_dict", "render"]


def render(run: Run) -> Iterator[str]:
    """All findings as one array. ASCII alone, so that any terminal, pipe or log can hold it."""
    yield from array(map(as_dict, run.findings))


def array(objects: Iterable[dict[str, Any]]) -> Iterator[str]:
    """``json.dumps(objects, indent=2)`` in pieces, and the end of a line."""
    before = "[\n"
    for each in objects:
        yield before + textwrap.indent(json.dumps(each, indent=2), "  ")
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def as_dict(finding: Finding) -> dict[str, Any]:
    """One finding; lines and columns from 1, columns in code points, ends exclusive.

    ``observed`` is there where a recording was given.
    """
    observed = finding.observed
    return {
        "code": finding.code,
        "name": finding.name,
        "message": finding.message,
        "confidence": str(finding.confidence),
        "path": finding.path,
        "line": finding.line,
        "column": finding.column,
        "end_line": finding.end_line,
        "end_column": finding.end_column,
        "cell": finding.cell,
        "evidence": [
            {
                "path": step.path,
                "cell": step.cell,
                "line": step.line,
                "column": step.column,
                "message": step.message,
            }
            for step in finding.evidence
        ],
        "fix": None if finding.fix is None else _fix(finding.fix),
        **({} if observed is None else {"observed": {"sight": str(observed.sight), "text": observed.text}}),
    }


def _fix(fix: Fix) -> dict[str, Any]:
    return {
        "applicability": str(fix.applicability),
        "message": fix.message,
        "edits": [_edit(edit) for edit in fix.edits],
    }


def _edit(edit: Edit) -> dict[str, Any]:
    """An edit; it need not be in the finding's cell, and names its own in a notebook."""
    place = {
        "line": edit.line,
        "column": edit.column,
        "end_line": edit.end_line,
        "end_column": edit.end_column,
        "text": edit.text,
    }
    return place if edit.cell is None else {"cell": edit.cell, **place}
