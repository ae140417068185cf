"""Findings and a recording, joined: what was confirmed, cleared and not reached, and what was only observed.

What was seen in a function that has changed since is left out; where the function has only moved, it moves along.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from tensorlint.finding import Confidence, Finding, Observed, Sight
from tensorlint.observe.judge import WATCHES, Watch
from tensorlint.observe.lost import LOST, observed_loss
from tensorlint.observe.places import Place
from tensorlint.observe.reach import Reaches
from tensorlint.observe.recording import Recording, Sighting
from tensorlint.observe.scopes import Scopes
from tensorlint.observe.writes import WRITES, observed_write, unfound_writes

__all__ = ["Joined", "Seen", "join"]

_GPUS = ("cuda", "mps")


@dataclass(frozen=True, slots=True)
class Joined:
    """What became of one file."""

    findings: tuple[Finding, ...]
    """Those that were given, each with what was observed of it."""
    only: tuple[Finding, ...]
    """What happened and was not found; of every rule, whether it is selected or not."""
    changed: tuple[str, ...]
    """Functions that were observed and have changed since."""


class Seen:
    """A recording, by file, and what holds of all of it."""

    def __init__(self, recording: Recording) -> None:
        self.by_path: dict[str, list[tuple[Place, Sighting]]] = {}
        for place, sighting in recording.sightings.items():
            self.by_path.setdefault(place.path, []).append((place, sighting))
        self.simulated = recording.simulated
        self.gpu = bool(self.simulated) or any(
            case.device.startswith(_GPUS) for one in recording.sightings.values() for case in one.cases
        )


def join(path: str, text: str, findings: Sequence[Finding], seen: Seen, names: Mapping[str, str]) -> Joined:
    """Join one file.

    :param path: absolute
    :param text: the file as it was linted
    :param names: the rules' names by their codes, for what was only observed
    :raises SyntaxError, ValueError: if the text is not Python
    """
    reaches = Reaches(ast.parse(text), text.splitlines())
    scopes = Scopes(text)
    there, changed = _still_there(seen.by_path.get(path, ()), scopes)
    joined: list[Finding] = []
    known: dict[str, set[Place]] = {}
    for finding in findings:
        if finding.code in WRITES:
            joined.append(replace(finding, observed=observed_write(finding, findings, reaches, there, scopes)))
            continue
        if finding.code == LOST:
            joined.append(replace(finding, observed=observed_loss(finding, reaches, there)))
            continue
        watch = WATCHES.get(finding.code)
        unseen = watch is not None and watch.indices and not seen.simulated and reaches.is_index(finding)
        if watch is None or unseen or not reaches.is_recorded(finding):
            joined.append(replace(finding, observed=Observed(Sight.NOT_WATCHED, "")))
            continue
        near = _near(finding, reaches, there, watch)
        known.setdefault(finding.code, set()).update(near)
        joined.append(replace(finding, observed=_observed(watch, [there[place] for place in near], seen)))
    only = [
        _only(code, name, place, reaches, watch, sighting, seen)
        for place, sighting in there.items()
        for code, name in names.items()
        if (watch := WATCHES.get(code)) is not None
        and not watch.hazard  # whether it is read again cannot be seen: only with a finding it is a bug
        and place not in known.get(code, ())
        and _is_news(watch, sighting, place, reaches)
    ]
    if (name := names.get("TSL208")) is not None:
        only += unfound_writes(name, findings, reaches, there, scopes)
    return Joined(tuple(joined), tuple(only), tuple(sorted(changed)))


def _still_there(seen: Iterable[tuple[Place, Sighting]], scopes: Scopes) -> tuple[dict[Place, Sighting], set[str]]:
    """What was seen in functions that are as they were, where they are now; the names of the others."""
    there: dict[Place, Sighting] = {}
    changed: set[str] = set()
    for place, sighting in seen:
        moved = scopes.now(sighting.scope) if sighting.scope is not None else None
        if moved is None:
            changed.add(sighting.scope.name if sighting.scope is not None else f"line {place.line}")
        else:
            there[place._replace(line=place.line + moved, end_line=place.end_line + moved)] = sighting
    return there, changed


def _near(finding: Finding, reaches: Reaches, there: Mapping[Place, Sighting], watch: Watch) -> list[Place]:
    """The places where the calls were made that a finding is about: those inside it, else those around it."""
    stretch = reaches.of(finding)
    calls = [place for place, one in there.items() if watch.is_about(one)]
    inside = [place for place in calls if stretch.contains(place)]
    return inside or [place for place in calls if stretch.overlaps(place)]


def _observed(watch: Watch, sightings: Sequence[Sighting], seen: Seen) -> Observed:
    made, happened = watch.counts(sightings)
    if happened:
        return Observed(Sight.CONFIRMED, _told(happened, made, watch, seen))
    if watch.hazard:
        ran = f"ran {_times(made)}; no optimizer step was seen to change what was kept" if made else ""
        return Observed(Sight.NOT_WATCHED, ran)
    if not watch.clears:
        return Observed(Sight.NOT_WATCHED, "")
    if not made:
        return Observed(Sight.NOT_REACHED, "no such call was seen here")
    if watch.gpu and not seen.gpu:
        return Observed(Sight.NOT_REACHED, f"ran {_times(made)} where there is no GPU (observe --simulate cuda)")
    where = f" on simulated {seen.simulated.upper()}" if watch.gpu and seen.simulated else ""
    return Observed(Sight.CLEARED, f"ran {_times(made)} without that{where}")


def _told(happened: Mapping[str, int], made: int, watch: Watch, seen: Seen) -> str:
    if watch.hazard:
        return next(iter(happened))
    most = max(happened, key=lambda text: (happened[text], text))
    where = " on a simulated GPU" if seen.simulated and (watch.gpu or not watch.clears) else ""
    return f"{most}{where} ({sum(happened.values())} of {_times(made)})"


def _is_news(watch: Watch, sighting: Sighting, place: Place, reaches: Reaches) -> bool:
    """Something happened, and the program did not wait for it."""
    happened = [case for case in sighting.cases if case.call in watch.calls and watch.happened(case)]
    return bool(happened) and not (all(case.outcome for case in happened) and reaches.is_expected(place))


def _only(
    code: str, name: str, place: Place, reaches: Reaches, watch: Watch, sighting: Sighting, seen: Seen
) -> Finding:
    made, happened = watch.counts([sighting])
    calls = [case.call for case in sighting.cases if case.call in watch.calls]
    call = next((case.call for case in sighting.cases if case.call in calls and watch.happened(case)), calls[0])
    text = _told(happened, made, watch, seen)
    at = reaches.place(place)
    observed = Observed(Sight.ONLY, "the static analysis has no such finding")
    return Finding(code, name, f"`{call}` {text}", Confidence.CERTAIN, place.path, *at, observed=observed)


def _times(count: int) -> str:
    return "1 time" if count == 1 else f"{count} times"
