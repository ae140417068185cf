"""Reports: text with frames, one line a finding, JSON."""

from __future__ import annotations

import json as stdlib_json
import textwrap
from pathlib import Path

import pytest
from shown import EVIDENCE, SOURCE, finding

from tensorlint.finding import Applicability, Confidence, Edit, Evidence, Finding, Fix
from tensorlint.report import concise, json, text
from tensorlint.report.lines import Lines
from tensorlint.report.paint import Paint, wants_colour
from tensorlint.report.printable import Row, escaped
from tensorlint.report.run import Run
from tensorlint.report.summary import summarise


def rendered(*findings: Finding, files: dict[str, str] | None = None, paint: Paint | None = None) -> str:
    given = {path: source.encode() for path, source in (files or {"train.py": SOURCE}).items()}
    return "".join(text.render(Run(findings, (), lines=Lines(given), paint=paint or Paint(False))))


def expected(frame: str) -> str:
    return textwrap.dedent(frame).lstrip("\n")


class TestText:
    def test_the_evidence_is_labelled_where_it_lies(self) -> None:
        fix = Fix(Applicability.SAFE, "Convert with `total.detach().cpu().numpy()`", ())
        assert rendered(finding(evidence=EVIDENCE, fix=fix)) == expected(
            """
            TSL101 [certain] `total` requires grad: RuntimeError
              --> train.py:10:12
               |
             9 |         total = total + loss
               |         -------------------- added up in `total`
            10 |     return total.numpy()
               |            ^^^^^^^^^^^^^ grad-to-numpy
            ...
            13 | out = net(x)
               |       ------ the output of `net`, an nn.Module
               = safe fix: Convert with `total.detach().cpu().numpy()`

            """
        )

    def test_one_line_between_is_shown_and_the_primary_comes_first_on_its_line(self) -> None:
        here = Evidence("train.py", 10, 12, "here, too", 10, 17)
        above = Evidence("train.py", 8, 5, "the loop", 8, 24)
        assert rendered(finding(evidence=(here, above, here))) == expected(
            """
            TSL101 [certain] `total` requires grad: RuntimeError
              --> train.py:10:12
               |
             8 |     for loss in losses:
               |     ------------------- the loop
             9 |         total = total + loss
            10 |     return total.numpy()
               |            ^^^^^^^^^^^^^ grad-to-numpy
               |            ----- here, too

            """
        )

    def test_evidence_in_another_file_follows(self) -> None:
        files = {"train.py": SOURCE, "lib/net.py": "x\ny = made()\n"}
        assert rendered(finding(evidence=(Evidence("lib/net.py", 2, 5, "made here", 2, 11),)), files=files) == expected(
            """
            TSL101 [certain] `total` requires grad: RuntimeError
              --> train.py:10:12
               |
            10 |     return total.numpy()
               |            ^^^^^^^^^^^^^ grad-to-numpy
              ::: lib/net.py:2:5
               |
             2 | y = made()
               |     ------ made here

            """
        )

    def test_several_lines(self) -> None:
        files = {"train.py": "x = f(\n    a,\n)\n"}
        place = {"line": 1, "column": 5, "end_line": 3, "end_column": 2}
        assert "1 | x = f(\n  |     ^^ grad-to-numpy (to line 3)\n" in rendered(finding(**place), files=files)

    @pytest.mark.parametrize(
        ("line", "column", "end_column", "shown", "marks"),
        [
            ("\tx = y\t+ 1", 2, 3, "    x = y   + 1", "    ^"),
            ("\tx = y\t+ 1", 8, 9, "    x = y   + 1", "            ^"),
            ("数 = 张量.numpy()", 5, 15, "数 = 张量.numpy()", "     ^^^^^^^^^^^^"),
            ("e\u0301 = x", 6, 7, "e\u0301 = x", "    ^"),
            ("x = '\x1b[31m' + y", 15, 16, "x = '?[31m' + y", "              ^"),
            ("x = y  # \u202eevil", 5, 6, "x = y  # ?evil", "    ^"),
            ("x", 2, 2, "x", " ^"),
        ],
    )
    def test_what_stands_below_what(self, line: str, column: int, end_column: int, shown: str, marks: str) -> None:
        place = {"line": 1, "column": column, "end_line": 1, "end_column": end_column}
        lines = rendered(finding(**place), files={"train.py": line + "\n"}).splitlines()
        assert lines[3:5] == [f"1 | {shown}", f"  | {marks} grad-to-numpy"]

    def test_a_file_that_is_gone(self, tmp_path: Path) -> None:
        gone = str(tmp_path / "gone.py")
        shown = rendered(finding(path=gone, evidence=(Evidence(gone, 3, 1, "made here", 3, 2),)))
        assert shown == (
            f"TSL101 [certain] `total` requires grad: RuntimeError\n  --> {gone}:10:12\n   = line 3: made here\n\n"
        )

    def test_a_file_that_is_not_text_is_shown_as_well_as_can_be(self, tmp_path: Path) -> None:
        file = tmp_path / "latin.py"
        file.write_bytes("x = 1\né = 2\n".encode("latin-1"))
        place = {"line": 2, "column": 1, "end_line": 2, "end_column": 1}
        assert "2 | \ufffd = 2\n  | ^ grad" in rendered(finding(path=str(file), **place))

    def test_names_cannot_give_orders_to_the_terminal(self) -> None:
        shown = rendered(finding(path="a\x1b[2J\nb\udcff.py", message="m\x07"))
        assert "--> a\\x1b[2J\\nb\\udcff.py:10:12" in shown
        assert "\x1b" not in shown
        assert "\x07" not in shown

    def test_colour_adds_nothing_but_colour(self) -> None:
        import re

        plain = rendered(finding(evidence=EVIDENCE))
        coloured = rendered(finding(evidence=EVIDENCE), paint=Paint(True))
        assert coloured != plain
        assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_concise() -> None:
    findings = (finding(), finding(path="b\n.py", confidence=Confidence.LIKELY))
    assert "".join(concise.render(Run(findings, ()))) == (
        "train.py:10:12: TSL101 [certain] `total` requires grad: RuntimeError\n"
        "b\\n.py:10:12: TSL101 [likely] `total` requires grad: RuntimeError\n"
    )


