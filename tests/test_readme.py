"""Every command in the README is run, and prints what the README says; `pytest --update-readme` refreshes it."""

from __future__ import annotations

import sys
import time
from itertools import groupby
from pathlib import Path

import pytest
from checkout import ROOT, copy_checkout
from played import hold, run
from readme_blocks import README, Block, blocks, commands, is_set_up

from tensorlint.configuration import read
from tensorlint.linter import codes
from tensorlint.settings import check_codes

SECTIONS = {
    name: list(found)
    for name, found in groupby(blocks(README.read_text(encoding="utf-8")), key=lambda block: block.section)
}
SET_UP = [
    block
    for found in SECTIONS.values()
    for block in found
    if block.language == "console" and "tests" not in block.marks and any(c.sets_up for c in commands(block))
]


def test_every_block_is_used() -> None:
    """A block that is neither a file nor a console session would be text that nothing checks."""
    for block in (block for found in SECTIONS.values() for block in found):
        where = f"README line {block.first}"
        assert block.language, f"{where}: the block does not say what it is"
        assert block.file or block.language == "console", f"{where}: neither a file nor commands"


@pytest.mark.parametrize("section", SECTIONS)
def test_commands_print_what_the_readme_says(section: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    found = SECTIONS[section]
    folder = _folder(found, tmp_path)
    hold(README, found, folder, request.config.getoption("--update-readme"))


@pytest.mark.slow
@pytest.mark.parametrize("block", SET_UP, ids=lambda block: block.section)
def test_set_up_from_nothing(block: Block, tmp_path: Path) -> None:
    """In a fresh virtual environment the commands do the same, in under a minute."""
    folder = copy_checkout(tmp_path / "tensorlint")
    started, printed = time.monotonic(), ""
    for command in commands(block):
        for part in command.parts:
            told, status = run(part.replace("python3 ", f"{sys.executable} "), folder, 0, fresh=True)
            if is_set_up(part):  # what pip has to say of the machine is no business of the README's
                assert status == 0, told
            else:
                printed += told
    assert printed == "".join(command.printed for command in commands(block))
    assert time.monotonic() - started < 60


def test_examples_are_the_shipped_ones() -> None:
    shown = {block.file: block.text for found in SECTIONS.values() for block in found if block.file}
    for path in (ROOT / "fixtures" / "readme").iterdir():
        if f"fixtures/readme/{path.name}" not in README.read_text(encoding="utf-8"):  # it is linted as it is shipped
            assert path.read_text(encoding="utf-8") == shown[path.name]


def test_examples_show_findings() -> None:
    """An output that was refreshed while something was broken would say that all is clear."""
    sections = (*SECTIONS["Try it"], *SECTIONS["What it finds"])
    printed = "".join(block.text for block in sections if block.language == "console")
    for code in ("TSL101", "TSL102", "TSL203"):
        assert code in printed
    assert "All clear" not in printed


def test_settings_are_right(tmp_path: Path) -> None:
    (block,) = (block for found in SECTIONS.values() for block in found if block.file == "pyproject.toml")
    (tmp_path / "pyproject.toml").write_text(block.text, encoding="utf-8")
    settings = read(str(tmp_path / "pyproject.toml"), required=True)
    assert settings is not None
    check_codes(settings, codes())


def test_ci_runs_the_tests_as_the_readme_does() -> None:
    marked = [block for found in SECTIONS.values() for block in found if "tests" in block.marks]
    assert len(marked) == 1
    assert "-m pytest" in [command.text for command in commands(marked[0])][-1]
    assert "tests/readme_blocks.py tests" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def _folder(found: list[Block], tmp_path: Path) -> Path:
    folder = tmp_path / "tensorlint"
    if any("checkout" in block.marks for block in found):
        return copy_checkout(folder)
    folder.mkdir()
    return folder
