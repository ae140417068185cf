"""The flake8 plugin: under the real flake8, and what it asks of the linter."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import tensorlint.linter
from tensorlint.finding import Confidence
from tensorlint.plugins.flake8 import Plugin
from tensorlint.settings import Settings
from tensorlint.source import Source, SourceError

STRIDE = """\
import numpy as np
import torch


def load(image: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.flip(image, 1))
"""
AT = (6, 12)
"""Where TSL301 stands in it."""


def flake8(folder: Path, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """flake8 without the configuration of whatever lies above the folder."""
    if not any(argument.startswith("--config") for argument in arguments):
        arguments = ("--isolated", *arguments)
    command = [sys.executable, "-m", "flake8", *arguments]
    return subprocess.run(command, cwd=folder, input=stdin or "", capture_output=True, encoding="utf-8")


def places(done: subprocess.CompletedProcess[str], code: str = "TSL301") -> list[tuple[int, int]]:
    """The lines and columns at which flake8 printed a code."""
    assert done.stderr == ""
    found = [line.split(":", 3) for line in done.stdout.splitlines()]
    return [(int(line), int(column)) for _, line, column, text in found if text.split()[0] == code]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "load.py").write_text(STRIDE)
    return tmp_path


def test_finding(folder: Path) -> None:
    done = flake8(folder, "load.py")
    assert places(done) == [AT]
    assert done.returncode == 1
    assert done.stdout.startswith("load.py:6:12: TSL301 ")


def test_flake8_knows_the_plugin(folder: Path) -> None:
    assert f"tensorlint: {tensorlint.__version__}" in flake8(folder, "--version").stdout


@pytest.mark.parametrize(
    "text",
    [
        STRIDE,
        "\ufeff" + STRIDE,
        STRIDE.replace("\n", "\r\n"),
        STRIDE.replace("    return ", "\treturn "),
        STRIDE.replace("    return ", "    'é𝔘'; return "),
        "# coding: utf-8\n" + STRIDE,
        "\f\n" + STRIDE,
    ],
    ids=["plain", "bom", "crlf", "tab", "wide", "coding", "form feed"],
)
def test_place_is_that_of_the_command_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "load.py").write_bytes(text.encode())
    command = [sys.executable, "-m", "tensorlint", "check", "--isolated", "--output-format", "json", "load.py"]
    printed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True).stdout
    (finding,) = json.loads(printed)
    assert places(flake8(tmp_path, "load.py")) == [(finding["line"], finding["column"])]


def test_columns_count_characters_in_any_encoding(tmp_path: Path) -> None:
    text = "# coding: latin-1\n" + STRIDE.replace("    return ", "    'éé'; return ")
    (tmp_path / "load.py").write_bytes(text.encode("latin-1"))
    assert places(flake8(tmp_path, "load.py")) == [(7, AT[1] + len("'éé'; "))]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--select=TSL"], [AT]),
        (["--select=TSL3"], [AT]),
        (["--select=TSL1"], []),
        (["--select=E,F,W"], []),
        (["--ignore="], [AT]),  # takes away all that flake8 keeps off by default
        (["--ignore=E501"], [AT]),
        (["--ignore=TSL301"], []),
        (["--extend-ignore=TSL"], []),
        (["--tensorlint-confidence=certain"], [AT]),
    ],
)
def test_flake8_chooses_among_codes(arguments: list[str], found: list[tuple[int, int]], folder: Path) -> None:
    assert places(flake8(folder, *arguments, "load.py")) == found


@pytest.mark.parametrize(
    ("comment", "found"),
    [
        ("# noqa", []),
        ("# noqa: TSL301", []),
        ("# NOQA:TSL3", []),
        ("# noqa: E501, TSL301", []),
        ("# noqa: TSL101", [AT]),
        ("# TSL301", [AT]),
    ],
)
def test_noqa_is_flake8s(comment: str, found: list[tuple[int, int]], folder: Path) -> None:
    (folder / "load.py").write_text(STRIDE.rstrip("\n") + f"  {comment}\n")
    assert places(flake8(folder, "load.py")) == found
    assert places(flake8(folder, "--disable-noqa", "load.py")) == [AT]


def test_syntax_errors_are_flake8s(folder: Path) -> None:
    (folder / "broken.py").write_text("import torch\n\n\ndef f(x:\n    return x.numpy()\n")
    done = flake8(folder, "broken.py", "load.py")
    assert places(done, "E999") != []
    assert "TSL900" not in done.stdout
    assert places(done) == [AT], "the other file is linted all the same"


def test_undeclared_latin_1_harms_nothing(folder: Path) -> None:
    """flake8 reads such a file as Latin-1, and so does the plugin: it lints what flake8 lints."""
    (folder / "old.py").write_bytes(STRIDE.replace("    return ", "    'é'; return ").encode("latin-1"))
    done = flake8(folder, "--select=TSL", "old.py", "load.py")
    assert places(done) == [AT, (6, AT[1] + 5)]


def test_two_jobs_say_the_same(tmp_path: Path) -> None:
    names = [f"load{number}.py" for number in range(6)]
    for name in names:
        (tmp_path / name).write_text(STRIDE)
    one = flake8(tmp_path, "--jobs=1", *names)
    two = flake8(tmp_path, "--jobs=2", *names)
    assert len(places(one)) == 6
    assert two.stdout == one.stdout


@pytest.mark.parametrize(("name", "shown"), [(["--stdin-display-name=src/load.py"], "src/load.py"), ([], "stdin")])
def test_standard_input(name: list[str], shown: str, tmp_path: Path) -> None:
    done = flake8(tmp_path, *name, "-", stdin=STRIDE)
    assert places(done) == [AT]
    assert done.stdout.startswith(f"{shown}:6:12: ")


@pytest.mark.parametrize("path", [".", "pkg/load.py", "./pkg/load.py", "-"])
def test_other_files_are_looked_at(path: str, tmp_path: Path) -> None:
    package = tmp_path / "pkg"
    package.mkdir()
    (tmp_path / "setup.cfg").touch()
    (package / "helpers.py").write_text("import numpy as np\n\n\ndef mirrored(image):\n    return np.flip(image, 1)\n")
    text = STRIDE.replace("import numpy as np\n", "").replace(
        "import torch\n", "import torch\n\nfrom . import helpers\n"
    )
    text = text.replace("np.flip(image, 1)", "helpers.mirrored(image)").replace(": np.ndarray", "")
    (package / "load.py").write_text(text)
    assert places(flake8(tmp_path, "--stdin-display-name=pkg/load.py", path, stdin=text)) == [(7, AT[1])]


def test_settings_are_those_of_the_nearest_file(folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.tensorlint]\nignore = ["TSL301"]\n')
    inner = folder / "inner"
    inner.mkdir()
    (inner / "load.py").write_text(STRIDE)
    (inner / "pyproject.toml").write_text('[tool.tensorlint]\nselect = ["TSL3"]\n')
    done = flake8(folder, "load.py", "inner/load.py")
    assert places(done) == [AT]
    assert done.stdout.startswith("inner/load.py")


def test_settings_in_a_file_of_their_own(folder: Path) -> None:
    (folder / "tensorlint.toml").write_text('[per-file-ignores]\n"load.py" = ["TSL301"]\n')
    (folder / "other.py").write_text(STRIDE)
    done = flake8(folder, "load.py", "other.py")
    assert places(done) == [AT]
    assert done.stdout.startswith("other.py")


def test_known_findings_are_left_out(folder: Path) -> None:
    text = STRIDE.replace("1))", "1))  # noqa: TSL301") + STRIDE[STRIDE.index("def") :]
    (folder / "load.py").write_text(text)
    command = [sys.executable, "-m", "tensorlint", "baseline", "write", "--baseline", "tensorlint-baseline.jsonl"]
    assert "1 finding (" in subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    assert places(flake8(folder, "load.py")) == []
    (folder / "load.py").write_text(text + "\n\n" + STRIDE[STRIDE.index("def") :])
    assert len(places(flake8(folder, "load.py"))) == 1
    (folder / "tensorlint-baseline.jsonl").write_text("what\n")
    assert places(flake8(folder, "load.py"), "TSL900") == [(1, 1)]


def test_bad_settings_are_a_diagnostic(folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.tensorlint]\nignroe = ["TSL301"]\n')
    done = flake8(folder, "load.py")
    assert places(done, "TSL900") == [(1, 1)]
    assert "'ignroe'" in done.stdout
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("--tensorlint-confidence=sure", '\'confidence\' takes one of "possible", "likely", "certain", not \'sure\''),
        (
            "--tensorlint-extend-select=TSL9999",
            "--tensorlint-extend-select: 'extend-select' has an unknown rule code 'TSL9999'",
        ),
    ],
)
def test_bad_options_end_flake8_as_usual(argument: str, said: str, folder: Path) -> None:
    done = flake8(folder, argument, "load.py")
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_options_in_flake8s_configuration(folder: Path) -> None:
    (folder / "setup.cfg").write_text("[flake8]\ntensorlint-confidence = sure\n")
    assert flake8(folder, "--config=setup.cfg", "load.py").returncode == 2
    (folder / "setup.cfg").write_text("[flake8]\ntensorlint-extend-select =\n    TSL1,\n    TSL301\n")
    assert places(flake8(folder, "--config=setup.cfg", "load.py")) == [AT]


class _Manager:
    """Enough of flake8's option manager."""

    class parser:  # noqa: N801
        @staticmethod
        def error(message: str) -> None:
            raise AssertionError(message)


