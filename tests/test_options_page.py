"""The page of commands and options: made of the commands, and up to date."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import ROOT

from tensorlint.cli import page

TEXT = page.page()
COMMANDS = re.findall(r"^## (tensorlint .*)$", TEXT, re.MULTILINE)


def test_the_file_is_what_the_command_makes(tmp_path: Path) -> None:
    assert page.main([str(tmp_path)]) == 0
    made = (tmp_path / "options.md").read_text("utf-8")
    assert (ROOT / "docs" / "options.md").read_text("utf-8") == made, "stale: run `python -m tensorlint.cli.page`"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_the_help_is_told(command: str) -> None:
    done = subprocess.run([sys.executable, "-m", *command.split(), "--help"], capture_output=True, text=True, cwd=ROOT)
    section = TEXT.split(f"\n## {command}\n")[1].split("\n## ")[0]
    offered = set(re.findall(r"^  (?:-\w, )?(--[a-z-]+)", done.stdout, re.MULTILINE)) - {"--help"}
    assert (
        set(re.findall(r"^- `(--[a-z-]+)", section, re.MULTILINE))
        | {
            name
            for line in re.findall(r"^As for .*", section, re.MULTILINE)
            for name in re.findall(r"`(--[a-z-]+)`", line)
        }
        == offered
    )


def test_all_commands_are_there() -> None:
    assert {"tensorlint check", "tensorlint baseline write", "tensorlint verify"} < set(COMMANDS)
