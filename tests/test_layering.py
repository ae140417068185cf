"""Imports flow one way: the contracts in pyproject.toml hold, and would fail if they did not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=folder, capture_output=True, text=True
    )


def contract(name: str) -> dict[str, list[str]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: list[dict[str, list[str]]] = settings["tool"]["importlinter"]["contracts"]
    return next(each for each in found if each["id"] == name)


def test_contracts_hold() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        ("rules/base.py", "import libcst", "rules judge events"),
        ("flow/facts.py", "import tensorlint.rules.base", "imports flow one way"),
        ("source.py", "import torch", "nothing but verify and observe"),
        ("finding.py", "from tensorlint.source import Source", "imports flow one way"),
    ],
)
def test_a_breach_is_seen(module: str, line: str, broken: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "tensorlint", tmp_path / "tensorlint", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / "tensorlint" / module).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    done = lint_imports(tmp_path)
    assert done.returncode == 1, done.stdout
    assert f"{broken}" in done.stdout.partition("Broken contracts")[2]


def test_every_other_module_is_kept_from_torch() -> None:
    modules = {
        f"tensorlint.{path.stem}"
        for path in (ROOT / "tensorlint").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert set(contract("torch-in-verify")["source_modules"]) == modules - {
        "tensorlint.__init__",
        "tensorlint.__main__",
        "tensorlint.observe",
        "tensorlint.verify",
    }
