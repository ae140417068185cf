"""Kinds of what goes wrong without an exception, and how it is said. Needs no torch."""

from __future__ import annotations

import os

from tensorlint.observe.places import Place
from tensorlint.observe.recording import Hazard

__all__ = [
    "BEHIND_AUTOGRAD",
    "BY_STEP",
    "LEFT_GRAPH",
    "NOTES",
    "NO_GRAPH",
    "NUMPY_WROTE",
    "STALE",
    "TOOK_PART",
    "TORCH_WROTE",
    "told",
]

STALE = "stale"
"""What was kept has changed behind its holder's back."""
NUMPY_WROTE, TORCH_WROTE = "written by NumPy", "written by torch"
"""The memory that an array and a tensor share was written, while both were in use."""
BEHIND_AUTOGRAD = "written behind autograd"
"""It was written after an operation had saved it, and torch did not count the write: the gradient is wrong."""
LEFT_GRAPH, TOOK_PART, NO_GRAPH = "left the graph", "took part in a backward", "backward without a graph"
"""A value was converted that was detached from one that requires grad; what was made of a number or an array was saved
for a `backward()`, or was a leaf of it; `backward()` was refused, because what it was called on has no graph."""
NOTES = frozenset({LEFT_GRAPH, TOOK_PART, NO_GRAPH})
"""Kinds that are harmless by themselves: together, and with a finding, they tell of a lost gradient."""
BY_STEP = "an optimizer step"


def told(hazard: Hazard, path: str) -> str:
    """What happened to what was made at a place of the file ``path``."""
    if hazard.kind == STALE:
        return hazard.detail
    if hazard.kind == BEHIND_AUTOGRAD:
        saved = f"after {hazard.detail} had saved it, and backward() was called: the gradient is wrong"
        return f"its memory was written {_where(hazard, path)}, {saved}"
    return f"its memory was {hazard.kind} {_where(hazard, path)}"


def _where(hazard: Hazard, path: str) -> str:
    first = _line(hazard.other, path)
    if hazard.detail == BY_STEP:
        return f"in {first} ({hazard.detail})"
    last = "the next time there" if hazard.until == hazard.other else _line(hazard.until, path)
    return f"between {first} and {last}"


def _line(place: Place | None, path: str) -> str:
    if place is None:
        return "the end"
    return f"line {place.line}" if place.path == path else f"{os.path.relpath(place.path)}:{place.line}"
