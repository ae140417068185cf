"""What IPython makes of a cell before Python sees it: magics (``%``, ``%%``), shell lines (``!``), help (``?``).

A cell becomes as many lines of Python, in which every column is where it was; what is not Python gives way to ``pass``,
to a value that is not known, or to nothing.

Source: IPython's ``core/inputtransformer2.py``.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tensorlint.notebook.statement_starts import Reader

__all__ = ["Row", "parsed", "rows"]

_LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n)|([^\r\n]+)\Z")
_PYTHON_CELLS = frozenset({
    "capture", "debug", "heat", "ipytest", "memit", "mprun", "prun", "pyinstrument", "scalene", "snakeviz", "time",
    "timeit", "wandb",
})  # fmt: skip
"""Cell magics whose cells are Python, run where the other cells run. Of all others that is not known."""

_CELL_MAGIC = re.compile(r"%%(\w*)")
_ESCAPED = re.compile(r"[ \t]*(?:[%!?]|[/,;](?=\w))")
_HELP = re.compile(r"[ \t]*%{0,2}[A-Za-z_][\w.*]*(?:\[[^\]]*\][\w.]*)*\?{1,2}[ \t]*(?:#.*)?\Z")
_ASSIGNED = re.compile(r"(?P<to>[^=!%#]*?[^=!%#<>:+\-*/&|^@~\s][ \t]*=[ \t]*)(?:%(?P<magic>\w+)|!)")
_RUNNING = re.compile(r"%(?:(?P<time>time)|timeit(?:[ \t]+-(?:[nrp][ \t]*\d+|[tcqov]+))*)(?=[ \t])[ \t]+")
_AUTOMAGIC = re.compile(
    r"(?:cat|cd|clear|conda|cp|env|ls|ll|load_ext|mamba|man|matplotlib|mkdir|more|mv|pip|pwd|rm|rmdir|run|time|timeit|uv"
    r"|who|whos)[ \t]+[^ \t=]"
)
"""Magics that are known without ``%`` where they are a cell's only line."""
_UNKNOWN = "get_ipython()"
"""A value of which nothing is known."""
ALL = 1 << 30


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a cell as Python has it."""

    text: str
    end: str
    """What ends it in the notebook; the cell's last line has no end."""
    moved: int = 0
    """How many columns further to the right the notebook has it."""
    foreign: tuple[int, int] = (0, 0)
    """The part of it, in columns from 0, that is not as in the notebook."""
    first: bool = False
    """Nothing of Python may be put in front of it: it is, or stands above, a cell magic; or the cell is no Python."""


def rows(text: str) -> list[Row]:
    """The lines of a cell: one at least."""
    lines = [(match[1] or match[3] or "", match[2] or "") for match in _LINE.finditer(text)] or [("", "")]
    found: list[Row] = []
    while True:
        at = next((number for number, (line, _) in enumerate(lines) if line.strip()), len(lines))
        magic = _CELL_MAGIC.match(lines[at][0]) if at < len(lines) else None
        if magic is None:
            break
        last = at + 1 if magic[1] in _PYTHON_CELLS else len(lines)
        found += (_gone(end, first=True) for _, end in lines[:last])
        lines = lines[last:]
    if at < len(lines):
        lead = lines[at][0]
        lines_, moved = _dedented(lines, lead[: len(lead) - len(lead.lstrip(" \t"))])
        python = [Row(line, end, by) for (line, end), by in zip(lines_, moved, strict=True)]
        found += python if isinstance(parsed(python), ast.Module) else _translated(python)
    else:
        found += (Row(line, end) for line, end in lines)
    return found


def parsed(python: list[Row]) -> ast.Module | SyntaxError | None:
    """Some lines as Python; None where CPython cannot say."""
    return _parsed("".join(row.text + (row.end or "\n") for row in python))


def _parsed(text: str) -> ast.Module | SyntaxError | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes are other linters' business
            return ast.parse(text)
    except SyntaxError as error:
        return error
    except (ValueError, RecursionError, MemoryError):
        return None


def _gone(end: str, first: bool = False) -> Row:
    return Row("", end, foreign=(0, ALL), first=first)


def _dedented(lines: list[tuple[str, str]], lead: str) -> tuple[list[tuple[str, str]], list[int]]:
    """The lines without the indentation of the first one, and by how much each was moved."""
    moved = [len(lead) if line.startswith(lead) else 0 for line, _ in lines]
    return [(line[by:], end) for (line, end), by in zip(lines, moved, strict=True)], moved


def _translated(python: list[Row]) -> Iterator[Row]:
    reader = Reader()
    joined = False
    alone = sum(bool(row.text.strip()) for row in python) == 1
    for row in python:
        if alone and _AUTOMAGIC.match(row.text):
            yield _gone(row.end)
            continue
        if joined:  # what a backslash joins to a magic is a part of it
            joined = row.text.endswith("\\")
            yield _gone(row.end)
            continue
        new = _statement(row) if reader.at_start else None
        if new is None:
            reader.read(row.text)
            yield row
        else:
            joined = row.text.endswith("\\")
            yield new


def _statement(row: Row) -> Row | None:
    """A line on which a statement begins, where it is not Python's; None where it is."""
    text = row.text
    if _ESCAPED.match(text) or _HELP.match(text):
        indent = text[: len(text) - len(text.lstrip(" \t"))]
        running = _RUNNING.match(text, len(indent))
        if running is not None:
            code = "pass;".ljust(running.end() - len(indent)) + text[running.end() :]
            if _runs(text[running.end() :], running["time"] is not None):
                return replace(row, text=indent + code, foreign=(len(indent), running.end()))
        # what is not indented can be left out, so that imports below it are still those that a program begins with
        return replace(row, text=f"{indent}pass" if indent else "", foreign=(0, ALL))
    assigned = _ASSIGNED.match(text)
    if assigned is None:
        return None
    running = _RUNNING.match(text, assigned.end("to"))
    if running is not None and running["time"] and _runs(text[running.end() :], True):
        code = assigned["to"] + " " * (running.end() - running.start()) + text[running.end() :]
        if isinstance(_parsed(code.lstrip(" \t")), ast.Module):
            return replace(row, text=code, foreign=(running.start(), running.end()))
    return replace(row, text=assigned["to"] + _UNKNOWN, foreign=(0, ALL))


def _runs(code: str, as_here: bool) -> bool:
    """Whether a magic's code can stand on one line with a statement in front of it.

    :param as_here: names that it binds live on, as they do not where it is timed again and again
    """
    tree = _parsed(f"pass; {code}")
    if not isinstance(tree, ast.Module):
        return False
    return as_here or all(isinstance(each, ast.Expr | ast.Pass) for each in tree.body)
