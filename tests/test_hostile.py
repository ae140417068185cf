"""Input that nobody writes by hand: each file gets its diagnostic, in time, and no other file suffers."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest
from commands import Run
from test_robustness import SOUND, check, faults, folder, still_linted  # noqa: F401 - a fixture among them

from tensorlint.files import MOST_BYTES, read
from tensorlint.requirements import newest_allowed, targets

TOO_DEEP = "nested too deeply to be analysed"
HEAD = "import torch\nnet = torch.nn.Linear(4, 1)\n"
FINDING = "print(net(torch.rand(8, 4)).numpy())\n"


def indented(line: str, levels: int) -> str:
    return "".join(f"{' ' * level}{line}\n" for level in range(levels)) + " " * levels + "pass"


DEEP = {
    "terms": (" + ".join(["a"] * 5000), TOO_DEEP),
    "powers": (" ** ".join(["a"] * 5000), TOO_DEEP),
    "logic": (" and ".join(["a"] * 5000), TOO_DEEP),
    "choices": ("a if b else " * 5000 + "c", TOO_DEEP),
    "attributes": ("a" + ".b" * 5000, TOO_DEEP),
    "items": ("a" + "[0]" * 5000, TOO_DEEP),
    "calls": ("net(torch.rand(8, 4))" + ".detach()" * 5000 + ".numpy()", TOO_DEEP),
    "lambdas": ("lambda: " * 5000 + "c", TOO_DEEP),
    "signs": ("-" * 5000 + "c", TOO_DEEP),
    "brackets": ("[" * 2000 + "]" * 2000, "syntax error: too many nested parentheses"),
    "braces": ("{" * 2000 + "}" * 2000, "syntax error: too many nested parentheses"),
    "parentheses": ("(" * 2000 + "1" + ")" * 2000, "syntax error: too many nested parentheses"),
    "nested_calls": ("f(" * 2000 + ")" * 2000, "syntax error: too many nested parentheses"),
    "loops": ("[a " + "for a in b " * 30_000 + "]", "LibCST cannot parse this, though Python can: parser error"),
    "strings": ("'a' " * 30_000, "LibCST cannot parse this, though Python can: parser error"),
    "comparisons": (" < ".join(["a"] * 5000), None),
    "targets": ("x = " * 5000 + "c", None),
    "entries": ("[" + "0, " * 30_000 + "]", None),
    "digits": ("9" * 4000, None),
}
"""Expressions, and what is said of the file that has one; None: it is linted."""
DEEP_STATEMENTS = {
    "blocks": (indented("if a:", 300), "syntax error: too many levels of indentation"),
    "functions": (indented("def f():", 300), "syntax error: too many levels of indentation"),
    "elifs": ("if a: pass\n" + "elif b: pass\n" * 5000, "nested too deeply"),
    "dotted_import": ("import a" + ".b" * 30_000, TOO_DEEP),
    "dotted_from": ("from a" + ".b" * 30_000 + " import c", TOO_DEEP),
    "decorators": ("@a\n" * 5000 + "def f(): pass", None),
    "statements": ("x = 1\n" * 5000, None),
    "parameters": ("def f(" + ", ".join(f"a{n}" for n in range(5000)) + "): pass", None),
}


def test_what_is_long_or_nested_deeply(folder: Path) -> None:  # noqa: F811
    forms = {name: (f"x = {text}", said) for name, (text, said) in DEEP.items()} | DEEP_STATEMENTS
    for name, (text, _) in forms.items():
        (folder / f"{name}.py").write_text(f"{HEAD}{text}\n{FINDING}")
    start = time.monotonic()
    code, found, errors = check(folder, "--jobs", "1", ".")
    assert time.monotonic() - start < 120
    assert (code, errors) == (2, "")
    assert still_linted(found)
    said = {path: message for path, _, _, message in faults(found)}
    for name, (_, expected) in forms.items():
        if expected is not None:
            assert said.pop(f"{name}.py", "nothing").startswith(expected), name
        else:
            assert any(each["path"] == f"{name}.py" and each["code"] == "TSL101" for each in found), name
    assert said == {}


def test_the_place_of_what_is_nested_too_deeply(folder: Path) -> None:  # noqa: F811
    """Deeper than Python's own parser goes, there is no place."""
    (folder / "deep.py").write_text(f"{HEAD}é, x = 1, {' or '.join(['a'] * 2500)}\n")
    assert [each[1:3] for each in faults(check(folder, "deep.py")[1])] == [(3, 8)]


def test_large_files(folder: Path) -> None:  # noqa: F811
    (folder / "data.py").write_text(f"{HEAD}{FINDING}" + f"x = '{'y' * 999}'\n" * 50_000)
    (folder / "tables.py").write_text(f"{HEAD}{FINDING}" + f"x = '{'y' * 999}'\n" * 2500)
    (folder / "strings.py").write_text(f"x = '{'y' * 999}'\n" * 2500)
    code, found, errors = check(folder)
    assert faults(found) == [
        ("data.py", 1, 1, "cannot be read: larger than 5 MB"),
        ("tables.py", 1, 1, "too large to be analysed: 2.5 MB (at most 2)"),
    ]
    assert (code, errors) == (2, "")
    assert still_linted(found)


