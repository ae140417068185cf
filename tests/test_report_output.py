"""Where reports go, and what is counted: --output-file, --statistics, the grouped report and JSON lines."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from commands import BAD, FIXABLE, Result, Run
from fakes import toy  # noqa: F401 - a fixture
from shown import FIX, ODD_NAMES, finding, odd, run

from tensorlint.cli.output import echo, opened
from tensorlint.finding import Applicability, Fix
from tensorlint.report import formats, grouped, json_lines
from tensorlint.report import json as json_report
from tensorlint.report.lines import Lines


@pytest.fixture
def command(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    return Run(tmp_path, capfd, monkeypatch)


class TestGrouped:
    def test_places_in_a_column_below_each_file(self) -> None:
        found = [finding(), finding(line=9, column=5, code="TSL102"), finding(path="b.py")]
        assert "".join(grouped.render(run(*found))) == (
            "b.py:\n"
            "  10:12  TSL101 [certain] `total` requires grad: RuntimeError\n"
            "\n"
            "train.py:\n"
            "  9:5    TSL102 [certain] `total` requires grad: RuntimeError\n"
            "  10:12  TSL101 [certain] `total` requires grad: RuntimeError\n"
            "\n"
        )

    def test_odd_names_give_no_orders(self) -> None:
        lines = "".join(grouped.render(run(*odd()))).split("\n")
        assert len(lines) == 3 * len(ODD_NAMES) + 1
        assert all(line.isprintable() for line in lines)


def test_json_lines_are_the_objects_of_json() -> None:
    found = run(*odd(), finding(fix=FIX))
    lines = "".join(json_lines.render(found)).splitlines()
    assert [json.loads(line) for line in lines] == json.loads("".join(json_report.render(found)))
    assert all(line.isascii() for line in lines)


class TestStatistics:
    FOUND = (
        finding(fix=FIX),
        finding(line=9),
        finding(code="TSL201", name="write-through-array", fix=Fix(Applicability.UNSAFE, "", ())),
        finding(code="TSL900", name="not-linted", path="broken.py"),
    )

    def test_a_table(self) -> None:
        assert "".join(formats.render("text", run(*self.FOUND), statistics=True)) == (
            "count  code    name                 safe fixes  unsafe fixes\n"
            "    2  TSL101  grad-to-numpy                 1             0\n"
            "    1  TSL201  write-through-array           0             1\n"
            "    1  TSL900  not-linted                    0             0\n"
            "Found 3 findings (1 fixable with --fix, 1 more with --fix --unsafe-fixes) in 2 files.\n"
            "1 file could not be linted.\n"
        )

    def test_json(self) -> None:
        counted = json.loads("".join(formats.render("json", run(*self.FOUND), statistics=True)))
        assert counted[0] == {
            "code": "TSL101",
            "name": "grad-to-numpy",
            "count": 2,
            "safe_fixes": 1,
            "unsafe_fixes": 0,
        }
        lines = "".join(formats.render("json-lines", run(*self.FOUND), statistics=True)).splitlines()
        assert [json.loads(line) for line in lines] == counted

    def test_nothing(self) -> None:
        assert "".join(formats.render("concise", run(), statistics=True)) == "All clear: 0 files.\n"
        assert "".join(formats.render("json", run(), statistics=True)) == "[]\n"

    @pytest.mark.usefixtures("toy")
    def test_on_the_command_line(self, command: Run) -> None:
        command.write("a.py", BAD)
        result = command("check", "--statistics")
        assert result.code == 1
        assert result.out.splitlines()[1].split() == ["1", "TSL101", "toy-grad", "0", "0"]
        refused = command("check", "--statistics", "--output-format", "github")
        assert (refused.code, refused.out) == (2, "")
        assert "--statistics needs one of the output formats text, concise, grouped, json, json-lines" in refused.err


def visible(folder: Path) -> list[str]:
    """What is in a folder, but for the cache."""
    return sorted(each.name for each in folder.iterdir() if not each.name.startswith("."))


@pytest.mark.usefixtures("toy")
class TestOutputFile:
    def test_the_report_goes_there_and_its_summary_here(self, command: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FORCE_COLOR", "1")
        command.write("a.py", BAD)
        result = command("check", "--output-format", "json", "--output-file", "report.json")
        assert result == Result(1, "Found 1 finding in 1 file.\n", "")
        assert [each["code"] for each in json.loads((command.folder / "report.json").read_bytes())] == ["TSL101"]
        command("check", "--output-format", "concise", "--output-file", "report.txt")
        assert (command.folder / "report.txt").read_bytes() == (
            b"a.py:2:1: TSL101 [certain] TSL101 is bad\nFound 1 finding in 1 file.\n"
        )
        assert command("check", "--exit-zero", "--output-file", os.devnull) == Result(
            0, "Found 1 finding in 1 file.\n", ""
        )

    @pytest.mark.parametrize("form", formats.FORMATS)
    def test_what_is_written_is_what_would_be_printed(self, form: str, command: Run) -> None:
        command.write("量.py", FIXABLE)
        command.write("broken.py", "x = (\n")
        printed = command("check", "--output-format", form)
        written = command("check", "--output-format", form, "--output-file", "report")
        assert (command.folder / "report").read_text(encoding="utf-8") == printed.out
        assert printed.code == written.code == 2
        assert visible(command.folder) == [
            "broken.py",
            "report",
            "量.py",
        ]

    def test_an_empty_report_replaces_an_old_one(self, command: Run) -> None:
        command.write("a.py", "import torch\n")
        report = command.write("report", "old")
        assert command("check", "--output-format", "json-lines", "--output-file", "report").code == 0
        assert report.read_text() == ""

    def test_fixed_standard_input_stays_apart(self, command: Run) -> None:
        result = command("fix", "-", "--output-file", "report", stdin=FIXABLE.encode())
        assert result.out == 'import torch\nfine()\nrisky("TSL102")\n'
        assert result.err.startswith("Fixed 1 finding.\n")
        assert "TSL102 [certain]" in (command.folder / "report").read_text()

    @pytest.mark.parametrize(
        ("name", "complaint"),
        [
            ("missing/report", "missing/report: cannot be written: No such file or directory"),
            ("folder", "folder: cannot be written: it is a folder"),
            ("read-only", "read-only: cannot be written: it is read-only"),
            ("a.py/report", "a.py/report: cannot be written: Not a directory"),
            ("x" * 300, "cannot be written: File name too long"),
        ],
    )
    def test_one_that_cannot_be_written_is_refused_before_anything_is_done(
        self, name: str, complaint: str, command: Run
    ) -> None:
        file = command.write("a.py", FIXABLE)
        (command.folder / "folder").mkdir()
        command.write("read-only", "old").chmod(0o444)
        result = command("fix", "--exit-zero", "--output-file", name)
        assert (result.code, result.out) == (2, "")
        assert result.err.strip().endswith(complaint)
        assert file.read_text() == FIXABLE
        assert visible(command.folder) == [
            "a.py",
            "folder",
            "read-only",
        ]

    def test_bad_settings_leave_an_old_report_as_it_is(self, command: Run) -> None:
        report = command.write("report", "old")
        command.write("pyproject.toml", "[tool.tensorlint]\nnonsense = 1\n")
        assert command("check", "--output-file", "report").code == 2
        assert report.read_text() == "old"
        assert visible(command.folder) == [
            "pyproject.toml",
            "report",
        ]

    @pytest.mark.skipif(sys.platform == "win32", reason="permissions and links as Unix has them")
    def test_links_and_permissions_stay(self, command: Run) -> None:
        command.write("a.py", BAD)
        report = command.write("reports/today", "old")
        report.chmod(0o640)
        (command.folder / "latest").symlink_to(report)
        command("check", "--output-file", "latest")
        assert (command.folder / "latest").is_symlink()
        assert "TSL101" in report.read_text()
        assert report.stat().st_mode & 0o777 == 0o640
        old = os.umask(0o027)
        try:
            command("check", "--output-file", "new")
        finally:
            os.umask(old)
        assert (command.folder / "new").stat().st_mode & 0o777 == 0o640

    @pytest.mark.parametrize("option", [["--output-file", "x"], ["--statistics"]])
    def test_a_patch_is_no_report(self, option: list[str], command: Run) -> None:
        command.write("a.py", FIXABLE)
        result = command("check", "--diff", *option)
        assert (result.code, result.out) == (2, "")
        assert f"--diff and {option[0]} cannot be given together" in result.err


@pytest.mark.usefixtures("toy")
@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not let files have these names")
@pytest.mark.parametrize("form", formats.FORMATS)
def test_files_of_odd_names(form: str, command: Run) -> None:
    """On the disk and through the whole command: nothing fails, and nothing reaches a terminal that it would obey."""
    for name in ODD_NAMES:
        command.write(name, BAD)
    result = command("check", "--output-format", form)
    assert (result.code, result.err) == (1, "")
    assert all(line.isprintable() for line in result.out.split("\n"))
    if form in ("json", "gitlab"):
        assert len(json.loads(result.out)) == len(ODD_NAMES)
    elif form == "sarif":
        assert len(json.loads(result.out)["runs"][0]["results"]) == len(ODD_NAMES)
    elif form == "junit":
        assert len(ElementTree.fromstring(result.out)) == len(ODD_NAMES)
    elif form == "html":
        assert result.out.count("<article") == len(ODD_NAMES)
    else:
        assert result.out.count("TSL101 is bad") == len(ODD_NAMES)


def test_a_failure_half_way_leaves_the_old_report(tmp_path: Path) -> None:
    report = tmp_path / "report"
    report.write_text("old")

    def pieces() -> Iterator[str]:
        yield "x" * 100_000
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), opened(str(report)) as output:
        assert output is not None
        output.write(pieces())
    assert [each.name for each in tmp_path.iterdir()] == ["report"]
    assert report.read_text() == "old"


def test_long_reports_are_printed_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is held at a time does not grow with the report."""
    made, printed = 0, []

    def pieces() -> Iterator[str]:
        nonlocal made
        for _ in range(10_000):
            made += 1
            yield "x" * 99 + "\n"

    def take(block: str, **_: object) -> None:
        printed.append((made, len(block)))

    monkeypatch.setattr("tensorlint.cli.output.click.echo", take)
    echo(pieces())
    assert sum(length for _, length in printed) == 1_000_000
    assert max(length for _, length in printed) < 70_000
    assert printed[0][0] < 1000


def test_only_some_files_are_held(tmp_path: Path) -> None:
    lines = Lines()
    for number in range(1000):
        (tmp_path / f"{number}.py").write_text(f"x = {number}\n")
        assert lines.line((str(tmp_path / f"{number}.py"), None), 1) == f"x = {number}"
    assert len(lines._texts) <= 64
    assert lines.line((str(tmp_path / "0.py"), None), 1) == "x = 0"
