"""Baselines: what is recorded, what is recognised again, and that git can merge them."""

from __future__ import annotations

import json

import pytest
from commands import BAD, FIXABLE, Run, commit, git
from fakes import toy  # noqa: F401 - a fixture

from tensorlint.settings import BASELINE

pytestmark = pytest.mark.usefixtures("toy")


def entries(run: Run, name: str = BASELINE) -> list[tuple[str, str]]:
    """The paths and codes in a baseline."""
    lines = (run.folder / name).read_text("utf-8").splitlines()
    assert json.loads(lines[0]) == {"baseline of tensorlint": 1}
    return [(each["path"], each["code"]) for each in map(json.loads, lines[1:])]


class TestCheck:
    def test_known_findings_are_not_reported_and_new_ones_are(self, run: Run) -> None:
        run.write("a.py", BAD)
        written = run("baseline", "write")
        assert (written.code, written.out, written.err) == (0, f"{BASELINE}: 1 finding (1 new, 0 gone)\n", "")
        checked = run("check")
        assert (checked.code, checked.out) == (0, "All clear: 1 file.\n")
        assert checked.err == f"1 finding in the baseline {BASELINE} is not reported.\n"
        run.write("a.py", BAD + 'bad("TSL102")\n')
        assert run.codes("check") == ["a.py:3 TSL102"]
        assert run.codes("check", "--no-baseline") == ["a.py:2 TSL101", "a.py:3 TSL102"]
        assert run("check").code == 1

    @pytest.mark.parametrize(
        "text",
        [
            "import torch\n\n\n# moved\n" + 'bad("TSL101")\n',
            "import torch\nif torch:\n    " + 'bad("TSL101")\n',
            "import torch\n" + "bad(\n    'TSL101',\n)  # laid out anew\n",
        ],
    )
    def test_a_finding_is_recognised_after_moving_and_reformatting(self, text: str, run: Run) -> None:
        run.write("a.py", BAD)
        run("baseline", "write")
        run.write("a.py", text)
        assert run.codes("check") == []
        assert "gone" not in run("check").err

    def test_one_more_of_the_same_is_new(self, run: Run) -> None:
        run.write("a.py", BAD)
        run("baseline", "write")
        run.write("a.py", BAD + 'x = 1\nbad("TSL101")\n')
        assert run.codes("check") == ["a.py:4 TSL101"]

    def test_the_same_in_another_file_is_new(self, run: Run) -> None:
        run.write("a.py", BAD)
        run("baseline", "write")
        run.write("b.py", BAD)
        assert run.codes("check") == ["b.py:2 TSL101"]

    def test_what_is_gone_is_said_and_pruned(self, run: Run) -> None:
        run.write("a.py", BAD + 'bad("TSL102")\n')
        run.write("b.py", BAD)
        run.write("c.py", BAD)
        run("baseline", "write")
        run.write("a.py", BAD)
        (run.folder / "b.py").unlink()
        said = run("check").err.splitlines()
        assert said == [
            f"2 findings in the baseline {BASELINE} are not reported.",
            f"2 findings in the baseline {BASELINE} are gone: `tensorlint baseline prune` drops them.",
        ]
        assert "gone" not in run("check", "c.py").err, "nothing is known of what was not asked for"
        assert run("baseline", "prune", "a.py").out == f"{BASELINE}: 3 findings (0 new, 1 gone)\n"
        assert run("baseline", "prune").out == f"{BASELINE}: 2 findings (0 new, 1 gone)\n"
        assert entries(run) == [("a.py", "TSL101"), ("c.py", "TSL101")]
        assert "gone" not in run("check").err

    def test_what_was_not_looked_for_is_not_gone(self, run: Run) -> None:
        run.write("a.py", 'import torch\nbad("TSL101", "likely")\nbad("TSL108")\nbad("TSL201")\n')
        run("baseline", "write", "--extend-select", "TSL108")
        assert len(entries(run)) == 3
        for less in (("--select", "TSL2"), ("--confidence", "certain"), ("--ignore", "TSL"), ()):
            assert "gone" not in run("check", *less).err
            run("baseline", "prune", *less)
        assert len(entries(run)) == 3

    def test_a_file_that_cannot_be_linted_keeps_its_entries(self, run: Run) -> None:
        run.write("a.py", BAD)
        run("baseline", "write")
        run.write("a.py", "x = (\n")
        assert "gone" not in run("check").err
        for command in ("prune", "write"):
            result = run("baseline", command)
            assert result.code == 2
            assert "a.py:1:5: TSL900" in result.err
            assert entries(run) == [("a.py", "TSL101")]

    def test_known_findings_are_not_fixed(self, run: Run) -> None:
        file = run.write("a.py", FIXABLE)
        run("baseline", "write")
        file.write_text(FIXABLE + 'fixable("TSL201")\n')
        assert run("fix", "--unsafe-fixes").out == "Fixed 1 finding.\nAll clear: 1 file.\n"
        assert file.read_text() == FIXABLE + "fine()\n"
        assert run("check", "--diff", "--unsafe-fixes").out == ""

    def test_standard_input(self, run: Run) -> None:
        run.write("src/a.py", BAD)
        run("baseline", "write")
        arguments = ("check", "-", "--stdin-filename", "src/a.py")
        assert run(*arguments, stdin=b"# new\n" + BAD.encode()).code == 0
        assert run(*arguments, stdin=BAD.encode() + b'bad("TSL201")\n').code == 1

    def test_suppressed_findings_are_not_recorded(self, run: Run) -> None:
        run.write("a.py", 'import torch\nbad("TSL101")  # noqa: TSL101\n')
        run("baseline", "write")
        assert entries(run) == []


