"""Linting runs nothing of what is linted, opens no connection, and what it prints can be trusted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import ROOT

SOUND = "import torch\nimport helper\n\nnet = torch.nn.Linear(4, 1)\nprint(net(torch.rand(8, 4)).numpy())\n"
COMMAND = Path(sys.executable).with_name("tensorlint")
TRAP = "import os\nopen(os.environ['TRAP'], 'a').write(__name__ + chr(10))\n"
"""What tells that it was run."""
PLANTED = ("click", "libcst", "pathspec", "rich", "torch", "numpy", "tomllib", "tomli", "typing_extensions", "helper")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project that is full of traps: each file of it tells when it is run."""
    folder = tmp_path / "linted"
    folder.mkdir()
    (folder / "sound.py").write_text(SOUND + TRAP)
    names = {*sys.stdlib_module_names, *PLANTED, "sitecustomize", "usercustomize", "conftest", "setup"}
    for name in sorted(names - {"__main__"}):
        (folder / f"{name}.py").write_text(TRAP)
    for name in ("multiprocessing", "package", "encodings", "concurrent", "tensorlint_plugin"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(TRAP)
    (folder / "encodings" / "martian.py").write_text(TRAP)
    (folder / "other.py").write_text("# coding: martian\nimport package\n")
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "x"\nversion = "1"\nentry-points."flake8.extension".T = "helper:x"\n'
        '[build-system]\nrequires = []\nbuild-backend = "setup"\nbackend-path = ["."]\n'
        '[tool.tensorlint]\nselect = ["TSL101"]\n'
    )
    (folder / "setup.cfg").write_text("[metadata]\nversion = attr: setup.x\n")
    (folder / ".pth").write_text("import helper\n")
    return folder


