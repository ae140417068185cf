"""Rules, fixtures, README, changelog and observations speak of the same rules."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tensorlint.rules.base import Rule
from tensorlint.rules.page import HEADINGS, page
from tensorlint.rules.registry import every_rule, rules

ROOT = Path(__file__).parent.parent
RULES = {each.code: each for each in rules()}
CODE = re.compile(r"\bTSL[0-8][0-9]{2}\b")
"""A rule's code; those of the linter itself are TSL9xx."""


def codes(text: str) -> set[str]:
    return set(CODE.findall(text))


def test_every_rule_has_a_file_named_after_it_and_every_such_file_a_rule() -> None:
    files = {path.stem for path in (ROOT / "tensorlint" / "rules").glob("tsl*.py")}
    assert files == {f"{each.code.lower()}_{each.name.replace('-', '_')}" for each in every_rule()}


def test_every_rule_has_fixtures_and_every_fixtures_folder_a_rule() -> None:
    folders = {path.name for path in (ROOT / "fixtures").iterdir() if CODE.fullmatch(path.name)}
    assert folders == set(RULES)


@pytest.mark.parametrize("code", sorted(RULES))
def test_the_fixtures_of_a_rule_mark_it_and_keep_what_it_misses(code: str) -> None:
    folder = ROOT / "fixtures" / code
    texts = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in folder.rglob("*.py")}
    assert any(re.search(rf"# .*\b{code}: \d+ ", text) for text in texts.values())
    assert "known_missed.py" in texts


def test_the_list_of_the_rules_names_all() -> None:
    page = (ROOT / "docs" / "rules" / "index.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[(TSL\d{3})\]\(\1.md\) \| ([a-z0-9-]+) \| (on|opt-in) \|", page, re.MULTILINE)
    assert rows == [(each.code, each.name, "on" if each.default else "opt-in") for each in every_rule()]


def test_readme_changelog_and_fixtures_speak_of_no_other_rule() -> None:
    for path in (ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "fixtures").rglob("*.py")):
        assert codes(path.read_text(encoding="utf-8")) <= set(RULES), path.name


def test_the_changelog_names_every_rule() -> None:
    assert codes((ROOT / "CHANGELOG.md").read_text(encoding="utf-8")) == set(RULES)


def test_every_rule_was_observed() -> None:
    for path in (ROOT / "fixtures" / "observed").glob("*-cpu.json"):
        text = path.read_text(encoding="utf-8")
        json.loads(text)
        assert codes(text) == set(RULES), path.name


@pytest.mark.parametrize("each", rules(), ids=lambda each: each.code)
def test_every_rule_has_a_page_with_all_headings(each: Rule) -> None:
    sections = page(each).sections
    assert [heading for heading, _ in sections] == list(HEADINGS)
    assert all(text.strip() for _, text in sections)