class TestWhere:
    def test_it_lies_beside_the_settings_wherever_the_run_begins(
        self, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run.write("pyproject.toml", "[tool.tensorlint]\n")
        run.write("src/a.py", BAD)
        run("baseline", "write", "src")
        assert entries(run) == [("src/a.py", "TSL101")]
        monkeypatch.chdir(run.folder / "src")
        assert run("check").code == 0
        assert run("check", str(run.folder / "src/a.py")).code == 0
        assert run("check", "--isolated").code == 1

    def test_the_settings_or_the_command_line_name_another(self, run: Run) -> None:
        run.write("pyproject.toml", '[tool.tensorlint]\nbaseline = "known.jsonl"\n')
        run.write("a.py", BAD)
        missing = run("check")
        assert missing.code == 2
        said = f"{run.folder / 'known.jsonl'}: there is no such baseline (`tensorlint baseline write` makes it)\n"
        assert missing.err == f"Error: {run.folder / 'pyproject.toml'}: 'baseline': {said}"
        assert run("check", "--isolated", "--baseline", "known.jsonl").err == f"Error: command line: 'baseline': {said}"
        run("baseline", "write")
        assert entries(run, "known.jsonl") == [("a.py", "TSL101")]
        run("baseline", "write", "--baseline", "other.jsonl", "--select", "TSL2")
        assert entries(run, "other.jsonl") == []
        assert run("check").code == 0
        assert run("check", "--baseline", "other.jsonl").code == 1
        assert run("check", "--baseline", "other.jsonl", "--no-baseline").code == 2

    def test_each_file_has_the_baseline_of_its_settings(self, run: Run) -> None:
        run.write("pyproject.toml", "[tool.tensorlint]\n")
        run.write("inner/tensorlint.toml", "")
        run.write("a.py", BAD)
        run.write("inner/b.py", BAD)
        run("baseline", "write")
        assert entries(run) == [("a.py", "TSL101")]
        assert entries(run, f"inner/{BASELINE}") == [("b.py", "TSL101")]
        assert run("check").code == 0

    def test_what_it_says_of_other_files_is_kept(self, run: Run) -> None:
        for name in ("a.py", "src/b.py", "src/c.py"):
            run.write(name, BAD)
        run("baseline", "write")
        (run.folder / "a.py").unlink()
        (run.folder / "src/c.py").unlink()
        run.write("src/b.py", 'import torch\nbad("TSL201")\n')
        assert run("baseline", "write", "src").out == f"{BASELINE}: 2 findings (1 new, 2 gone)\n"
        assert entries(run) == [("a.py", "TSL101"), ("src/b.py", "TSL201")]

    def test_lines_that_say_the_same_stay_as_they_are(self, run: Run) -> None:
        run.write("a.py", BAD)
        run("baseline", "write")
        before = (run.folder / BASELINE).read_bytes()
        run.write("a.py", 'import torch\nif 1:\n    bad(  "TSL101"  )\n')
        run("baseline", "write")
        assert (run.folder / BASELINE).read_bytes() == before

    def test_pruning_needs_one(self, run: Run) -> None:
        run.write("a.py", BAD)
        assert run("baseline", "prune").code == 2
        assert not (run.folder / BASELINE).exists()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("<<<<<<< HEAD\n", "line 1: a conflict of a merge has been left here"),
        ("\n{]\n", "line 2: not JSON: expecting property name enclosed in double quotes (at column 2)\n"),
        ("[1]\n", "line 1: not an entry of a baseline (path, code, fingerprint, confidence, text)"),
        ('{"path": "a.py"}\n', "line 1: not an entry of a baseline"),
        ('{"path": 1, "code": "", "fingerprint": "", "confidence": "", "text": ""}', "line 1: not an entry"),
        ('{"path": "", "code": "", "fingerprint": "", "confidence": "no", "text": ""}', "unknown confidence 'no'"),
        ('{"baseline of tensorlint": 2}\n', "line 1: this baseline was made by another version of tensorlint"),
        ("é".encode("latin-1"), "not a baseline: not UTF-8"),
    ],
)
def test_what_is_no_baseline(text: str | bytes, complaint: str, run: Run) -> None:
    run.write("a.py", BAD)
    (run.folder / BASELINE).write_bytes(text if isinstance(text, bytes) else text.encode())
    for command in (("check",), ("check", "-"), ("fix", "a.py"), ("baseline", "write"), ("baseline", "prune")):
        result = run(*command)
        assert result.code == 2
        assert result.err.startswith(f"Error: {run.folder / BASELINE}: ")
        assert complaint in result.err


