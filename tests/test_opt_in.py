"""Rules that are off unless they are asked for: in the command line, in flake8, and by the entries of the hooks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tensorlint.rules.page import page
from tensorlint.rules.registry import rules

OPT_IN = [rule for rule in rules() if not rule.default]
TENSORLINT = Path(sys.executable).with_name("tensorlint")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For each of the rules, a file with the example of its page."""
    folder = tmp_path_factory.mktemp("opt_in")
    for rule in OPT_IN:
        (folder / f"{rule.code}.py").write_text(page(rule).examples[0])
    return folder


def run(folder: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(part) for part in command], cwd=folder, capture_output=True, text=True)


def test_there_are_some() -> None:
    assert len(OPT_IN) >= 5


@pytest.mark.parametrize("entry", ["check", "check --force-exclude"])
def test_off_in_the_command_line_and_in_the_hook(folder: Path, entry: str) -> None:
    names = [f"{rule.code}.py" for rule in OPT_IN]
    done = run(folder, TENSORLINT, *entry.split(), "--isolated", "--output-format", "json", *names)
    assert not {finding["code"] for finding in json.loads(done.stdout)} & {rule.code for rule in OPT_IN}


def test_on_where_they_are_asked_for(folder: Path) -> None:
    codes = ",".join(rule.code for rule in OPT_IN)
    for option in ("--select", "--extend-select"):
        done = run(folder, TENSORLINT, "check", "--isolated", option, codes, "--output-format", "json", ".")
        found = {(finding["path"], finding["code"]) for finding in json.loads(done.stdout)}
        assert {(f"{rule.code}.py", rule.code) for rule in OPT_IN} <= found


@pytest.mark.parametrize("options", [(), ("--ignore=E,W,F",), ("--extend-ignore=E",), ("--select=TSL",)])
def test_off_in_flake8_whatever_it_ignores(folder: Path, options: tuple[str, ...]) -> None:
    done = run(folder, sys.executable, "-m", "flake8", "--isolated", *options)
    assert done.stderr == ""
    assert not [line for line in done.stdout.splitlines() for rule in OPT_IN if f" {rule.code} " in line]


def test_on_in_flake8_by_its_option(folder: Path) -> None:
    codes = ",".join(rule.code for rule in OPT_IN)
    done = run(
        folder, sys.executable, "-m", "flake8", "--isolated", f"--tensorlint-extend-select={codes}", "--select=TSL"
    )
    assert done.stderr == ""
    for rule in OPT_IN:
        assert f" {rule.code} " in done.stdout
