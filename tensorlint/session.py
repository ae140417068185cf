"""Many files: each read, linted or fixed by itself, one process a core, and the findings put in order."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tensorlint.baseline import unknown
from tensorlint.changes import ALL, Lines
from tensorlint.discovery import display_path
from tensorlint.files import read
from tensorlint.finding import Finding
from tensorlint.linter import FAULT, InternalError, fault, lint
from tensorlint.settings import Settings
from tensorlint.source import Source, SourceError

if TYPE_CHECKING:
    from concurrent.futures import Future

__all__ = ["Mode", "Outcome", "Task", "run", "work"]

_FEW = 8
"""As many files are done before another process has started."""


@dataclass(frozen=True, slots=True)
class Mode:
    """What is done with each file."""

    fix: bool = False
    """Apply the safe fixes."""
    unsafe: bool = False
    """Apply the unsafe ones too."""
    diff: bool = False
    """Show what fixing would change instead of changing it."""
    add_noqa: bool = False
    """Put comments in that suppress what is found."""
    debug: bool = False
    """Show the traceback of an internal error on standard error."""


@dataclass(frozen=True, slots=True)
class Task:
    """One file to do."""

    path: str
    settings: Settings
    data: bytes | None = None
    """The file's bytes where they are not those on the disk (standard input); nothing is written then."""
    lines: Lines = ALL
    """The lines on which findings count."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: the findings that are left, and what was fixed."""

    path: str
    """As findings call it."""
    findings: tuple[Finding, ...] = ()
    fixed: int = 0
    silenced: int = 0
    """How many findings a comment suppresses now."""
    diff: str = ""
    data: bytes | None = field(default=None, repr=False)
    """The file as it is now, where the task gave its bytes."""
    known: frozenset[str] = frozenset()
    """The fingerprints of what was found and is in the baseline; it is not among the findings."""

    @property
    def failed(self) -> bool:
        """It could not be linted."""
        return any(finding.code == FAULT for finding in self.findings)


def work(task: Task, mode: Mode) -> Outcome:
    """Do one file. Whatever is wrong with it is a finding, never an exception."""
    path = display_path(task.path)
    try:
        data = task.data if task.data is not None else _read(task.path)
        source = Source(data, path)
        if mode.fix or mode.diff:
            return _fix(task, source, mode)
        findings, known = unknown(lint(source, task.settings), source, task.settings)
        findings = [each for each in findings if task.lines.meet(each.line, each.end_line)]
        if mode.add_noqa and findings:
            return _silence(task, source, findings, known)
        return Outcome(path, tuple(findings), data=task.data, known=known)
    except SourceError as error:
        if isinstance(error, InternalError) and mode.debug:
            _print_traceback(error)
        return Outcome(path, (fault(error, path),), data=task.data)
    except Exception as error:
        if mode.debug:
            _print_traceback(error)
        internal = InternalError(f"internal error: {type(error).__name__}: {error}")
        return Outcome(path, (fault(internal, path),), data=task.data)


def _print_traceback(error: Exception) -> None:
    import traceback

    traceback.print_exception(error)


def _read(path: str) -> bytes:
    try:
        return read(path)
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror or error}") from None


def _fix(task: Task, source: Source, mode: Mode) -> Outcome:
    from tensorlint.fixes.apply import fix_source
    from tensorlint.fixes.write import unified_diff, write_atomically

    known: frozenset[str] = frozenset()

    def lint_again(source: Source) -> list[Finding]:
        nonlocal known
        findings, known = unknown(lint(source, task.settings), source, task.settings)
        return findings

    result = fix_source(source, lint_again, mode.unsafe)
    findings = tuple(result.findings)
    if result.diagnostic:
        findings = (*findings, fault(SourceError(result.diagnostic), source.path))
    if mode.diff:
        diff = unified_diff(source, Source(result.data, source.path)) if result.data != source.data else ""
        return Outcome(source.path, findings, result.fixed, diff=diff, data=task.data, known=known)
    if result.data == source.data:
        return Outcome(source.path, findings, data=task.data, known=known)
    if task.data is None:
        try:
            write_atomically(task.path, result.data, source.data)
        except OSError as error:
            unchanged = fault(SourceError(f"the fixes could not be written: {error.strerror or error}"), source.path)
            return Outcome(source.path, (*lint_again(source), unchanged), known=known)
    now = result.data if task.data is not None else None
    return Outcome(source.path, findings, result.fixed, data=now, known=known)


