"""What is said of a recording when a run is over."""

from __future__ import annotations

import os
from collections.abc import Iterator

from tensorlint.observe.hazards import NOTES, told
from tensorlint.observe.recording import Recording

__all__ = ["summary"]

_MOST = 10
"""Hazards that are listed."""


def summary(recording: Recording, file: str) -> Iterator[str]:
    """The lines, without a line end."""
    if not recording.processes:
        yield f"no process imported torch; {file} holds nothing"
        return
    places, processes = sum(bool(one.cases) for one in recording.sightings.values()), recording.processes
    hazards = sum(each.kind not in NOTES for one in recording.sightings.values() for each in one.hazards)
    besides = f", {_count(hazards, 'hazard')} of shared memory" if hazards else ""
    refused = sum(
        tally.count for one in recording.sightings.values() for case, tally in one.cases.items() if case.outcome
    )
    where = f" on simulated {recording.simulated.upper()}" if recording.simulated else ""
    yield (
        f"{_count(recording.crossings, 'crossing')} at {_count(places, 'place')} "
        f"in {_count(processes, 'process', 'es')}{where}, "
        f"{refused} refused{besides}: {file}"
    )
    yield from _hazards(recording)
    if recording.elsewhere:
        yield f"{recording.elsewhere} more that no line of your own led to"
    for fault, count in recording.faults.items():
        yield f"the recorder failed {_count(count, 'time')} and the program went on: {fault}"


def _hazards(recording: Recording) -> Iterator[str]:
    """The first places where something went wrong without an exception, each with the hazard that was seen most."""
    found = [
        (place, {each: count for each, count in one.hazards.items() if each.kind not in NOTES})
        for place, one in sorted(recording.sightings.items())
    ]
    some = [(place, max(hazards, key=hazards.__getitem__)) for place, hazards in found if hazards]
    for place, hazard in some[:_MOST]:
        yield f"{os.path.relpath(place.path)}:{place.line}: {told(hazard, place.path)}"
    if len(some) > _MOST:
        yield f"and {_count(len(some) - _MOST, 'place')} more"


def _count(number: int, noun: str, plural: str = "s") -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}{plural}"
