"""Findings about lost gradients, and what was seen of them. Needs no torch.

A finding is about the line where a value leaves the graph; its evidence names where a tensor is made of it again, and
the ``backward()``. A run tells that a value of the graph left it there, and that what was made took part.
"""

from __future__ import annotations

from collections.abc import Mapping

from tensorlint.finding import Evidence, Finding, Observed, Sight
from tensorlint.observe.hazards import LEFT_GRAPH, NO_GRAPH, TOOK_PART
from tensorlint.observe.places import Place
from tensorlint.observe.reach import Reaches
from tensorlint.observe.recording import Sighting

__all__ = ["LOST", "observed_loss"]

LOST = "TSL401"
_NAMES = frozenset({"numpy", "item", "tolist", "float", "tensor", "asarray", "array"})
"""Calls in a text by which a value leaves the graph, and that are recorded."""


def observed_loss(finding: Finding, reaches: Reaches, there: Mapping[Place, Sighting]) -> Observed:
    """What a run says of a finding about a lost gradient.

    :param there: what was seen in the file, at the places where it is now
    """
    here = _at(finding, reaches, there)
    times = sum(_times_left(one) for one in here)
    if not here and reaches.names(finding) & _NAMES:
        return Observed(Sight.NOT_REACHED, "no such call was seen here")
    if not times and here:
        return Observed(Sight.NOT_WATCHED, "no value that requires grad was seen to leave the graph here")
    left = f"a value left the graph here {_count(times)}" if times else "a value left the graph here"
    steps = [step for step in finding.evidence if step.path == finding.path]
    for step in steps:
        for one in _at(step, reaches, there):
            for hazard in one.hazards:
                if hazard.kind == NO_GRAPH:
                    text = f"{left}, and backward() in line {step.line} was refused: what it is called on has no graph"
                    return Observed(Sight.CONFIRMED, text)
                if hazard.kind == TOOK_PART:
                    text = f"{left}, and the tensor made in line {step.line} took part in a backward() without one"
                    return Observed(Sight.CONFIRMED, text)
    return Observed(Sight.NOT_WATCHED, f"{left}; whether it comes back cannot be told" if times else "")


def _at(step: Finding | Evidence, reaches: Reaches, there: Mapping[Place, Sighting]) -> list[Sighting]:
    stretch = reaches.of(step)
    inside = [one for place, one in there.items() if stretch.contains(place)]
    return inside or [one for place, one in there.items() if stretch.overlaps(place)]


def _times_left(sighting: Sighting) -> int:
    """How often a value that requires grad, or was detached from one, left the graph."""
    count = sum(tally.count for case, tally in sighting.cases.items() if case.requires_grad and not case.outcome)
    return count + sum(count for hazard, count in sighting.hazards.items() if hazard.kind == LEFT_GRAPH)


def _count(times: int) -> str:
    return "1 time" if times == 1 else f"{times} times"
