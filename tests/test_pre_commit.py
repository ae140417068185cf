"""The hooks, run by the real pre-commit, which installs the package from a git repository of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import ROOT, copy_checkout
from notebooks import cells_of, notebook
from readme_blocks import README, blocks

import tensorlint

PRE_COMMIT = Path(sys.executable).with_name("pre-commit")

STRIDE = """\
import numpy as np
import torch


def load(image: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.flip(image, 1))
"""

CLEAN = """\
import torch


def load(image: torch.Tensor) -> torch.Tensor:
    return image.flip(1)
"""


def run(folder: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command without the settings that the machine has for git."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PRE_COMMIT"))},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "PRE_COMMIT_HOME": str(folder.parent / "pre-commit"),
        **{f"GIT_{who}_{what}": "test" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }
    return subprocess.run(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )


def commit(folder: Path, tag: str | None = None) -> None:
    tagging = [["tag", tag]] if tag else []
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "all"], *tagging):
        done = run(folder, "git", *command)
        assert done.returncode == 0, done.stderr


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A user's repository, with one wrong file and one right one."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "load.py").write_text(STRIDE)
    (folder / "clean.py").write_text(CLEAN)
    (folder / "notes.txt").write_text(STRIDE)
    commit(folder)
    return folder


def test_manifest_is_valid() -> None:
    done = run(ROOT, PRE_COMMIT, "validate-manifest", ".pre-commit-hooks.yaml")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("entry", ["tensorlint check --force-exclude", "tensorlint fix --force-exclude"])
def test_entries_are_commands(entry: str, tmp_path: Path) -> None:
    assert f"entry: {entry}\n" in (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    (tmp_path / "clean.py").write_text(CLEAN)
    done = run(tmp_path, *[Path(sys.executable).with_name("tensorlint"), *entry.split()[1:], "clean.py"])
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_try_repo(project: Path) -> None:
    hooks = copy_checkout(project.parent / "hooks")
    commit(hooks)
    done = run(project, PRE_COMMIT, "try-repo", hooks, "tensorlint", "--all-files")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "- exit code: 1" in done.stdout
    assert "load.py" in done.stdout
    assert "TSL301" in done.stdout
    assert "clean.py" not in done.stdout
    assert (project / "load.py").read_text() == STRIDE


@pytest.mark.slow
def test_the_configuration_in_the_readme(project: Path) -> None:
    """Both hooks, the fixing one first: it changes the file and fails, and then there is nothing left to say."""
    configuration = next(
        block.text for block in blocks(README.read_text(encoding="utf-8")) if block.file == ".pre-commit-config.yaml"
    )
    (project / ".pre-commit-config.yaml").write_text(configuration)
    (project / "load.ipynb").write_text(notebook(STRIDE))
    assert run(project, "git", "add", "--all").returncode == 0
    commit(copy_checkout(project.parent / "tensorlint"), tag=f"v{tensorlint.__version__}")
    first = run(project, PRE_COMMIT, "run", "--all-files")
    assert first.returncode == 1, first.stdout + first.stderr
    assert "files were modified by this hook" in first.stdout
    fixed = STRIDE.replace("np.flip(image, 1)", "np.flip(image, 1).copy()")
    assert (project / "load.py").read_text() == fixed
    assert cells_of((project / "load.ipynb").read_text()) == [fixed]
    assert (project / "notes.txt").read_text() == STRIDE
    assert run(project, "git", "add", "--all").returncode == 0
    second = run(project, PRE_COMMIT, "run", "--all-files")
    assert second.returncode == 0, second.stdout + second.stderr
