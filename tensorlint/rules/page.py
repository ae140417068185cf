"""A rule's page: its docstring, read into sections.

A docstring begins with one line that sums the rule up. Then come the sections, in the order of ``HEADINGS``: a heading
on a line of its own, underlined with hyphens of the same length. Lines indented by four or more are a block of code;
every block of *Example* and *Use instead* is a program of its own.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from dataclasses import dataclass

from tensorlint.rules.base import Rule

__all__ = ["HEADINGS", "Page", "fenced", "fixes", "page", "parse"]

HEADINGS = (
    "What it does",
    "Why is this bad?",
    "Example",
    "Use instead",
    "Known limits",
    "Fix safety",
    "Observed",
)
"""The sections that every page has, in this order."""

_UNDERLINE = re.compile(r"-+")


@dataclass(frozen=True, slots=True)
class Page:
    """A rule's docstring in parts."""

    summary: str
    """One line, without a full stop at its end."""
    sections: tuple[tuple[str, str], ...]
    """Headings and their text, with code blocks indented by four."""

    def section(self, heading: str) -> str:
        """The text below a heading; KeyError if there is none."""
        return dict(self.sections)[heading]

    @property
    def examples(self) -> tuple[str, ...]:
        """Programs that the rule reports."""
        return _blocks(self.section("Example"))

    @property
    def instead(self) -> tuple[str, ...]:
        """Programs that no rule reports."""
        return _blocks(self.section("Use instead"))


def page(rule: Rule | type[Rule]) -> Page:
    """The page of a rule.

    :raises ValueError: if its docstring has another form than this module describes
    """
    return parse(rule.__doc__ or "")


def fixes(rule: Rule | type[Rule]) -> list[str]:
    """The kinds of fixes that the rule's page speaks of: safe, unsafe, both or (``There is no fix``) none."""
    text = page(rule).section("Fix safety").lower()
    words = set() if text.startswith("there is no fix") else set(re.findall(r"\w+", text))
    return [kind for kind in ("safe", "unsafe") if kind in words]


def parse(docstring: str) -> Page:
    """A docstring as a page.

    :raises ValueError: if the summary, a section or a code block is missing, or there are others than ``HEADINGS``
    """
    lines = inspect.cleandoc(docstring).splitlines()
    if len(lines) < 2 or not lines[0] or lines[1]:
        raise ValueError("a page begins with one line that sums it up, and an empty line")
    starts = [
        number
        for number in range(len(lines) - 1)
        if lines[number] and _UNDERLINE.fullmatch(lines[number + 1]) and len(lines[number]) == len(lines[number + 1])
    ]
    headings = tuple(lines[start] for start in starts)
    if headings != HEADINGS:
        raise ValueError(f"a page has the sections {', '.join(HEADINGS)}, not {', '.join(headings)}")
    if any(lines[2 : starts[0]]):
        raise ValueError("a page says nothing between its summary and its first heading")
    ends = [*starts[1:], len(lines)]
    texts = ["\n".join(lines[start + 2 : end]).strip("\n") for start, end in zip(starts, ends, strict=True)]
    for heading, text in zip(headings, texts, strict=True):
        if not text:
            raise ValueError(f"the section {heading!r} is empty")
        if heading in ("Example", "Use instead") and not _blocks(text):
            raise ValueError(f"the section {heading!r} has no code")
    return Page(lines[0].rstrip("."), tuple(zip(headings, texts, strict=True)))


def fenced(text: str) -> str:
    """The text with its indented blocks of code between fences."""
    lines: list[str] = []
    code: list[str] = []
    for line in [*text.splitlines(), "."]:
        if line.startswith("    ") or (not line and code):
            code.append(line[4:])
            continue
        if code:
            while not code[-1]:
                code.pop()
            lines += ["```python", *code, "```", ""]
            code = []
        lines.append(line)
    return "\n".join(lines[:-1]).strip("\n")


def _blocks(text: str) -> tuple[str, ...]:
    """The runs of indented lines (with empty lines between them), dedented, each ending in a newline."""
    blocks: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.startswith("    ") or (not line and blocks[-1]):
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    return tuple(textwrap.dedent("\n".join(block)).strip("\n") + "\n" for block in blocks if block)
