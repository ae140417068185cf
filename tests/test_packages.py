"""The verdicts on real packages: they can be read, and a lint is held against them rightly."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
from checkout import ROOT

sys.path.insert(0, str(ROOT / "tests" / "packages"))
from packages import PACKAGES, Verdict, compare, load, save


def finding(path: str, line: int, code: str = "TSL101") -> dict[str, object]:
    return {"path": path, "line": line, "code": code, "message": "a message"}


def verdict(path: str, line: int, verdict: str = "true", package: str = "timm") -> Verdict:
    return Verdict(package, PACKAGES[package], path, line, "TSL101", verdict, "a reason")


def test_every_verdict_is_about_a_package_that_is_linted() -> None:
    verdicts = load()
    assert verdicts
    assert {(each.package, each.version) for each in verdicts} <= set(PACKAGES.items())
    assert verdicts == sorted(verdicts)


def test_findings_are_sorted_by_their_verdicts() -> None:
    known = [verdict("a.py", 1), verdict("a.py", 2, "false"), verdict("b.py", 3), verdict("b.py", 4, "false")]
    result = compare("timm", PACKAGES["timm"], [finding("a.py", 1), finding("a.py", 2), finding("c.py", 5)], known)
    assert result.true == [known[0]]
    assert result.false == [known[1]]
    assert result.unjudged == [finding("c.py", 5)]
    assert result.lost == [known[2]]
    assert result.mended == [known[3]]
    assert not result.good


def test_a_lint_is_good_if_nothing_is_new_and_nothing_true_is_lost() -> None:
    known = [verdict("a.py", 1), verdict("b.py", 4, "false"), verdict("z.py", 9, package="kornia")]
    assert compare("timm", PACKAGES["timm"], [finding("a.py", 1)], known).good
    assert not compare("timm", PACKAGES["timm"], [], known).good
    assert not compare("timm", PACKAGES["timm"], [finding("a.py", 1), finding("b.py", 1, "TSL900")], known).good


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "no verdict"),
        ('{"package": "timm"}', "no verdict"),
        (json.dumps({**asdict(verdict("a.py", 2)), "verdict": "maybe"}), "true or false"),
        (json.dumps(asdict(verdict("a.py", 1))), "judged twice"),
    ],
)
def test_a_line_that_is_no_verdict_is_named(tmp_path: Path, line: str, reason: str) -> None:
    path = tmp_path / "verdicts.jsonl"
    save([verdict("a.py", 1)], path)
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(ValueError, match=f"verdicts.jsonl:2: .*{reason}"):
        load(path)


def test_verdicts_are_read_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.jsonl"
    written = [verdict("b.py", 2, "false"), verdict("a.py", 10), verdict("a.py", 9)]
    save(written, path)
    assert load(path) == sorted(written)
