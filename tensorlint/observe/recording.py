"""What was observed: cases at places, added up over calls, threads and processes, and the file that holds them.

Memory is bounded by the program's text: calls at one place that are alike are one case with a count. Needs no torch.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from tensorlint.observe.places import Place
from tensorlint.observe.scopes import Scope

__all__ = ["FORMAT", "Case", "Hazard", "Recording", "RecordingError", "Sighting", "Tally", "read", "write"]

FORMAT = 2
_MOST_PLACES = 20_000
_MOST_CASES = 32
"""At one place; more kinds of calls are added to the last of them, under the outcome ``OTHERS``."""
OTHERS = "others"


class RecordingError(Exception):
    """A file that is no recording, or not one that this version reads."""


class Case(NamedTuple):
    """Crossings that are alike."""

    call: str
    """What was called, as ``Tensor.numpy`` or ``torch.from_numpy``."""
    given: str
    """What it was given: ``Tensor``, ``ndarray``, ``scalar`` (of NumPy), or ``list of ...`` these."""
    outcome: str = ""
    """Empty, or the type and the text's first line of what was raised."""
    device: str = ""
    dtype: str = ""
    layout: str = ""
    requires_grad: bool = False
    grad_mode: bool = True
    conj: bool = False
    neg: bool = False
    contiguous: bool = True
    negative_strides: bool = False
    writeable: bool = True
    shares: bool = False
    """The result lives in the memory of what was given."""


class Hazard(NamedTuple):
    """What went wrong without an exception: the kind, and the place where the other half of it happened."""

    kind: str
    detail: str
    other: Place | None = None
    until: Place | None = None
    """Where it was seen, for what happened somewhere between the two; None for the end of the run."""


@dataclass(slots=True)
class Tally:
    """How often a case was seen, and how long its calls took in all."""

    count: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class Sighting:
    """What was seen at one place."""

    cases: dict[Case, Tally] = field(default_factory=dict)
    hazards: dict[Hazard, int] = field(default_factory=dict)
    scope: Scope | None = None
    """The function around the place, as it was when the program ran; None where its file cannot be read."""
    file: str = ""
    """The digest of the file's text then."""

    def add(self, case: Case, count: int, seconds: float) -> tuple[Case, Tally]:
        """Count calls; the case that they are counted as, and all of those."""
        tally = self.cases.get(case)
        if tally is None:
            if len(self.cases) >= _MOST_CASES:
                case = Case(case.call, OTHERS)
            tally = self.cases.setdefault(case, Tally())
        tally.count += count
        tally.seconds += seconds
        return case, tally

    def add_hazard(self, hazard: Hazard, count: int) -> int:
        """Count a hazard; how often it was seen in all, 0 where it is one too many to keep."""
        if hazard in self.hazards or len(self.hazards) < _MOST_CASES:
            self.hazards[hazard] = self.hazards.get(hazard, 0) + count
        return self.hazards.get(hazard, 0)


@dataclass(slots=True)
class Recording:
    """All that was seen in a run, in one process or several."""

    sightings: dict[Place, Sighting] = field(default_factory=dict)
    elsewhere: int = 0
    """Crossings that no own frame led to, or that came after the most places that are kept."""
    processes: int = 0
    """Those that imported torch."""
    torch: str = ""
    numpy: str = ""
    simulated: str = ""
    """The device that was simulated."""
    faults: dict[str, int] = field(default_factory=dict)
    """What went wrong in the recorder itself."""

    def at(self, place: Place | None) -> Sighting | None:
        """What was seen at a place; None, and counted as elsewhere, where it cannot be kept."""
        found = self.sightings.get(place) if place is not None else None
        if found is None:
            if place is None or len(self.sightings) >= _MOST_PLACES:
                self.elsewhere += 1
                return None
            found = self.sightings[place] = Sighting()
        return found

    def merge(self, other: Recording) -> None:
        """Add what another process saw."""
        for place, theirs in other.sightings.items():
            mine = self.at(place)
            if mine is None:
                continue
            for case, tally in theirs.cases.items():
                mine.add(case, tally.count, tally.seconds)
            for hazard, count in theirs.hazards.items():
                mine.add_hazard(hazard, count)
            mine.scope, mine.file = mine.scope or theirs.scope, mine.file or theirs.file
        self.elsewhere += other.elsewhere
        self.processes += other.processes
        self.torch, self.numpy = self.torch or other.torch, self.numpy or other.numpy
        self.simulated = self.simulated or other.simulated
        for fault, count in other.faults.items():
            self.faults[fault] = self.faults.get(fault, 0) + count

    def below(self, folder: str) -> Recording:
        """What was seen in the files of a folder, with paths relative to it, ``/`` between their parts."""
        prefix = os.path.join(folder, "")
        inside = {
            place._replace(path=place.path.removeprefix(prefix).replace(os.sep, "/")): sighting
            for place, sighting in self.sightings.items()
            if place.path.startswith(prefix)
        }
        return replace(self, sightings=inside)

    def about(self) -> dict[str, Any]:
        """All but what was seen."""
        return {name: getattr(self, name) for name in _ABOUT}

    @property
    def crossings(self) -> int:
        """How many values crossed the boundary; a `state_dict()` crosses nothing."""
        return sum(
            tally.count
            for one in self.sightings.values()
            for case, tally in one.cases.items()
            if case.call != "Module.state_dict"
        )


