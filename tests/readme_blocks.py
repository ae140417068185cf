"""The README's fenced blocks: which files they write, which commands they run and what those print.

A comment line before a block says what it is, as a comma-separated list: ``file: NAME`` is a file with that content;
``checkout`` runs in a copy of the checkout instead of an empty folder; ``tests`` is the command that runs the tests,
which `.ci/run` takes from here (``python tests/readme_blocks.py tests``) since a test cannot run all tests.
Blocks under one heading share one folder.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"

_FENCE = re.compile(r"^```(\w*)[ \t]*$")
_COMMENT = re.compile(r"^<!-- (.*) -->$")
_HEADING = re.compile(r"^##+ (.*)$")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block. ``first`` and ``last`` are the indices of its content's lines, the last exclusive."""

    section: str
    language: str
    marks: tuple[str, ...]
    first: int
    last: int
    text: str

    @property
    def file(self) -> str | None:
        """The name of the file whose content this block is."""
        return next((mark.removeprefix("file: ") for mark in self.marks if mark.startswith("file: ")), None)


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a console block, and what the README says that it prints."""

    text: str
    printed: str

    @property
    def sets_up(self) -> bool:
        """It makes an environment, which takes the package index and a while."""
        return any(is_set_up(part) for part in self.parts)

    @property
    def parts(self) -> list[str]:
        return self.text.split(" && ")

    @property
    def quick(self) -> str:
        """What remains to be done in an environment that is there already; empty if nothing does."""
        return " && ".join(part.replace(".venv/bin/", "") for part in self.parts if not is_set_up(part))


def is_set_up(part: str) -> bool:
    """The part of a command makes an environment."""
    return "pip install" in part or "-m venv" in part


def blocks(readme: str) -> Iterator[Block]:
    """The fenced blocks of a Markdown text, in order."""
    lines = readme.split("\n")
    section, at = "", 0
    while at < len(lines):
        if heading := _HEADING.match(lines[at]):
            section = heading[1]
        if fence := _FENCE.match(lines[at]):
            comment = _COMMENT.match(lines[at - 1])
            marks = tuple(mark.strip() for mark in comment[1].split(",")) if comment else ()
            end = lines.index("```", at + 1)
            yield Block(section, fence[1], marks, at + 1, end, "".join(f"{line}\n" for line in lines[at + 1 : end]))
            at = end
        at += 1


def commands(block: Block) -> Iterator[Command]:
    """The commands of a console block: ``$`` begins one, what follows is what it prints."""
    command, printed = "", ""
    for line in block.text.splitlines(keepends=True):
        if line.startswith("$ "):
            if command:
                yield Command(command, printed)
            command, printed = line[2:].rstrip("\n"), ""
        elif not command:
            raise ValueError(f"README line {block.first + 1}: a console block begins with a command")
        else:
            printed += line
    yield Command(command, printed)


if __name__ == "__main__":
    for marked in blocks(README.read_text(encoding="utf-8")):
        if sys.argv[1] in marked.marks:
            print("\n".join(part for command in commands(marked) for part in command.parts))
