"""The process that lints for the server: the server itself always answers, and no file can take it down."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import ParamSpec, TypeVar

from tensorlint.extensions import ExtensionWarning
from tensorlint.finding import Finding
from tensorlint.processes import folder_left_out

__all__ = ["BrokenProcessPool", "Worker", "findings_of", "fixed", "not_used"]

P = ParamSpec("P")
R = TypeVar("R")


def findings_of(path: str, text: str) -> list[Finding]:
    """The findings about the text of a file that is being edited; none in a file that the settings leave out.

    :raises SettingsError: if its settings cannot be used
    """
    from tensorlint.api import check_source

    return [] if _is_left_out(path) else check_source(text, path=path)


def fixed(path: str, text: str, cell: int | None) -> str:
    """The same text with its safe fixes made.

    :param cell: those in one cell of a notebook
    :raises SettingsError: if its settings cannot be used
    """
    from tensorlint.api import fix_source

    return text if _is_left_out(path) else fix_source(text, path=path, cell=cell).text


def not_used() -> tuple[str, ...]:
    """What rules and tables of other packages are not used, and why: a sentence each."""
    from tensorlint.rules import unused

    return unused.not_used()


def _is_left_out(path: str) -> bool:
    from tensorlint.configuration import nearest
    from tensorlint.discovery import is_excluded

    return is_excluded(path, nearest(path))


class Worker:
    """One process, begun when it is needed and again after a file has ended it."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._turn = asyncio.Lock()

    async def do(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """What a function of this module gives, in the process. Cancelled before its turn, it is never done.

        :raises BrokenProcessPool: if that ends the process
        """
        async with self._turn:
            try:
                return await self._once(function, *args, **kwargs)
            except BrokenProcessPool:
                # It may have been someone else's text, whose editor did not wait for it.
                return await self._once(function, *args, **kwargs)

    async def _once(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        with folder_left_out():  # both start processes
            if self._pool is None:
                # No fork: threads of the server may hold locks.
                context = multiprocessing.get_context("spawn")
                self._pool = ProcessPoolExecutor(1, mp_context=context, initializer=_begin)
            pool = self._pool
            try:
                future = pool.submit(function, *args, **kwargs)
            except BrokenProcessPool:
                self._drop(pool)
                raise
        try:
            return await asyncio.wrap_future(future)
        except BrokenProcessPool:
            self._drop(pool)
            raise

    def _drop(self, pool: ProcessPoolExecutor) -> None:
        pool.shutdown(cancel_futures=True)  # waits for its thread, not for the process, which is dead
        if self._pool is pool:
            self._pool = None

    def close(self) -> None:
        """End the process, whatever it does."""
        for process in multiprocessing.active_children():
            process.kill()
        if self._pool is not None:
            self._drop(self._pool)


def _begin() -> None:
    """Begin the process: nothing that it may print goes to the editor, and it does not outlive the server."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore", ExtensionWarning)  # the server tells of them, once
    sys.stdout.flush()
    os.dup2(2, 1)
    threading.Thread(target=_end_with_server, daemon=True).start()


def _end_with_server() -> None:
    if (server := multiprocessing.parent_process()) is not None:
        server.join()
        os._exit(1)