def run(folder: Path, *command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    given |= {"TRAP": str(folder.parent / "trap"), "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [str(each) for each in command], cwd=folder, env={**given, **environment}, capture_output=True, text=True
    )


def sprung(folder: Path) -> list[str]:
    trap = folder.parent / "trap"
    return trap.read_text().split() if trap.exists() else []


def found(done: subprocess.CompletedProcess[str]) -> list[tuple[str, str]]:
    return [(each["path"], each["code"]) for each in json.loads(done.stdout)]


BEFORE_ANY_MODULE = (
    *("collections", "contextlib", "functools", "importlib", "keyword", "operator", "reprlib", "runpy", "types"),
    "warnings",
)
ARGUMENTS = ("check", "--output-format", "json", "sound.py", "other.py")
EXPECTED = [("other.py", "TSL900"), ("sound.py", "TSL101")]


def test_the_traps_work(folder: Path) -> None:
    run(folder, sys.executable, "-c", "import helper")
    assert sprung(folder) == ["helper"]


def test_the_command_runs_nothing_of_the_folder(folder: Path) -> None:
    done = run(folder, COMMAND, *ARGUMENTS)
    assert (found(done), done.stderr) == (EXPECTED, "")
    done = run(folder, COMMAND, "check", "--jobs", "2", "--output-format", "json", ".")
    assert ("sound.py", "TSL101") in found(done)
    assert sprung(folder) == []


def test_fixing_runs_nothing_of_the_folder(folder: Path) -> None:
    done = run(folder, COMMAND, "fix", "--unsafe-fixes", "sound.py")
    assert done.stdout.startswith("Fixed 1 finding.")
    assert "Fixed 1 finding" in done.stdout
    assert ".detach()" in (folder / "sound.py").read_text()
    assert sprung(folder) == []


def test_as_a_module_it_runs_nothing_of_the_folder(folder: Path) -> None:
    """But for what Python itself imports to run a module; ``python -m`` puts the working folder first on the path."""
    for name in BEFORE_ANY_MODULE:
        (folder / f"{name}.py").unlink()
    done = run(folder, sys.executable, "-m", "tensorlint", *ARGUMENTS)
    assert (found(done), done.stderr) == (EXPECTED, "")
    assert sprung(folder) == []


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 knows no safe path")
def test_as_a_module_with_a_safe_path_it_runs_nothing_of_the_folder(folder: Path) -> None:
    done = run(folder, sys.executable, "-P", "-m", "tensorlint", *ARGUMENTS)
    assert (found(done), done.stderr) == (EXPECTED, "")
    assert sprung(folder) == []


SPAWNING = """
import multiprocessing, os, sys
if __name__ == "__main__":
    sys.path.remove(os.path.dirname(os.path.abspath(__file__)))
    multiprocessing.set_start_method("spawn")
    from tensorlint.cli import main
    main(["check", "--jobs", "2", "--output-format", "json", "sound.py", "other.py", "helper.py"])
"""


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 always looks for modules in the working folder")
def test_processes_that_start_afresh_run_nothing_of_the_folder(folder: Path) -> None:
    """As they do on macOS and Windows."""
    script = folder.parent / "spawning.py"
    script.write_text(SPAWNING)
    done = run(folder, sys.executable, script)
    assert (found(done), done.stderr) == (EXPECTED, "")
    assert sprung(folder) == []


WATCHING = """
import os, sys
folder = os.getcwd() + os.sep
told = []
def watch(event, arguments):
    if event == "import" and arguments[1] and str(arguments[1]).startswith(folder):
        told.append((event, str(arguments[1])))
    elif event == "exec" and str(arguments[0].co_filename).startswith((folder, "sound.py")):
        told.append((event, arguments[0].co_filename))
    elif event.startswith(("socket.", "subprocess.", "os.exec", "os.system", "os.spawn", "os.posix_spawn", "urllib.",
                           "ctypes.dlopen", "marshal.loads", "pickle.find_class", "ftplib.", "smtplib.")):
        told.append((event, repr(arguments)))
from tensorlint.cli import main
import tensorlint.cli.check, tensorlint.session, tensorlint.flow.analysis, tensorlint.rules.registry
tensorlint.rules.registry.rules()
sys.addaudithook(watch)
try:
    main(sys.argv[1:])
finally:
    told = [each for each in told if not (each[0] == "marshal.loads" and "site-packages" in each[1])]
    print("told", sorted({each[0] for each in told} - {"marshal.loads"}), file=sys.stderr)
"""


@pytest.mark.parametrize("arguments", [["check"], ["check", "--diff"], ["fix"]], ids=" ".join)
def test_no_connection_is_opened_and_no_program_started(arguments: list[str], folder: Path) -> None:
    """Python itself tells of whatever is imported, run, started or connected to."""
    script = folder.parent / "watching.py"
    script.write_text(WATCHING)
    done = run(folder, sys.executable, script, *arguments, "sound.py")
    assert done.stderr == "told []\n"


STRANGE = "a\n\x1b[31mb\x07\u202e.py"


@pytest.mark.parametrize("form", ["text", "concise", "json"])
def test_a_file_name_injects_nothing(form: str, tmp_path: Path) -> None:
    (tmp_path / STRANGE).write_text(SOUND)
    (tmp_path / os.fsdecode(b"\xff.py")).write_text("x = (\n")
    done = run(tmp_path, COMMAND, "check", "--isolated", "--output-format", form, ".")
    assert done.returncode == 2
    for character in "\x1b\x07\u202e":
        assert character not in done.stdout + done.stderr
    if form == "json":
        assert {each["path"] for each in json.loads(done.stdout)} == {STRANGE, "\udcff.py"}
    else:
        assert r"a\n\x1b[31mb\x07\u202e.py:5:7" in done.stdout
        assert r"\udcff.py:1:5" in done.stdout


def test_a_file_name_injects_nothing_into_a_patch(tmp_path: Path) -> None:
    name = 'a\n+++ "b.py'
    (tmp_path / name).write_text(SOUND.replace("net(", "net.requires_grad_()("))
    done = run(tmp_path, COMMAND, "check", "--isolated", "--diff", ".")
    heads = [line for line in done.stdout.splitlines() if line.startswith(("---", "+++"))]
    assert heads == [r'--- "a\n+++ \"b.py"', r'+++ "a\n+++ \"b.py"']
    patched = subprocess.run(["git", "apply", "-p0"], input=done.stdout, cwd=tmp_path, text=True)
    assert patched.returncode == 0
    assert ".detach()" in (tmp_path / name).read_text()


def test_messages_about_settings_inject_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "\x1b[31mred"
    folder.mkdir()
    (folder / "pyproject.toml").write_text('[tool.tensorlint]\n"\\u001b[32mkey" = 1\n')
    (folder / "sound.py").write_text(SOUND)
    done = run(tmp_path, COMMAND, "check", str(folder), "\x1b[31mnowhere")
    assert done.returncode == 2
    assert "\x1b" not in done.stdout + done.stderr
    done = run(tmp_path, COMMAND, "check", "--isolated", "--select", "\x1b[31m", ".")
    assert done.returncode == 2
    assert "\x1b" not in done.stdout + done.stderr
