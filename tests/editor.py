"""An editor for the tests of the language server: pygls' client, with a server of its own behind a pipe."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from checkout import ROOT
from lsprotocol import types
from pygls.lsp.client import LanguageClient

COMMAND = str(Path(sys.executable).with_name("tensorlint"))
ENCODINGS = {"utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
PATIENCE = 120.0
"""Seconds; the machine may be busy."""

ABLE = types.ClientCapabilities(
    workspace=types.WorkspaceClientCapabilities(
        workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=True),
        did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True),
    ),
    notebook_document=types.NotebookDocumentClientCapabilities(types.NotebookDocumentSyncClientCapabilities()),
    text_document=types.TextDocumentClientCapabilities(
        publish_diagnostics=types.PublishDiagnosticsClientCapabilities(related_information=True),
        code_action=types.CodeActionClientCapabilities(
            resolve_support=types.ClientCodeActionResolveOptions(properties=["edit"])
        ),
    ),
)
"""What a modern editor can do."""

R = TypeVar("R")


class Editor:
    """What a person does in an editor, and what is seen there."""

    def __init__(self, client: LanguageClient, encoding: str) -> None:
        self.client = client
        self.encoding = encoding
        self.texts: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.cells: dict[str, list[str]] = {}
        """The cells of each notebook, by their addresses."""
        self.made = 0
        self.told: list[types.PublishDiagnosticsParams] = []
        self.watched: list[str] = []
        self.messages: list[types.ShowMessageParams] = []
        self.news = asyncio.Event()

        @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def told(params: types.PublishDiagnosticsParams) -> None:
            self.told.append(params)
            self.news.set()

        @client.feature(types.WINDOW_SHOW_MESSAGE)
        def said(params: types.ShowMessageParams) -> None:
            self.messages.append(params)
            self.news.set()

        @client.feature(types.CLIENT_REGISTER_CAPABILITY)
        def registered(params: types.RegistrationParams) -> None:
            for each in params.registrations:
                self.watched += [watcher["globPattern"] for watcher in plain(each.register_options)["watchers"]]

    def open(self, file: Path, text: str | None = None, language: str = "python", uri: str = "") -> str:
        uri = uri or file.as_uri()
        self.texts[uri] = file.read_text(encoding="utf-8") if text is None else text
        self.versions[uri] = 1
        document = types.TextDocumentItem(uri, language, 1, self.texts[uri])
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(document))
        return uri

    def type(self, uri: str, text: str) -> None:
        self.texts[uri] = text
        self.versions[uri] += 1
        document = types.VersionedTextDocumentIdentifier(self.versions[uri], uri)
        change = types.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))

    def close(self, uri: str) -> None:
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri)))

    def save(self, uri: str, file: Path) -> None:
        file.write_text(self.texts[uri], encoding="utf-8")
        self.client.text_document_did_save(types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(uri)))

    def open_notebook(self, file: Path, *cells: str, uri: str = "") -> list[str]:
        """The cells' addresses. A cell that begins with ``#md`` is Markdown."""
        notebook = uri or file.as_uri()
        made = [self._cell(notebook, text) for text in cells]
        document = types.NotebookDocument(notebook, "jupyter-notebook", 1, [cell for cell, _ in made])
        self.versions[notebook] = 1
        self.cells[notebook] = [cell.document for cell, _ in made]
        texts = [text for _, text in made]
        self.client.notebook_document_did_open(types.DidOpenNotebookDocumentParams(document, texts))
        return self.cells[notebook]

    def _cell(self, notebook: str, text: str) -> tuple[types.NotebookCell, types.TextDocumentItem]:
        self.made += 1
        uri = f"{notebook.replace('file:', 'vscode-notebook-cell:')}#{self.made}"
        self.texts[uri], self.versions[uri] = text, 1
        is_text = text.startswith("#md")
        kind = types.NotebookCellKind.Markup if is_text else types.NotebookCellKind.Code
        document = types.TextDocumentItem(uri, "markdown" if is_text else "python", 1, text)
        return types.NotebookCell(kind, uri), document

    def restructure(self, notebook: str, at: int, delete: int, *cells: str, keep: Sequence[str] = ()) -> None:
        """Put cells in the place of some others: some that were among these, then new ones."""
        made = [self._cell(notebook, text) for text in cells]
        new = [*(types.NotebookCell(types.NotebookCellKind.Code, uri) for uri in keep), *(cell for cell, _ in made)]
        here = self.cells[notebook]
        gone = [uri for uri in here[at : at + delete] if uri not in keep]
        here[at : at + delete] = [cell.document for cell in new]
        structure = types.NotebookDocumentCellChangeStructure(
            types.NotebookCellArrayChange(at, delete, new),
            did_open=[text for _, text in made],
            did_close=[types.TextDocumentIdentifier(uri) for uri in gone],
        )
        self._notebook_changed(notebook, types.NotebookDocumentCellChanges(structure))

    def type_in_cell(self, notebook: str, uri: str, where: types.Range, new: str) -> None:
        """As editors tell of it: the part of the text alone that has changed."""
        self.texts[uri] = self.edited(uri, [types.TextEdit(where, new)])
        self.versions[uri] += 1
        document = types.VersionedTextDocumentIdentifier(self.versions[uri], uri)
        change = types.TextDocumentContentChangePartial(where, new)
        content = types.NotebookDocumentCellContentChanges(document, [change])
        self._notebook_changed(notebook, types.NotebookDocumentCellChanges(text_content=[content]))

    def _notebook_changed(self, notebook: str, cells: types.NotebookDocumentCellChanges) -> None:
        self.told.clear()
        self.versions[notebook] += 1
        document = types.VersionedNotebookDocumentIdentifier(self.versions[notebook], notebook)
        change = types.NotebookDocumentChangeEvent(cells=cells)
        self.client.notebook_document_did_change(types.DidChangeNotebookDocumentParams(document, change))

    def close_notebook(self, notebook: str) -> None:
        cells = [types.TextDocumentIdentifier(uri) for uri in self.cells[notebook]]
        document = types.NotebookDocumentIdentifier(notebook)
        self.client.notebook_document_did_close(types.DidCloseNotebookDocumentParams(document, cells))

    def changed_on_disk(self, file: Path) -> None:
        event = types.FileEvent(file.as_uri(), types.FileChangeType.Changed)
        self.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))

    async def shown(self, uri: str) -> list[types.Diagnostic]:
        """What is shown next for the text as it is."""
        while True:
            for number, told in enumerate(self.told):
                if told.uri == uri and told.version in (self.versions[uri], None):
                    del self.told[: number + 1]
                    return list(told.diagnostics)
            self.news.clear()
            await asyncio.wait_for(self.news.wait(), PATIENCE)

    async def actions(
        self, uri: str, where: types.Range, only: Sequence[str] | None = None
    ) -> dict[str, types.CodeAction]:
        """What is offered there, by the titles."""
        context = types.CodeActionContext([], only)
        params = types.CodeActionParams(types.TextDocumentIdentifier(uri), where, context)
        found = await patiently(self.client.text_document_code_action_async(params))
        actions = [each for each in found or [] if isinstance(each, types.CodeAction)]
        return {each.title: each for each in actions}

    async def chosen(self, uri: str, action: types.CodeAction) -> str:
        """The text after an action was chosen, which changes no other."""
        changed = await self.all_chosen(action)
        assert list(changed) == [uri]
        return changed[uri]

    async def all_chosen(self, action: types.CodeAction) -> dict[str, str]:
        """The texts that an action changes, after it was chosen, by their addresses."""
        if action.edit is None:
            action = await patiently(self.client.code_action_resolve_async(action))
        assert action.edit is not None
        if action.edit.document_changes is None:
            assert action.edit.changes is not None
            return {uri: self.edited(uri, edits) for uri, edits in action.edit.changes.items()}
        changed = {}
        for change in action.edit.document_changes:
            assert isinstance(change, types.TextDocumentEdit)
            uri = change.text_document.uri
            assert change.text_document.version == self.versions[uri]
            changed[uri] = self.edited(uri, [each for each in change.edits if isinstance(each, types.TextEdit)])
        return changed

    def edited(self, uri: str, edits: Sequence[types.TextEdit]) -> str:
        text = self.texts[uri]
        at = [(self.offset(text, each.range.start), self.offset(text, each.range.end), each.new_text) for each in edits]
        for start, end, new in sorted(at, reverse=True):
            text = text[:start] + new + text[end:]
        return text

    def marked(self, uri: str, where: types.Range) -> str:
        """The text that a range is drawn under."""
        text = self.texts[uri]
        return text[self.offset(text, where.start) : self.offset(text, where.end)]

    def offset(self, text: str, position: types.Position) -> int:
        """The index of a position, found as an editor does: by counting units of the text's encoding."""
        codec, size = ENCODINGS[self.encoding]
        lines = text.replace("\r\n", "\r ").replace("\r", "\n").split("\n")
        start = sum(len(line) + 1 for line in lines[: position.line])
        start += bool(position.line) and text[start - 1 : start + 1] == "\r\n"
        line = lines[position.line].encode(codec, "surrogatepass")
        return start + len(line[: position.character * size].decode(codec))

    async def hover(self, uri: str, position: types.Position) -> str | None:
        params = types.HoverParams(types.TextDocumentIdentifier(uri), position)
        found = await patiently(self.client.text_document_hover_async(params))
        return found.contents.value if found is not None else None  # type: ignore[union-attr]


