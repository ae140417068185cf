"""The table that ``tensorlint verify`` prints."""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from collections.abc import Callable, Sequence

from tensorlint.verify.verdict import Row, Verdict

__all__ = ["print_table", "summary"]

_HEADINGS = ("rule", "fixture", "function", "device", "claimed", "observed", "verdict")
_NARROW = 24
"""Claims and observations are not cut shorter than this, however narrow the terminal is."""


def print_table(rows: Sequence[Row], say: Callable[[str], object] = print, *, quiet: bool = False) -> None:
    """Print the rows and a line that counts them: cut to the width of a terminal, in full elsewhere.

    :param quiet: leave out the rows that are confirmed
    """
    shown = [_cells(row) for row in rows if not quiet or row.verdict is not Verdict.CONFIRMED]
    if shown:
        widths = [max(map(len, column)) for column in zip(_HEADINGS, *shown, strict=True)]
        if sys.stdout.isatty():
            widths = _fitted(widths, shutil.get_terminal_size().columns)
        for cells in (_HEADINGS, *shown):
            say("  ".join(_cut(cell, width).ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
        say("")
    say(summary(rows))


def summary(rows: Sequence[Row]) -> str:
    """``12 fixtures, 80 claims: 79 confirmed, 1 contradicted``."""
    counts = Counter(row.verdict for row in rows)
    parts = [f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict] or verdict is Verdict.CONFIRMED]
    return f"{len({row.fixture for row in rows})} fixtures, {len(rows)} claims: {', '.join(parts)}"


def _cells(row: Row) -> tuple[str, ...]:
    rule, _, fixture = row.fixture.partition("/")
    return (rule, fixture, row.function, row.device, row.claimed, row.observed, str(row.verdict))


def _fitted(widths: list[int], columns: int) -> list[int]:
    """The widths with the claims and observations made narrower until the table fits."""
    widths = list(widths)
    over = sum(widths) + 2 * (len(widths) - 1) - columns
    for column in (5, 4):
        taken = max(0, min(over, widths[column] - _NARROW))
        widths[column] -= taken
        over -= taken
    return widths


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
