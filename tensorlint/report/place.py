"""How the place of a finding or of a step of its evidence is named."""

from __future__ import annotations

from tensorlint.finding import Evidence, Finding
from tensorlint.report.lines import Part
from tensorlint.report.printable import escaped

__all__ = ["in_cell", "named", "place"]


def named(part: Part) -> str:
    """A file, or a cell of a notebook: ``train.ipynb:cell 3``."""
    path, cell = part
    return escaped(path) if cell is None else f"{escaped(path)}:cell {cell}"


def place(where: Finding | Evidence) -> str:
    """The line and column, after the cell where there is one: ``cell 3:5:10``."""
    cell = "" if where.cell is None else f"cell {where.cell}:"
    return f"{cell}{where.line}:{where.column}"


def in_cell(where: Finding | Evidence, text: str) -> str:
    """A text for reports whose lines are those of the file: it begins with the cell and its line."""
    return text if where.cell is None else f"cell {where.cell}, line {where.line}: {text}"
