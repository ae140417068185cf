"""The server: the protocol's requests and notifications, each handed to those that know."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from lsprotocol import types
from pygls.capabilities import get_capability
from pygls.lsp.server import LanguageServer

from tensorlint import __version__
from tensorlint.configuration import FILES
from tensorlint.finding import Edit
from tensorlint.plugins.server.actions import FIX_ALL, FIX_NOTEBOOK, quick_fixes, wanted
from tensorlint.plugins.server.desk import Desk, Linted
from tensorlint.plugins.server.diagnostics import Shown, diagnostics
from tensorlint.plugins.server.documents import PYTHON, Document, Sheet, changed, file, notebook, notebook_changed
from tensorlint.plugins.server.text import Text
from tensorlint.settings import BASELINE

__all__ = ["Server", "serve"]

_WATCHED = ("**/*.py", *(f"**/{name}" for name in FILES), f"**/{BASELINE}", "**/requirements*.txt", "**/.gitignore")
"""What findings can depend on besides the file that they are in."""
_NOTEBOOKS = types.NotebookDocumentSyncOptions(
    [types.NotebookDocumentFilterWithNotebook(types.NotebookDocumentFilterNotebookType("jupyter-notebook"))], save=True
)
"""With all their cells: which one of the file's each is can be told then."""


class Server(LanguageServer):
    """A language server over standard input and output."""

    def __init__(self) -> None:
        # Whole texts: pygls counts a form feed as the end of a line, and would make partial changes in the wrong place.
        # Those of cells, which editors send all the same, are made here; pygls is not to complain of its own.
        super().__init__("tensorlint", __version__, types.TextDocumentSyncKind.Full, _NOTEBOOKS)
        logging.getLogger("pygls.workspace.text_document").setLevel(logging.CRITICAL)
        self.desk = Desk(self.tell)
        _answer(self)

    def can(self, capability: str) -> bool:
        """Whether the editor says that it can do something."""
        return bool(get_capability(self.client_capabilities, capability, False))

    def text(self, text: str) -> Text:
        """A text whose places are counted as the editor does."""
        return Text(text, self.workspace.position_codec)

    def shown(self, linted: Linted) -> list[Shown]:
        """What was found in a document, as the editor shows it."""
        found = diagnostics(
            linted.document,
            linted.findings,
            self.text,
            lambda path: Text.of_file(path, self.workspace.position_codec),
            self.can("text_document.publish_diagnostics.related_information"),
        )
        return list(found)

    def tell(self, linted: Linted) -> None:
        """Show what was found in a document."""
        shown = self.shown(linted)
        for sheet in linted.document.sheets:
            found = [each.diagnostic for each in shown if each.sheet is sheet]
            self.text_document_publish_diagnostics(
                types.PublishDiagnosticsParams(sheet.uri, found, version=sheet.version)
            )

    def change(self, edits: Iterable[tuple[Sheet, list[types.TextEdit]]]) -> types.WorkspaceEdit:
        """Edits of texts, each in the state that it has."""
        edits = [(sheet, each) for sheet, each in edits if each]
        if not self.can("workspace.workspace_edit.document_changes"):
            return types.WorkspaceEdit(changes={sheet.uri: each for sheet, each in edits})
        return types.WorkspaceEdit(
            document_changes=[
                types.TextDocumentEdit(types.OptionalVersionedTextDocumentIdentifier(sheet.uri, sheet.version), each)
                for sheet, each in edits
            ]
        )

    def placed(self, document: Document, edits: list[Edit]) -> types.WorkspaceEdit:
        """Edits of what was linted as edits of what is in the editor."""
        cells = sorted({each.cell for each in edits}, key=lambda cell: cell or 0)
        texts = [(cell, document.sheet(cell), self.text(document.sheet(cell).text)) for cell in cells]
        return self.change(
            (sheet, [text.edit(each) for each in edits if each.cell == cell]) for cell, sheet, text in texts
        )

    async def fix_all(self, document: Document, cell: int | None = None) -> types.WorkspaceEdit:
        """The edit that makes every safe fix, or every one in a cell."""
        now = document.became(await self.desk.fixed(document, cell))
        return self.change((sheet, self.text(sheet.text).edits_to(text)) for sheet, text in now)


