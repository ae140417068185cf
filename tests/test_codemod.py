"""The codemod, run as its users run it, gives the bytes of ``tensorlint check --fix``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import libcst as cst
import pytest
from libcst.codemod import CodemodContext

from tensorlint.plugins.codemod import FixConversions

SAFE = b"import torch\n\nnet = torch.nn.Linear(4, 1)\nprediction = net( torch.rand(8, 4) ).numpy( )  # an array\n"
SAFE_FIXED = SAFE.replace(b" ).numpy( )", b" ).detach().cpu().numpy( )")
UNSAFE = b"import torch\n\nx = torch.rand(4)\nx.double()\nprint(x.dtype)\n"
UNSAFE_FIXED = UNSAFE.replace(b"\nx.double()", b"\nx = x.double()")

FILES = {
    "safe.py": SAFE,
    "unsafe.py": UNSAFE,
    "crlf.py": b"\xef\xbb\xbf" + SAFE.replace(b"\n", b"\r\n"),
    "latin.py": b"# -*- coding: latin-1 -*-\nname = '\xe9'\n" + SAFE,
    "feed.py": SAFE.replace(b"\n\n", b"\n\n \x0c\n\x0c", 1).rstrip(b"\n"),
    "untouched.py": b"import torch\n\x0c\n\x0cx = 1",
    "tabs.py": b"import torch\n\n\ndef f(net: torch.nn.Linear,x):\n\tif x:\n\t\treturn net (x) . numpy()\t\n",
}


def codemod(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "libcst.tool", "codemod", "-x", "--no-format"]
    return subprocess.run(
        [*command, "tensorlint.plugins.codemod.FixConversions", "--jobs", "1", *options, "."],
        cwd=folder,
        capture_output=True,
        text=True,
    )


def check(folder: Path, *options: str) -> None:
    command = [sys.executable, "-m", "tensorlint", "check", "--fix", "--exit-zero", *options, "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def written(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.py"))}


@pytest.mark.parametrize("options", [(), ("--unsafe-fixes",)])
def test_the_codemod_gives_the_bytes_of_check_fix(tmp_path: Path, options: tuple[str, ...]) -> None:
    ours, theirs = written(tmp_path / "ours", FILES), written(tmp_path / "theirs", FILES)
    check(ours, *options)
    done = codemod(theirs, *options)
    assert done.returncode == 0, done.stderr
    assert contents(theirs) == contents(ours)
    assert contents(theirs)["safe.py"] == SAFE_FIXED
    assert contents(theirs)["unsafe.py"] == (UNSAFE_FIXED if options else UNSAFE)
    assert contents(theirs)["untouched.py"] == FILES["untouched.py"]
    assert b"\xef\xbb\xbfimport torch\r\n" in contents(theirs)["crlf.py"]
    assert b".detach().cpu().numpy( )" in contents(theirs)["feed.py"]


def test_a_file_that_cannot_be_parsed_is_the_tool_s_failure_and_stays(tmp_path: Path) -> None:
    folder = written(tmp_path / "project", {"bad.py": b"import torch\nx = (\n", "safe.py": SAFE})
    done = codemod(folder)
    assert done.returncode == 1
    assert "Failed to codemod 1 files" in done.stderr
    assert contents(folder) == {"bad.py": b"import torch\nx = (\n", "safe.py": SAFE_FIXED}


def test_the_project_s_settings_hold(tmp_path: Path) -> None:
    folder = written(tmp_path / "project", {"safe.py": SAFE})
    (folder / "pyproject.toml").write_text('[tool.tensorlint]\nignore = ["TSL101"]\n')
    assert codemod(folder).returncode == 0
    assert contents(folder) == {"safe.py": SAFE}


def test_settings_that_cannot_be_used_are_the_tool_s_failure(tmp_path: Path) -> None:
    folder = written(tmp_path / "project", {"safe.py": SAFE})
    (folder / "pyproject.toml").write_text('[tool.tensorlint]\nignore = ["TSL999"]\n')
    done = codemod(folder)
    assert done.returncode == 1
    assert "unknown rule code 'TSL999'" in done.stderr
    assert contents(folder) == {"safe.py": SAFE}


def test_code_without_a_file_is_fixed_too() -> None:
    tree = FixConversions(CodemodContext()).transform_module(cst.parse_module(SAFE))
    assert tree.bytes == SAFE_FIXED


def test_code_that_is_not_what_its_file_holds_is_fixed_as_given(tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_bytes(UNSAFE)
    tree = FixConversions(CodemodContext(filename=str(path))).transform_module(cst.parse_module(SAFE))
    assert tree.bytes == SAFE_FIXED


def test_help_names_the_option_for_unsafe_fixes() -> None:
    command = [sys.executable, "-m", "libcst.tool", "codemod", "-x", "tensorlint.plugins.codemod.FixConversions"]
    done = subprocess.run([*command, "--help"], capture_output=True, text=True, check=True)
    assert "--unsafe-fixes" in done.stdout
