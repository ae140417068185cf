"""What one process has seen, on the disk while it runs: lines for each new kind of call, and as its count grows.

A process may be ended from outside at any moment (`Pool.terminate` does it); then the kinds are all there, small counts
are exact and others right to within a factor of two. One that ends by itself adds the exact counts. Needs no torch.
"""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path
from typing import Any

from tensorlint.observe.places import Place
from tensorlint.observe.recording import Case, Hazard, Recording, Sighting, Tally
from tensorlint.observe.scopes import Scope, Scopes

__all__ = ["Journal", "read_journal"]

_SUFFIX = ".jsonl"


class Journal:
    """The file of this process in a folder; it is made with the first line."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._scopes: dict[str, Scopes | None] = {}
        self.begin()

    def begin(self) -> None:
        """Go on in a file of its own: for a process that was forked."""
        self._file = self._folder / f"{os.getpid()}-{uuid.uuid4().hex}{_SUFFIX}"
        self._told: set[Place] = set()

    def about(self, recording: Recording) -> None:
        """Note what the process is, and what went wrong in it."""
        self._line({"about": recording.about()})

    def case(self, place: Place, case: Case, tally: Tally) -> None:
        """Note how often a case was seen by now."""
        self._line({"at": place, **self._scope(place), "case": case, "tally": [tally.count, tally.seconds]})

    def hazard(self, place: Place, hazard: Hazard, count: int) -> None:
        """Note how often something went wrong by now."""
        self._line({"at": place, **self._scope(place), "hazard": hazard, "count": count})

    def _scope(self, place: Place) -> dict[str, Any]:
        if place in self._told:
            return {}
        self._told.add(place)
        if place.path not in self._scopes:
            self._scopes[place.path] = _scopes(place.path)
        scopes = self._scopes[place.path]
        scope = scopes.around(place.line) if scopes is not None else None
        return {
            "scope": None if scope is None else scope.as_list(),
            "file": "" if scopes is None else scopes.digest,
        }

    def _line(self, content: Any) -> None:
        # Opened anew each time: a program that closes all its files may give the number to a file of its own.
        file = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, json.dumps(content, separators=(",", ":")).encode() + b"\n")
        finally:
            os.close(file)


def _scopes(path: str) -> Scopes | None:
    try:
        return Scopes(Path(path).read_text(encoding="utf-8-sig"))
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None


def read_journal(file: Path) -> Recording:
    """What a process has seen; what it was writing when it was ended is left out."""
    recording = Recording(processes=1)
    for line in file.read_text(encoding="utf-8").split("\n"):
        try:
            content = json.loads(line)
        except ValueError:
            continue
        if "about" in content:
            for name, value in content["about"].items():
                setattr(recording, name, value)
            continue
        sighting = recording.sightings.setdefault(Place(*content["at"]), Sighting())
        if content.get("scope") is not None:
            sighting.scope, sighting.file = Scope(*content["scope"]), content["file"]
        if "case" in content:
            sighting.cases[Case(*content["case"])] = Tally(*content["tally"])
        else:
            kind, detail, *places = content["hazard"]
            other, until = (None if one is None else Place(*one) for one in places)
            sighting.hazards[Hazard(kind, detail, other, until)] = content["count"]
    return recording
