"""What is open in the editor: files, and notebooks, whose cells are texts of their own and one program."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace

from lsprotocol import types
from pygls.uris import to_fs_path, uri_scheme
from pygls.workspace import PositionCodec

from tensorlint.files import is_notebook
from tensorlint.plugins.server.text import Text

__all__ = ["PYTHON", "Document", "Sheet", "changed", "file", "notebook", "notebook_changed"]

PYTHON = "python"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One text in the editor, saved or not: a file, or a cell of a notebook."""

    uri: str
    language: str
    version: int | None
    """None: of one that is open no more."""
    text: str
    is_code: bool = True


@dataclass(frozen=True, slots=True)
class Document:
    """One state of what has findings together."""

    uri: str
    sheets: tuple[Sheet, ...]
    """A file is one, a notebook one for each cell, in their order; those that are no Python count, too."""
    is_notebook: bool = False

    @property
    def path(self) -> str | None:
        """Where it lies, or a name for what lies nowhere yet; None for what is no file, as a cell by itself is."""
        scheme = uri_scheme(self.uri)
        if scheme == "untitled":
            name = self.uri.removeprefix("untitled:").strip("/").replace("/", "-")
            path: str | None = os.path.join(os.getcwd(), name)
        else:
            path = to_fs_path(self.uri) if scheme == "file" else None
        # What is linted is a notebook's JSON, which its name must tell.
        return f"{path}.ipynb" if path is not None and self.is_notebook and not is_notebook(path) else path

    @property
    def text(self) -> str:
        """What is linted: a file as it would be saved, or what is needed of one."""
        if not self.is_notebook:
            return self.sheets[0].text
        cells = [
            {
                "cell_type": "code" if each.is_code else "markdown",
                "metadata": {"vscode": {"languageId": each.language}},
                "source": each.text,
            }
            for each in self.sheets
        ]
        return json.dumps({"nbformat": 4, "cells": cells})

    def sheet(self, cell: int | None) -> Sheet:
        """Where a finding is shown, by its cell; the first one for what is about the whole."""
        return self.sheets[cell - 1 if cell is not None else 0]

    def cell(self, uri: str) -> int | None:
        """Which cell a text is; None in a file."""
        numbers = (number for number, sheet in enumerate(self.sheets, 1) if sheet.uri == uri)
        return next(numbers, None) if self.is_notebook else None

    def became(self, text: str) -> list[tuple[Sheet, str]]:
        """What each text is when :attr:`text` has become another one."""
        if not self.is_notebook:
            return [(self.sheets[0], text)]
        return list(zip(self.sheets, (each["source"] for each in json.loads(text)["cells"]), strict=True))

    def closed(self, sheets: Iterable[Sheet] | None = None) -> Document:
        """The same, or some texts of it, as what is open no more."""
        return replace(self, sheets=tuple(replace(each, version=None) for each in sheets or self.sheets))


def file(opened: types.TextDocumentItem) -> Document:
    """A file that was opened."""
    return Document(opened.uri, (_sheet(opened),))


def notebook(opened: types.DidOpenNotebookDocumentParams) -> Document:
    """A notebook that was opened."""
    sheets = {each.uri: _sheet(each) for each in opened.cell_text_documents}
    cells = opened.notebook_document.cells
    return Document(opened.notebook_document.uri, tuple(_cell(each, sheets) for each in cells), True)


def changed(
    document: Document,
    uri: str,
    version: int,
    changes: Iterable[types.TextDocumentContentChangeEvent],
    codec: PositionCodec,
) -> Document:
    """A document after one of its texts was edited.

    :param codec: how the editor counts columns
    """

    def edited(text: str) -> str:
        for change in changes:
            if isinstance(change, types.TextDocumentContentChangePartial):
                text = Text(text, codec).replaced(change.range, change.text)
            else:
                text = change.text
        return text

    sheets = (
        replace(each, version=version, text=edited(each.text)) if each.uri == uri else each for each in document.sheets
    )
    return replace(document, sheets=tuple(sheets))


def notebook_changed(document: Document, change: types.NotebookDocumentChangeEvent, codec: PositionCodec) -> Document:
    """A notebook after cells came, went or were moved, or texts of cells were edited."""
    cells = change.cells
    if cells is None:
        return document
    if cells.structure is not None:
        array = cells.structure.array
        sheets = {each.uri: each for each in document.sheets}
        sheets |= {each.uri: _sheet(each) for each in cells.structure.did_open or ()}
        new = [_cell(each, sheets) for each in array.cells or ()]
        old = document.sheets
        after = old[array.start + array.delete_count :]
        document = replace(document, sheets=(*old[: array.start], *new, *after))
    for text in cells.text_content or ():
        document = changed(document, text.document.uri, text.document.version, text.changes, codec)
    kinds = {each.document: each.kind == types.NotebookCellKind.Code for each in cells.data or ()}
    sheets_now = (replace(each, is_code=kinds.get(each.uri, each.is_code)) for each in document.sheets)
    return replace(document, sheets=tuple(sheets_now))


def _sheet(opened: types.TextDocumentItem) -> Sheet:
    return Sheet(opened.uri, opened.language_id, opened.version, opened.text)


def _cell(cell: types.NotebookCell, sheets: dict[str, Sheet]) -> Sheet:
    """The text of a cell; none where the editor keeps it for itself."""
    sheet = sheets.get(cell.document) or Sheet(cell.document, "", None, "")
    return replace(sheet, is_code=cell.kind == types.NotebookCellKind.Code)
