"""tensorlint starts fast: nothing heavy is imported before it is needed, and torch and NumPy never are."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

HEAVY = {"click", "libcst", "numpy", "rich", "torch", "yaml"}

# What a command imports, printed as the last line whatever the command does to end itself.
REPORT = """
import atexit, json, runpy, sys
before = set(sys.modules)
atexit.register(lambda: print("\\n" + json.dumps(sorted(set(sys.modules) - before))))
{code}
"""


def imported_by(code: str, *arguments: str, folder: Path | None = None) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", REPORT.format(code=code), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.stdout, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def command(*arguments: str, folder: Path | None = None) -> set[str]:
    return imported_by("runpy.run_module('tensorlint', run_name='__main__', alter_sys=True)", *arguments, folder=folder)


def test_the_package_is_nearly_free() -> None:
    modules = imported_by("import tensorlint")
    assert "tensorlint" in modules
    assert modules - {"tensorlint", "__future__"} == set()


def test_version_needs_click_alone() -> None:
    modules = command("--version")
    assert "click" in modules
    assert modules & HEAVY == {"click"}


def test_a_check_needs_neither_torch_nor_numpy(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(
        "import torch\n\n\ndef f(x: torch.Tensor):\n    return torch.relu(x.requires_grad_()).numpy()\n"
    )
    modules = command("check", "--isolated", "train.py", folder=tmp_path)
    assert "libcst" in modules
    assert modules & {"torch", "numpy"} == set()


def test_a_file_without_tensors_is_not_parsed_by_libcst(tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text("def f(x):\n    return x + 1\n")
    assert "libcst" not in command("check", "--isolated", "plain.py", folder=tmp_path)


def test_the_flake8_plugin_loads_without_libcst() -> None:
    """flake8 imports every plugin on every run, whatever it is run on."""
    modules = imported_by("import tensorlint.plugins.flake8")
    assert modules & HEAVY == set()
