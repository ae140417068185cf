"""Files handed out to other processes: in batches, the largest first, never so many that an interruption waits long."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from tensorlint.discovery import display_path
from tensorlint.work import ONE_AT_A_TIME, Mode, Outcome, Task, work

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

    from tensorlint.flow.importers import Index

__all__ = ["LOST", "Run", "batches", "begin", "folder_left_out", "in_executor", "in_processes", "know", "one_by_one"]

Numbered = tuple[int, Task]
"""A task and its place among all of them."""

LOST = "internal error: linting it ended the process"
"""What is said of a file that took its process down."""

_MOST_FILES = 16
"""In a batch."""
_MOST_MEMORY = 260_000_000
"""Bytes that a process may hold before it lets go of the files that it keeps for other files."""
_MORE_MEMORY = 40_000_000
"""What it must hold besides before it tries again: not everything that is let go goes back to the system."""
_MOST_OBJECTS = 500_000
"""New objects among which those are looked for that nothing refers to any more. Looking for them takes long: a syntax
tree is very many objects, and nearly all of them stay."""

_READING = tuple(
    f"tensorlint.{name}" for name in ("discovery", "flow.analysis", "flow.imported", "flow.importers", "requirements")
)
"""The modules that keep what they have read; each has a function that forgets it."""


class Run(NamedTuple):
    """What all files of one run have in common."""

    number: str
    """Tells it from any other run, in any process."""
    mode: Mode
    folder: str
    """The working folder."""


_begun = ""
_enough = _MOST_MEMORY


def begin(run: Run) -> None:
    """Forget what was read in another run: the files may have changed since."""
    global _begun  # noqa: PLW0603 - a process does the files of one run after those of another
    with ONE_AT_A_TIME:
        if _begun == run.number:
            return
        _begun = run.number
        for name in _READING:
            if name in sys.modules:
                sys.modules[name].forget()


def know(indices: dict[str, Index]) -> None:
    """Take over who imports what, by the projects' roots."""
    if indices:
        from tensorlint.flow import importers

        importers.know(indices)


def one_by_one(tasks: Iterable[Numbered], run: Run) -> Iterator[tuple[int, Outcome]]:
    """Do some files in this process."""
    with _seldom_collecting():
        for number, task in tasks:
            yield number, work(task, run.mode)
            if gc.get_count()[0] > _MOST_OBJECTS:
                gc.collect()
            _let_go()


