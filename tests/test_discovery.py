"""Discovery: which files the paths lead to."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tensorlint.discovery import Discovered, discover, display_path, project_root
from tensorlint.settings import DEFAULT_EXCLUDE, PathPatterns, Settings

Tree = Callable[..., Path]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    """Makes files below an empty working folder, and gives it."""
    monkeypatch.chdir(tmp_path)

    def make(*names: str, **texts: str) -> Path:
        for name in names:
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("")
        return tmp_path

    return make


def found(*paths: str, settings: Settings | None = None, force_exclude: bool = False) -> Discovered:
    chosen = settings or Settings()
    return discover(paths, lambda folder: chosen, force_exclude=force_exclude)


def names(*paths: str, settings: Settings | None = None, force_exclude: bool = False) -> list[str]:
    return [display_path(file) for file in found(*paths, settings=settings, force_exclude=force_exclude).files]


def excluding(*patterns: str) -> Settings:
    return Settings(exclude=(PathPatterns("", DEFAULT_EXCLUDE), PathPatterns(os.getcwd(), patterns)))


def test_python_files_below_a_folder_in_one_order(tree: Tree) -> None:
    tree("b.py", "a.py", "pkg/z.py", "pkg/__init__.py", "pkg-x/c.py", "notes.txt", "pkg/data.pyc", "stub.pyi")
    assert names(".") == ["a.py", "b.py", "pkg-x/c.py", "pkg/__init__.py", "pkg/z.py"]
    assert names("pkg", "b.py", ".") == names(".")


@pytest.mark.parametrize("folder", [".git", ".venv", "build", "site-packages", "node_modules", "__pycache__", "a/dist"])
def test_default_excludes(folder: str, tree: Tree) -> None:
    tree("kept.py", f"{folder}/x.py", f"{folder}/deep/y.py")
    assert names(".") == ["kept.py"]
    # Who names the folder means it.
    assert names(folder) == [f"{folder}/deep/y.py", f"{folder}/x.py"]
    assert names(folder, force_exclude=True) == []


def test_excludes_of_the_settings(tree: Tree) -> None:
    tree("a.py", "gen/b.py", "src/gen/c.py", "src/d_pb2.py", "src/keep_pb2.py")
    assert names(".", settings=excluding("/gen", "*_pb2.py", "!keep_pb2.py")) == [
        "a.py",
        "src/gen/c.py",
        "src/keep_pb2.py",
    ]
    assert names("gen", settings=excluding("gen")) == ["gen/b.py"]


def test_a_named_file_is_linted_unless_exclusion_is_forced(tree: Tree) -> None:
    tree("script", "build/a.py", "gen/deep/b.py")
    settings = excluding("gen")
    assert names("script", "build/a.py", "gen/deep/b.py", settings=settings) == [
        "build/a.py",
        "gen/deep/b.py",
        "script",
    ]
    assert names("script", "build/a.py", "gen/deep/b.py", settings=settings, force_exclude=True) == ["script"]


def test_gitignore_files_at_every_level(tree: Tree) -> None:
    root = tree("a.py", "out/b.py", "pkg/gen.py", "pkg/kept.py", "pkg/deep/gen.py", "pkg/deep/own.py", ".git/config")
    (root / ".gitignore").write_text("out/\ngen.py\n")
    (root / "pkg/deep/.gitignore").write_text("!gen.py\nown.py\n")
    assert names(".") == ["a.py", "pkg/deep/gen.py", "pkg/kept.py"]
    # The same whether the walk starts above or below the file that says so.
    assert names("pkg/deep") == ["pkg/deep/gen.py"]
    assert names("pkg/gen.py", "pkg/deep/gen.py", force_exclude=True) == ["pkg/deep/gen.py"]
    assert names("out/b.py", "out") == ["out/b.py"]
    assert names("out/b.py", "out", force_exclude=True) == []


def test_a_gitignore_above_the_repository_is_not_asked(tree: Tree) -> None:
    root = tree("repo/.git/config", "repo/a.py")
    (root / ".gitignore").write_text("*\n")
    assert names("repo") == ["repo/a.py"]


def test_a_missing_path_is_a_problem_and_the_others_are_found(tree: Tree) -> None:
    tree("a.py")
    result = found("nowhere.py", ".", "a\0b")
    missing, unreadable = result.problems
    assert (missing.path, missing.message) == ("nowhere.py", "no such file or folder")
    assert unreadable.path == "a\0b"
    assert re.fullmatch(r"cannot be read: .*embedded null \w+.*", unreadable.message)  # in each Python's own words
    assert [display_path(file) for file in result.files] == ["a.py"]


def test_a_folder_without_python_files_is_named(tree: Tree) -> None:
    tree("docs/readme.md", "src/a.py")
    assert found("docs", "src").empty == ["docs"]
    assert found("docs", "src").problems == []
    # All of it was reached by another name already.
    assert found("src/a.py", "src").empty == []


def test_links(tree: Tree, tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tree("src/a.py", "src/b.py")
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "far.py").write_text("")
    (root / "src/0.py").symlink_to("a.py")
    (root / "src/loop").symlink_to("..")
    (root / "src/self.py").symlink_to("self.py")
    (root / "src/gone.py").symlink_to("nothing")
    (root / "away").symlink_to(elsewhere)
    (root / "far_link.py").symlink_to(elsewhere / "far.py")
    # Once each, under its own name where that is in sight; folders are not entered through links unless named.
    assert names(".") == ["far_link.py", "src/a.py", "src/b.py"]
    assert names("src/0.py") == ["src/0.py"]
    assert names("src/0.py", "src") == ["src/a.py", "src/b.py"]
    assert names("away") == ["away/far.py"]
    assert found("src/gone.py").problems[0].message == "no such file or folder"
    assert "cannot be read" in found("src/self.py").problems[0].message


def test_pipes_and_devices_are_left_alone(tree: Tree) -> None:
    root = tree("a.py")
    os.mkfifo(root / "pipe.py")
    assert names(".") == ["a.py"]
    assert [(each.path, each.message) for each in found("pipe.py", "/dev/null").problems] == [
        ("pipe.py", "not a regular file"),
        ("/dev/null", "not a regular file"),
    ]


def test_an_unreadable_folder_is_a_problem(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tree("a.py", "locked/b.py")
    (root / "locked").chmod(0)
    real = os.scandir

    def scandir(path: str) -> object:  # the superuser can read everything: refuse for them
        if not os.stat(path).st_mode & stat.S_IRUSR:
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    try:
        result = found(".")
    finally:
        (root / "locked").chmod(0o755)
    assert [display_path(file) for file in result.files] == ["a.py"]
    assert [(display_path(each.path), each.message) for each in result.problems] == [
        ("locked", "cannot be read: Permission denied")
    ]


def test_display_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    monkeypatch.chdir(inner)
    assert display_path("./pkg//a.py") == "pkg/a.py"
    assert display_path(str(inner / "a.py")) == "a.py"
    assert display_path("../a.py") == str(tmp_path / "a.py")
    assert display_path(str(tmp_path / "inner2" / "a.py")) == str(tmp_path / "inner2" / "a.py")


@pytest.mark.parametrize("mark", ["pyproject.toml", "setup.py", "setup.cfg", ".git"])
def test_project_root(mark: str, tmp_path: Path) -> None:
    (tmp_path / "src/pkg").mkdir(parents=True)
    (tmp_path / mark).touch()
    assert project_root(str(tmp_path / "src/pkg/a.py")) == str(tmp_path)
    assert project_root(str(tmp_path)) == str(tmp_path)


def test_excluded_names_are_matched_as_git_matches_them(tree: Tree) -> None:
    """Bare names are matched without the library that matches patterns: it says the same."""
    root = tree("gen/a.py", "gen.py", "pkg/gen/deep/b.py", "pkg/gen.py", "pkg/regen/c.py", "pkg/.hid/d.py", "pkg/e.py")
    settings = Settings(exclude=(PathPatterns(str(root), ("gen", ".hid")), PathPatterns("", ("regen",))))
    patterns = Settings(exclude=(PathPatterns(str(root), ("gen", ".hi[d]")), PathPatterns("", ("rege[n]",))))
    assert names(".", settings=settings) == ["gen.py", "pkg/e.py", "pkg/gen.py"] == names(".", settings=patterns)
    named = ("gen/a.py", "pkg/gen/deep/b.py", "pkg/gen.py", "pkg/.hid/d.py")
    assert names(*named, settings=settings, force_exclude=True) == ["pkg/gen.py"]
    assert names(*named, settings=patterns, force_exclude=True) == ["pkg/gen.py"]
