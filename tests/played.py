"""Runs the fenced blocks of a Markdown page and holds what they print against the page, or writes it there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from checkout import ROOT
from readme_blocks import Block, blocks, commands


def hold(page: Path, found: Iterable[Block], folder: Path, update: bool, aside: str = "tests") -> None:
    """Write the files and run the commands of ``found`` in ``folder``: they print what ``page`` says.

    With ``update`` the page is rewritten instead. Blocks that are marked ``aside`` are passed over.
    """
    said, printed = [], []
    passed: Counter[str] = Counter()
    for block in found:
        number, passed[block.section] = passed[block.section], passed[block.section] + 1
        if block.file:
            (folder / block.file).parent.mkdir(parents=True, exist_ok=True)
            (folder / block.file).write_text(block.text, encoding="utf-8")
        elif aside not in block.marks:
            assert block.language == "console", f"{page.name} line {block.first}: neither a file nor commands"
            now = play(block, folder)
            assert "Traceback" not in now and "TSL900" not in now, now
            if update:
                _rewrite(page, block, number, now)
            else:
                said.append(block.text)
                printed.append(now)
    assert printed == said


def play(block: Block, folder: Path) -> str:
    """The block as it would have to be: its commands with what they print now."""
    text, status = "", 0
    for command in commands(block):
        printed = ""
        if command.quick:
            printed, status = run(command.quick, folder, status)
        text += f"$ {command.text}\n{printed}"
    return text


def run(command: str, folder: Path, status: int = 0, fresh: bool = False) -> tuple[str, int]:
    """What a command prints and its exit status; ``status`` is the one that it finds in ``$?``."""
    kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "FORCE_COLOR", "PYTHONPATH")}
    if not fresh:
        kept["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
        kept["PYTHONPATH"] = str(ROOT)
    done = subprocess.run(
        ["bash", "-c", f"(exit {status}); {command}"],
        cwd=folder,
        env=kept,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    return done.stdout, done.returncode


def _rewrite(page: Path, block: Block, number: int, text: str) -> None:
    """Put ``text`` into the block that is the ``number``th of its section, wherever it stands by now."""
    shown = page.read_text(encoding="utf-8")
    now = [each for each in blocks(shown) if each.section == block.section][number]
    assert now.text == block.text, f"{page.name} line {now.first}: not the block that was played"
    lines = shown.split("\n")
    page.write_text("\n".join([*lines[: now.first], *text.split("\n")[:-1], *lines[now.last :]]), encoding="utf-8")
