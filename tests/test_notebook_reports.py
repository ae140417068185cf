"""Findings in notebooks, in every report and through the command."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from commands import Run, git
from lxml import etree, html
from notebooks import notebook

from tensorlint.report.formats import FORMATS
from tensorlint.source import SourceError

IMPORTS = "import torch\nfrom torch import nn"
NET = "net = nn.Linear(3, 1)\nx = torch.rand(5, 3)"
BAD = "y = 1\n%time z = net(x).numpy()"
TEXT = notebook("#md", IMPORTS, NET, BAD, outputs=True)
MESSAGE = "`net(x)` requires grad: `.numpy()` raises RuntimeError: Can't call numpy() on Tensor that requires grad"
LINE = TEXT.split("\n").index('    "%time z = net(x).numpy()"') + 1
"""Where an editor of text shows it."""


@pytest.fixture
def reported(run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    for name in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)
    run.write("a.ipynb", TEXT)
    return run


def report(run: Run, form: str) -> str:
    return run("check", "--no-cache", "--output-format", form, "a.ipynb").out


class TestReports:
    def test_text_has_a_frame_for_each_cell(self, reported: Run) -> None:
        assert report(reported, "text") == (
            f"TSL101 [certain] {MESSAGE}\n"
            " --> a.ipynb:cell 4:2:11\n"
            "  |\n"
            "2 | %time z = net(x).numpy()\n"
            "  |           ^^^^^^^^^^^^^^ grad-to-numpy\n"
            "  |           ------ output of `net` (nn.Linear), whose parameters require grad\n"
            " ::: a.ipynb:cell 3:1:7\n"
            "  |\n"
            "1 | net = nn.Linear(3, 1)\n"
            "  |       --------------- `nn.Linear(3, 1)` has parameters that require grad\n"
            "  = safe fix: Convert with `.detach().cpu().numpy()`\n\n"
            "Found 1 finding (1 fixable with --fix) in 1 file.\n"
        )

    def test_one_line(self, reported: Run) -> None:
        assert report(reported, "concise").startswith(f"a.ipynb:cell 4:2:11: TSL101 [certain] {MESSAGE}\n")
        assert report(reported, "grouped").startswith(f"a.ipynb:\n  cell 4:2:11  TSL101 [certain] {MESSAGE}\n")

    @pytest.mark.parametrize("form", ["json", "json-lines"])
    def test_json(self, form: str, reported: Run) -> None:
        read = json.loads(report(reported, form))
        (finding,) = read if form == "json" else [read]
        assert (finding["cell"], finding["line"], finding["column"], finding["end_line"]) == (4, 2, 11, 2)
        assert [(step["cell"], step["line"]) for step in finding["evidence"]] == [(3, 1), (4, 2)]
        assert [edit["cell"] for edit in finding["fix"]["edits"]] == [4]

    def test_edits_of_programs_have_no_cell(self, run: Run) -> None:
        run.write("a.py", f"{IMPORTS}\n{NET}\nnet(x).numpy()\n")
        (finding,) = json.loads(run("check", "--output-format", "json", "a.py").out)
        assert finding["cell"] is None
        assert finding["fix"]["edits"][0].keys() == {"line", "column", "end_line", "end_column", "text"}

    def test_services_are_told_the_lines_of_the_file(self, reported: Run) -> None:
        """They show the file, so that it is there where they put the finding; the cell is in the message."""
        github = report(reported, "github").split("\n")[0]
        assert f"file=a.ipynb,line={LINE},endLine={LINE},col=16,endColumn=30::cell 4, line 2: `net(x)`" in github
        assert "a.ipynb:cell 3:1:7: `nn.Linear" in github
        (issue,) = json.loads(report(reported, "gitlab"))
        assert issue["location"] == {"path": "a.ipynb", "lines": {"begin": LINE, "end": LINE}}
        assert issue["description"] == f"TSL101 [certain] cell 4, line 2: {MESSAGE}"

    def test_sarif(self, reported: Run) -> None:
        (result,) = json.loads(report(reported, "sarif"))["runs"][0]["results"]
        region = result["locations"][0]["physicalLocation"]["region"]
        assert region == {"startLine": LINE, "startColumn": 16, "endLine": LINE, "endColumn": 30}
        assert TEXT.split("\n")[LINE - 1][15:29] == "net(x).numpy()"
        assert result["message"]["text"] == f"cell 4, line 2: {MESSAGE}"
        first = result["relatedLocations"][0]
        assert first["message"]["text"].startswith("cell 3, line 1: ")
        start = first["physicalLocation"]["region"]["startLine"]
        assert "net = nn.Linear" in TEXT.split("\n")[start - 1]

    @pytest.mark.parametrize("indent", [1, None])
    def test_fixes_in_sarif_are_of_the_file(self, indent: int | None, run: Run) -> None:
        loop = "for _ in range(3):\n    kept = net.state_dict()\n    net(x).sum().backward()\n    optimizer.step()\n"
        optimizer = "optimizer = torch.optim.SGD(net.parameters())\n"
        cells = ("#md", IMPORTS, NET, f"'\U0001f525'; {optimizer}{loop}net.load_state_dict(kept)")
        text = json.dumps(json.loads(notebook(*cells)), indent=indent)
        run.write("a.ipynb", text)
        (result,) = json.loads(report(run, "sarif"))["runs"][0]["results"]
        (change,) = result["fixes"][0]["artifactChanges"]
        assert len(change["replacements"]) == 3  # around what is copied, and an import in another cell
        starts = [0, *(match.end() for match in re.finditer("\n", text))]
        edits = []
        for each in change["replacements"]:
            region = each["deletedRegion"]
            start = starts[region["startLine"] - 1] + region["startColumn"] - 1
            end = starts[region["endLine"] - 1] + region["endColumn"] - 1
            edits.append((start, end, each["insertedContent"]["text"]))
        for start, end, new in sorted(edits, reverse=True):
            text = text[:start] + new + text[end:]
        run("check", "--fix", "--unsafe-fixes", "a.ipynb")
        assert (run.folder / "a.ipynb").read_text() == text

    def test_junit(self, reported: Run) -> None:
        root = etree.fromstring(report(reported, "junit").encode())
        (case,) = root.findall(".//testcase")
        assert case.get("name") == "TSL101 grad-to-numpy at cell 4:2:11"
        assert case[0].text.startswith("a.ipynb:cell 4:2:11\na.ipynb:cell 3:1:7: ")

    def test_html(self, reported: Run) -> None:
        root = html.fromstring(report(reported, "html"))
        assert [each.text_content() for each in root.cssselect("figcaption")] == ["a.ipynb:cell 3", "a.ipynb:cell 4"]
        assert root.cssselect(".place")[0].text_content() == "cell 4:2:11"
        assert [each.text_content() for each in root.cssselect("mark.sink")][-1].endswith(".numpy()")
        assert [each.text_content() for each in root.cssselect(".chain a")] == [
            "a.ipynb:cell 3:1",
            "a.ipynb:cell 4:2",
            "a.ipynb:cell 4:2",
        ]

    @pytest.mark.parametrize("form", FORMATS)
    def test_a_fault_of_the_json(self, form: str, run: Run) -> None:
        """It is named with its place in the file, and a line of a whole notebook is not shown."""
        run.write("a.ipynb", '{\n "cells": [1,]\n}')
        run.write("b.ipynb", TEXT.replace("\n", "")[:-1] + "x" * 5000)
        result = run("check", "--no-cache", "--output-format", form, ".")
        assert result.code == 2
        assert len(re.findall("not a notebook: not JSON", result.out)) >= 2
        assert "x" * 100 not in result.out

    def test_a_fault_in_a_cell_is_shown_there(self, run: Run) -> None:
        run.write("a.ipynb", notebook("#md", "y = 1\nx = = 2"))
        assert report(run, "text").startswith(
            "TSL900 [certain] syntax error: invalid syntax\n --> a.ipynb:cell 2:2:5\n  |\n2 | x = = 2\n  |     ^"
        )


class TestFingerprints:
    def marks(self, run: Run, *cells: str) -> list[str]:
        run.write("a.ipynb", notebook(*cells))
        return [issue["fingerprint"] for issue in json.loads(report(run, "gitlab"))]

    def test_cells_may_come_and_go(self, reported: Run) -> None:
        before = self.marks(reported, IMPORTS, NET, BAD)
        assert len(before) == 1
        assert self.marks(reported, "#md", IMPORTS, "x = 1", NET, f"# moved\n{BAD}") == before

    def test_equal_ones_are_told_apart(self, reported: Run) -> None:
        marks = self.marks(reported, IMPORTS, NET, "net(x).numpy()", "net(x).numpy()")
        assert len(set(marks)) == 2
        assert self.marks(reported, IMPORTS, NET, "net(x).numpy()\nnet(x).numpy()") == marks


class TestCommand:
    def test_notebooks_are_found_but_not_their_checkpoints(self, reported: Run) -> None:
        reported.write("deep/b.IPYNB", TEXT)  # as for .py, only the usual way of writing it
        reported.write("deep/c.ipynb", TEXT)
        reported.write(".ipynb_checkpoints/a-checkpoint.ipynb", TEXT)
        assert reported.codes("check", ".") == ["a.ipynb:2 TSL101", "deep/c.ipynb:2 TSL101"]

    def test_the_cache_gives_the_same(self, reported: Run) -> None:
        first = reported("check", "--output-format", "json", ".")
        assert reported("check", "--output-format", "json", ".") == first
        assert json.loads(first.out)[0]["fix"]["edits"][0]["cell"] == 4

    def test_a_baseline(self, reported: Run) -> None:
        assert reported("baseline", "write").out == "tensorlint-baseline.jsonl: 1 finding (1 new, 0 gone)\n"
        entry = json.loads((reported.folder / "tensorlint-baseline.jsonl").read_text().splitlines()[1])
        assert (entry["path"], entry["text"]) == ("a.ipynb", "%time z = net(x).numpy()")
        assert reported("check", "--no-baseline").code == 1
        assert reported("check", "--baseline", "tensorlint-baseline.jsonl").code == 0
        reported.write("a.ipynb", notebook(IMPORTS, NET, "#md", f"\n{BAD}", "w = net(x).numpy()"))
        assert reported.codes("check", "--baseline", "tensorlint-baseline.jsonl") == ["a.ipynb:1 TSL101"]

    def test_what_has_changed(self, reported: Run) -> None:
        git(reported.folder, "init", "--quiet")
        git(reported.folder, "add", "--all")
        git(reported.folder, "commit", "--quiet", "--message", "all")
        assert reported.codes("check", "--diff-base", "HEAD") == []
        reported.write("a.ipynb", notebook("#md", IMPORTS, NET, BAD, "w = net(x).numpy()", outputs=True))
        assert reported.codes("check", "--diff-base", "HEAD") == ["a.ipynb:1 TSL101"]

    def test_settings_for_some_files(self, reported: Run) -> None:
        reported.write("tensorlint.toml", '[per-file-ignores]\n"*.ipynb" = ["TSL101"]\n')
        assert reported("check", ".").code == 0


def test_the_error_knows_its_cell() -> None:
    assert SourceError("x", 1, 2, 3).cell == 3
    assert not SourceError("x").has_place


def test_the_hooks_are_given_notebooks() -> None:
    text = (Path(__file__).parent.parent / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    assert text.count("types_or: [python, jupyter]") == text.count("- id:") == 2