def _asked(monkeypatch: pytest.MonkeyPatch, folder: Path, extend_select: list[str], level: str | None) -> Settings:
    """The settings that the plugin lints with."""
    asked: list[Settings] = []

    def lint(source: Source, settings: Settings, *, noqa: bool, parsed: bool) -> list[object]:
        assert not noqa, "noqa is flake8's"
        assert parsed, "flake8 has parsed it"
        asked.append(settings)
        return []

    class Options:
        tensorlint_extend_select = extend_select
        tensorlint_confidence = level

    monkeypatch.setattr(tensorlint.linter, "lint", lint)
    monkeypatch.setattr(tensorlint.linter, "codes", lambda: frozenset({"TSL101", "TSL108", "TSL501"}))
    monkeypatch.setattr(Plugin, "configuration", None)
    Plugin.parse_options(_Manager(), Options(), [])  # type: ignore[arg-type]
    assert list(Plugin(ast.parse(STRIDE), str(folder / "load.py"), STRIDE.splitlines(keepends=True)).run()) == []
    (settings,) = asked
    return settings


def test_opt_in_codes_are_off_until_named(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    settings = _asked(monkeypatch, folder, [], None)
    assert not settings.is_selected("TSL108", default=False)
    assert settings.is_selected("TSL101")
    assert settings.confidence is Confidence.LIKELY


def test_opt_in_codes_by_option(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    settings = _asked(monkeypatch, folder, ["TSL108"], "possible")
    assert settings.is_selected("TSL108", default=False)
    assert not settings.is_selected("TSL501", default=False)
    assert settings.confidence is Confidence.POSSIBLE


def test_opt_in_codes_by_settings(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.tensorlint]\nextend-select = ["TSL5"]\nconfidence = "certain"\n')
    settings = _asked(monkeypatch, folder, ["TSL108"], None)
    assert settings.is_selected("TSL501", default=False)
    assert settings.is_selected("TSL108", default=False)
    assert settings.confidence is Confidence.CERTAIN


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (RuntimeError("first\nsecond"), (1, 0, "TSL900 internal error: RuntimeError: first second", Plugin)),
        (AttributeError("gone"), (1, 0, "TSL900 internal error: AttributeError: gone", Plugin)),
        (RecursionError("deep"), (1, 0, "TSL900 internal error: RecursionError: deep", Plugin)),
        (SourceError("nested too deeply", 3, 5), (3, 4, "TSL900 nested too deeply", Plugin)),
    ],
)
def test_never_raises(
    error: Exception, problem: tuple[int, int, str, type], monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    def lint(*arguments: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(tensorlint.linter, "lint", lint)
    monkeypatch.setattr(Plugin, "configuration", None)
    assert list(Plugin(ast.parse(STRIDE), str(folder / "load.py"), STRIDE.splitlines(keepends=True)).run()) == [problem]
