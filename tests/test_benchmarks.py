"""The comparison with other linters: what is measured, and how it is written down."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def compare() -> ModuleType:
    spec = importlib.util.spec_from_file_location("compare", ROOT / "benchmarks" / "compare.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["compare"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def measured(compare: ModuleType, limit: str, *code: str) -> tuple[int | None, float, int]:
    run = [sys.executable, "-c", compare.MEASURE, limit, sys.executable, "-c", *code]
    return tuple(json.loads(subprocess.run(run, stdout=subprocess.PIPE, text=True, check=True).stdout))


def test_a_command_is_measured_with_its_largest_process(compare: ModuleType) -> None:
    code, seconds, megabytes = measured(compare, "30", "import time; x = b'x' * 90_000_000; time.sleep(0.2); exit(1)")
    assert code == 1
    assert 0.2 < seconds < 30
    assert 90 <= megabytes < 200


def test_a_command_that_does_not_end_is_stopped(compare: ModuleType) -> None:
    assert measured(compare, "0.5", "import time; time.sleep(60)")[0] is None


def test_the_table_says_what_was_stopped_and_compares_with_ruff(compare: ModuleType) -> None:
    tools = {tool: compare.Measured() for tool in compare.COMMANDS}
    for tool, measured in tools.items():
        for seconds in (0.5, 0.1, 0.4) if tool == compare.BASE else (4.0, 2.0, 3.0):
            measured.add(0, seconds, 20)
    tools["TorchFix"] = compare.Measured()
    tools["TorchFix"].add(None, 60.0, 100)
    text = compare.table({"skorch": tools}, {"skorch": (38, 27310)}, 60)
    assert "38 files, 27310 lines" in text
    assert "| ruff F,B,NPY | 0.40 | 3 | 1.0 | 20 MB |" in text
    assert "| tensorlint, cold | 3.00 | 3 | 7.5 | 20 MB |" in text
    assert "| TorchFix | more than 60 | 1 | more than 150 | |" in text


def test_a_slow_tool_is_run_once(compare: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = tmp_path / "tool" / "bin"
    commands.mkdir(parents=True)
    for name, seconds in (("slow", 0.3), ("quick", 0)):
        (commands / name).write_text(f"#!/bin/sh\nsleep {seconds}\n")
        (commands / name).chmod(0o755)
    monkeypatch.setattr(compare, "COMMANDS", {name: ("tool", name) for name in ("slow", "quick")})
    found = compare.measure(tmp_path, tmp_path, tmp_path / "cache", rounds=3, limit=60, once_above=0.3)
    assert len(found["slow"].seconds) == 1
    assert len(found["quick"].seconds) > 1


def test_a_warm_run_finds_what_the_cold_one_left(
    compare: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = tmp_path / "tool" / "bin"
    commands.mkdir(parents=True)
    (commands / "lint").write_text('#!/bin/sh\n[ -d "$1" ] && sleep 0.5\nmkdir -p "$1"\n')
    (commands / "lint").chmod(0o755)
    monkeypatch.setattr(compare, "COMMANDS", dict.fromkeys(("cold", "warm"), ("tool", "lint {cache}")))
    found = compare.measure(tmp_path, tmp_path, tmp_path / "cache", rounds=2, limit=60, once_above=9)
    assert max(found["cold"].seconds) < 0.5 <= min(found["warm"].seconds)


def test_a_tool_that_breaks_ends_the_benchmark(compare: ModuleType) -> None:
    with pytest.raises(SystemExit, match="ended with 101"):
        compare.Measured().add(101, 1.0, 10)


def micro(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "benchmarks" / "micro.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def test_every_part_is_measured() -> None:
    """Each once, in this one process; two commits are compared with pyperf's own command."""
    done = micro("--debug-single-value", "--quiet")
    assert done.returncode == 0, done.stderr
    measured = [line.partition(":")[0] for line in done.stdout.splitlines() if ": " in line]
    assert measured == ["prescreen", "syntax", "outline", "parse", "flow", "lint", "fix", "rules"]


def test_what_there_is_not_cannot_be_measured(tmp_path: Path) -> None:
    assert "no benchmark 'linting'" in micro("--benchmarks", "linting").stderr
    assert micro("--fixtures", str(tmp_path)).stderr == f"{tmp_path}: no fixtures there\n"