def test_an_unwritable_one_is_an_error(run: Run) -> None:
    run.write("a.py", BAD)
    result = run("baseline", "write", "--baseline", "missing/known.jsonl")
    assert result.code == 2
    assert "known.jsonl: cannot be written: No such file or directory" in result.err


class TestMerging:
    """By git itself."""

    @pytest.fixture
    def repository(self, run: Run) -> Run:
        for name in "abcdefg":
            run.write(f"{name}.py", BAD)
        run("baseline", "write")
        git(run.folder, "init", "--quiet", "--initial-branch=main")
        commit(run.folder)
        return run

    def merge(self, run: Run, first: dict[str, str], second: dict[str, str]) -> str:
        """Change files on two branches, record the findings on both, and merge."""
        for branch, files in (("first", first), ("second", second)):
            git(run.folder, "switch", "--quiet", "--create", branch, "main")
            for name, text in files.items():
                run.write(name, text)
            run("baseline", "write")
            commit(run.folder)
        return git(run.folder, "merge", "--quiet", "--no-edit", "first")

    def test_changes_in_different_files_merge(self, repository: Run) -> None:
        more = BAD + 'bad("TSL201")\n'
        self.merge(repository, {"b.py": more, "f.py": "import torch\n"}, {"d.py": more, "a.py": "import torch\n"})
        checked = repository("check")
        assert (checked.code, checked.err) == (0, f"7 findings in the baseline {BASELINE} are not reported.\n")

    def test_changes_at_one_place_merge_by_union(self, repository: Run) -> None:
        (repository.folder / ".gitattributes").write_text(f"{BASELINE} merge=union\n")
        commit(repository.folder)
        more = BAD + 'bad("TSL201")\n'
        self.merge(repository, {"x.py": BAD, "g.py": more}, {"y.py": BAD, "z.py": BAD})
        checked = repository("check")
        assert (checked.code, checked.err) == (0, f"11 findings in the baseline {BASELINE} are not reported.\n")
        before = sorted((repository.folder / BASELINE).read_text().splitlines())
        repository("baseline", "write")
        assert sorted((repository.folder / BASELINE).read_text().splitlines()) == before
