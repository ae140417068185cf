"""Judging runs: what was claimed against what was observed, one row of the table each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import TypeAlias

from tensorlint.observe.frozen import close
from tensorlint.verify.claims import DEVICES, GPUS, Claim
from tensorlint.verify.fixture import Function, Program, fixed_name
from tensorlint.verify.run import Run, versions
from tensorlint.verify.verdict import Row, Verdict
from tensorlint.verify.watch import Seen

__all__ = ["Row", "Runs", "Verdict", "judge_fixed", "judge_written"]

FIXED_CLAIM = "fixed: behaves, same values"
MISSING = "is not installed"

Runs: TypeAlias = Mapping[tuple[Function, str], Run]
"""By function and device."""


def judge_written(fixture: str, program: Program, runs: Runs) -> Iterator[Row]:
    """The rows about the program as it is written: it misbehaves where it is claimed to, and nowhere else."""
    for (function, device), run in runs.items():
        rows = list(_function(fixture, program, function, device, run))
        if run.missing:
            rows = [Row(fixture, function.name, device, "its claims", f"{run.missing} {MISSING}", Verdict.SKIPPED)]
        yield from rows or [Row(fixture, function.name, device, "nothing", "nothing", Verdict.CONFIRMED)]
    yield from _idle(fixture, program, runs)


def _function(fixture: str, program: Program, function: Function, device: str, run: Run) -> Iterator[Row]:
    def row(claimed: str, observed: str, right: bool, at: Function | Claim = function) -> Row:
        verdict = Verdict.CONFIRMED if right else Verdict.CONTRADICTED
        return Row(fixture, function.name, device, claimed, observed, verdict, at.path, at.line)

    have = versions()
    for claim in program.claims:
        if not claim.made_for(device, have):
            continue
        seen = run.seen.get(claim)
        if function.holds(claim):
            yield row(claim.text, seen.text if seen else "not reached", seen is not None and seen.held, claim)
        elif seen is not None and seen.held:  # a line of a helper: for the functions that bring it to misbehave
            right = claim.good or function.kind in ("bug", "missed")
            yield row(claim.text if right else f"not: {claim.text}", seen.text, right, claim)
    for fault in run.faults:
        yield row("nothing else", fault, False)


def _idle(fixture: str, program: Program, runs: Runs) -> Iterator[Row]:
    """Claims and functions that never came to anything: a bug that is none."""
    devices = {device for _, device in runs}
    held = {(function, claim) for (function, _), run in runs.items() for claim, seen in run.seen.items() if seen.held}
    have = versions()
    missing = {function for (function, _), run in runs.items() if run.missing}
    ran = {function for function, _ in runs}
    seen = {claim for _, claim in held}
    for claim in program.claims if not missing else ():
        here = {device for device in devices if claim.made_for(device, have) and program.claimed_of(claim, have)}
        if here and claim not in seen and not any(function.holds(claim) for function in ran):
            yield _unseen(fixture, program, claim, ran, here)
    if "cpu" not in devices or not devices & set(GPUS):
        return  # a bug may need the device that is left out
    for function in dict.fromkeys(function for function, _ in runs if function not in missing):
        bad = any(one is function and not claim.good for one, claim in held)
        bad = bad or any(function.holds(claim) and not claim.of_versions(have) for claim in program.claims)
        if function.kind in ("bug", "missed") and not bad:
            yield Row(
                fixture,
                function.name,
                "all",
                "a misbehaviour",
                "none on any device",
                Verdict.CONTRADICTED,
                function.path,
                function.line,
            )


def _unseen(fixture: str, program: Program, claim: Claim, ran: Set[Function], here: Set[str]) -> Row:
    """The row about a claim that none of the functions that ran has brought about.

    :param here: the devices that it is made for, of those that they ran on
    """
    where = ", ".join(sorted(here))
    own = [function for function in program.functions if function.holds(claim)]
    may = own or [one for one in program.functions if claim.good or one.kind in ("bug", "missed")]
    left_out = [function for function in may if function not in ran]
    name = own[0].name if own else f"line {claim.line}"
    if not left_out:
        observed, verdict = "not seen in any function", Verdict.CONTRADICTED
        return Row(fixture, name, where, claim.text, observed, verdict, claim.path, claim.line)
    names = "" if own else ", ".join(one.name for one in left_out) + ": "
    elsewhere = {device for one in left_out for device in one.devices}
    devices = ", ".join(device for device in DEVICES if device in elsewhere)
    observed, verdict = f"{names}not run on {where}", Verdict.SKIPPED
    return Row(fixture, name, devices, claim.text, observed, verdict, claim.path, claim.line)


def judge_fixed(fixture: str, program: Program, runs: Runs, written: Runs) -> Iterator[Row]:
    """The rows about the fixed program: the misbehaviour is gone and the values are the right ones.

    The right values are those of the ``ok_`` twin, and those of the program as it was written where it behaved; without
    a twin they are on each device those of the CPU.
    """
    originals = {(function.name, device): run for (function, device), run in written.items()}
    on_cpu = {function: run for (function, device), run in runs.items() if device == "cpu"}
    have = versions()
    for (function, device), run in runs.items():
        if run.missing:
            yield Row(fixture, function.name, device, FIXED_CLAIM, f"{run.missing} {MISSING}", Verdict.SKIPPED)
            continue
        wrong = list(run.faults)
        for claim in program.claims:
            if not claim.made_for(device, have):
                continue
            seen = run.seen.get(claim)
            if seen is None:
                wrong += [f"{claim.text}: not reached"] if function.holds(claim) else []
            elif not _as_fixed(claim, seen):
                wrong.append(f"still {claim.text}: {seen.text}" if not claim.good else f"no longer {claim.text}")
        if run.result is not None:
            before = originals.get((function.name, device))
            behaved = before is not None and not any(s.held and not c.good for c, s in before.seen.items())
            twin = originals.get((function.twin, device))
            for other, what in (
                (twin, f"what {function.twin} returns"),
                (before if behaved else None, "what it returned before"),
                (None if twin else on_cpu.get(function), "what it returns on the CPU"),
            ):
                if other is not None and other.result is not None and not close(run.result, other.result):
                    wrong.append(f"does not return {what}")
        verdict = Verdict.CONTRADICTED if wrong else Verdict.CONFIRMED
        observed = "; ".join(wrong) or "behaves, same values"
        path = fixed_name(function.path)
        yield Row(fixture, function.name, device, FIXED_CLAIM, observed, verdict, path, function.line)
    yield from _still_always(fixture, program, runs)


def _as_fixed(claim: Claim, seen: Seen) -> bool:
    if claim.good:
        return seen.held
    return not claim.fixed or claim.verb == "always" or not seen.held


def _still_always(fixture: str, program: Program, runs: Runs) -> Iterator[Row]:
    """A comparison that was always the same must depend on the device once it is fixed."""
    for claim in program.claims:
        seen = {device: run.seen[claim] for (_, device), run in runs.items() if claim in run.seen}
        if claim.verb == "always" and claim.fixed and len(seen) > 1 and all(one.held for one in seen.values()):
            where = ", ".join(seen)
            yield Row(
                fixture,
                f"line {claim.line}",
                where,
                f"fixed: not {claim.text}",
                "still is",
                Verdict.CONTRADICTED,
                fixed_name(claim.path),
                claim.line,
            )