def test_json_is_what_the_interface_says() -> None:
    edit = Edit(10, 17, 10, 17, ".detach()")
    full = finding(evidence=EVIDENCE[:1], fix=Fix(Applicability.UNSAFE, "Convert", (edit,)), path="d\udcff/é.py")
    shown = "".join(json.render(Run((full, finding()), ())))
    assert shown == stdlib_json.dumps(stdlib_json.loads(shown), indent=2) + "\n"
    assert shown.isascii()
    first, second = stdlib_json.loads(shown)
    assert first == {
        "code": "TSL101",
        "name": "grad-to-numpy",
        "message": "`total` requires grad: RuntimeError",
        "confidence": "certain",
        "path": "d\udcff/é.py",
        "line": 10,
        "column": 12,
        "end_line": 10,
        "end_column": 25,
        "cell": None,
        "evidence": [
            {"path": "train.py", "cell": None, "line": 13, "column": 7, "message": "the output of `net`, an nn.Module"}
        ],
        "fix": {
            "applicability": "unsafe",
            "message": "Convert",
            "edits": [{"line": 10, "column": 17, "end_line": 10, "end_column": 17, "text": ".detach()"}],
        },
    }
    assert list(first) == list(second)
    assert (second["evidence"], second["fix"]) == ([], None)
    assert "".join(json.render(Run((), ()))) == "[]\n"


SAFE = Fix(Applicability.SAFE, "", ())
UNSAFE = Fix(Applicability.UNSAFE, "", ())


@pytest.mark.parametrize(
    ("findings", "files", "fixed", "lines"),
    [
        ([], 1, 0, ["All clear: 1 file."]),
        ([], 0, 0, ["All clear: 0 files."]),
        ([], 12, 3, ["Fixed 3 findings.", "All clear: 12 files."]),
        ([finding()], 2, 0, ["Found 1 finding in 2 files."]),
        ([finding(fix=SAFE), finding()], 2, 1,
         ["Fixed 1 finding.", "Found 2 findings (1 fixable with --fix) in 2 files."]),
        ([finding(fix=UNSAFE)], 2, 0, ["Found 1 finding (1 fixable with --fix --unsafe-fixes) in 2 files."]),
        (
            [finding(fix=SAFE), finding(fix=UNSAFE)],
            2,
            0,
            ["Found 2 findings (1 fixable with --fix, 1 more with --fix --unsafe-fixes) in 2 files."],
        ),
        ([finding(code="TSL900")], 2, 0, ["1 file could not be linted."]),
        ([finding(), finding(code="TSL900", path="b.py")], 2, 0,
         ["Found 1 finding in 2 files.", "1 file could not be linted."]),
    ],
)  # fmt: skip
def test_summary(findings: list[Finding], files: int, fixed: int, lines: list[str]) -> None:
    assert summarise(findings, files, fixed).lines() == lines


def test_rows_know_the_columns_beyond_their_end() -> None:
    assert Row("ab").at(99) == 2
    assert Row("").at(1) == 0
    assert Row("x \t ").text == "x"


def test_of_a_very_long_line_a_part_is_shown() -> None:
    line = "x = 1; " * 100_000
    row = Row(line, near=350_001)
    assert row.text.startswith("...")
    assert row.text.endswith("...")
    assert row.text[row.at(350_001) : row.at(350_007)] == "x = 1;"
    assert len(row.text) < 400
    assert row.at(1) == len("...")
    assert row.at(700_000) == len(row.text) - len("...")
    assert Row(line).text.startswith("x = 1; x")
    assert Row("y" * 1000).text == "y" * 1000


def test_all_that_is_said_of_a_very_long_line_stands_below_one_part_of_it() -> None:
    evidence = (Evidence("long.py", 1, 7, "first"), Evidence("long.py", 1, 500_022, "near"))
    seen = Finding("TSL101", "n", "m", Confidence.LIKELY, "long.py", 1, 500_001, 1, 500_004, evidence)
    shown = rendered(seen, files={"long.py": "abc = 123\n"[:6] * 100_000})
    assert max(map(len, shown.splitlines())) < 400
    assert [line.index(mark) for line, mark in zip(shown.splitlines()[3:7], ["...", "-", "^", "-"], strict=True)] == [
        4, 7, 67, 88
    ]  # fmt: skip
    assert escaped("ordinary/path é.py") == "ordinary/path é.py"


class Terminal:
    def __init__(self, tty: bool) -> None:
        self.tty = tty

    def isatty(self) -> bool:
        return self.tty


@pytest.mark.parametrize(
    ("environment", "tty", "colour"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, False),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_who_wants_colour(
    environment: dict[str, str], tty: bool, colour: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert wants_colour(Terminal(tty)) is colour  # type: ignore[arg-type]