def write(recording: Recording, file: Path, root: str = "") -> None:
    """Write a recording, whole or not at all.

    :param root: paths below this folder are written relative to it
    """
    temporary = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(json.dumps(_as_json(recording, root), separators=(",", ":")) + "\n", encoding="utf-8")
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)


def read(file: Path, root: str = "") -> Recording:
    """The recording in a file.

    :param root: where relative paths begin
    :raises RecordingError: if it cannot be read, with the reason
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecordingError(f"cannot read {file}: {error.strerror}") from None
    except ValueError:
        raise RecordingError(f"{file} is no recording of `tensorlint observe`: it is not JSON") from None
    if not isinstance(content, dict) or "tensorlint-observed" not in content:
        raise RecordingError(f"{file} is no recording of `tensorlint observe`")
    if content["tensorlint-observed"] != FORMAT:
        raise RecordingError(f"{file} was recorded by another version of tensorlint: record it again")
    try:
        return _from_json(content, root)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RecordingError(f"{file} is damaged ({type(error).__name__}: {error}): record it again") from None


_ABOUT = ("elsewhere", "processes", "torch", "numpy", "simulated", "faults")


def _as_json(recording: Recording, root: str) -> dict[str, Any]:
    def place(one: Place | None) -> list[Any] | None:
        if one is None:
            return None
        below = os.path.join(root, "")
        path = one.path.removeprefix(below) if root else one.path
        return [path.replace(os.sep, "/"), *one[1:]]

    return {
        "tensorlint-observed": FORMAT,
        **recording.about(),
        "sightings": [
            {
                "place": place(where),
                "scope": None if one.scope is None else one.scope.as_list(),
                "file": one.file,
                "cases": [
                    {**_changed(case), "count": tally.count, "seconds": round(tally.seconds, 6)}
                    for case, tally in one.cases.items()
                ],
                "hazards": [
                    {
                        "kind": each.kind,
                        "detail": each.detail,
                        "other": place(each.other),
                        "until": place(each.until),
                        "count": count,
                    }
                    for each, count in one.hazards.items()
                ],
            }
            for where, one in sorted(recording.sightings.items())
        ],
    }


def _changed(case: Case) -> dict[str, Any]:
    """What of a case is not as usual."""
    return {name: value for name, value in case._asdict().items() if value != Case._field_defaults.get(name)}


def _from_json(content: Mapping[str, Any], root: str) -> Recording:
    def place(raw: Iterable[Any] | None) -> Place | None:
        if raw is None:
            return None
        path, line, column, end_line, end_column = raw
        return Place(os.path.normpath(os.path.join(root, path)), line, column, end_line, end_column)

    recording = Recording(**{name: content[name] for name in _ABOUT})
    for one in content["sightings"]:
        scope = None if one["scope"] is None else Scope(*one["scope"])
        where = place(one["place"])
        if where is None:
            raise ValueError("no place")
        sighting = recording.sightings[where] = Sighting(scope=scope, file=one["file"])
        for case in one["cases"]:
            count, seconds = case.pop("count"), case.pop("seconds")
            sighting.cases[Case(**case)] = Tally(count, seconds)
        for each in one["hazards"]:
            hazard = Hazard(each["kind"], each["detail"], place(each["other"]), place(each["until"]))
            sighting.hazards[hazard] = each["count"]
    return recording
