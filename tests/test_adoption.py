"""The walk through a real code base is walked again; `pytest --slow --update-readme` refreshes the page."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import ROOT, copy_checkout
from played import hold, run
from readme_blocks import blocks

import tensorlint

PAGE = ROOT / "docs" / "adoption.md"
BLOCKS = list(blocks(PAGE.read_text(encoding="utf-8")))


def test_the_page_shows_what_it_is_about() -> None:
    """An output that was refreshed while something was broken would say that all is clear."""
    printed = dict.fromkeys((block.section for block in BLOCKS), "")
    for block in BLOCKS:
        printed[block.section] += block.text if block.language == "console" else ""
    assert "Found 6 findings" in printed["The first run"]
    assert "6 findings (6 new, 0 gone)" in printed["The baseline"]
    assert "TSL101 [certain]" in printed["A new bug"]
    assert "exit code 1" in printed["A new bug"]
    assert "::error title=TSL101" in printed["On GitHub"]
    assert "TSL101 error" in printed["On GitHub"]
    assert ".detach().cpu().numpy()" in printed["The repair"]
    assert "files were modified by this hook" in printed["Before every commit"]
    assert "4 findings (0 new, 2 gone)" in printed["When old findings are mended"]


def test_the_hooks_are_of_this_version() -> None:
    (configuration,) = (block.text for block in BLOCKS if block.file == ".pre-commit-config.yaml")
    assert f"rev: v{tensorlint.__version__}\n" in configuration


@pytest.mark.slow
def test_commands_print_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    wheel = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "speechbrain==1.0.2"]
    if subprocess.run(wheel, cwd=tmp_path, capture_output=True).returncode != 0:
        pytest.skip("speechbrain cannot be fetched from the package index")
    for name in [name for name in os.environ if name.startswith(("GIT_", "GITHUB_", "CI_", "PRE_COMMIT"))]:
        monkeypatch.delenv(name)
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "test")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "test@example.org")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "pre-commit"))
    hooks = copy_checkout(tmp_path / "tensorlint")
    for command in ("init --quiet", "add --all", "commit --quiet -m all", f"tag v{tensorlint.__version__}"):
        told, status = run(f"git {command}", hooks)
        assert status == 0, told
    folder = tmp_path / "speechbrain"
    folder.mkdir()
    hold(PAGE, BLOCKS, folder, request.config.getoption("--update-readme"))
