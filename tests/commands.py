"""Running the command in a folder of its own; what it lints is the toy language of ``fakes``."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tensorlint.cli import main

BAD = 'import torch\nbad("TSL101")\n'
FIXABLE = 'import torch\nfixable("TSL101")\nrisky("TSL102")\n'


@dataclass
class Result:
    code: int
    out: str
    err: str


class Run:
    """Runs the command in a folder of its own."""

    def __init__(self, folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._capfd = capfd
        self._monkeypatch = monkeypatch
        monkeypatch.chdir(folder)
        for name in ("FORCE_COLOR", "NO_COLOR", "TENSORLINT_DEBUG"):
            monkeypatch.delenv(name, raising=False)

    def write(self, name: str, text: str) -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="")
        return file

    def __call__(self, *arguments: str, stdin: bytes = b"") -> Result:
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        self._capfd.readouterr()
        with pytest.raises(SystemExit) as end:
            main(arguments)
        assert isinstance(end.value.code, int)
        return Result(end.value.code, *self._capfd.readouterr())

    def codes(self, *arguments: str) -> list[str]:
        """What is found, as ``path:line code``."""
        found = json.loads(self(*arguments, "--output-format", "json").out)
        return [f"{each['path']}:{each['line']} {each['code']}" for each in found]


def git(folder: Path, *arguments: str) -> str:
    """What git prints, run without the settings that the machine has for it."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        **{f"GIT_{who}_{what}": "test" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }
    done = subprocess.run(["git", *arguments], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def commit(folder: Path) -> None:
    """Commit all that is there."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "all")