def batches(tasks: list[Numbered], jobs: int) -> list[list[Numbered]]:
    """The tasks in batches, the largest first, so that no process begins a long one when the others end.

    Files of one folder stay together: they use each other, and what one has read serves the next.
    """
    most = max(1, min(_MOST_FILES, len(tasks) // (jobs * 4)))
    folders: dict[str, list[Numbered]] = {}
    for number, task in tasks:
        folders.setdefault(os.path.dirname(task.path), []).append((number, task))
    made = [each[at : at + most] for each in folders.values() for at in range(0, len(each), most)]
    return sorted(made, key=lambda batch: (-sum(_size(task) for _, task in batch), batch[0][0]))


def _size(task: Task) -> int:
    if task.data is not None:
        return len(task.data)
    try:
        return os.stat(task.path).st_size
    except (OSError, ValueError):
        return 0


def in_executor(tasks: list[Numbered], run: Run, executor: Executor, jobs: int) -> Iterator[tuple[int, Outcome]]:
    """The outcomes as they come from someone else's processes. What a batch is lost with is done again, one by one."""
    from concurrent.futures import as_completed

    pending: dict[Future[list[tuple[int, Outcome]]], list[Numbered]] = {}
    try:
        for batch in batches(tasks, jobs):
            pending[executor.submit(_batch, batch, run)] = batch
        while pending:
            again = []
            for future in as_completed(list(pending)):
                batch, error = pending.pop(future), future.exception()
                if error is None:
                    yield from future.result()
                elif len(batch) > 1:
                    again += [[each] for each in batch]
                else:
                    yield batch[0][0], _lost(batch[0][1], error)
            for batch in again:
                pending[executor.submit(_batch, batch, run)] = batch
    finally:
        for future in pending:
            future.cancel()


def _lost(task: Task, error: BaseException | None = None) -> Outcome:
    from tensorlint.linter import InternalError, fault

    path = display_path(task.path)
    reason = "" if error is None else f": {type(error).__name__}: {' '.join(str(error).split())}"
    return Outcome(path, (fault(InternalError(f"{LOST}{reason}"), path),))


def in_processes(
    tasks: list[Numbered], run: Run, jobs: int, indices: dict[str, Index]
) -> Iterator[tuple[int, Outcome]]:
    """The outcomes as they come. When a file ends its process, those that were under way are done again, one by one."""
    from concurrent.futures.process import BrokenProcessPool

    left = dict(tasks)
    while left:
        started: set[int] = set()
        try:
            for number, outcome in _pooled(list(left.items()), run, jobs, indices, started):
                del left[number]
                yield number, outcome
        except BrokenProcessPool:
            for number in sorted(started & left.keys()):
                yield number, _alone(left.pop(number), run, indices)


def _alone(task: Task, run: Run, indices: dict[str, Index]) -> Outcome:
    """Do a file that may end its process."""
    from concurrent.futures.process import BrokenProcessPool

    try:
        ((_, outcome),) = _pooled([(0, task)], run, 1, indices, set())
    except BrokenProcessPool:
        return _lost(task)
    return outcome


def _pooled(
    tasks: list[Numbered], run: Run, jobs: int, indices: dict[str, Index], started: set[int]
) -> Iterator[tuple[int, Outcome]]:
    """The outcomes as they come; ``started`` is told which tasks have been handed to a process."""
    from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait

    with folder_left_out():
        pool = ProcessPoolExecutor(jobs, initializer=_start, initargs=(run, indices))
    waiting = iter(batches(tasks, jobs))
    pending: set[Future[list[tuple[int, Outcome]]]] = set()
    try:
        while True:
            while len(pending) < jobs * 2 and (batch := next(waiting, None)) is not None:
                started.update(number for number, _ in batch)
                with _interrupts_held(), folder_left_out():  # submitting starts processes
                    pending.add(pool.submit(_batch, batch, run))
            if not pending:
                return
            finished, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in finished:
                yield from future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _batch(tasks: list[Numbered], run: Run) -> list[tuple[int, Outcome]]:
    """Do some files, wherever this is."""
    if os.getcwd() != run.folder:
        raise RuntimeError(f"the process works in {os.getcwd()}, not in {run.folder}")
    begin(run)
    return list(one_by_one(tasks, run))


def _let_go() -> None:
    """Let go of what is kept from file to file, if this process has grown large."""
    global _enough  # noqa: PLW0603 - the size of a process is no one else's
    if _held() > _enough and "tensorlint.flow.analysis" in sys.modules:
        from tensorlint.flow import analysis, project

        analysis.forget()
        project.forget()
        _forget_answers()
        gc.collect()
        _give_back()
        _enough = max(_MOST_MEMORY, _held() + _MORE_MEMORY)


@contextlib.contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Leave it to us when objects are looked for that refer to each other and to which nothing else does."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def _forget_answers() -> None:
    """Clear what functions of the analysis remember: answers about syntax trees, which keep the trees."""
    for name, module in list(sys.modules.items()):
        if name.startswith("tensorlint.flow."):
            for value in list(vars(module).values()):
                if callable(clear := getattr(value, "cache_clear", None)):
                    clear()


def _give_back() -> None:
    """Have the C library return memory to the system, where it has a way to."""
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):  # another C library than GNU's
            ctypes.CDLL(None).malloc_trim(0)


def _held() -> int:
    """The resident memory of this process, in bytes; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _start(run: Run, indices: dict[str, Index]) -> None:
    """Begin a process.

    Ctrl-C reaches every process of the terminal: only the first one speaks, and a file being written is finished.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN if run.mode.fix or run.mode.add_noqa else signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    begin(run)
    know(indices)


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """Let Ctrl-C wait, here and in a process that starts meanwhile, until that one knows what to do about it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def folder_left_out() -> Iterator[None]:
    """Have a process that starts meanwhile, and is no fork of this one, look for no module in the working folder.

    What is linted may lie there, under the name of any module. (Python 3.10 has no such option.)
    """
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before
