"""The command line: options, outputs, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from commands import BAD, FIXABLE, Result, Run
from fakes import toy  # noqa: F401 - a fixture

from tensorlint import __version__


@pytest.mark.usefixtures("toy")
class TestCheck:
    def test_exit_codes(self, run: Run) -> None:
        run.write("clean.py", "import torch\n")
        run.write("bad.py", BAD)
        run.write("broken.py", "x = (\n")
        assert run("check", "clean.py").code == 0
        assert run("check", "bad.py", "clean.py").code == 1
        assert run("check", "broken.py", "bad.py").code == 2
        assert run("check", "bad.py", "--exit-zero").code == 0
        assert run("check", "bad.py", "broken.py", "--exit-zero").code == 2
        assert run("check", "bad.py", "--confidence", "certain", "--ignore", "TSL101").code == 0

    def test_quietly(self, run: Run) -> None:
        run.write("a.py", BAD)
        run.write("b.py", "import torch\n")
        assert run("check", "--quiet", "b.py") == Result(0, "", "")
        concise = run("check", "-q", "--output-format", "concise")
        assert concise == Result(1, "a.py:2:1: TSL101 [certain] TSL101 is bad\n", "")
        assert run("check", "-q", "--output-file", "report.txt") == Result(1, "", "")
        run("baseline", "write")
        assert run("check", "-q") == Result(0, "", "")
        assert "warning: " in run("check", "-q", "--exclude", "*.py").err

    def test_text(self, run: Run) -> None:
        run.write("pkg/bad.py", BAD)
        result = run("check")
        assert result.out == (
            "TSL101 [certain] TSL101 is bad\n"
            " --> pkg/bad.py:2:1\n"
            "  |\n"
            '2 | bad("TSL101")\n'
            "  | ^^^^^^^^^^^^^ toy-grad\n"
            "\n"
            "Found 1 finding in 1 file.\n"
        )
        assert result.err == ""

    def test_concise(self, run: Run) -> None:
        run.write("bad.py", BAD)
        result = run("check", "--output-format", "concise")
        assert result.out == "bad.py:2:1: TSL101 [certain] TSL101 is bad\nFound 1 finding in 1 file.\n"

    def test_json_is_an_array_and_nothing_else(self, run: Run) -> None:
        run.write("bad.py", BAD)
        run.write("broken.py", "x = (\n")
        result = run("check", "--output-format", "json")
        assert [(each["code"], each["path"], each["line"]) for each in json.loads(result.out)] == [
            ("TSL101", "bad.py", 2),
            ("TSL900", "broken.py", 1),
        ]
        assert run("check", "--output-format", "json", "--ignore", "TSL", "bad.py").out == "[]\n"

    def test_the_order_of_paths_changes_nothing(self, run: Run) -> None:
        for name in ("a.py", "b.py", "c/d.py"):
            run.write(name, BAD)
        whole = run("check", ".").out
        assert run("check", "c", "b.py", "a.py", "./b.py").out == whole
        assert whole.endswith("Found 3 findings in 3 files.\n")

    def test_selection(self, run: Run) -> None:
        run.write("a.py", 'import torch\nbad("TSL101")\nbad("TSL102")\nbad("TSL108")\nbad("TSL201")\n')
        assert run.codes("check") == ["a.py:2 TSL101", "a.py:3 TSL102", "a.py:5 TSL201"]
        assert run.codes("check", "--select", "TSL101, TSL2") == ["a.py:2 TSL101", "a.py:5 TSL201"]
        assert run.codes("check", "--select", "TSL101", "--select", "TSL108") == ["a.py:2 TSL101", "a.py:4 TSL108"]
        assert run.codes("check", "--ignore", "TSL1") == ["a.py:5 TSL201"]
        assert len(run.codes("check", "--extend-select", "TSL108")) == 4

    def test_settings_of_the_nearest_file_hold_for_each_file(self, run: Run) -> None:
        run.write("pyproject.toml", '[tool.tensorlint]\nignore = ["TSL101"]\n')
        run.write("a.py", BAD)
        run.write("inner/pyproject.toml", '[tool.tensorlint]\nignore = ["TSL2"]\n')
        run.write("inner/b.py", BAD)
        other = run.write("other.toml", '[tool.tensorlint]\nselect = ["TSL201"]\n')
        assert run.codes("check") == ["inner/b.py:2 TSL101"]
        assert run.codes("check", "--isolated") == ["a.py:2 TSL101", "inner/b.py:2 TSL101"]
        assert run.codes("check", "--config", str(other)) == []
        assert run.codes("check", "a.py", "--extend-select", "TSL101") == ["a.py:2 TSL101"]

    def test_excludes(self, run: Run) -> None:
        run.write("a.py", BAD)
        run.write("gen/b.py", BAD)
        run.write("build/c.py", BAD)
        assert run.codes("check") == ["a.py:2 TSL101", "gen/b.py:2 TSL101"]
        assert run.codes("check", "--extend-exclude", "gen,x") == ["a.py:2 TSL101"]
        assert run.codes("check", "--exclude", "gen") == ["a.py:2 TSL101", "build/c.py:2 TSL101"]
        assert run.codes("check", "build/c.py") == ["build/c.py:2 TSL101"]
        assert run.codes("check", "build/c.py", "--force-exclude") == []

    def test_settings_on_the_command_line(self, run: Run) -> None:
        run.write("pyproject.toml", '[tool.tensorlint]\nignore = ["TSL101"]\nconfidence = "certain"\n')
        run.write("a.py", 'import torch\nbad("TSL101")\nbad("TSL102", "likely")\n')
        assert run.codes("check") == []
        assert run.codes("check", "--config", "confidence=likely") == ["a.py:3 TSL102"]
        both = ("--config", 'confidence = "likely"', "--config", 'extend-select = ["TSL101"]')
        assert run.codes("check", *both) == ["a.py:2 TSL101", "a.py:3 TSL102"]
        assert run.codes("check", *both, "--confidence", "certain") == ["a.py:2 TSL101"], "options lie on top"
        assert run.codes("check", "--isolated", "--config", 'ignore=["TSL102"]') == ["a.py:2 TSL101"]
        other = run.write("other.toml", 'confidence = "likely"\n')
        assert run.codes("check", "--config", str(other), "--config", 'select=["TSL102"]') == ["a.py:3 TSL102"]

    def test_show_settings(self, run: Run) -> None:
        run.write("pyproject.toml", '[tool.tensorlint]\nconfidence = "certain"\n')
        run.write("inner/tensorlint.toml", 'ignore = ["TSL1"]\n')
        run.write("inner/a.py", BAD)
        shown = run("check", "--show-settings", "--extend-select", "TSL108", ".", "inner/a.py", "inner/new.py")
        assert (shown.code, shown.err) == (0, "")
        first, second, third = shown.out.split("\n\n")
        assert first.startswith(f"# {run.folder}: {run.folder / 'pyproject.toml'}\n")
        assert f'confidence = "certain"  # {run.folder / "pyproject.toml"}\n' in first
        selected = '["TSL101", "TSL102", "TSL108", "TSL201", "TSL900", "TSL902"]'
        assert f"select = {selected}  # command line (extend-select)\n" in first
        assert second.startswith(f"# inner/a.py: {run.folder / 'inner/tensorlint.toml'}\n")
        assert 'select = ["TSL108", "TSL201", "TSL900", "TSL902"]' in second
        assert third.partition("\n")[2] == second.partition("\n")[2] + "\n"
        assert "no settings file" in run("check", "--show-settings", "--isolated").out

    def test_show_files(self, run: Run) -> None:
        for name in ("b.py", "a/c.py", "build/d.py", "a/stub.pyi", "x\ny.py"):
            run.write(name, BAD)
        assert run("check", "--show-files") == Result(0, "a/c.py\nb.py\nx\\ny.py\n", "")
        assert run("check", "--show-files", "a", "missing.py") == Result(
            2, "a/c.py\n", "missing.py: no such file or folder\n"
        )

    def test_rules_that_are_off_in_some_files(self, run: Run) -> None:
        run.write("pyproject.toml", '[tool.tensorlint.per-file-ignores]\n"tests/" = ["TSL1"]\n"!src/" = ["TSL2"]\n')
        for name in ("src/a.py", "src/tests/b.py", "tests/c.py", "d.py"):
            run.write(name, 'import torch\nbad("TSL101")\nbad("TSL201")\n')
        expected = ["d.py:2 TSL101", "src/a.py:2 TSL101", "src/a.py:3 TSL201", "src/tests/b.py:3 TSL201"]
        assert run.codes("check") == expected
        assert run.codes("check", "--select", "TSL") == expected, "the command line is no exception"
        pair = 'per-file-ignores = { "*.py" = ["TSL101"] }'
        assert run.codes("check", "d.py", "--config", pair) == ["d.py:3 TSL201"]
        stdin = run("check", "-", "--stdin-filename", "tests/new.py", stdin=BAD.encode())
        assert stdin.code == 0

    def test_fixes_that_are_safe_by_the_settings(self, run: Run) -> None:
        run.write("pyproject.toml", '[tool.tensorlint]\nextend-safe-fixes = ["TSL102"]\n')
        file = run.write("a.py", 'import torch\nrisky("TSL101")\nrisky("TSL102")\n')
        assert run("fix").code == 1
        assert file.read_text() == 'import torch\nrisky("TSL101")\nfine()\n'
        file.write_text(FIXABLE)
        (run.folder / "pyproject.toml").write_text('[tool.tensorlint]\nextend-unsafe-fixes = ["TSL101"]\n')
        assert "unsafe fix: write fine(); unsafe by the settings" in run("fix").out
        assert file.read_text() == FIXABLE

    def test_stubs_are_not_linted(self, run: Run) -> None:
        run.write("a.pyi", BAD)
        run.write("b.py", BAD)
        assert run.codes("check") == ["b.py:2 TSL101"]
        named = run("check", "a.pyi", "b.py", "--output-format", "concise")
        assert named.out.startswith("b.py:2:1: ")
        assert named.err == "warning: 'a.pyi' is not linted: nothing in a stub runs\n"
        assert run("check", "a.pyi").code == 0
        assert run("check", "-", "--stdin-filename", "a.pyi", stdin=BAD.encode()) == Result(0, "", "")
        assert run("fix", "-", "--stdin-filename", "a.pyi", stdin=FIXABLE.encode()) == Result(0, FIXABLE, "")

    def test_a_folder_without_python_files_is_no_error(self, run: Run) -> None:
        (run.folder / "docs").mkdir()
        result = run("check", "docs")
        assert (result.code, result.out) == (0, "All clear: 0 files.\n")
        assert result.err == "warning: no Python files to lint in 'docs'\n"

    @pytest.mark.parametrize(
        ("arguments", "complaint"),
        [
            (["--select", "TSL9x"], "command line: 'select' has an unknown rule code 'TSL9x' ("),
            (["--confidence", "sure"], "Invalid value for '--confidence': 'sure' is not one of 'possible'"),
            (["--jobs", "0"], "Invalid value for '--jobs'"),
            (["--nonsense"], "--nonsense"),
            (["--config", "missing.toml"], "missing.toml: cannot be read: No such file or directory"),
            (["--config", "a.toml", "--config", "b.toml"], "--config can name one file, not 'a.toml' and 'b.toml'"),
            (["--config", "confidence = 1"], "--config confidence = 1: 'confidence' takes one of \"possible\""),
            (["--config", "confidenc=certain"], "--config confidenc=certain: unknown key 'confidenc' (did you mean"),
            (["--config", "select=['TSL777']"], "--config select=['TSL777']: 'select' has an unknown rule code"),
            (["--config", "= 1"], "Invalid value for --config = 1: not KEY = VALUE as in TOML: "),
            (["--exclude", "["], "command line: 'exclude' has a pattern that can match nothing: '['"),
            (["--config", "x.toml", "--isolated"], "--config FILE and --isolated cannot be given together"),
            (["-", "a.py"], "standard input (-) cannot be linted together with other paths"),
            (["a.py", "--stdin-filename", "b.py"], "--stdin-filename needs the path -"),
        ],
    )
    def test_bad_usage(self, arguments: list[str], complaint: str, run: Run) -> None:
        run.write("a.py", BAD)
        result = run("check", "--exit-zero", *arguments)
        assert result.code == 2
        assert complaint in result.err
        assert result.out == ""

    @pytest.mark.parametrize("line", ['select = ["TSL777"]', 'selct = ["TSL1"]', "confidence = 1"])
    def test_bad_settings(self, line: str, run: Run) -> None:
        run.write("pyproject.toml", f"[tool.tensorlint]\n{line}\n")
        run.write("a.py", BAD)
        for arguments in (["check"], ["check", "a.py", "--exit-zero"], ["check", "-"], ["fix"]):
            result = run(*arguments)
            assert result.code == 2
            assert f"{run.folder / 'pyproject.toml'}: " in result.err
            assert repr(line.split(maxsplit=1)[0]) in result.err or "'TSL777'" in result.err
        assert run("check", "--isolated").code == 1

    def test_colour_on_demand(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        run.write("a.py", BAD)
        assert "\x1b[" not in run("check").out
        monkeypatch.setenv("FORCE_COLOR", "1")
        assert "\x1b[" in run("check").out
        assert "\x1b[" not in run("check", "--output-format", "json").out

    def test_debug(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        run.write("a.py", "import torch\ncrash()\n")
        assert run("check").err == ""
        assert "ZeroDivisionError: division by toy" in run("check", "--debug").err
        monkeypatch.setenv("TENSORLINT_DEBUG", "1")
        assert "ZeroDivisionError: division by toy" in run("check").err


@pytest.mark.usefixtures("toy")
class TestFix:
    def test_safe_fixes(self, run: Run) -> None:
        file = run.write("a.py", FIXABLE)
        result = run("check", "--fix", "--output-format", "concise")
        assert file.read_text() == 'import torch\nfine()\nrisky("TSL102")\n'
        assert result.out == (
            "a.py:3:1: TSL102 [certain] TSL102 is bad\n"
            "Fixed 1 finding.\n"
            "Found 1 finding (1 fixable with --fix --unsafe-fixes) in 1 file.\n"
        )
        assert result.code == 1
        again = run("fix", "--unsafe-fixes")
        assert (again.code, again.out) == (0, "Fixed 1 finding.\nAll clear: 1 file.\n")
        assert file.read_text() == "import torch\nfine()\nfine()\n"
        assert run("fix").out == "All clear: 1 file.\n"

    def test_without_fix_nothing_is_written(self, run: Run) -> None:
        file = run.write("a.py", FIXABLE)
        result = run("check", "--unsafe-fixes")
        assert file.read_text() == FIXABLE
        assert "(1 fixable with --fix, 1 more with --fix --unsafe-fixes)" in result.out

    def test_that_something_was_fixed_can_fail_a_job(self, run: Run) -> None:
        for code in (1, 0):
            run.write("a.py", FIXABLE)
            options = ["--unsafe-fixes", *["--exit-non-zero-on-fix"] * code]
            assert run("fix", *options).code == code
            assert run("fix", *options).code == 0
        assert run("check", "--exit-zero", "--exit-non-zero-on-fix").code == 2

    @pytest.mark.parametrize("command", [["check", "--diff"], ["check", "--fix", "--diff"], ["fix", "--diff"]])
    def test_a_diff_is_a_patch_and_changes_nothing(self, command: list[str], run: Run) -> None:
        run.write("a.py", FIXABLE.replace("\n", "\r\n"))
        run.write("b.py", BAD)
        before = {file.name: file.read_bytes() for file in run.folder.iterdir()}
        patch = subprocess.run(
            [sys.executable, "-c", PATCHER, *command], cwd=run.folder, env=ENVIRONMENT, capture_output=True
        )
        assert (patch.returncode, patch.stderr) == (1, b"")
        assert {file.name: file.read_bytes() for file in run.folder.iterdir()} == before
        subprocess.run(["git", "init", "-q"], cwd=run.folder, check=True)
        subprocess.run(["git", "apply", "-p0", "-"], cwd=run.folder, input=patch.stdout, check=True)
        assert (run.folder / "a.py").read_bytes() == b'import torch\r\nfine()\r\nrisky("TSL102")\r\n'
        assert run(*command).code == 0

    def test_a_diff_beside_a_fault(self, run: Run) -> None:
        run.write("a.py", FIXABLE)
        run.write("broken.py", "x = (\n")
        result = run("check", "--diff")
        assert result.code == 2
        assert "+fine()" in result.out
        assert result.err == "broken.py:1:5: TSL900 [certain] syntax error: '(' was never closed\n"
        assert run("check", "--diff", "a.py", "--exit-zero").code == 0


PATCHER = """
import sys
import pytest, fakes
fakes.install(pytest.MonkeyPatch())
from tensorlint.cli import main
main(sys.argv[1:])
"""
ENVIRONMENT = {"PYTHONPATH": ":".join(filter(None, sys.path)), "PATH": "/usr/bin:/bin"}


@pytest.mark.usefixtures("toy")
class TestStandardInput:
    def test_is_linted_under_the_name_that_is_given(self, run: Run) -> None:
        run.write("src/pyproject.toml", '[tool.tensorlint]\nextend-select = ["TSL108"]\n')
        text = b'import torch\nbad("TSL108")\n'
        assert run("check", "-", stdin=text).code == 0
        result = run("check", "-", "--stdin-filename", "src/new.py", stdin=text)
        assert result.code == 1
        assert "--> src/new.py:2:1\n" in result.out
        assert '2 | bad("TSL108")\n' in result.out
        assert run("check", "-", stdin=b"x = (").code == 2

    def test_is_not_mistaken_for_the_file_on_the_disk(self, run: Run) -> None:
        file = run.write("a.py", "something = 'else'\n")
        result = run("fix", "-", "--stdin-filename", "a.py", stdin=FIXABLE.encode())
        assert result.out == 'import torch\nfine()\nrisky("TSL102")\n'
        assert '3 | risky("TSL102")\n' in result.err
        assert "Found 1 finding" in result.err
        assert result.code == 1
        assert file.read_text() == "something = 'else'\n"

    def test_comes_back_as_it_is_where_nothing_can_be_done(self, run: Run) -> None:
        for text in (b"x = (", b"\xef\xbb\xbfimport torch\r\n", "é = 1\n".encode("latin-1")):
            result = subprocess.run(
                [sys.executable, "-c", PATCHER, "fix", "-"],
                input=text,
                env=ENVIRONMENT,
                capture_output=True,
                cwd=run.folder,
            )
            assert result.stdout == text
        result = subprocess.run(
            [sys.executable, "-c", PATCHER, "check", "--diff", "-"], input=FIXABLE.encode(), env=ENVIRONMENT,
            capture_output=True, cwd=run.folder,
        )  # fmt: skip
        assert b"+fine()" in result.stdout

    def test_can_be_excluded(self, run: Run) -> None:
        arguments = ["-", "--stdin-filename", "build/a.py", "--force-exclude"]
        assert run("check", *arguments, stdin=BAD.encode()) == Result(0, "", "")
        assert run("fix", *arguments, stdin=FIXABLE.encode()) == Result(0, FIXABLE, "")
        assert run("check", *arguments[:-1], stdin=BAD.encode()).code == 1


def test_version_and_help(run: Run) -> None:
    assert run("--version").out == f"tensorlint {__version__}\n"
    shown = run("--help")
    assert shown.code == 0
    for command in ("check", "fix", "explain", "rules", "verify"):
        assert f"\n  {command} " in shown.out
    assert run("check", "--help").code == 0
    assert run("nonsense").code == 2


def test_explain(run: Run) -> None:
    by_code = run("explain", "TSL503")
    assert by_code.out.startswith("TSL503 device-compared-to-string\n================================\n\n")
    assert "\nWhat it does\n------------\n" in by_code.out
    assert run("explain", "tsl503") == run("explain", "device-compared-to-string") == by_code
    assert "TSL900 not-linted" in run("explain", "TSL900").out
    unknown = run("explain", "TSL999")
    assert unknown.code == 2
    assert "unknown rule 'TSL999' (known codes: TSL101, " in unknown.err


def test_rules(run: Run) -> None:
    listed = json.loads(run("rules", "--output-format", "json").out)
    fixes = {each["code"]: each["fix"] for each in listed}
    assert list(fixes) == sorted(fixes)
    both = ["safe", "unsafe"]
    assert fixes["TSL101"] == fixes["TSL102"] == both
    assert fixes["TSL201"] == fixes["TSL203"] == fixes["TSL503"] == fixes["TSL506"] == ["unsafe"]
    table = run("rules").out.splitlines()
    assert table[0].split() == ["code", "name", "default", "fix", "finds"]
    assert [line.split()[0] for line in table[1:]] == list(fixes)
    assert all(each["summary"] in line for each, line in zip(listed, table[1:], strict=True))


def test_the_output_of_a_narrow_terminal_encoding(run: Run) -> None:
    """What the encoding of standard output cannot hold is escaped."""
    run.write("量.py", "x = (\n")
    done = subprocess.run(
        [sys.executable, "-m", "tensorlint", "check", "--isolated", "."],
        cwd=run.folder,
        env={**ENVIRONMENT, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
    )
    assert done.returncode == 2
    assert b"--> \\u91cf.py:1:5" in done.stdout


def test_a_reader_that_goes_away_is_no_error(run: Run) -> None:
    for number in range(300):
        run.write(f"{number}.py", "x = (\n")
    done = subprocess.run(
        f"{sys.executable} -m tensorlint check --isolated --jobs 1 . | head -1",
        shell=True,
        cwd=run.folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
    )
    assert done.stdout.startswith("TSL900")
    assert done.stderr == ""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_long_run_shows_its_progress_on_a_terminal_alone(run: Run) -> None:
    import pty

    for number in range(60):
        run.write(f"{number}.py", "x = 1\n")
    command = [sys.executable, "-m", "tensorlint", "check", "--isolated", "--jobs", "1", "."]
    terminal, errors = pty.openpty()
    done = subprocess.run(command, cwd=run.folder, env={**ENVIRONMENT, "TERM": "xterm"}, stdout=-1, stderr=errors)
    shown = os.read(terminal, 100_000)
    os.close(errors)
    os.close(terminal)
    assert done.stdout == b"All clear: 60 files.\n"
    assert b"linting" in shown
    assert b"60/60" in shown
    piped = subprocess.run(command, cwd=run.folder, env=ENVIRONMENT, capture_output=True)
    assert (piped.stdout, piped.stderr) == (b"All clear: 60 files.\n", b"")
