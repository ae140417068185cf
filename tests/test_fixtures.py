"""Every shipped fixture: flagged as marked, misbehaving as claimed, mended by the fixer, and observed as recorded."""

from __future__ import annotations

import functools
from collections import Counter

import pytest

from tensorlint.observe.judge import WATCHES
from tensorlint.rules.registry import rules
from tensorlint.verify.devices import present
from tensorlint.verify.fixture import FIXED, Fixture, Program, discover, shipped
from tensorlint.verify.harness import run_program
from tensorlint.verify.judge import Row, Runs, Verdict, judge_fixed, judge_written
from tensorlint.verify.linting import judge_linting, made_by_fixer
from tensorlint.verify.observations import judge_recorded
from tensorlint.verify.observed import judge_observed

FIXTURES = discover([shipped()])
each = pytest.mark.parametrize("fixture", FIXTURES, ids=lambda fixture: fixture.name)


@functools.cache
def runs(name: str, fixed: bool) -> Runs:
    fixture = next(one for one in FIXTURES if one.name == name)
    return run_program(_program(fixture, fixed), [device for device in present() if not (fixed and device == "meta")])


def _program(fixture: Fixture, fixed: bool) -> Program:
    program = fixture.fixed if fixed else fixture.written
    assert program is not None
    return program


def confirmed(rows: list[Row]) -> None:
    assert rows
    assert [row for row in rows if row.verdict is not Verdict.CONFIRMED] == []


@each
def test_claims(fixture: Fixture) -> None:
    confirmed(list(judge_written(fixture.name, fixture.written, runs(fixture.name, False))))


@each
def test_what_the_recorder_sees(fixture: Fixture) -> None:
    rows = list(judge_observed(fixture, runs(fixture.name, False)))
    assert [row for row in rows if row.verdict is not Verdict.CONFIRMED] == []


ELSEWHERE = {"TSL304"}
"""What MPS alone refuses is seen on none of the devices that the fixtures are run on."""
SHARES = {"TSL305": 0.2}
"""Calls of `torch.Tensor` are recorded, those of `torch.FloatTensor` and its like are not."""


@pytest.mark.parametrize(
    "code", sorted(code for code, watch in WATCHES.items() if not watch.hazard and code not in ELSEWHERE)
)
def test_findings_that_are_watched_for_are_confirmed(code: str) -> None:
    """So few findings of these rules are not seen to happen because they are of another version, or never run."""
    fixtures = [fixture for fixture in FIXTURES if fixture.rule == code]
    seen = sum(len(list(judge_observed(fixture, runs(fixture.name, False)))) for fixture in fixtures)
    asked = sum(
        marker.code == code
        for fixture in fixtures
        for markers in fixture.written.markers.values()
        for marker in markers
    )
    assert seen >= SHARES.get(code, 0.6) * asked


@each
def test_findings(fixture: Fixture) -> None:
    confirmed(list(judge_linting(fixture)))


@each
def test_fixed_program_is_what_the_fixer_makes(fixture: Fixture) -> None:
    for path, made in made_by_fixer(fixture).items():
        file = fixture.folder / (path[: -len(".py")] + FIXED)
        beside = file.read_bytes() if file.exists() else None
        assert made == beside, f"{file}: run `tensorlint verify --update-fixed {fixture.place}`"


@each
def test_fixed_program_behaves(fixture: Fixture) -> None:
    if fixture.fixed is not None:
        fixed, written = runs(fixture.name, True), runs(fixture.name, False)
        confirmed(list(judge_fixed(fixture.name, fixture.fixed, fixed, written)))
        return
    mendable = [claim.text for claim in fixture.written.claims if claim.fixed and not claim.good]
    kinds = {function.kind for function in fixture.written.functions}
    assert "bug" not in kinds or not mendable


def test_observations_of_other_devices() -> None:
    folders = {fixture.observed for fixture in FIXTURES}
    rows = [row for folder in folders for row in judge_recorded(folder, FIXTURES, present())]
    assert [row for row in rows if row.verdict is not Verdict.CONFIRMED] == []


def test_every_device_that_is_always_there_was_observed() -> None:
    """What torch does on the CPU is recorded too, so that a diff shows what a new torch does differently."""
    (folder,) = {fixture.observed for fixture in FIXTURES}
    rows = list(judge_recorded(folder, FIXTURES, at_hand=()))
    assert {"cpu, recorded", "meta, recorded", "simulated-cuda, recorded"} <= {row.device for row in rows}
    assert [row for row in rows if row.verdict is not Verdict.CONFIRMED] == []


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.code)
def test_every_rule_has_bugs_twins_and_limits(rule) -> None:
    mine = [fixture for fixture in FIXTURES if fixture.rule == rule.code]
    functions = [function for fixture in mine for function in fixture.written.functions]
    kinds = Counter(function.kind for function in functions)
    assert kinds["bug"] >= 4
    assert kinds["bug"] + kinds["ok"] >= 8
    assert kinds["missed"] >= 1
    names = {function.name for function in functions}
    assert [one.name for one in functions if one.kind == "bug" and one.twin not in names] == []
    marked = {marker.code for fixture in mine for line in fixture.written.markers.values() for marker in line}
    assert rule.code in marked


def test_names_are_not_used_twice() -> None:
    for fixture in FIXTURES:
        names = Counter(function.name for function in fixture.written.functions)
        assert [name for name, count in names.items() if count > 1] == []
