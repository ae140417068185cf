"""Options of the test run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from commands import Run


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("tensorlint")
    group.addoption(
        "--slow", action="store_true", help="also run the tests that build environments (always where CI is set)"
    )
    group.addoption(
        "--update-readme", action="store_true", help="write the outputs that the README's commands print now"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow") or os.environ.get("CI"):
        return
    skip = pytest.mark.skip(reason="builds environments from the package index: give --slow, or set CI")
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(skip)


@pytest.fixture
def run(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command in a folder of its own."""
    return Run(tmp_path, capfd, monkeypatch)
