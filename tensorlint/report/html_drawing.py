"""The way from the origin to the finding, drawn beside the source: a numbered disc at each stop, arrows between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tensorlint.report.lines import Part
from tensorlint.report.stops import Stop

__all__ = ["drawing"]

_ROW = 20
"""The height of a line of source in pixels; ``page.css`` sets it."""
_DISC = 8
_LANE = 7
_BEND = 6
_ASIDE = 3
"""How far above or below the middle of a disc an arrow comes in or goes out, so that the two can be told apart."""


@dataclass(frozen=True, slots=True)
class _Arrow:
    """From one height to another, in pixels; at an open end it comes from, or goes to, another frame."""

    start: float
    end: float
    open_start: bool = False
    open_end: bool = False

    @property
    def top(self) -> float:
        return min(self.start, self.end)

    @property
    def bottom(self) -> float:
        return max(self.start, self.end)


def drawing(rows: Sequence[int | None], part: Part, parts: Sequence[Part], way: Sequence[Stop]) -> str:
    """An SVG as high as the rows.

    :param rows: the lines that are shown, from the top
    :param part: the file or cell whose frame this is
    :param parts: the files and cells in the order of their frames, which says where an arrow to another one goes
    """
    heights = {row: (at + 0.5) * _ROW for at, row in enumerate(rows) if row is not None}
    arrows = list(_arrows(heights, len(rows) * _ROW, part, parts, way))
    lanes = _lanes(arrows)
    left = (max(lanes, default=-1) + 1) * _LANE + 2 * _DISC + 2
    places = list(_places(heights, part, way, left))
    width = max((x for _, x, _ in places), default=left) + _DISC + 2
    drawn = [_line(arrow, left - _DISC - 1, lane) for arrow, lane in zip(arrows, lanes, strict=True)]
    drawn += [_disc(stop, x, y) for stop, x, y in places]
    size = f'width="{width}" height="{len(rows) * _ROW}"'
    return f'<svg class="way" {size} aria-hidden="true" focusable="false">{"".join(drawn)}</svg>\n'


def _places(
    heights: dict[int, float], part: Part, way: Sequence[Stop], left: float
) -> Iterator[tuple[Stop, float, float]]:
    """Where the discs are: those of one line side by side."""
    beside: dict[int, int] = {}
    for stop in way:
        if stop.part == part and stop.line in heights:
            yield stop, left + beside.get(stop.line, 0) * (2 * _DISC + 2), heights[stop.line]
            beside[stop.line] = beside.get(stop.line, 0) + 1


def _arrows(
    heights: dict[int, float], height: float, part: Part, parts: Sequence[Part], way: Sequence[Stop]
) -> Iterator[_Arrow]:
    for one, other in pairwise(way):
        start = heights.get(one.line) if one.part == part else None
        end = heights.get(other.line) if other.part == part else None
        if start is not None and end is not None:
            if start != end:
                aside = _ASIDE if end > start else -_ASIDE
                yield _Arrow(start + aside, end - aside)
        elif start is not None and other.part != part:
            down = parts.index(other.part) > parts.index(part)
            yield _Arrow(start + (_ASIDE if down else -_ASIDE), height if down else 0, open_end=True)
        elif end is not None and one.part != part:
            above = parts.index(one.part) < parts.index(part)
            yield _Arrow(0 if above else height, end + (-_ASIDE if above else _ASIDE), open_start=True)


def _lanes(arrows: Sequence[_Arrow]) -> list[int]:
    """How far to the left each arrow goes: short ones stay near the discs, and no two lie on each other."""
    taken: list[list[_Arrow]] = []
    lanes = [0] * len(arrows)
    for at in sorted(range(len(arrows)), key=lambda at: (arrows[at].bottom - arrows[at].top, at)):
        arrow = arrows[at]
        while lanes[at] < len(taken) and any(_meet(arrow, other) for other in taken[lanes[at]]):
            lanes[at] += 1
        if lanes[at] == len(taken):
            taken.append([])
        taken[lanes[at]].append(arrow)
    return lanes


def _meet(one: _Arrow, other: _Arrow) -> bool:
    return one.top < other.bottom and other.top < one.bottom


def _line(arrow: _Arrow, x: float, lane: int) -> str:
    """Out of a disc to the left, along the lane, and back to the right into the other disc."""
    far = x - (lane + 1) * _LANE
    turn = min(_BEND, (arrow.bottom - arrow.top) / 2) * (1 if arrow.end > arrow.start else -1)
    out = f"M{far:g} {arrow.start:g}" if arrow.open_start else f"M{x:g} {arrow.start:g}H{far + _BEND:g}"
    if not arrow.open_start:
        out += f"Q{far:g} {arrow.start:g} {far:g} {arrow.start + turn:g}"
    back, head = f"V{arrow.end:g}", ""
    if not arrow.open_end:
        back = f"V{arrow.end - turn:g}Q{far:g} {arrow.end:g} {far + _BEND:g} {arrow.end:g}H{x:g}"
        head = f'<path d="M{x - 4:g} {arrow.end - 3:g}L{x:g} {arrow.end:g}L{x - 4:g} {arrow.end + 3:g}"/>'
    kind = ' class="elsewhere"' if arrow.open_start or arrow.open_end else ""
    return f'<path{kind} d="{out}{back}"/>{head}'


def _disc(stop: Stop, x: float, y: float) -> str:
    kind = "sink" if stop.sink else "step"
    return (
        f'<g class="{kind}" data-steps="{stop.number}"><circle cx="{x:g}" cy="{y:g}" r="{_DISC}"/>'
        f'<text x="{x:g}" y="{y + 3.5:g}">{stop.number}</text></g>'
    )
