"""What the linter says of a fixture, against its markers, and what its fixer makes of it. Needs LibCST."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tensorlint.verify.fixture import Fixture, fixed_name
from tensorlint.verify.markers import Marker
from tensorlint.verify.verdict import Row, Verdict

if TYPE_CHECKING:
    from tensorlint.finding import Finding
    from tensorlint.settings import Settings

__all__ = ["available", "findings", "in_force", "judge_linting", "made_by_fixer", "update_fixed"]


def available() -> bool:
    """Whether the linter can run here."""
    try:
        return importlib.util.find_spec("libcst") is not None
    except (ImportError, ValueError):
        return False


def judge_linting(fixture: Fixture) -> Iterator[Row]:
    """The rows about the linter: exactly the findings that the markers ask for."""
    if not available():
        yield Row(fixture.name, "-", "linter", "findings as marked", "LibCST is not installed", Verdict.SKIPPED)
        return
    for path, asked in fixture.written.markers.items():
        found = _findings(fixture, path)
        function = "-" if len(fixture.written.markers) == 1 else path
        for marker in sorted({*asked, *found}):
            if marker not in found:
                observed, verdict = "no such finding", Verdict.CONTRADICTED
            elif marker not in asked:
                observed, verdict = "a finding that is not marked", Verdict.CONTRADICTED
            else:
                observed, verdict = "found", Verdict.CONFIRMED
            yield Row(fixture.name, function, "linter", str(marker), observed, verdict, path, marker.line)
        if not asked and not found:
            yield Row(fixture.name, function, "linter", "no finding", "no finding", Verdict.CONFIRMED)


def _findings(fixture: Fixture, path: str) -> list[Marker]:
    return [Marker(one.line, one.column, one.code, str(one.confidence)) for one in findings(fixture, path)]


def findings(fixture: Fixture, path: str) -> tuple[Finding, ...]:
    """What the linter finds in a fixture's file."""
    from tensorlint.session import Mode, Task, work

    return work(Task(str(fixture.folder / path), _settings(fixture)), Mode()).findings


def in_force(fixture: Fixture) -> frozenset[str]:
    """The codes of the rules that a fixture is linted by."""
    from tensorlint.linter import codes_by_default

    settings = _settings(fixture)
    return frozenset(code for code, default in codes_by_default().items() if settings.is_selected(code, default))


def _settings(fixture: Fixture) -> Settings:
    """The rules that are on by default, and the rule of the fixture's folder.

    A fixture that asks for a finding at *possible* is linted at that level, by its rule alone.
    """
    from tensorlint.finding import Confidence
    from tensorlint.settings import Selection, Settings

    asked = {marker.confidence for found in fixture.written.markers.values() for marker in found}
    if "possible" not in asked:
        return Settings((Selection(extend_select=(fixture.rule,)),))
    return Settings((Selection((fixture.rule,)),), confidence=Confidence.POSSIBLE)


def made_by_fixer(fixture: Fixture) -> dict[str, bytes | None]:
    """What the fixer, unsafe fixes included, makes of each file of a fixture; None where it changes nothing."""
    from tensorlint.session import Mode, Task, work

    made: dict[str, bytes | None] = {}
    for path in fixture.written.texts:
        file = fixture.folder / path
        data = file.read_bytes()
        outcome = work(Task(str(file), _settings(fixture), data), Mode(fix=True, unsafe=True))
        made[path] = outcome.data if outcome.data != data else None
    return made


def update_fixed(fixture: Fixture) -> list[str]:
    """Write the fixed programs beside the fixture; the files that changed."""
    changed = []
    for path, data in made_by_fixer(fixture).items():
        file = fixture.folder / fixed_name(path)
        if data == (file.read_bytes() if file.exists() else None):
            continue
        changed.append(str(file))
        if data is None:
            file.unlink()
        else:
            file.write_bytes(data)
    return changed
