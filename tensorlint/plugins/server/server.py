"""The server: the protocol's requests and notifications, each handed to those that know."""

from __future__ import annotations

from typing import Any

from lsprotocol import types
from pygls.capabilities import get_capability
from pygls.lsp.server import LanguageServer

from tensorlint import __version__
from tensorlint.configuration import FILES
from tensorlint.plugins.server.actions import FIX_ALL, quick_fixes, wanted
from tensorlint.plugins.server.desk import Desk, Document, Linted
from tensorlint.plugins.server.diagnostics import diagnostics
from tensorlint.plugins.server.text import Text
from tensorlint.settings import BASELINE

__all__ = ["Server", "serve"]

_WATCHED = ("**/*.py", *(f"**/{name}" for name in FILES), f"**/{BASELINE}", "**/requirements*.txt", "**/.gitignore")
"""What findings can depend on besides the file that they are in."""


class Server(LanguageServer):
    """A language server over standard input and output."""

    def __init__(self) -> None:
        # Whole texts: pygls counts a form feed as the end of a line, and would make partial changes in the wrong place.
        super().__init__("tensorlint", __version__, types.TextDocumentSyncKind.Full)
        self.desk = Desk(self.tell)
        _answer(self)

    def can(self, capability: str) -> bool:
        """Whether the editor says that it can do something."""
        return bool(get_capability(self.client_capabilities, capability, False))

    def text(self, text: str) -> Text:
        """A text whose places are counted as the editor does."""
        return Text(text, self.workspace.position_codec)

    def diagnostics(self, linted: Linted) -> list[types.Diagnostic]:
        """What was found in a file, as the editor shows it."""
        document = linted.document
        return diagnostics(
            linted.findings,
            document.uri,
            self.text(document.text),
            lambda path: Text.of_file(path, self.workspace.position_codec),
            self.can("text_document.publish_diagnostics.related_information"),
        )

    def tell(self, linted: Linted) -> None:
        """Show what was found in a file."""
        found = types.PublishDiagnosticsParams(
            linted.document.uri, self.diagnostics(linted), version=linted.document.version
        )
        self.text_document_publish_diagnostics(found)

    def change(self, document: Document, edits: list[types.TextEdit]) -> types.WorkspaceEdit:
        """Edits of one state of a file."""
        if not self.can("workspace.workspace_edit.document_changes"):
            return types.WorkspaceEdit(changes={document.uri: edits})
        state = types.OptionalVersionedTextDocumentIdentifier(document.uri, document.version)
        return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(state, list(edits))])

    async def fix_all(self, document: Document) -> types.WorkspaceEdit:
        """The edit that makes every safe fix."""
        return self.change(document, self.text(document.text).edits_to(await self.desk.fixed(document)))


def _answer(server: Server) -> None:
    """Say what the server does about each message."""
    desk = server.desk

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        document = params.text_document
        desk.put(document.uri, document.language_id, document.version, document.text)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        document = params.text_document
        desk.put(document.uri, None, document.version, server.workspace.get_text_document(document.uri).source)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        desk.look_again()  # others may import it

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        desk.close(params.text_document.uri)

    @server.feature(types.INITIALIZED)
    async def began(params: types.InitializedParams) -> None:
        if server.can("workspace.did_change_watched_files.dynamic_registration"):
            watchers = [types.FileSystemWatcher(pattern) for pattern in _WATCHED]
            options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
            registration = types.Registration("tensorlint", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
            await server.client_register_capability_async(types.RegistrationParams([registration]))

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def changed_on_disk(params: types.DidChangeWatchedFilesParams) -> None:
        desk.look_again()

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def configured(params: types.DidChangeConfigurationParams) -> None:
        """Editors send it unasked; what is set for tensorlint is in files."""

    kinds = types.CodeActionOptions([types.CodeActionKind.QuickFix, FIX_ALL], resolve_provider=True)

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, kinds)
    async def actions(params: types.CodeActionParams) -> list[types.CodeAction]:
        linted = await desk.current(params.text_document.uri)
        if linted is None:
            return []
        return [*_quick_fixes(server, linted, params), *await _fix_all(server, linted, params)]

    @server.feature(types.CODE_ACTION_RESOLVE)
    async def resolved(action: types.CodeAction) -> types.CodeAction:
        linted = await desk.current(str(action.data))
        if linted is not None and action.kind == FIX_ALL:
            action.edit = await server.fix_all(linted.document)
        return action

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hovered(params: types.HoverParams) -> types.Hover | None:
        linted = await desk.current(params.text_document.uri)
        return _hover(server, linted, params.position) if linted is not None else None


def _quick_fixes(server: Server, linted: Linted, params: types.CodeActionParams) -> list[types.CodeAction]:
    if not wanted(types.CodeActionKind.QuickFix.value, _only(params)):
        return []
    document, found = linted.document, []
    text = server.text(document.text)
    for finding, diagnostic in zip(linted.findings, server.diagnostics(linted), strict=True):
        if _meet(diagnostic.range, params.range):
            for action, edits in quick_fixes(finding, diagnostic, document.text, text):
                action.edit = server.change(document, edits)
                found.append(action)
    return found


async def _fix_all(server: Server, linted: Linted, params: types.CodeActionParams) -> list[types.CodeAction]:
    """One action, or none. Its edit takes as long as linting, so that it waits for being chosen where that can be."""
    if not wanted(FIX_ALL, _only(params)) or not linted.has_safe_fixes:
        return []
    action = types.CodeAction("Make all safe fixes (tensorlint)", FIX_ALL, data=linted.document.uri)
    resolvable: Any = get_capability(
        server.client_capabilities, "text_document.code_action.resolve_support.properties", []
    )
    if "edit" not in resolvable:
        action.edit = await server.fix_all(linted.document)
    return [action]


def _only(params: types.CodeActionParams) -> list[str] | None:
    if params.context.only is None:
        return None
    return [str(getattr(each, "value", each)) for each in params.context.only]


def _hover(server: Server, linted: Linted, position: types.Position) -> types.Hover | None:
    """The pages of the rules that found something where the mouse is."""
    from tensorlint.rules.explained import explained
    from tensorlint.rules.page import fenced

    here = types.Range(position, position)
    codes: dict[str, types.Range] = {}
    for finding, diagnostic in zip(linted.findings, server.diagnostics(linted), strict=True):
        if _meet(diagnostic.range, here):
            codes.setdefault(finding.code, diagnostic.range)
    if not codes:
        return None
    pages = (f"# {title}\n\n{fenced(page)}" for title, page in map(explained, codes))
    text = "\n\n---\n\n".join(pages)
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text), next(iter(codes.values())))


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