def plain(options: Any) -> Any:
    """Options of a registration, which pygls gives as objects without types."""
    if isinstance(options, (list, tuple)) and not hasattr(options, "_fields"):
        return [plain(each) for each in options]
    if hasattr(options, "_asdict"):
        return {name: plain(value) for name, value in options._asdict().items()}
    return options


async def patiently(waited_for: Coroutine[Any, Any, R]) -> R:
    return await asyncio.wait_for(waited_for, PATIENCE)


@asynccontextmanager
async def editor(
    folder: Path,
    *folders: Path,
    capabilities: types.ClientCapabilities = ABLE,
    encoding: str = "utf-16",
    packages: Sequence[Path] = (),
) -> AsyncIterator[Editor]:
    """An editor that was started in a folder, with some folders as its workspace (else that one).

    :param packages: folders of packages that are installed besides
    """
    client = LanguageClient("tests", "1")
    here = Editor(client, encoding)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, *packages)))}
    await client.start_io(COMMAND, "server", "--stdio", cwd=str(folder), env=environment)
    workspace = [types.WorkspaceFolder(each.as_uri(), each.name) for each in folders or (folder,)]
    params = types.InitializeParams(capabilities, root_uri=folder.as_uri(), workspace_folders=workspace)
    started = await patiently(client.initialize_async(params))
    assert started.capabilities.position_encoding == encoding
    client.initialized(types.InitializedParams())
    server = client._server
    assert server is not None
    try:
        yield here
    finally:
        if server.returncode is None:
            await patiently(client.shutdown_async(None))
            client.exit(None)
            await patiently(server.wait())
        assert server.stderr is not None
        errors = (await server.stderr.read()).decode()
        await client.stop()
    if (errors or server.returncode != 0) and server.returncode != -signal.SIGKILL:
        raise AssertionError(f"the server ended with {server.returncode}: {errors}")
