"""The JSON report with a finding on each line, for programs that read line by line."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tensorlint.report.json import as_dict
from tensorlint.report.run import Run

__all__ = ["render"]


def render(run: Run) -> Iterator[str]:
    """A line for each finding: the object that ``json`` has in its array."""
    for finding in run.findings:
        yield json.dumps(as_dict(finding)) + "\n"
