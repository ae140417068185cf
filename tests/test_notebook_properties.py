"""What must hold of every program that is cut into cells: the same findings, and the same repairs."""

from __future__ import annotations

import ast
import itertools
import json
import random
import re
import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from notebooks import cells_of, notebook
from programs import made
from properties import SETTINGS

from tensorlint.finding import Evidence, Finding
from tensorlint.fixes.apply import fix_source
from tensorlint.linter import lint
from tensorlint.notebook import source_of
from tensorlint.source import Source, SourceError

FIXED = settings(
    derandomize=True, deadline=None, database=None, max_examples=25, suppress_health_check=list(HealthCheck)
)
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")

Told = tuple[object, ...]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The programs belong to no project."""
    monkeypatch.chdir(tmp_path)


def program_of(rnd: random.Random) -> Source | None:
    try:
        return Source(made(rnd), "program.py")
    except ValueError:  # what is drawn can be such that nothing compiles
        return None


def cut(text: str, rnd: random.Random) -> list[str]:
    """The text in cells, each of whole statements."""
    text = text.removeprefix("\ufeff")
    lines = _LINE.findall(text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        body = ast.parse(text).body
    starts = []
    for before, after in itertools.pairwise(body):
        first = min([after.lineno, *(each.lineno for each in getattr(after, "decorator_list", ()))])
        joined = lines[first - 2].rstrip("\r\n").endswith("\\")
        if first > (before.end_lineno or 0) and not joined and rnd.random() < 0.5:
            starts.append(first - 1)
    return ["".join(lines[start:end]) for start, end in itertools.pairwise([0, *starts, len(lines)])]


def told(finding: Finding, before: list[int]) -> Told:
    """A finding with the lines of the program; ``before`` has how many come before each cell."""

    def line(place: Finding | Evidence, number: int) -> int:
        return number + (before[place.cell - 1] if place.cell is not None else 0)

    return (
        *(finding.code, finding.message, finding.confidence),
        *(line(finding, finding.line), finding.column, line(finding, finding.end_line), finding.end_column),
        tuple((line(step, step.line), step.column, step.message) for step in finding.evidence),
    )


def same_findings(program: Source, rnd: random.Random) -> tuple[int, int]:
    """How many cells there were, and how many findings."""
    cells = cut(program.text, rnd)
    before = [0, *itertools.accumulate(len(_LINE.findall(cell)) for cell in cells)]
    try:
        expected = {told(each, []) for each in lint(program, SETTINGS)}
    except SourceError:
        return 0, 0
    found = {told(each, before) for each in lint(source_of(notebook(*cells).encode(), "a.ipynb"), SETTINGS)}
    assert found <= expected
    assert {each[0] for each in expected - found} <= {"TSL506"}  # the value is shown
    return len(cells), len(found)


@FIXED
@given(st.randoms(use_true_random=False))
def test_the_same_findings(rnd: random.Random) -> None:
    program = program_of(rnd)
    if program is not None:
        same_findings(program, rnd)


def test_the_programs_are_worth_trying() -> None:
    tried = [
        same_findings(program, random.Random(seed))
        for seed in range(30)
        if (program := program_of(random.Random(seed)))
    ]
    assert sum(cells > 2 for cells, _ in tried) > 15
    assert sum(found > 2 for _, found in tried) > 10


@FIXED
@given(st.randoms(use_true_random=False))
def test_the_same_repairs(rnd: random.Random) -> None:
    """And nothing else in the notebook changes. What ends the program keeps its last value from being shown."""
    program = program_of(rnd)
    if program is None:
        return
    program = Source((program.text.removeprefix("\ufeff").rstrip() + "\npass\n").encode(), "program.py")
    text = notebook("#md before", program.text, "#md after", outputs=True)

    def found_in(source: Source) -> list[Finding]:
        return lint(source, SETTINGS)

    try:
        expected = fix_source(program, found_in, unsafe=True)
    except SourceError:
        return
    result = fix_source(source_of(text.encode(), "a.ipynb"), found_in, unsafe=True)
    assert (result.diagnostic is None) == (expected.diagnostic is None)
    assert cells_of(result.data)[1] == Source(expected.data, "program.py").text
    before, after = json.loads(text), json.loads(result.data)
    before["cells"][1]["source"] = after["cells"][1]["source"]
    assert before == after
