"""The code cells of a notebook, as nbformat 3 and 4 describe it, and where their texts stand in the JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tensorlint.notebook.json_text import JsonText
from tensorlint.source import SourceError

__all__ = ["Cell", "Piece", "code_cells"]

_VERSIONS = (3, 4)
_PYTHON = re.compile(r"i?python\d*\Z|pyspark\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Piece:
    """A string of the JSON, which is a cell's text or a part of it."""

    start: int
    """Where it begins in the JSON, with its quote."""
    end: int
    """Where the JSON goes on after it."""
    text: str
    joint: str = ""
    """What Jupyter puts between it and the next one."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A code cell."""

    number: int
    """From 1, in the order of the file; cells that hold no code count, too."""
    pieces: tuple[Piece, ...]
    in_list: bool
    """The JSON has its text as a list of strings."""
    start: int
    """Where the JSON has its text."""

    @property
    def text(self) -> str:
        return "".join(piece.text + piece.joint for piece in self.pieces)

    def piece(self, offset: int, end: bool = False) -> tuple[Piece, int]:
        """The piece that holds a place in the text, and where in it that is.

        :param end: where a piece ends, the end of it is meant, else the beginning of the next one
        """
        start = 0
        for number, piece in enumerate(self.pieces, 1):
            length = len(piece.text)
            its_end = end or piece.joint or number == len(self.pieces)
            if offset < start + length or (its_end and offset == start + length):
                return piece, offset - start
            start += length + len(piece.joint)
        raise ValueError(f"cell {self.number} has no place at {offset}")


def code_cells(json: JsonText) -> list[Cell]:
    """The cells whose code is Python, in the order of the file; none where the notebook is of another language.

    :raises SourceError: if the JSON is no notebook
    """
    notebook = json.value
    if not isinstance(notebook, dict):
        raise _wrong(json, json.start, "the JSON is no object")
    top = json.members(json.start)
    version = notebook.get("nbformat")
    if version not in _VERSIONS or isinstance(version, bool):
        if "nbformat" not in notebook:
            raise _wrong(json, json.start, "it has no `nbformat`")
        raise _wrong(json, top["nbformat"], f"nbformat {version!r} is none of {', '.join(map(str, _VERSIONS))}")
    if not _is_python(notebook.get("metadata")):
        return []
    name = "source" if version == 4 else "input"
    cells = []
    for number, (cell, start) in enumerate(_cells(json, notebook, version), 1):
        if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
            raise _wrong(json, start, f"cell {number} has no `cell_type`")
        if cell["cell_type"] == "code" and _is_python_cell(cell):
            if name not in cell:
                raise _wrong(json, start, f"cell {number} has no `{name}`")
            cells.append(_cell(json, number, cell[name], json.members(start)[name], version))
    return cells


def _cells(json: JsonText, notebook: dict[str, Any], version: int) -> Iterator[tuple[Any, int]]:
    """Every cell with its place."""
    if version == 4:
        yield from _listed(json, notebook, json.start, "cells")
        return
    for number, (sheet, start) in enumerate(_listed(json, notebook, json.start, "worksheets"), 1):
        if not isinstance(sheet, dict):
            raise _wrong(json, start, f"worksheet {number} is no object")
        yield from _listed(json, sheet, start, "cells")


def _listed(json: JsonText, value: dict[str, Any], start: int, name: str) -> Iterator[tuple[Any, int]]:
    if name not in value:
        raise _wrong(json, start, f"it has no `{name}`")
    place = json.members(start)[name]
    if not isinstance(value[name], list):
        raise _wrong(json, place, f"`{name}` is no list")
    yield from zip(value[name], json.items(place), strict=True)


def _cell(json: JsonText, number: int, source: Any, start: int, version: int) -> Cell:
    """A cell from its text."""
    if isinstance(source, str):
        return Cell(number, (Piece(start, json.string(start)[1], source),), False, start)
    if not isinstance(source, list):
        raise _wrong(json, start, f"the text of cell {number} is neither a string nor a list of strings")
    # nbformat 3 may have left the ends of the lines out
    joint = "\n" if version == 3 and source and not str(source[0]).endswith(("\n", "\r")) else ""
    pieces = []
    for at, (text, place) in enumerate(zip(source, json.items(start), strict=True), 1):
        if not isinstance(text, str):
            raise _wrong(json, place, f"the text of cell {number} is a list with something else than strings in it")
        pieces.append(Piece(place, json.string(place)[1], text, joint if at < len(source) else ""))
    return Cell(number, tuple(pieces), True, start)


def _is_python(metadata: Any) -> bool:
    """Whether the notebook's language is Python; one that does not say is taken to be."""
    for about, key in (("language_info", "name"), ("kernelspec", "language")):
        language = _get(_get(metadata, about), key)
        if isinstance(language, str) and language:
            return _PYTHON.match(language) is not None
    return True


def _is_python_cell(cell: dict[str, Any]) -> bool:
    """The same for one cell: nbformat 3 says it there, and so does Visual Studio Code."""
    for language in (cell.get("language"), _get(_get(cell.get("metadata"), "vscode"), "languageId")):
        if isinstance(language, str) and language:
            return _PYTHON.match(language) is not None
    return True


def _get(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _wrong(json: JsonText, at: int, why: str) -> SourceError:
    return SourceError(f"not a notebook: {why}", *json.place(at))
