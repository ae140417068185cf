"""The page on `tensorlint observe` is run as the README is; `pytest --update-readme` refreshes it."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path

import pytest
from checkout import ROOT
from played import hold
from readme_blocks import blocks

from tensorlint.observe.judge import WATCHES
from tensorlint.observe.lost import LOST
from tensorlint.observe.writes import WRITES

PAGE = ROOT / "docs" / "observe.md"
TEXT = PAGE.read_text(encoding="utf-8")
SECTIONS = {name: list(found) for name, found in groupby(blocks(TEXT), key=lambda block: block.section)}


@pytest.mark.parametrize("section", SECTIONS)
def test_commands_print_what_the_page_says(section: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    hold(PAGE, SECTIONS[section], tmp_path, request.config.getoption("--update-readme"))


def test_the_page_shows_the_bug_and_the_repair() -> None:
    console = [block.text for found in SECTIONS.values() for block in found if not block.file]
    assert "not reached" in console[0]
    assert "confirmed: raised TypeError: can't convert cuda:0" in console[1]
    assert "Fixed" in console[2]
    assert "0 refused" in console[2]


def test_the_page_names_the_rules_that_are_watched_for() -> None:
    (line,) = re.findall(r"^Observed are rules (.*?)\. ", TEXT, re.MULTILINE)
    named: set[str] = set()
    for part in line.replace(" and ", ", ").split(", "):
        first, _, last = part.partition(" to ")
        named |= {f"TSL{number}" for number in range(int(first[3:]), int((last or first)[3:]) + 1)}
    assert named == set(WATCHES) | set(WRITES) | {LOST}
