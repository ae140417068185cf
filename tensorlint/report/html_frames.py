"""The source around the stops of a way, a frame for each file or cell, with the way drawn beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from tensorlint.report.html_drawing import drawing
from tensorlint.report.html_text import attribute, broken, source
from tensorlint.report.lines import Lines, Part
from tensorlint.report.place import named
from tensorlint.report.stops import Stop

__all__ = ["frames"]

_AROUND = 2
"""Lines that are shown before and after a stop."""
_LONGEST = 8
"""Lines that are shown of a stop that goes over many."""


def frames(way: Sequence[Stop], name: str, lines: Lines) -> str:
    """The frames in the order in which the way comes to their files, or cells.

    :param name: what the ids of the stops begin with
    """
    parts = list(dict.fromkeys(stop.part for stop in way))
    return f'<div class="frames">\n{"".join(_frame(part, parts, way, name, lines) for part in parts)}</div>\n'


def _frame(part: Part, parts: list[Part], way: Sequence[Stop], name: str, lines: Lines) -> str:
    caption = f"<figcaption>{broken(named(part))}</figcaption>\n" if len(parts) > 1 or part[1] is not None else ""
    here = [stop for stop in way if stop.part == part]
    caption += "".join(f'<a id="{name}-{stop.number}"></a>' for stop in here if stop.line > len(lines.of(part)))
    rows = _rows(here, lines.of(part))
    if not rows:
        return f'<figure>\n{caption}<p class="gone">The source cannot be shown.</p>\n</figure>\n'
    drawn = drawing(rows, part, parts, way) if len(way) > 1 else ""
    numbers = "\n".join("" if row is None else str(row) for row in rows)
    cut = _indentation(rows, here, lines.of(part))
    shown = "\n".join(
        '<span class="row gap">&#8943;</span>'
        if row is None
        else f'<span class="row">{"".join(_row(lines.of(part)[row - 1], row, cut, here, name))}</span>'
        for row in rows
    )
    return (
        f'<figure>\n{caption}<div class="frame">\n<pre class="numbers" aria-hidden="true">{numbers}</pre>\n{drawn}'
        f'<div class="source" tabindex="0" role="region" aria-label="Source of {attribute(named(part))}">'
        f"<pre>{shown}</pre></div>\n</div>\n</figure>\n"
    )


def _rows(here: Sequence[Stop], lines: Sequence[str]) -> list[int | None]:
    """The numbers of the lines to show; None stands for those that are left out. Nothing where no stop is in sight."""
    stopped: set[int] = set()
    for stop in here:
        stopped.update(range(stop.line, min(stop.end_line, stop.line + _LONGEST - 1, len(lines)) + 1))
    around = {line + by for line in stopped for by in range(-_AROUND, _AROUND + 1)}
    wanted = stopped | {line for line in around if 1 <= line <= len(lines) and lines[line - 1].strip()}
    rows: list[int | None] = []
    before = 0
    for line in sorted(wanted):
        if before and line > before + 1:  # one or two lines are shown where they stand for hardly less
            rows += range(before + 1, line) if line - before <= _AROUND + 1 else [None]
        rows.append(line)
        before = line
    return rows


def _indentation(rows: Sequence[int | None], here: Sequence[Stop], lines: Sequence[str]) -> int:
    """How many characters all the rows begin with that are mere indentation: a phone has no room for them."""
    shown = [lines[row - 1] for row in rows if row is not None and lines[row - 1].strip()]
    cut = min([*(len(line) - len(line.lstrip()) for line in shown), *(stop.column - 1 for stop in here)])
    return cut if len({line[:cut] for line in shown}) == 1 else 0


def _row(text: str, line: int, cut: int, here: Sequence[Stop], name: str) -> Iterator[str]:
    """A line in pieces, each within the same stops; one that starts a stop has its id."""
    marks = [(*stop.columns(line, len(text)), stop) for stop in here if stop.line <= line <= stop.end_line]
    text = text.ljust(max([len(text), *(end for _, end, _ in marks)]))
    cuts = sorted({cut, len(text), *(max(start, cut) for start, _, _ in marks), *(end for _, end, _ in marks)})
    for start, end in pairwise(cuts):
        within = [stop for first, last, stop in marks if first <= start and end <= last]
        for first, _, stop in marks:
            if first == start and stop.line == line:
                yield f'<a id="{name}-{stop.number}"></a>'
        piece = source(text[start:end])
        if within:
            kinds = ["sink"] if any(stop.sink for stop in within) else ["step"]
            kinds += ["inner"] if len({(stop.line, stop.column, stop.end_column) for stop in within}) > 1 else []
            steps = " ".join(str(stop.number) for stop in within)
            yield f'<mark class="{" ".join(kinds)}" data-steps="{steps}">{piece}</mark>'
        else:
            yield piece
