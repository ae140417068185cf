"""The commands on the pages of the site print what the pages say; `pytest --update-readme` refreshes them."""

from __future__ import annotations

from pathlib import Path

import pytest
from checkout import ROOT
from played import hold
from readme_blocks import Block, blocks

PAGES = {
    "index.md": ["TSL101", "TSL102", "TSL301"],
    "model.md": ["TSL101", "TSL203"],
    "why.md": ["TSL101", "TSL503"],
    "running.md": ["TSL101", "TSL301"],
    "suppression.md": ["RUF102"],
    "repairs.md": [],
    "flake8.md": ["TSL301"],
}
"""The pages, and what is found in their programs: refreshed while something was broken they would say less."""


def blocks_of(page: str) -> list[Block]:
    return list(blocks((ROOT / "docs" / page).read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", PAGES)
def test_commands_print_what_the_page_says(page: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """The blocks of a page share one folder."""
    hold(ROOT / "docs" / page, blocks_of(page), tmp_path, request.config.getoption("--update-readme"))


@pytest.mark.parametrize("page", PAGES)
def test_the_page_shows_what_is_found(page: str) -> None:
    printed = "".join(block.text for block in blocks_of(page) if block.language == "console")
    for code in PAGES[page]:
        assert f"{code} " in printed


def test_the_first_program_is_repaired_in_the_end() -> None:
    *_, last = (block.text for block in blocks_of("index.md") if block.language == "console")
    assert last == "$ tensorlint check\nAll clear: 1 file.\n"