def _silence(task: Task, source: Source, findings: list[Finding], known: frozenset[str]) -> Outcome:
    from tensorlint.fixes.write import write_atomically
    from tensorlint.noqa_edits import silenced
    from tensorlint.noqa_judge import ABOUT_COMMENTS

    about_comments = [each for each in findings if each.code in ABOUT_COMMENTS]  # one more comment would be no answer
    data, left = silenced(source, (each for each in findings if each.code not in ABOUT_COMMENTS))
    left = sorted([*left, *about_comments], key=lambda each: each.sort_key)
    if data != source.data:
        try:
            write_atomically(task.path, data, source.data)
        except OSError as error:
            unchanged = fault(SourceError(f"the comments could not be written: {error.strerror or error}"), source.path)
            return Outcome(source.path, (*findings, unchanged), known=known)
    return Outcome(source.path, tuple(left), silenced=len(findings) - len(left), known=known)


def run(
    tasks: Sequence[Task], mode: Mode, *, jobs: int | None = None, done: Callable[[int], object] = lambda count: None
) -> list[Outcome]:
    """Do every file; the outcomes are in the order of ``tasks``, whatever ``jobs`` is.

    :param jobs: how many processes; None: one a core where there are enough files to be worth it, else this one alone
    :param done: called with the number of files done since the last call
    """
    if jobs is None:
        jobs = 1 if len(tasks) <= _FEW else _cores()
    jobs = min(jobs, len(tasks))
    if jobs <= 1:
        return list(_one_by_one(tasks, mode, done))
    outcomes: dict[int, Outcome] = {}
    for number, outcome in _in_processes(list(enumerate(tasks)), mode, jobs):
        outcomes[number] = outcome
        done(1)
    return [outcomes[number] for number in range(len(tasks))]


def _cores() -> int:
    affinity: Callable[[int], set[int]] | None = getattr(os, "sched_getaffinity", None)  # Linux alone has it
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def _one_by_one(tasks: Iterable[Task], mode: Mode, done: Callable[[int], object]) -> Iterator[Outcome]:
    for task in tasks:
        yield work(task, mode)
        done(1)


def _in_processes(tasks: list[tuple[int, Task]], mode: Mode, jobs: int) -> Iterator[tuple[int, Outcome]]:
    """The outcomes as they come. When a file ends its process, those that were under way are done again, one by one."""
    from concurrent.futures.process import BrokenProcessPool

    left = dict(tasks)
    while left:
        started: set[int] = set()
        try:
            for number, outcome in _pooled(list(left.items()), mode, jobs, started):
                del left[number]
                yield number, outcome
        except BrokenProcessPool:
            for number in sorted(started & left.keys()):
                yield number, _alone(left.pop(number), mode)


def _alone(task: Task, mode: Mode) -> Outcome:
    """Do a file that may end its process."""
    from concurrent.futures.process import BrokenProcessPool

    try:
        ((_, outcome),) = _pooled([(0, task)], mode, 1, set())
    except BrokenProcessPool:
        path = display_path(task.path)
        return Outcome(path, (fault(InternalError("internal error: linting it ended the process"), path),))
    return outcome


def _pooled(tasks: list[tuple[int, Task]], mode: Mode, jobs: int, started: set[int]) -> Iterator[tuple[int, Outcome]]:
    """The outcomes as they come; ``started`` is told which tasks have been handed to a process."""
    from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait

    pool = ProcessPoolExecutor(jobs, initializer=_leave_interrupts, initargs=(mode,))
    # Only a few small batches are handed out at a time, so that an interruption waits for little.
    size = max(1, min(16, len(tasks) // (jobs * 4)))
    batches = (tasks[at : at + size] for at in range(0, len(tasks), size))
    pending: set[Future[list[tuple[int, Outcome]]]] = set()
    try:
        while True:
            while len(pending) < jobs * 2 and (batch := next(batches, None)) is not None:
                started.update(number for number, _ in batch)
                with _interrupts_held():  # submitting starts processes
                    pending.add(pool.submit(_batch, batch, mode))
            if not pending:
                return
            finished, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in finished:
                yield from future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _batch(tasks: list[tuple[int, Task]], mode: Mode) -> list[tuple[int, Outcome]]:
    return [(number, work(task, mode)) for number, task in tasks]


def _leave_interrupts(mode: Mode) -> None:
    """Ctrl-C reaches every process of the terminal: only the first one speaks, and a file being written is finished."""
    signal.signal(signal.SIGINT, signal.SIG_IGN if mode.fix else signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


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
