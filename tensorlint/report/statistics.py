"""How often each rule found something, and how much of it can be fixed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from tensorlint.finding import Applicability
from tensorlint.report.paint import Paint
from tensorlint.report.run import Run

__all__ = ["render"]

_TITLES = ("count", "code", "name", "safe fixes", "unsafe fixes")
_NUMBERS = ("count", "safe fixes", "unsafe fixes")


def render(run: Run, form: str) -> Iterator[str]:
    """A line for each code, the most frequent first; JSON where ``form`` is."""
    rows = _rows(run)
    if form == "json":
        yield json.dumps(rows, indent=2) + "\n"
    elif form == "json-lines":
        yield from (json.dumps(row) + "\n" for row in rows)
    elif rows:
        yield from _table(rows, run.paint)


def _rows(run: Run) -> list[dict[str, Any]]:
    names = {each.code: each.name for each in run.findings}
    counts = Counter(each.code for each in run.findings)
    fixes = Counter((each.code, each.fix.applicability) for each in run.findings if each.fix is not None)
    return [
        {
            "code": code,
            "name": names[code],
            "count": count,
            "safe_fixes": fixes[code, Applicability.SAFE],
            "unsafe_fixes": fixes[code, Applicability.UNSAFE],
        }
        for code, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]


def _table(rows: list[dict[str, Any]], paint: Paint) -> Iterator[str]:
    cells = [_TITLES, *(tuple(str(row[title.replace(" ", "_")]) for title in _TITLES) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for number, line in enumerate(cells):
        padded = [
            cell.rjust(width) if title in _NUMBERS else cell.ljust(width)
            for cell, width, title in zip(line, widths, _TITLES, strict=True)
        ]
        yield paint("  ".join(padded).rstrip(), "dim" if number == 0 else "") + "\n"
