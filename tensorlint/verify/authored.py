"""Fixtures of rule authors: linted and compared with their markers, and run where torch is; what differs, by its place.

``tensorlint verify`` asks whether what tensorlint claims holds on a machine; this asks whether a rule does what its
author wrote down.
"""

from __future__ import annotations

import importlib.util
import inspect
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tensorlint.discovery import display_path
from tensorlint.linter import lint
from tensorlint.report.summary import counted
from tensorlint.rules.page import page
from tensorlint.rules.registry import every_rule
from tensorlint.settings import Selection, Settings
from tensorlint.source import Source, SourceError
from tensorlint.verify.fixture import Fixture, discover, fixed_name
from tensorlint.verify.linting import judge_linting, made_by_fixer, update_fixed
from tensorlint.verify.verdict import Row, Verdict

if TYPE_CHECKING:
    from tensorlint.rules.base import Rule

__all__ = ["command"]

_NEEDED = ("torch", "numpy")


def command(
    paths: Iterable[Path],
    *,
    devices: Sequence[str] = (),
    running: bool = True,
    updating: bool = False,
    say: Callable[[str], object] = print,
) -> int:
    """What ``tensorlint test-rules`` does.

    :param devices: run on these only
    :param running: run what the fixtures claim, where torch is
    :param updating: have the fixer write the fixed programs first
    :return: the exit code: 0 all as written down, 1 a difference
    :raises ValueError: if a device is not at hand, a fixture cannot be read or is of a rule that there is not;
        FileNotFoundError if it does not exist
    """
    paths = list(paths)
    fixtures = discover(paths)
    known = {rule.code: rule for rule in every_rule()}
    for fixture in fixtures:
        if fixture.rule not in known:
            raise ValueError(f"{display_path(str(fixture.place))}: there is no rule {fixture.rule}: is it installed?")
    if updating:
        for file in (file for fixture in fixtures for file in update_fixed(fixture)):
            say(f"written: {display_path(file)}")
        fixtures = discover(paths)
    lacking = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    with_torch = running and not lacking
    if devices and not with_torch:
        raise ValueError("the fixtures run on a device only where torch and NumPy are installed, and with --no-run not")
    rows = [row for code in sorted({one.rule for one in fixtures}) for row in _of_page(known[code], say)]
    for fixture in fixtures:
        found = [*_of_fixer(fixture), *(_of_torch(fixture, devices) if with_torch else judge_linting(fixture))]
        for row in found:
            if row.verdict is not Verdict.CONFIRMED:
                say(_line(fixture, row))
        rows += found
    if running and lacking:
        say(f"{' and '.join(lacking)} not installed: what the fixtures claim was not run")
    say(_summary(fixtures, rows))
    return int(any(row.verdict is Verdict.CONTRADICTED for row in rows))


def _of_torch(fixture: Fixture, devices: Sequence[str]) -> Iterator[Row]:
    from tensorlint.verify.devices import present
    from tensorlint.verify.harness import verify

    if missing := [device for device in devices if device not in present()]:
        raise ValueError(f"not at hand: {', '.join(missing)} (at hand: {', '.join(present())})")
    return verify([fixture], [device for device in present() if not devices or device in devices])


def _of_fixer(fixture: Fixture) -> Iterator[Row]:
    """The rows about the fixed programs: they are what the fixer makes now."""
    for path, made in made_by_fixer(fixture).items():
        file = fixture.folder / fixed_name(path)
        there = file.read_bytes() if file.is_file() else None
        if made == there:
            if made is not None:
                yield Row(fixture.name, "-", "fixer", "as checked in", "as checked in", Verdict.CONFIRMED)
            continue
        observed = (
            "the fixer changes nothing" if made is None else "missing" if there is None else "the fixer makes another"
        )
        advice = f"{observed}: --update-fixed"
        yield Row(fixture.name, "-", "fixer", "the fixed program", advice, Verdict.CONTRADICTED, fixed_name(path), 1)


def _of_page(rule: Rule, say: Callable[[str], object]) -> Iterator[Row]:
    """The rows about a rule's page: its examples are found by it, and what to use instead by none."""
    its = page(rule)
    settings = Settings((Selection(extend_select=(rule.code,)),))
    for heading, programs in (("Example", its.examples), ("Use instead", its.instead)):
        for number, text in enumerate(programs, 1):
            claimed = f"only {rule.code}" if heading == "Example" else "no finding"
            try:
                codes = {each.code for each in lint(Source(text.encode(), "example.py"), settings)}
            except SourceError as error:
                codes = {f"TSL900 {error.message}"}
            right = codes == ({rule.code} if heading == "Example" else set())
            observed = ", ".join(sorted(codes)) or "no finding"
            yield Row(
                f"{rule.code}/page",
                "-",
                "linter",
                claimed,
                observed,
                Verdict.CONFIRMED if right else Verdict.CONTRADICTED,
            )
            if not right:
                file, line = inspect.getsourcefile(type(rule)) or "?", inspect.getsourcelines(type(rule))[1]
                say(f"{display_path(file)}:{line}: {heading}, program {number}: {claimed}: {observed}")


def _summary(fixtures: Sequence[Fixture], rows: Sequence[Row]) -> str:
    counts = Counter(row.verdict for row in rows)
    parts = [f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict] or verdict is Verdict.CONFIRMED]
    return f"{counted(len(fixtures), 'fixture')}, {counted(len(rows), 'check')}: {', '.join(parts)}"


def _line(fixture: Fixture, row: Row) -> str:
    """A row that is not confirmed, with its place."""
    file = fixture.folder / row.path if row.path else fixture.place
    if row.path and not file.exists():  # of a fixture of several files not all are changed by the fixer
        file = file.with_name(file.name.replace(".fixed.py", ".py")) if row.device != "fixer" else file
    place = f"{display_path(str(file))}:{row.line or 1}"
    function = "" if row.function in ("-", row.path) or row.function.startswith("line ") else f"{row.function}: "
    return f"{place}: {row.device}: {function}{row.claimed}: {row.observed}"
