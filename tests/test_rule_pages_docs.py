"""The rules' pages in ``docs/rules``: made of the docstrings and the observations, and up to date."""

from __future__ import annotations

from pathlib import Path

import pytest
from checkout import ROOT

from tensorlint.rules.registry import every_rule, rule
from tensorlint.verify import pages
from tensorlint.verify.claims import VERBS

MADE = pages.pages(ROOT / "fixtures" / "observed")
FOLDER = ROOT / "docs" / "rules"


def test_there_is_a_page_for_each_rule_and_one_that_lists_them() -> None:
    assert {file.name for file in FOLDER.glob("*")} == {"index.md", *(f"{each.code}.md" for each in every_rule())}


@pytest.mark.parametrize("name", sorted(MADE))
def test_the_page_is_what_the_command_makes(name: str) -> None:
    assert (FOLDER / name).read_text("utf-8") == MADE[name], "stale: run `python -m tensorlint.verify.pages`"


def record(device: str, torch: str, **observed: dict[str, str]) -> dict[str, object]:
    return {"device": device, "torch": torch, "numpy": "2.4", "fixtures": {"TSL503/held": {"observed": observed}}}


def test_what_was_seen_is_counted_by_device_and_versions() -> None:
    bug = {"always False": "False", "fixed: behaves, same values": "behaves, same values"}
    text = pages.text_of(
        rule("TSL503"),
        [
            record("simulated-cuda", "2.13.0", bug_a=bug, bug_b=bug, false_c=bug),
            record("cpu", "2.13.0", bug_a=bug, ok_a={"nothing": "nothing"}),
            record("cpu", "2.9.1", bug_a=bug),
        ],
    )
    assert text.endswith(
        "| device | what happens | torch 2.9.1, NumPy 2.4 | torch 2.13.0, NumPy 2.4 |\n| --- | --- | --- | --- |\n"
        "| CPU | the comparison is always False | 1 | 1 |\n"
        "| CPU | after the fix: right, with the same values | 1 | 1 |\n"
        "| CPU | written right: nothing goes wrong | 0 | 1 |\n"
        "| CUDA, simulated | the comparison is always False | | 2 |\n"
        "| CUDA, simulated | after the fix: right, with the same values | | 2 |\n"
    )


def test_code_stands_between_fences() -> None:
    text = pages.text_of(rule("TSL301"), [])
    assert "\n```python\nimport numpy as np\nimport torch\n\nimage = " in text
    assert text.count("```python\n") == 4
    assert "The programs in" not in text


def test_pages_of_rules_that_are_gone_are_taken_away(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "TSL199.md").write_text("old")
    assert pages.main([str(tmp_path)]) == 0
    assert {file.name for file in tmp_path.iterdir()} == set(MADE)
    assert f"removed {tmp_path / 'TSL199.md'}" in capsys.readouterr().out
    pages.main([str(tmp_path)])
    assert capsys.readouterr().out == ""


def test_there_are_words_for_every_claim() -> None:
    assert set(pages.SEEN) == set(VERBS)
