"""``--diff-base``: only what stands on changed lines is reported."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from commands import BAD, FIXABLE, Run, commit, git
from fakes import toy  # noqa: F401 - a fixture

from tensorlint.changes import Lines

pytestmark = pytest.mark.usefixtures("toy")

TWO = 'import torch\nbad("TSL101")\nx = 1\ny = 2\nbad("TSL102")\n'


@pytest.fixture
def repository(run: Run) -> Run:
    for name in ("a.py", "b.py", "sub/c.py", "gone.py"):
        run.write(name, TWO)
    git(run.folder, "init", "--quiet", "--initial-branch=main")
    commit(run.folder)
    return run


def found(run: Run, *arguments: str, base: str = "main") -> list[str]:
    return run.codes("check", "--diff-base", base, *arguments)


def test_what_has_not_changed_is_not_reported(repository: Run) -> None:
    assert found(repository) == []
    assert repository("check", "--diff-base", "main").out == "All clear: 0 files.\n"


def test_changed_lines_of_changed_files(repository: Run) -> None:
    repository.write("a.py", TWO.replace("x = 1", 'bad("TSL201")'))
    repository.write("sub/c.py", "# new\n" + TWO.replace('bad("TSL102")', 'bad(\n    "TSL102"\n)'))
    assert found(repository) == ["a.py:3 TSL201", "sub/c.py:6 TSL102"]
    assert found(repository, "sub") == ["sub/c.py:6 TSL102"]


def test_a_change_within_a_finding_of_several_lines_counts(repository: Run) -> None:
    repository.write("a.py", 'import torch\nbad(\n    "TSL101",\n)\n')
    commit(repository.folder)
    repository.write("a.py", 'import torch\nbad(\n    "TSL101"\n)\n')
    assert found(repository) == ["a.py:2 TSL101"]


def test_committed_staged_and_untracked_changes_count(repository: Run) -> None:
    git(repository.folder, "switch", "--quiet", "--create", "topic")
    repository.write("a.py", TWO + 'bad("TSL201")\n')
    commit(repository.folder)
    repository.write("staged.py", BAD)
    git(repository.folder, "add", "staged.py")
    repository.write("b.py", TWO.replace("y = 2", 'bad("TSL201")'))
    repository.write("untracked.py", BAD)
    (repository.folder / "gone.py").unlink()
    expected = ["a.py:6 TSL201", "b.py:4 TSL201", "staged.py:2 TSL101", "untracked.py:2 TSL101"]
    assert found(repository) == expected
    assert found(repository, base="HEAD") == expected[1:]


def test_an_ignored_file_that_is_named_is_new(repository: Run) -> None:
    repository.write(".gitignore", "made.py\n")
    repository.write("made.py", BAD)
    assert found(repository) == []
    assert found(repository, "made.py") == ["made.py:2 TSL101"]


def test_renamed_files_have_only_their_changes(repository: Run) -> None:
    git(repository.folder, "mv", "a.py", "sub/d.py")
    repository.write("sub/d.py", TWO + 'bad("TSL201")\n')
    assert found(repository) == ["sub/d.py:6 TSL201"]


def test_since_leaving_a_branch(repository: Run) -> None:
    git(repository.folder, "switch", "--quiet", "--create", "topic")
    repository.write("a.py", TWO + 'bad("TSL201")\n')
    commit(repository.folder)
    git(repository.folder, "switch", "--quiet", "main")
    repository.write("b.py", "import torch\n")
    commit(repository.folder)
    git(repository.folder, "switch", "--quiet", "topic")
    assert found(repository, base="main...") == ["a.py:6 TSL201"]
    assert found(repository) == ["a.py:6 TSL201", "b.py:2 TSL101", "b.py:5 TSL102"]


@pytest.mark.parametrize(
    "name", ["a b.py", "é𝔘.py", 'q"\\.py', "new\nline.py", "x\ndiff --git y.py", "tab\t.py", "-x.py", "@@ -1 +1 @@.py"]
)
def test_odd_names(name: str, repository: Run) -> None:
    for each in (name, f"diff --git a/{name}"):
        repository.write(each, TWO)
    commit(repository.folder)
    for each in (name, f"diff --git a/{name}"):
        repository.write(each, TWO.replace("x = 1", 'bad("TSL201")'))
    repository.write("z.py", BAD)
    expected = [f"{name}:3 TSL201", f"diff --git a/{name}:3 TSL201", "z.py:2 TSL101"]
    assert sorted(found(repository)) == sorted(expected)


def test_lines_that_look_like_a_patch(repository: Run) -> None:
    text = "import torch\n'''\n@@ -1 +1 @@\ndiff --git a/x b/x\n:100644\n'''\n"
    repository.write("a.py", text)
    commit(repository.folder)
    repository.write("a.py", text.replace("@@ -1 +1 @@", "@@ -1 +99 @@") + 'bad("TSL101")\n')
    repository.write("b.py", TWO + 'bad("TSL201")\n')
    assert found(repository) == ["a.py:7 TSL101", "b.py:6 TSL201"]


def test_a_file_that_became_a_link_and_one_in_a_conflict(repository: Run) -> None:
    (repository.folder / "a.py").unlink()
    (repository.folder / "a.py").symlink_to("sub/c.py")
    repository.write("b.py", TWO + 'bad("TSL201")\n')
    assert "b.py:6 TSL201" in found(repository)
    git(repository.folder, "checkout", "--quiet", "--", ".")
    for branch in ("one", "two"):
        git(repository.folder, "switch", "--quiet", "--create", branch, "main")
        repository.write("a.py", TWO.replace("x = 1", f'bad("TSL201"); x = "{branch}"'))
        commit(repository.folder)
    with pytest.raises(AssertionError, match="CONFLICT"):
        git(repository.folder, "merge", "--quiet", "one")
    repository.write("b.py", TWO + 'bad("TSL201")\n')
    repository.write("a.py", TWO.replace("x = 1", 'bad("TSL201")'))
    assert {"a.py:3 TSL201", "b.py:6 TSL201"} <= set(found(repository))


def test_programs_that_git_could_call_are_not_called(repository: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    program = repository.write("program.sh", "#!/bin/sh\ntouch called\nexit 0\n")
    program.chmod(0o755)
    repository.write(".gitattributes", "*.py diff=odd\n")
    for key in ("diff.external", "diff.odd.command", "diff.odd.textconv", "core.fsmonitor", "core.pager"):
        git(repository.folder, "config", key, str(program))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(program))
    repository.write("a.py", TWO + 'bad("TSL201")\n')
    assert found(repository) == ["a.py:6 TSL201"]
    assert not (repository.folder / "called").exists()


def test_settings_of_git_change_nothing(repository: Run) -> None:
    for key, value in {
        "diff.interHunkContext": "9", "diff.context": "9", "diff.noprefix": "true", "color.ui": "always",
        "diff.relative": "true", "diff.renames": "copies", "diff.mnemonicPrefix": "true", "core.quotePath": "true",
    }.items():  # fmt: skip
        git(repository.folder, "config", key, value)
    repository.write("a.py", "# new\n" + TWO.replace("y = 2", 'bad("TSL201")'))
    repository.write("sub/c.py", TWO + 'bad("TSL201")\n')
    assert found(repository) == ["a.py:5 TSL201", "sub/c.py:6 TSL201"]


def test_from_a_folder_below(repository: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.write("sub/c.py", TWO + 'bad("TSL201")\n')
    monkeypatch.chdir(repository.folder / "sub")
    monkeypatch.setenv("GIT_DIR", os.fspath(repository.folder / "nowhere"))
    assert found(repository) == ["c.py:6 TSL201"]


@pytest.mark.parametrize(
    ("base", "complaint"),
    [
        ("nowhere", "'nowhere' is not known to the git repository "),
        ("nowhere...", "'nowhere...' is not known to the git repository "),
        ("--output=x", "'--output=x' is no revision"),
        ("", "'' is no revision"),
        ("HEAD:a.py", "'HEAD:a.py' is not known to the git repository "),
    ],
)
def test_an_unknown_revision_is_an_error(base: str, complaint: str, repository: Run) -> None:
    repository.write("a.py", BAD)
    result = repository("check", "--diff-base", base, "--exit-zero")
    assert (result.code, result.out) == (2, "")
    assert f"Error: --diff-base: {complaint}" in result.err


def test_outside_git_it_is_an_error(run: Run) -> None:
    run.write("a.py", BAD)
    result = run("check", "--diff-base", "main")
    assert (result.code, result.out) == (2, "")
    assert f"Error: --diff-base: {run.folder} is in no git repository" in result.err


def test_without_git_it_is_an_error(repository: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert "--diff-base: git cannot be run: " in repository("check", "--diff-base", "main").err


@pytest.mark.parametrize("arguments", [["--fix"], ["--diff"], ["-"]])
def test_bad_usage(arguments: list[str], repository: Run) -> None:
    file = repository.write("a.py", FIXABLE)
    assert repository("check", "--diff-base", "main", *arguments).code == 2
    assert file.read_text() == FIXABLE


def test_comments_are_put_only_to_changed_lines(repository: Run) -> None:
    file = repository.write("a.py", TWO.replace("x = 1", 'bad("TSL201")'))
    repository("check", "--diff-base", "main", "--add-noqa")
    assert file.read_text() == TWO.replace("x = 1", 'bad("TSL201")  # noqa: TSL201')


def test_a_file_that_cannot_be_linted_is_a_fault_wherever_the_change_is(repository: Run) -> None:
    repository.write("a.py", "x = (\n" + TWO)
    commit(repository.folder)
    repository.write("a.py", "x = (\n" + TWO + "y = 3\n")
    for _ in range(2):  # the second time it may be known
        assert repository("check", "--diff-base", "HEAD").code == 2


@pytest.mark.parametrize(
    ("numbers", "first", "last", "expected"),
    [(None, 1, 1, True), ((), 1, 9, False), ((3, 7), 4, 6, False), ((3, 7), 3, 3, True), ((3, 7), 1, 3, True),
     ((3, 7), 6, 9, True), ((3, 7), 8, 9, False)],
)  # fmt: skip
def test_lines(numbers: tuple[int, ...] | None, first: int, last: int, expected: bool) -> None:
    assert Lines(numbers).meet(first, last) is expected


def test_a_folder_reached_by_a_link(repository: Run, tmp_path_factory: pytest.TempPathFactory) -> None:
    repository.write("a.py", TWO.replace("x = 1", 'bad("TSL201")'))
    link = Path(tmp_path_factory.mktemp("elsewhere")) / "link"
    link.symlink_to(repository.folder)
    assert [each.rpartition("/")[2] for each in found(repository, str(link))] == ["a.py:3 TSL201"]
