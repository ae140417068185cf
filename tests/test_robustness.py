"""One fault harms one file: a diagnostic, exit code 2, and every other file is still linted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tensorlint.cli import main

SOUND = "import torch\n\nnet = torch.nn.Linear(4, 1)\nprint(net(torch.rand(8, 4)).numpy())\n"
"""A file with one finding, to see that it is still linted."""


def check(folder: Path, *arguments: str) -> tuple[int, list[dict[str, Any]], str]:
    """The exit code, the findings and standard error of ``tensorlint check`` in ``folder``, as users run it."""
    done = subprocess.run(
        [sys.executable, "-m", "tensorlint", "check", "--isolated", "--output-format", "json", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
    )
    return done.returncode, json.loads(done.stdout) if done.stdout else [], done.stderr


def faults(found: list[dict[str, Any]]) -> list[tuple[str, int, int, str]]:
    return [(each["path"], each["line"], each["column"], each["message"]) for each in found if each["code"] == "TSL900"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sound.py").write_text(SOUND)
    return tmp_path


def still_linted(found: list[dict[str, Any]]) -> bool:
    return [(each["code"], each["line"]) for each in found if each["path"] == "sound.py"] == [("TSL101", 4)]


def test_the_sound_file_alone(folder: Path) -> None:
    code, found, errors = check(folder)
    assert (code, len(found), errors) == (1, 1, "")
    assert still_linted(found)


@pytest.mark.parametrize(
    ("data", "line", "column", "message"),
    [
        (b"import torch\nif x\n    y\n", 2, 5, "syntax error: expected ':'"),
        (b"def f(:\n", 1, 7, "syntax error: invalid syntax"),
        ("import torch\nname = 'é'\n".encode("latin-1"), 2, 9, "not valid utf-8: byte 0xe9"),
        (b"# coding: martian\nx = 1\n", 1, 1, "unknown encoding: martian"),
        (b"import torch\nx = '\0'\n", 2, 6, "contains a NUL byte"),
        (b"import torch\nx = " + b" + ".join([b"a"] * 5000) + b"\n", 1, 1, "nested too deeply to be analysed"),
        (b"import torch\nx = " + b"[" * 5000 + b"]" * 5000 + b"\n", 2, 205, "syntax error: too many nested"),
        (b"import torch\nx = " + b"not " * 60000 + b"y\n", 1, 1, "nested too deeply to be analysed"),
        (b"\x7fELF\x02\x01\x01\x00\x00\x00", 1, 8, "contains a NUL byte"),
    ],
    ids=["syntax", "syntax-2", "latin-1", "encoding", "nul", "5000-terms", "brackets", "nots", "binary"],
)
def test_a_file_that_cannot_be_linted(data: bytes, line: int, column: int, message: str, folder: Path) -> None:
    (folder / "faulty.py").write_bytes(data)
    code, found, errors = check(folder)
    ((path, *place, text),) = faults(found)
    assert (path, *place) == ("faulty.py", line, column)
    assert message in text
    assert (code, errors) == (2, "")
    assert still_linted(found)
    assert (folder / "faulty.py").read_bytes() == data


def test_no_option_turns_a_fault_into_success(folder: Path) -> None:
    (folder / "sound.py").write_text("x = (\n")
    assert check(folder, "--exit-zero")[0] == 2
    assert check(folder, "--select", "TSL101", "--confidence", "certain")[0] == 2
    assert check(folder, "--ignore", "TSL900")[0] == 2
    assert check(folder, "--diff")[0] == 2
    (folder / "sound.py").write_text("# flake8: noqa\nx = (  # noqa\n")
    assert check(folder)[0] == 2


@pytest.mark.parametrize(
    ("data", "places"),
    [
        (b"", []),
        (b"\xef\xbb\xbf", []),
        (b"\n\n\x0c\n", []),
        (b"\xef\xbb\xbf" + SOUND.replace("\n", "\r\n").encode(), [(4, 7)]),
        (SOUND.replace("\n", "\r").encode(), [(4, 7)]),
        (SOUND.rstrip().encode(), [(4, 7)]),
        (b"# coding: latin-1\nname = '\xe9'\n" + SOUND.encode(), [(6, 7)]),
        (b"\x0c" + SOUND.encode(), [(4, 7)]),
    ],
    ids=["empty", "bom-only", "blank", "bom-crlf", "cr", "no-final-newline", "declared-latin-1", "form-feed"],
)
def test_an_odd_file_that_can_be_linted(data: bytes, places: list[tuple[int, int]], folder: Path) -> None:
    (folder / "odd.py").write_bytes(data)
    code, found, errors = check(folder)
    assert [(each["line"], each["column"]) for each in found if each["path"] == "odd.py"] == places
    assert (code, errors) == (1, "")
    assert still_linted(found)


def test_a_missing_path(folder: Path) -> None:
    code, found, errors = check(folder, "nowhere.py", "sound.py", "gone/")
    assert faults(found) == [
        ("gone", 1, 1, "no such file or folder"),
        ("nowhere.py", 1, 1, "no such file or folder"),
    ]
    assert (code, errors) == (2, "")
    assert still_linted(found)


def test_a_folder_without_python_files(folder: Path) -> None:
    (folder / "docs").mkdir()
    (folder / "docs" / "notes.txt").write_text("x = (")
    assert check(folder, "docs") == (0, [], "warning: no Python files to lint in 'docs'\n")
    code, found, _ = check(folder, "docs", "sound.py")
    assert code == 1
    assert still_linted(found)


def test_a_named_pipe(folder: Path) -> None:
    os.mkfifo(folder / "pipe.py")
    code, found, errors = check(folder, ".")
    assert (code, len(found), errors) == (1, 1, "")
    code, found, _ = check(folder, "pipe.py", "sound.py")
    assert faults(found) == [("pipe.py", 1, 1, "not a regular file")]
    assert code == 2
    assert still_linted(found)


def test_an_unknown_rule_code(folder: Path) -> None:
    code, found, errors = check(folder, "--select", "TSL101,TSL777")
    assert (code, found) == (2, [])
    assert errors.startswith("Error: command line: 'select' has an unknown rule code 'TSL777' (did you mean ")


def test_an_unreadable_file(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    locked = folder / "locked.py"
    locked.write_text(SOUND)
    locked.chmod(0)
    import builtins

    real = open

    def refusing(file: Any, *args: Any, **kwargs: Any) -> Any:  # the superuser can read everything: refuse for them
        if str(file).endswith("locked.py"):
            raise PermissionError(13, "Permission denied", str(file))
        return real(file, *args, **kwargs)

    monkeypatch.chdir(folder)
    monkeypatch.setattr(builtins, "open", refusing)
    with pytest.raises(SystemExit) as end:
        main(["check", "--isolated", "--output-format", "json", "."])
    monkeypatch.undo()
    found = json.loads(capsys.readouterr().out)
    assert end.value.code == 2
    assert faults(found) == [("locked.py", 1, 1, "cannot be read: Permission denied")]
    assert still_linted(found)


def test_an_internal_error(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from tensorlint.flow import analysis

    real = analysis.analyse

    def failing(source: Any, *more: Any) -> Any:
        if source.path == "unlucky.py":
            raise KeyError("surprise")
        return real(source, *more)

    (folder / "unlucky.py").write_text(SOUND)
    monkeypatch.setattr(analysis, "analyse", failing)
    monkeypatch.chdir(folder)
    with pytest.raises(SystemExit) as end:
        main(["check", "--isolated", "--output-format", "json", "."])
    found = json.loads(capsys.readouterr().out)
    assert end.value.code == 2
    assert faults(found) == [("unlucky.py", 1, 1, "internal error: KeyError: 'surprise'")]
    assert still_linted(found)


def test_every_fault_at_once_in_processes(folder: Path) -> None:
    for number in range(12):
        (folder / f"faulty{number:02}.py").write_bytes(b"import torch\nx = (\n" if number % 2 else b"\xff\n")
    (folder / "zeros.py").write_bytes(b"\0" * 1000)
    one = check(folder, "--jobs", "1", "missing.py", ".")
    two = check(folder, "--jobs", "2", ".", "missing.py")
    assert one == two
    assert one[0] == 2
    assert len(faults(one[1])) == 14
    assert still_linted(one[1])


IMPORTS = """
import atexit, sys
atexit.register(lambda: print(sorted({"torch", "numpy"} & set(sys.modules)), file=sys.stderr))
from tensorlint.cli import main
main(["check", "--isolated", "sound.py"])
"""


def test_linting_imports_neither_torch_nor_numpy(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "TSL101" in done.stdout
    assert done.stderr == "[]\n"
