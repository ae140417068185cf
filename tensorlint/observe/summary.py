"""What is said of a recording when a run is over."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.observe.hazards import NOTES
from tensorlint.observe.recording import Recording

__all__ = ["summary"]


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
    if recording.elsewhere:
        yield f"{recording.elsewhere} more that no line of your own led to"
    for fault, count in recording.faults.items():
        yield f"the recorder failed {_count(count, 'time')} and the program went on: {fault}"


def _count(number: int, noun: str, plural: str = "s") -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}{plural}"
