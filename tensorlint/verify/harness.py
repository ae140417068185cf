"""The harness: every fixture linted, run on every device at hand, run again as fixed, and compared with what it claims.

Linting needs LibCST; the rest needs torch, NumPy and what the fixtures import.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from tensorlint.verify.claims import of_versions
from tensorlint.verify.devices import present
from tensorlint.verify.fixture import Fixture, Program, discover, shipped
from tensorlint.verify.judge import Row, Runs, Verdict, judge_fixed, judge_written
from tensorlint.verify.linting import available, judge_linting, update_fixed
from tensorlint.verify.observations import judge_recorded, record
from tensorlint.verify.observed import judge_observed
from tensorlint.verify.run import run, scratch_copy, versions
from tensorlint.verify.table import print_table

__all__ = ["command", "run_program", "verify"]


def verify(fixtures: Sequence[Fixture], devices: Sequence[str], *, lint: bool = True) -> Iterator[Row]:
    """All rows about some fixtures.

    :param devices: the devices to run on; those of :func:`tensorlint.verify.devices.present`, or some of them
    :param lint: compare the linter's findings with the markers, and with what was observed, too
    """
    for fixture in fixtures:
        if lint:
            yield from judge_linting(fixture)
        written = run_program(fixture.written, devices)
        yield from judge_written(fixture.name, fixture.written, written)
        if lint:
            yield from judge_observed(fixture, written)
        if fixture.fixed is not None:
            computing = [device for device in devices if device != "meta"]  # meta holds no values to compare
            yield from judge_fixed(fixture.name, fixture.fixed, run_program(fixture.fixed, computing), written)
        elif any(function.kind == "bug" for function in fixture.written.functions) and any(
            claim.fixed and not claim.good for claim in fixture.written.claims
        ):
            yield Row(fixture.name, "-", "-", "fixed: behaves, same values", "no fixed program", Verdict.CONTRADICTED)


def run_program(program: Program, devices: Sequence[str]) -> Runs:
    """Run every function of a program on those of ``devices`` that it is for."""
    have = versions()
    with scratch_copy(program) as folder:
        return {
            (function, device): run(program, folder, function, device)
            for function in program.functions
            for device in devices
            if device in function.devices and of_versions(function.versions, have)
        }


def command(
    paths: Iterable[Path] = (),
    *,
    devices: Sequence[str] = (),
    lint: bool = True,
    recording: bool = False,
    updating: bool = False,
    quiet: bool = False,
    say: Callable[[str], object] = print,
) -> int:
    """What ``tensorlint verify`` and ``python -m tensorlint.verify`` do.

    :param devices: run on these only
    :param lint: lint the fixtures, too
    :param recording: write the observations beside the fixtures
    :param updating: have the fixer write the fixed programs first
    :param quiet: print only what is not confirmed
    :return: the exit code: 0 all confirmed, 1 a contradiction, or stale observations
    :raises ValueError: if a device is not at hand, or a fixture cannot be read; FileNotFoundError if it does not exist
    """
    if missing := [device for device in devices if device not in present()]:
        raise ValueError(f"not at hand: {', '.join(missing)} (at hand: {', '.join(present())})")
    if updating and not available():
        raise ValueError("updating the fixed programs needs LibCST")
    at_hand = [device for device in present() if not devices or device in devices]
    where = list(paths) or [shipped()]
    fixtures = discover(where)
    if updating:
        for file in (file for fixture in fixtures for file in update_fixed(fixture)):
            say(f"written: {file}")
        fixtures = discover(where)
    rows = list(verify(fixtures, at_hand, lint=lint))
    for folder in sorted({fixture.observed for fixture in fixtures}):
        inside = [fixture for fixture in fixtures if fixture.observed == folder]
        if recording:
            for device in at_hand:
                say(f"recorded: {record(folder, device, inside, rows)}")
        rows += judge_recorded(folder, inside, present())
    print_table(rows, say, quiet=quiet)
    have = versions()
    others = sum(
        not fixture.written.claimed_of(claim, have) for fixture in fixtures for claim in fixture.written.claims
    )
    if others:
        say(f"skipped: {others} claims about other versions than torch {have['torch']} and NumPy {have['numpy']}")
    return int(any(row.verdict in (Verdict.CONTRADICTED, Verdict.STALE) for row in rows))