def _answer(server: Server) -> None:
    """Say what the server does about each message."""
    desk = server.desk

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        if params.text_document.language_id == PYTHON:
            desk.put(file(params.text_document))

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def edited(params: types.DidChangeTextDocumentParams) -> None:
        uri, version = params.text_document.uri, params.text_document.version
        if (document := desk.document(uri)) is not None:
            desk.put(changed(document, uri, version, params.content_changes, server.workspace.position_codec))

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        desk.look_again()  # others may import it

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        desk.close(params.text_document.uri)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_OPEN)
    def notebook_opened(params: types.DidOpenNotebookDocumentParams) -> None:
        desk.put(notebook(params))

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def notebook_edited(params: types.DidChangeNotebookDocumentParams) -> None:
        if (document := desk.document(params.notebook_document.uri)) is not None:
            desk.put(notebook_changed(document, params.change, server.workspace.position_codec))

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_SAVE)
    def notebook_saved(params: types.DidSaveNotebookDocumentParams) -> None:
        """Nothing imports a notebook."""

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def notebook_closed(params: types.DidCloseNotebookDocumentParams) -> None:
        desk.close(params.notebook_document.uri)

    @server.feature(types.INITIALIZED)
    async def began(params: types.InitializedParams) -> None:
        if server.can("workspace.did_change_watched_files.dynamic_registration"):
            watchers = [types.FileSystemWatcher(pattern) for pattern in _WATCHED]
            options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
            registration = types.Registration("tensorlint", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
            await server.client_register_capability_async(types.RegistrationParams([registration]))
        for text in await desk.warnings():
            server.window_show_message(types.ShowMessageParams(types.MessageType.Warning, f"tensorlint: {text}"))

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def changed_on_disk(params: types.DidChangeWatchedFilesParams) -> None:
        desk.look_again()

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def configured(params: types.DidChangeConfigurationParams) -> None:
        """Editors send it unasked; what is set for tensorlint is in files."""

    kinds = types.CodeActionOptions([types.CodeActionKind.QuickFix, FIX_ALL, FIX_NOTEBOOK], resolve_provider=True)

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, kinds)
    async def actions(params: types.CodeActionParams) -> list[types.CodeAction]:
        linted = await desk.current(params.text_document.uri)
        if linted is None:
            return []
        return [*_quick_fixes(server, linted, params), *await _fix_all(server, linted, params)]

    @server.feature(types.CODE_ACTION_RESOLVE)
    async def resolved(action: types.CodeAction) -> types.CodeAction:
        uri = str(action.data)
        linted = await desk.current(uri)
        if linted is not None and action.kind in (FIX_ALL, FIX_NOTEBOOK):
            cell = linted.document.cell(uri) if action.kind == FIX_ALL else None
            action.edit = await server.fix_all(linted.document, cell)
        return action

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hovered(params: types.HoverParams) -> types.Hover | None:
        linted = await desk.current(params.text_document.uri)
        return _hover(server, linted, params) if linted is not None else None


def _quick_fixes(server: Server, linted: Linted, params: types.CodeActionParams) -> list[types.CodeAction]:
    if not wanted(types.CodeActionKind.QuickFix.value, _only(params)):
        return []
    found = []
    for each in _at(server, linted, params.text_document.uri, params.range):
        for action, edits in quick_fixes(each.finding, each.diagnostic, linted.document.text):
            action.edit = server.placed(linted.document, edits)
            found.append(action)
    return found


async def _fix_all(server: Server, linted: Linted, params: types.CodeActionParams) -> list[types.CodeAction]:
    """An action for the file; in a notebook one for the cell and one for all of them, where there is something to fix.

    Its edit takes as long as linting, so that it waits for being chosen where that can be.
    """
    uri, document = params.text_document.uri, linted.document
    resolvable: Any = get_capability(
        server.client_capabilities, "text_document.code_action.resolve_support.properties", []
    )
    cell = document.cell(uri)
    found = []
    for kind, its_cell, where in ((FIX_ALL, cell, " in this cell"), (FIX_NOTEBOOK, None, " in this notebook")):
        if kind == FIX_NOTEBOOK and not document.is_notebook:
            continue
        if not wanted(kind, _only(params)) or not linted.has_safe_fixes(its_cell):
            continue
        title = f"Make all safe fixes{where if document.is_notebook else ''} (tensorlint)"
        action = types.CodeAction(title, kind, data=uri)
        if "edit" not in resolvable:
            action.edit = await server.fix_all(document, its_cell)
        found.append(action)
    return found


def _only(params: types.CodeActionParams) -> list[str] | None:
    if params.context.only is None:
        return None
    return [str(getattr(each, "value", each)) for each in params.context.only]


def _hover(server: Server, linted: Linted, params: types.HoverParams) -> types.Hover | None:
    """The pages of the rules that found something where the mouse is."""
    from tensorlint.rules.explained import explained
    from tensorlint.rules.page import fenced

    codes: dict[str, types.Range] = {}
    for each in _at(server, linted, params.text_document.uri, types.Range(params.position, params.position)):
        codes.setdefault(each.finding.code, each.diagnostic.range)
    if not codes:
        return None
    pages = (f"# {title}\n\n{fenced(page)}" for title, page in map(explained, codes))
    text = "\n\n---\n\n".join(pages)
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text), next(iter(codes.values())))


def _at(server: Server, linted: Linted, uri: str, place: types.Range) -> list[Shown]:
    """What is shown in one text of a document, at a place."""
    return [each for each in server.shown(linted) if each.sheet.uri == uri and _meet(each.diagnostic.range, place)]


def _meet(one: types.Range, other: types.Range) -> bool:
    """Whether two stretches have something in common, be it a border."""
    return one.start <= other.end and other.start <= one.end


def serve() -> None:
    """Serve one editor, until it goes away."""
    server = Server()
    try:
        server.start_io()
    finally:
        server.desk.end()
