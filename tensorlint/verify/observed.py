"""What the recorder saw of a fixture, joined with the linter's findings as `check --observed` joins a user's run.

Where a marked line misbehaves the finding is confirmed; what is known to be reported wrongly is not; and an ``ok_``
function shows nothing. Needs LibCST.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tensorlint.finding import Finding, Observed, Sight
from tensorlint.observe.joining import Joined, Seen, join
from tensorlint.observe.judge import WATCHES
from tensorlint.observe.recording import Recording
from tensorlint.observe.scopes import Scopes
from tensorlint.verify.fixture import Fixture, Function
from tensorlint.verify.judge import Row, Runs, Verdict
from tensorlint.verify.linting import available, findings, in_force
from tensorlint.verify.run import versions

__all__ = ["judge_observed"]

_WORST = (Sight.NOT_WATCHED, Sight.NOT_REACHED, Sight.CLEARED, Sight.CONFIRMED)
"""Of several devices the one counts on which most was seen."""


def judge_observed(fixture: Fixture, runs: Runs) -> Iterator[Row]:
    """The rows about the findings of the rules that the recorder watches for."""
    if not available() or any(run.missing for run in runs.values()):
        return
    recordings: dict[str, Recording] = {}
    names = dict.fromkeys(in_force(fixture), "")
    for (_, device), run in runs.items():
        recordings.setdefault(device, Recording(simulated=run.recording.simulated)).merge(run.recording)
    for path, text in fixture.written.texts.items():
        scopes = Scopes(text)
        for recording in recordings.values():
            for place, sighting in recording.sightings.items():
                if place.path == path:
                    sighting.scope = scopes.around(place.line)
        found = findings(fixture, path)
        joined = {device: join(path, text, found, Seen(one), names) for device, one in recordings.items()}
        for number, finding in enumerate(found):
            if finding.code in WATCHES:
                yield from _of_finding(fixture, path, finding, _most(number, joined))
        for device, one in joined.items():
            yield from _of_others(fixture, path, one, device)


def _most(number: int, joined: Mapping[str, Joined]) -> tuple[Observed, str]:
    seen = [(one.findings[number].observed, device) for device, one in joined.items()]
    return max(
        ((observed, device) for observed, device in seen if observed is not None),
        key=lambda pair: _WORST.index(pair[0].sight),
        default=(Observed(Sight.NOT_REACHED, ""), "-"),
    )


def _of_finding(fixture: Fixture, path: str, finding: Finding, most: tuple[Observed, str]) -> Iterator[Row]:
    observed, device = most
    sight = observed.sight
    function = _around(fixture, path, finding.line)
    if function is not None and function.kind == "false":
        right = sight is not Sight.CONFIRMED or not observed.text.startswith("raised")  # a warning may be switched off
    elif sight is Sight.CLEARED:
        right = not _is_claimed(fixture, path, finding.line)
    else:
        right = True
    if sight not in (Sight.CONFIRMED, Sight.CLEARED) or (sight is Sight.CLEARED and right):
        return
    name = function.name if function is not None else f"line {finding.line}"
    claimed = f"observed: {finding.code} at {finding.line}:{finding.column}"
    verdict = Verdict.CONFIRMED if right else Verdict.CONTRADICTED
    yield Row(fixture.name, name, device, claimed, str(sight), verdict, path, finding.line)


def _of_others(fixture: Fixture, path: str, joined: Joined, device: str) -> Iterator[Row]:
    for finding in joined.only:
        function = _around(fixture, path, finding.line)
        if function is not None and function.kind == "ok":
            text = f"observed only: {finding.code} at {finding.line}:{finding.column}"
            verdict = Verdict.CONTRADICTED
            yield Row(fixture.name, function.name, device, "nothing observed", text, verdict, path, finding.line)


def _around(fixture: Fixture, path: str, line: int) -> Function | None:
    return next((one for one in fixture.written.functions if one.path == path and one.line <= line <= one.end), None)


def _is_claimed(fixture: Fixture, path: str, line: int) -> bool:
    """Whether a claim says that the line itself does something with the versions that are here."""
    here = (one for one in fixture.written.claims if one.path == path and one.line <= line <= one.end)
    return any(not one.good and one.verb != "fails later" and one.of_versions(versions()) for one in here)
