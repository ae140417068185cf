"""The page on confidence: each of its sentences is shown by a fixture whose finding has the level of the heading."""

from __future__ import annotations

import re

import pytest
from checkout import ROOT

from tensorlint.finding import Confidence
from tensorlint.verify.fixture import Fixture, discover

PAGE = (ROOT / "docs" / "confidence.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## ([\w ]+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
SENTENCE = re.compile(r"- [A-Z][^\n]*\. \((`[^\n]*`)\)")
SHOWN = [
    (level, *reference.split(": "))
    for level, text in SECTIONS.items()
    for references in SENTENCE.findall(text)
    for reference in re.findall(r"`([^`]+)`", references)
]


def fixture(path: str) -> Fixture:
    [found] = discover([ROOT / "fixtures" / path])
    return found


def levels(path: str, function: str) -> set[str]:
    """The levels of the findings in a function, and in what it calls by name."""
    found = fixture(path)
    text = next(iter(found.written.texts.values()))
    [definition] = re.findall(rf"^def {function}\(device.*?(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
    inside = [function, *re.findall(r'call\("(\w+)"', definition)]
    lines: set[int] = set()
    for name in inside:
        [match] = re.finditer(rf"^def {name}\(.*?(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
        start = text.count("\n", 0, match.start()) + 1
        lines.update(range(start, start + match[0].count("\n") + 1))
    return {marker.confidence for marker in next(iter(found.written.markers.values())) if marker.line in lines}


def test_the_headings_are_the_levels() -> None:
    assert list(SECTIONS) == [*map(str, sorted(Confidence, reverse=True)), "not reported"]


def test_every_sentence_names_a_fixture() -> None:
    for text in SECTIONS.values():
        assert text.count("\n- ") == len(SENTENCE.findall(text)) > 0


@pytest.mark.parametrize(("level", "path", "function"), SHOWN)
def test_the_fixture_shows_it(level: str, path: str, function: str) -> None:
    assert levels(path, function) == (set() if level == "not reported" else {level})


@pytest.mark.parametrize("path", sorted({path for _, path, _ in SHOWN}))
def test_every_function_of_the_fixtures_is_named(path: str) -> None:
    """A twin that shows nothing of its own needs no sentence; a finding does."""
    named = {function for _, other, function in SHOWN if other == path}
    bugs = {one.name for one in fixture(path).written.functions if one.kind == "bug"}
    assert bugs <= named
