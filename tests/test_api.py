"""The functions of the package: what the commands find and fix, from Python, without state and without surprises."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from checkout import ROOT
from readme_blocks import blocks, commands

import tensorlint
from tensorlint import Confidence, SettingsError, check_paths, check_source, fix_source

HEAD = "import torch\n\n\n"
BAD = HEAD + "def scores(x: torch.Tensor):\n    return torch.relu(x.requires_grad_()).numpy()\n"
FIXED = BAD.replace(".numpy()", ".detach().cpu().numpy()")
OTHER = HEAD + "def made():\n    return torch.ones(2, requires_grad=True)\n"
PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def codes(findings: list[tensorlint.Finding]) -> list[str]:
    return [each.code for each in findings]


def test_every_public_name_is_there_and_no_other() -> None:
    assert {name for names in tensorlint._HOMES.values() for name in names} == set(tensorlint.__all__)
    assert all(getattr(tensorlint, name) is not None for name in tensorlint.__all__)
    assert set(tensorlint.__all__) <= set(dir(tensorlint))
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = tensorlint.no_such_name  # type: ignore[attr-defined]


def test_a_text(folder: Path) -> None:
    (found,) = check_source(BAD, path="pkg/scores.py")
    assert (found.code, found.path, found.line, found.column) == ("TSL101", "pkg/scores.py", 5, 12)
    assert found.confidence is Confidence.CERTAIN
    assert found.evidence
    assert not list(folder.iterdir())


def test_a_text_without_a_name() -> None:
    assert [each.path for each in check_source(BAD)] == ["<source>"]
    assert check_source("x = 1\n") == []


def test_bytes_and_text_are_one() -> None:
    text = f"# coding: latin-1\n{BAD}é = 1\n"
    assert check_source(text) == check_source(text.encode("latin-1"))
    assert codes(check_source(text)) == ["TSL101"]


def test_what_a_text_imports_is_found_from_its_path(folder: Path) -> None:
    (folder / "pkg").mkdir()
    (folder / "pkg" / "other.py").write_text(OTHER)
    text = HEAD + "from other import made\n\nmade().numpy()\n"
    assert codes(check_source(text, path=folder / "pkg" / "new.py")) == ["TSL101"]
    assert check_source(text, path=folder / "elsewhere" / "new.py") == []


def test_the_nearest_settings_hold_and_those_given_lie_over_them(folder: Path) -> None:
    (folder / "tensorlint.toml").write_text('ignore = ["TSL101"]\n')
    assert check_source(BAD) == []
    assert codes(check_source(BAD, isolated=True)) == ["TSL101"]
    assert codes(check_source(BAD, settings={"select": ["TSL101"]})) == ["TSL101"]
    assert check_source(BAD, isolated=True, settings={"ignore": ["TSL1"]}) == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"colour": "red"}, "settings: unknown key 'colour'"),
        ({"confidence": 3}, "settings: 'confidence'"),
        ({"select": ["TSL123456"]}, "TSL123456"),
    ],
)
def test_bad_settings_raise(settings: dict[str, object], message: str) -> None:
    for call in (check_source, fix_source):
        with pytest.raises(SettingsError, match=message):
            call(BAD, settings=settings)
    Path("a.py").write_text(BAD)
    with pytest.raises(SettingsError, match=message) as caught:
        check_paths(["a.py"], settings=settings)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_a_bad_settings_file_and_a_bad_baseline_raise(folder: Path) -> None:
    (folder / "tensorlint-baseline.jsonl").write_text("no entry\n")
    with pytest.raises(SettingsError, match=r"tensorlint-baseline\.jsonl: line 1"):
        check_source(BAD)
    (folder / "tensorlint.toml").write_text("select = 1\n")
    with pytest.raises(SettingsError, match=r"tensorlint\.toml: 'select'"):
        check_source(BAD)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def f(:\n", "syntax"),
        (b"x = '\xff'\n", "not valid utf-8"),
        ("x = '\ud800'\n", "not valid utf-8"),
        ("# coding: latin-1\nx = '\u20ac'\n", r"U\+20AC cannot be written in iso-8859-1"),
        ("# coding: klingon\nimport torch\n", "unknown encoding"),
    ],
)
def test_a_text_that_cannot_be_linted_is_a_finding_and_stays_as_it_is(text: str | bytes, message: str) -> None:
    (found,) = check_source(text, path="a.py")
    assert (found.code, found.path) == ("TSL900", "a.py")
    assert message.replace("\\", "") in found.message
    fixed = fix_source(text, path="a.py")
    assert (fixed.text, fixed.fixed, fixed.findings) == (text, 0, [found])


def test_fixing_a_text_gives_a_text_and_bytes_give_bytes() -> None:
    assert fix_source(BAD).text == FIXED
    fixed = fix_source(BAD.encode())
    assert (fixed.text, fixed.fixed, fixed.findings) == (FIXED.encode(), 1, [])


@pytest.mark.parametrize("before", ["\ufeff", "# coding: latin-1\n# é\n"])
def test_a_fixed_text_is_otherwise_the_same(before: str) -> None:
    assert fix_source(before + BAD).text == before + FIXED
    assert fix_source((before + BAD).replace("\n", "\r\n")).text == (before + FIXED).replace("\n", "\r\n")


def test_unsafe_fixes_are_made_when_they_are_asked_for() -> None:
    text = (ROOT / "fixtures" / "readme" / "best.py").read_text(encoding="utf-8")
    assert fix_source(text).text == text
    fixed = fix_source(text, unsafe=True)
    assert (codes(check_source(text)), fixed.fixed, fixed.findings) == (["TSL203"], 1, [])
    assert "copy.deepcopy" in fixed.text


def test_a_notebook() -> None:
    cells = [{"cell_type": "code", "source": part} for part in (HEAD, BAD.removeprefix(HEAD))]
    text = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    assert [(each.code, each.cell, each.line) for each in check_source(text, path="a.ipynb")] == [("TSL101", 2, 2)]
    assert fix_source(text, path="a.ipynb").text == text.replace(".numpy()", ".detach().cpu().numpy()")


def test_stubs_are_never_linted() -> None:
    assert check_source("def f(:\n", path="a.pyi") == []
    assert fix_source("def f(:\n", path="a.pyi").text == "def f(:\n"


def test_paths(folder: Path) -> None:
    (folder / "pkg").mkdir()
    (folder / "pkg" / "b.py").write_text(BAD)
    (folder / "pkg" / "tensorlint.toml").write_text('ignore = ["TSL101"]\n')
    (folder / "a.py").write_text(BAD)
    (folder / "c.py").write_text("def f(:\n")
    found = check_paths([folder, "gone.py"])
    assert [(each.path, each.code) for each in found] == [("a.py", "TSL101"), ("c.py", "TSL900"), ("gone.py", "TSL900")]
    assert codes(check_paths(["pkg/b.py"], isolated=True)) == ["TSL101"]
    assert check_paths(["a.py"], settings={"exclude": ["a.py"]}, force_exclude=True) == []
    assert check_paths("a.py") == check_paths(folder / "a.py") == check_paths(["a.py"])


def test_an_executor_does_the_files(folder: Path) -> None:
    for number in range(4):
        (folder / f"a{number}.py").write_text(BAD)
    with ThreadPoolExecutor(2) as executor:
        assert check_paths(["."], executor=executor) == check_paths(["."])


def test_threads_and_earlier_calls_change_nothing(folder: Path) -> None:
    """What a call has read of the project does not outlive it: the file is changed between the calls."""
    (folder / "other.py").write_text(OTHER)
    text = HEAD + "from other import made\n\nmade().numpy()\n"
    with ThreadPoolExecutor(4) as pool:
        assert [codes(each) for each in pool.map(check_source, [text, BAD] * 6)] == [["TSL101"]] * 12
    (folder / "other.py").write_text(OTHER.replace(", requires_grad=True", ""))
    assert check_source(text) == []


def test_nothing_heavy_is_imported_for_the_names() -> None:
    code = "import sys, json, tensorlint; tensorlint.check_source; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(json.loads(done.stdout)) & {"libcst", "click", "rich", "torch", "numpy"} == set()


def test_the_examples_of_the_page_run_and_print_what_it_says(folder: Path) -> None:
    (folder / "corpus").mkdir()
    for number in range(6):
        (folder / "corpus" / f"a{number}.py").write_text(BAD if number % 2 else "def f(:\n")
    ran = 0
    for block in blocks(PAGE):
        if block.file:
            (folder / block.file).write_text(block.text, encoding="utf-8")
        elif block.language == "console":
            for command in commands(block):
                arguments = [sys.executable, *command.text.split()[1:]]
                done = subprocess.run(arguments, capture_output=True, text=True)
                assert (done.returncode, done.stderr) == (0, "")
                assert done.stdout == command.printed
                ran += 1
    assert ran == 2
