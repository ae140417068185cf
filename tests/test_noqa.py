"""``# noqa`` comments put in, judged and mended."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from commands import BAD, FIXABLE, Run
from fakes import toy  # noqa: F401 - a fixture

from tensorlint.fixes.apply import fix_source
from tensorlint.linter import codes_by_default, lint
from tensorlint.rules.base import Rule
from tensorlint.rules.page import HEADINGS, page
from tensorlint.rules.registry import every_rule, rules
from tensorlint.settings import Origin, Selection, Settings, laid_over
from tensorlint.source import Source

ABOUT_COMMENTS = [each for each in every_rule() if each not in rules()]
CALL = 'bad("TSL101")'
NOTHING = "`TSL101` suppresses nothing here"
BOTH = Settings((Selection(extend_select=("TSL901", "TSL902")),))


@pytest.mark.usefixtures("toy")
class TestAdding:
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            (CALL, f"{CALL}  # noqa: TSL101"),
            (f"{CALL}   ", f"{CALL}  # noqa: TSL101"),
            (f"{CALL}  # type: ignore", f"{CALL}  # type: ignore  # noqa: TSL101"),
            (f"{CALL}  # noqa: E501", f"{CALL}  # noqa: E501, TSL101"),
            (f"{CALL}  # noqa: E501,W291", f"{CALL}  # noqa: E501,W291,TSL101"),
            (f"{CALL}  # noqa:E501 because", f"{CALL}  # noqa:E501, TSL101 because"),
            (f"{CALL}; bad('TSL201')", f"{CALL}; bad('TSL201')  # noqa: TSL101, TSL201"),
            (f"{CALL}; bad('TSL201')  # noqa: TSL2", f"{CALL}; bad('TSL201')  # noqa: TSL2, TSL101"),
            (f"x = {CALL} + \\\n  1", f"x = {CALL} + \\\n  1  # noqa: TSL101"),
            (f"x = {CALL}, '''\n# text\n'''", f"x = {CALL}, '''\n# text\n'''  # noqa: TSL101"),
            (f"x = '''\n''' + {CALL}  # noqa: E501\ny = 1", f"x = '''\n''' + {CALL}  # noqa: E501, TSL101\ny = 1"),
            (f"f(1,\n  {CALL},\n  2)", f"f(1,\n  {CALL},  # noqa: TSL101\n  2)"),
            ("bad(\n    'TSL101'\n)", "bad(  # noqa: TSL101\n    'TSL101'\n)"),
            (f"x = 'é'; {CALL}", f"x = 'é'; {CALL}  # noqa: TSL101"),
        ],
    )
    @pytest.mark.parametrize("newline", ["\n", "\r\n"])
    def test_flake8_and_tensorlint_read_what_is_written(self, before: str, after: str, newline: str, run: Run) -> None:
        file = run.write("a.py", f"import torch\n{before}\n".replace("\n", newline))
        result = run("check", "--add-noqa")
        assert file.read_bytes().decode() == f"import torch\n{after}\n".replace("\n", newline)
        assert (result.code, result.out) == (0, "All clear: 1 file.\n")
        assert result.err.endswith(" in 1 file suppressed.\n")
        assert run("check").code == 0
        assert run("check", "--add-noqa").err == "0 findings in 0 files suppressed.\n"
        assert file.read_bytes().decode() == f"import torch\n{after}\n".replace("\n", newline)

    def test_where_no_comment_can_help_nothing_is_written(self, run: Run) -> None:
        text = f"import torch\nx = {CALL}, '# noqa: E501'\n"
        file = run.write("a.py", text)
        result = run("check", "--add-noqa", "--output-format", "concise")
        assert (result.code, file.read_text()) == (1, text)
        assert "a.py:2:5: TSL101" in result.out

    def test_known_findings_and_faults(self, run: Run) -> None:
        file = run.write("a.py", BAD)
        run("baseline", "write")
        file.write_text(BAD + 'bad("TSL102")\n')
        run.write("broken.py", "x = (\n")
        assert run("check", "--add-noqa").code == 2
        assert file.read_text() == BAD + 'bad("TSL102")  # noqa: TSL102\n'

    def test_comments_about_comments_are_not_put_in(self, run: Run) -> None:
        file = run.write("a.py", "import torch\nx = 1  # noqa: TSL777\n")
        assert run("check", "--add-noqa").code == 1
        assert file.read_text() == "import torch\nx = 1  # noqa: TSL777\n"

    @pytest.mark.parametrize("arguments", [["--fix"], ["--diff"], ["-"]])
    def test_bad_usage(self, arguments: list[str], run: Run) -> None:
        file = run.write("a.py", FIXABLE)
        assert run("check", "--add-noqa", *arguments, stdin=FIXABLE.encode()).code == 2
        assert file.read_text() == FIXABLE

    def test_a_file_that_cannot_be_written_is_a_fault(self, run: Run) -> None:
        file = run.write("a.py", BAD)
        file.chmod(0o444)
        result = run("check", "--add-noqa")
        assert result.code == 2
        assert "the comments could not be written: " in result.out
        assert file.read_text() == BAD


def judged(text: str, settings: Settings = BOTH) -> list[tuple[int, int, str, str]]:
    found = lint(Source(text.encode(), "a.py"), settings)
    return [(each.line, each.column, each.code, each.message) for each in found if each.code.startswith("TSL9")]


def mended(text: str) -> str:
    result = fix_source(Source(text.encode(), "a.py"), lambda source: lint(source, BOTH), unsafe=True)
    assert result.findings == []
    return result.data.decode()


@pytest.mark.usefixtures("toy")
class TestJudging:
    @pytest.mark.parametrize(
        ("line", "code", "message", "fixed"),
        [
            ("x = 1  # noqa: TSL101", "TSL901", NOTHING, "x = 1"),
            ("x = 1  # noqa:TSL102,TSL101 ", "TSL901", "`TSL102` and `TSL101` suppress nothing here", "x = 1"),
            ("x = 1  # noqa: TSL2", "TSL901", "`TSL2` suppresses nothing here", "x = 1"),
            (
                "x = 1  # noqa: E501, TSL101, F401",
                "TSL901",
                NOTHING,
                "x = 1  # noqa: E501, F401",
            ),
            ("x = 1  # noqa: TSL101 because", "TSL901", NOTHING, "x = 1  # because"),
            (
                "x = 1  # noqa: TSL101  # type: ignore",
                "TSL901",
                NOTHING,
                "x = 1  # type: ignore",
            ),
            (
                "x = 1  # type: ignore # noqa: TSL101",
                "TSL901",
                NOTHING,
                "x = 1  # type: ignore",
            ),
            (
                f"{CALL}  # noqa: TSL101, TSL201",
                "TSL901",
                "`TSL201` suppresses nothing here",
                f"{CALL}  # noqa: TSL101",
            ),
            ("x = 1  # noqa: TSL777", "TSL902", "there is no rule `TSL777`", "x = 1"),
            ("x = 1  # noqa: TSL777, TSL8", "TSL902", "there is no rule `TSL777` or `TSL8`", "x = 1"),
            (f"{CALL}  # noqa: TSL101, TSL1011", "TSL902", "there is no rule `TSL1011`", f"{CALL}  # noqa: TSL101"),
            ("    # noqa: TSL101", "TSL901", NOTHING, ""),
            ("x = '''\n'''  # noqa: TSL101", "TSL901", NOTHING, "x = '''\n'''"),
        ],
    )
    def test_own_codes_are_judged_and_mended(self, line: str, code: str, message: str, fixed: str) -> None:
        text = f"import torch\n{line}\n"
        ((_, _, found, said),) = judged(text)
        assert (found, said) == (code, message)
        assert mended(text) == f"import torch\n{fixed}\n"

    def test_a_code_that_is_not_in_capitals(self) -> None:
        text = f"import torch\n{CALL}  # noqa: E501,tsl101\n"
        assert judged(text) == [(2, 16, "TSL902", "codes are in capitals: `tsl101` suppresses nothing")]
        assert mended(text) == f"import torch\n{CALL}  # noqa: E501,TSL101\n"

    @pytest.mark.parametrize(
        "line",
        [
            f"{CALL}  # noqa: TSL101",
            f"{CALL}  # noqa: TSL1",
            "x = 1  # noqa",
            "x = 1  # noqa: E501",
            "x = 1  # noqa: E501, XTSL101",
            "x = '# noqa: TSL101'",
            "x = '''\n# noqa: TSL101\n'''",
            "x = 1  # noqa: TSL901",
            "x = 1  # noqa: TSL101, TSL901",
            "x = 1  # flake8: noqa",
            'bad("TSL101", "possible")  # noqa: TSL101',
            f"x = {CALL}, '''\n'''  # noqa: TSL101",
        ],
    )
    def test_what_is_used_or_not_ones_own_is_left_alone(self, line: str) -> None:
        assert judged(f"import torch\n{line}\n") == []

    def test_a_file_without_tensors_is_judged_too(self) -> None:
        assert [each[2] for each in judged("x = 1  # noqa: TSL101\n")] == ["TSL901"]

    def test_rules_that_are_off_are_not_judged(self) -> None:
        text = "import torch\nx = 1  # noqa: TSL101\ny = 1  # noqa: TSL108\nz = 1  # noqa: TSL1\n"
        assert [each[0] for each in judged(text)] == [2]
        table = {"select": ["TSL201", "TSL901"]}
        assert judged(text, laid_over(Settings(), table, Origin("x", "/"))) == []
        everything = laid_over(Settings(), {"select": ["TSL"]}, Origin("x", "/"))
        assert [each[0] for each in judged(text, everything)] == [2, 3, 4]
        table = {"select": ["TSL"], "per-file-ignores": {"*.py": ["TSL101"]}}
        assert [each[0] for each in judged(text, laid_over(Settings(), table, Origin("x", str(Path.cwd()))))] == [3]

    def test_by_default_only_unknown_codes_are_reported(self) -> None:
        text = "import torch\nx = 1  # noqa: TSL101\ny = 1  # noqa: TSL777\n"
        assert [each[2] for each in judged(text, Settings())] == ["TSL902"]

    def test_a_comment_for_the_whole_file_is_not_judged(self) -> None:
        assert judged("# flake8: noqa: TSL101\nimport torch\nx = 1  # noqa: TSL101\n") == []


def test_the_codes_are_those_of_the_pages() -> None:
    assert {each.code: each.default for each in every_rule()}.items() <= codes_by_default().items()
    assert [each.code for each in ABOUT_COMMENTS] == ["TSL901", "TSL902"]


@pytest.mark.parametrize("each", ABOUT_COMMENTS, ids=lambda each: each.code)
def test_pages_are_like_the_others(each: Rule) -> None:
    its = page(each)
    assert [heading for heading, _ in its.sections] == list(HEADINGS)
    settings = Settings((Selection(extend_select=(each.code,)),))
    for text in its.examples:
        assert {finding.code for finding in lint(Source(text.encode(), "example.py"), settings)} == {each.code}
    for text in its.instead:
        assert lint(Source(text.encode(), "example.py"), settings) == []


def test_flake8_does_not_judge(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import torch  # noqa: TSL777, TSL101, F401\n")
    command = [sys.executable, "-m", "flake8", "--isolated", "--tensorlint-extend-select=TSL9", "a.py"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, text=True).stdout == ""
