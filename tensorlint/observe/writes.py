"""Findings about writes to shared memory, and the writes that were seen. Needs no torch.

A finding is about the line that writes, and its evidence names the conversion since which memory is shared. A run tells
the conversion, and between which two lines the memory was written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tensorlint.finding import Confidence, Evidence, Finding, Observed, Sight
from tensorlint.observe.hazards import BEHIND_AUTOGRAD, BY_STEP, NUMPY_WROTE, STALE, TORCH_WROTE, told
from tensorlint.observe.judge import TO_NUMPY, TO_TORCH
from tensorlint.observe.places import Place
from tensorlint.observe.reach import Reaches
from tensorlint.observe.recording import Hazard, Sighting
from tensorlint.observe.scopes import Scope, Scopes

__all__ = ["WRITES", "observed_write", "unfound_writes"]

_BEHIND = "TSL208"
WRITES: Mapping[str, frozenset[str]] = {
    "TSL201": frozenset({NUMPY_WROTE}),
    "TSL202": frozenset({TORCH_WROTE}),
    "TSL204": frozenset({NUMPY_WROTE, TORCH_WROTE}),
    "TSL205": frozenset({NUMPY_WROTE, TORCH_WROTE}),
    _BEHIND: frozenset({BEHIND_AUTOGRAD}),
}
"""Which kinds of hazards confirm a rule's findings."""
_NAMES = frozenset({"numpy", "asarray", "array", "from_numpy", "as_tensor", "from_dlpack", "Tensor"})
"""Calls in a text that are recorded."""


def observed_write(
    finding: Finding, findings: Sequence[Finding], reaches: Reaches, there: Mapping[Place, Sighting], scopes: Scopes
) -> Observed:
    """What a run says of a finding about a write.

    :param findings: all of the file
    :param there: what was seen in the file, at the places where it is now
    """
    own = [one for one in finding.evidence if one.path == finding.path]
    steps = [one for one in own if reaches.names(one) & _NAMES or any(True for _ in _conversions(one, reaches, there))]
    if not steps:
        return Observed(Sight.NOT_WATCHED, "")
    found = [(place, there[place]) for one in steps for place in _conversions(one, reaches, there)]
    for place, sighting in found:
        for hazard in _hazards(sighting, scopes):
            if hazard.kind in WRITES[finding.code] and _is_by(finding, findings, hazard, place, scopes):
                return Observed(Sight.CONFIRMED, f"shared since line {place.line}, {told(hazard, place.path)}")
    if written := {told(hazard, place.path) for place, one in found for hazard in one.hazards if hazard.kind != STALE}:
        return Observed(Sight.NOT_WATCHED, f"whether here cannot be told: {min(written)}")
    tallies = [(case, tally.count) for _, one in found for case, tally in one.cases.items() if not case.outcome]
    made = sum(count for _, count in tallies)
    if not made:
        return Observed(Sight.NOT_REACHED, "no conversion was seen after which memory is shared")
    if not any(case.shares for case, _ in tallies):
        return Observed(Sight.CLEARED, f"the conversion was made {_times(made)}, and no memory was shared")
    return Observed(Sight.NOT_WATCHED, f"memory was shared {_times(made)}; no such write was seen")


def unfound_writes(
    name: str, findings: Sequence[Finding], reaches: Reaches, there: Mapping[Place, Sighting], scopes: Scopes
) -> Iterator[Finding]:
    """Writes behind autograd that no finding is about: they make a gradient wrong, whatever was meant by them.

    :param name: that of the rule
    """
    own = [one for one in findings if one.code == _BEHIND]
    for place, sighting in there.items():
        hazards = [one for one in _hazards(sighting, scopes) if one.kind == BEHIND_AUTOGRAD]
        if hazards and not any(_is_by(one, findings, each, place, scopes) for one in own for each in hazards):
            observed = Observed(Sight.ONLY, "the static analysis has no such finding")
            text = f"this is shared, and {told(hazards[0], place.path)}"
            at = reaches.place(place)
            yield Finding(_BEHIND, name, text, Confidence.CERTAIN, place.path, *at, observed=observed)


def _conversions(step: Evidence, reaches: Reaches, there: Mapping[Place, Sighting]) -> Iterator[Place]:
    stretch = reaches.of(step)
    for place, sighting in there.items():
        if stretch.overlaps(place) and any(case.call in TO_NUMPY | TO_TORCH for case in sighting.cases):
            yield place


def _hazards(sighting: Sighting, scopes: Scopes) -> Iterator[Hazard]:
    """The hazards of a conversion with their places as they are now; without those that may have changed."""
    moved = scopes.now(sighting.scope) if sighting.scope is not None else None
    for hazard in sighting.hazards:
        if sighting.file == scopes.digest:
            yield hazard
        elif moved is not None and all(_is_in(one, sighting.scope) for one in (hazard.other, hazard.until)):
            yield hazard._replace(other=_moved(hazard.other, moved), until=_moved(hazard.until, moved))


def _is_in(place: Place | None, scope: Scope | None) -> bool:
    return place is not None and scope is not None and scope.line <= place.line <= scope.end_line


def _moved(place: Place | None, by: int) -> Place | None:
    return None if place is None else place._replace(line=place.line + by, end_line=place.end_line + by)


def _is_by(finding: Finding, findings: Sequence[Finding], hazard: Hazard, conversion: Place, scopes: Scopes) -> bool:
    """Whether it was the line of a finding that wrote."""
    bracket = _Bracket(hazard, conversion.path, scopes)
    return bracket.holds(finding) or (bracket.may_call(finding) and not any(map(bracket.holds, findings)))


class _Bracket:
    """The lines between which something was written, as far as they are in one file."""

    def __init__(self, hazard: Hazard, path: str, scopes: Scopes) -> None:
        self._first = hazard.other if hazard.other is not None and hazard.other.path == path else None
        self._last = hazard.until if hazard.until is not None and hazard.until.path == path else None
        self._exact = hazard.detail == BY_STEP
        self._scopes = scopes

    def holds(self, finding: Finding) -> bool:
        """Whether the line of a finding is one of these."""
        if finding.code not in WRITES:
            return False
        first, last, line = self._first, self._last, finding.line
        if self._exact:
            return first is not None and line <= first.line <= max(line, finding.end_line)
        after = first is not None and self._function(first.line) == self._function(line) and first.line <= line
        before = last is not None and self._function(last.line) == self._function(line) and line <= last.line
        if first is None or last is None or self._function(first.line) != self._function(last.line):
            return after or before
        return after and before if first.line < last.line else after or before  # that went round a loop

    def may_call(self, finding: Finding) -> bool:
        """Whether the line of a finding is in another function, so that it can only have been called in between."""
        ends = [one for one in (self._first, self._last) if one is not None]
        here = self._function(finding.line)
        return not self._exact and here is not None and here not in [self._function(one.line) for one in ends]

    def _function(self, line: int) -> Scope | None:
        """The function around a line; None at the top level."""
        scope = self._scopes.around(line)
        return None if scope is None or scope.is_statement else scope


def _times(count: int) -> str:
    return "1 time" if count == 1 else f"{count} times"
