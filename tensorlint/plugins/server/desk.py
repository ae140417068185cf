"""The files that are open in the editor, and what is found in them: linted a little after each change, once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from tensorlint.discovery import display_path
from tensorlint.extensions import RULES, TABLES, extensions
from tensorlint.finding import Applicability, Finding
from tensorlint.linter import InternalError, fault
from tensorlint.plugins.server.documents import Document
from tensorlint.plugins.server.worker import BrokenProcessPool, Worker, findings_of, fixed, not_used
from tensorlint.processes import LOST
from tensorlint.settings import SettingsError
from tensorlint.source import SourceError

__all__ = ["Desk", "Linted"]

PAUSE = 0.3
"""Seconds without a change after which a file is linted."""


@dataclass(frozen=True, slots=True)
class Linted:
    """What was found in one state of a file."""

    document: Document
    findings: list[Finding]

    def has_safe_fixes(self, cell: int | None = None) -> bool:
        """There is something that can be fixed without being looked at; in a cell: without another one."""
        return any(
            each.fix is not None
            and each.fix.applicability is Applicability.SAFE
            and (cell is None or all(edit.cell == cell for edit in each.fix.edits))
            for each in self.findings
        )


class _Job(NamedTuple):
    """A file that is being linted, or will be."""

    task: asyncio.Task[None]
    hurry: asyncio.Future[None]
    """Done when someone waits for it."""


class Desk:
    """All of them.

    :param tell: called with what was found in a file, unless the file has changed again
    """

    def __init__(self, tell: Callable[[Linted], None]) -> None:
        self._tell = tell
        self._worker = Worker()
        self._open: dict[str, Document] = {}
        self._home: dict[str, str] = {}
        """The document that a text is of, by their addresses."""
        self._linted: dict[str, Linted] = {}
        self._under_way: dict[str, _Job] = {}

    def put(self, document: Document) -> None:
        """A document was opened, or has changed."""
        old = self._open.get(document.uri)
        self._open[document.uri] = document
        self._lint_soon(document.uri, 0 if old is None else PAUSE)
        here = {each.uri for each in document.sheets}
        if old is not None and (gone := [each for each in old.sheets if each.uri not in here]):
            self._clear(old.closed(gone))
        self._home |= dict.fromkeys(here, document.uri)

    def document(self, uri: str) -> Document | None:
        """What is open under an address, or has a text of that address."""
        return self._open.get(self._home.get(uri, uri))

    def close(self, uri: str) -> None:
        """A document is edited no more: nothing is said of it."""
        if (document := self._open.pop(uri, None)) is not None:
            self._linted.pop(uri, None)
            self._stop(uri)
            self._clear(document.closed())

    def _clear(self, document: Document) -> None:
        for each in document.sheets:
            self._home.pop(each.uri, None)
        self._tell(Linted(document, []))

    def look_again(self) -> None:
        """Something on the disk has changed: lint every open file again."""
        for uri in self._open:
            self._lint_soon(uri, PAUSE)

    async def current(self, uri: str) -> Linted | None:
        """What is found as it is now in the document that has a text; None if it is not open, or changes meanwhile."""
        uri = self._home.get(uri, uri)
        if uri in self._open and self._fresh(uri) is None:
            job = self._under_way[uri]
            if not job.hurry.done():
                job.hurry.set_result(None)
            await asyncio.wait([job.task])
        return self._fresh(uri)

    async def fixed(self, document: Document, cell: int | None = None) -> str:
        """The text of a document with its safe fixes made, or with those in one cell; as it was where that fails."""
        if document.path is None:
            return document.text
        try:
            return await self._worker.do(fixed, document.path, document.text, cell)
        except (SettingsError, BrokenProcessPool):  # which the findings tell of
            return document.text

    async def warnings(self) -> tuple[str, ...]:
        """What is to be said of packages that add rules or tables."""
        if not extensions(RULES) and not extensions(TABLES):
            return ()
        try:
            return await self._worker.do(not_used)
        except BrokenProcessPool as error:
            return (f"the rules and tables of other packages cannot be read: {error}",)

    def end(self) -> None:
        """Stop working."""
        self._worker.close()

    def _fresh(self, uri: str) -> Linted | None:
        linted = self._linted.get(uri)
        return linted if linted is not None and linted.document is self._open.get(uri) else None

    def _stop(self, uri: str) -> None:
        if (job := self._under_way.pop(uri, None)) is not None:
            job.task.cancel()

    def _lint_soon(self, uri: str, pause: float) -> None:
        """Lint a file after some time in which it does not change; what was under way for it is dropped."""
        self._stop(uri)
        self._linted.pop(uri, None)
        loop = asyncio.get_running_loop()
        hurry: asyncio.Future[None] = loop.create_future()
        self._under_way[uri] = _Job(loop.create_task(self._lint(self._open[uri], pause, hurry)), hurry)

    async def _lint(self, document: Document, pause: float, hurry: asyncio.Future[None]) -> None:
        await asyncio.wait([hurry], timeout=pause)
        path = document.path
        if path is None:
            findings = []
        else:
            try:
                findings = await self._worker.do(findings_of, path, document.text)
            except SettingsError as error:
                findings = [fault(SourceError(str(error)), display_path(path))]
            except BrokenProcessPool:
                findings = [fault(InternalError(LOST), display_path(path))]
            except Exception as error:
                text = f"internal error: {type(error).__name__}: {error}"
                findings = [fault(InternalError(text), display_path(path))]
        linted = Linted(document, findings)
        self._linted[document.uri] = linted
        self._tell(linted)