@pytest.mark.parametrize(
    "text", ["'" + "y" * 1_000_000 + "'", "[" + f"'{'y' * 96}', " * 10_000 + "]", "1" + " " * 1_000_000]
)
def test_a_line_of_a_megabyte(text: str, folder: Path) -> None:  # noqa: F811
    (folder / "long.py").write_text(f"{HEAD}x = {text}; {FINDING}")
    code, found, errors = check(folder)
    ((line, column),) = [(each["line"], each["column"]) for each in found if each["path"] == "long.py"]
    assert (line, column) == (3, len(f"x = {text}; print(") + 1)
    assert (code, errors) == (1, "")


@pytest.mark.parametrize(
    ("data", "line", "column", "message"),
    [
        (b"# coding: rot13\nx = 1\n", 1, 1, "cannot be decoded as rot13: 'rot13' is not a text encoding"),
        (b"# coding: punycode\nx = 1\n", 1, 1, "cannot be decoded as punycode: "),
        (b"# coding: undefined\nx = 1\n", 1, 1, "cannot be decoded as undefined: "),
        (b"# coding: utf-7\nx = '+2AA-'\n", 2, 6, "contains a lone surrogate"),
        (b"x = '\xed\xa0\x80'\n", 1, 6, "not valid utf-8: byte 0xed"),
        (b"\xff\xfex\x00 \x00=\x00 \x001\x00\n\x00", 1, 1, "not valid utf-8: byte 0xff"),
        (b"\xef\xbb\xbf# coding: latin-1\nx = 1\n", 1, 1, "encoding problem: utf-8"),
        (b"# coding: utf-8\nx = '\xe9'\n", 2, 6, "not valid utf-8: byte 0xe9"),
    ],
    ids=["bytes", "fails", "undefined", "surrogate", "surrogate-bytes", "utf-16", "bom-and-latin", "not-utf-8"],
)
def test_encodings(data: bytes, line: int, column: int, message: str, folder: Path) -> None:  # noqa: F811
    (folder / "faulty.py").write_bytes(data)
    code, found, errors = check(folder)
    ((path, *place, text),) = faults(found)
    assert (path, *place) == ("faulty.py", line, column)
    assert message in text
    assert (code, errors) == (2, "")
    assert still_linted(found)
    assert check(folder, "--fix", "faulty.py")[0] == 2
    assert (folder / "faulty.py").read_bytes() == data


def test_no_pipe_or_device_is_waited_for(folder: Path) -> None:  # noqa: F811
    """Whatever it is that has the name of a file that is read besides the linted ones."""
    (folder / "importing.py").write_text(f"from pipe import helper\n{SOUND}")
    for name in ("pipe.py", ".gitignore", "pyproject.toml", "setup.cfg", "requirements.txt", "tensorlint.toml"):
        os.mkfifo(folder / name)
    (folder / "requirements-dev.txt").symlink_to("/dev/zero")
    (folder / "zero.py").symlink_to("/dev/zero")
    (folder / "conftest.py").mkdir()
    code, found, errors = check(folder, ".")
    assert [(each["path"], each["code"]) for each in found] == [("importing.py", "TSL101"), ("sound.py", "TSL101")]
    assert (code, errors) == (1, "")
    code, found, _ = check(folder, "zero.py", "/dev/zero", "pipe.py")
    assert (code, [each[3] for each in faults(found)]) == (2, ["not a regular file"] * 3)


def test_reading(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\r\n")
    assert read(tmp_path / "file") == b"\r\n"
    with pytest.raises(OSError, match="larger than 1e-06 MB"):
        read(tmp_path / "file", most=1)
    with pytest.raises(IsADirectoryError):
        read(tmp_path)
    with pytest.raises(OSError, match="not a regular file"):
        read("/dev/zero")
    assert MOST_BYTES < 50_000_000


def test_a_pipe_that_takes_the_place_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between looking at a path and opening it."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_bytes(b"")
    regular = os.stat(tmp_path / "file")
    monkeypatch.setattr(os, "stat", lambda path: regular)
    ended = threading.Event()

    def reading() -> None:
        with pytest.raises(OSError, match="not a regular file"):
            read(tmp_path / "pipe")
        ended.set()

    threading.Thread(target=reading, daemon=True).start()
    assert ended.wait(20)


def test_requirements_that_mean_harm(tmp_path: Path) -> None:
    nines = "9" * 5000
    assert newest_allowed(f"<{nines}") != ""  # Python refuses to read a number of so many digits
    (tmp_path / "pyproject.toml").write_text(f"numpy = {nines}\n")
    assert targets(str(tmp_path)).numpy == ""
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "pyproject.toml").write_text("numpy = " + "[" * 100_000 + "\n")
    assert targets(str(tmp_path / "deep")).numpy == ""


@pytest.mark.parametrize("value", ["9" * 5000, "[" * 100_000, "{a = " * 5000])
def test_settings_that_mean_harm(value: str, run: Run) -> None:
    run.write("sound.py", SOUND)
    run.write("pyproject.toml", f"[tool.tensorlint]\nselect = {value}\n")
    done = run("check")
    assert done.code == 2
    assert "pyproject.toml: not valid TOML: " in done.err
    assert "Traceback" not in done.out + done.err
