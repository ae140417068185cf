"""One file of many: read, linted or fixed, with an outcome whatever is wrong with it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tensorlint.changes import ALL, Lines
from tensorlint.dependencies import digest, noting, was_read
from tensorlint.discovery import display_path
from tensorlint.files import read
from tensorlint.finding import FAULT, Finding
from tensorlint.settings import Settings

if TYPE_CHECKING:
    from tensorlint.cache.results import Result
    from tensorlint.source import Source, Span

__all__ = ["ONE_AT_A_TIME", "Mode", "Outcome", "Task", "again", "work"]

ONE_AT_A_TIME = threading.Lock()
"""What is kept from file to file is not made for threads that share it."""


@dataclass(frozen=True, slots=True)
class Mode:
    """What is done with each file."""

    fix: bool = False
    """Apply the safe fixes."""
    unsafe: bool = False
    """Apply the unsafe ones too."""
    cell: int | None = None
    """Of a notebook, apply only those that change this cell and no other."""
    diff: bool = False
    """Show what fixing would change instead of changing it."""
    add_noqa: bool = False
    """Put comments in that suppress what is found."""
    debug: bool = False
    """Show the traceback of an internal error on standard error."""

    @property
    def changes(self) -> bool:
        """Files are changed, or it is shown how they would be."""
        return self.fix or self.diff or self.add_noqa


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
    result: Result | None = field(default=None, repr=False, compare=False)
    """All that was found, and what that was made from, where it may be used again."""

    @property
    def failed(self) -> bool:
        """It could not be linted."""
        return any(finding.code == FAULT for finding in self.findings)


def work(task: Task, mode: Mode) -> Outcome:
    """Do one file. Whatever is wrong with it is a finding, never an exception."""
    with ONE_AT_A_TIME:
        return _work(task, mode)


def _work(task: Task, mode: Mode) -> Outcome:
    # Late, since a run that finds everything in the cache does without.
    from tensorlint.cache.results import Result
    from tensorlint.linter import InternalError, fault, lint
    from tensorlint.notebook import source_of
    from tensorlint.source import SourceError

    path = display_path(task.path)
    with noting() as noted:
        try:
            data = task.data if task.data is not None else _read(task.path)
            was_read(os.path.abspath(task.path), digest(data))
            source = source_of(data, path)
            if mode.fix or mode.diff:
                return _fix(task, source, mode)
            findings = tuple(lint(source, task.settings))
            outcome = _reported(task, source, findings, Result(findings, noted))
            if mode.add_noqa and outcome.findings:
                return _silence(task, source, list(outcome.findings), outcome.known)
            return outcome
        except InternalError as error:
            if mode.debug:
                _print_traceback(error)
            return Outcome(path, (fault(error, path),), data=task.data)
        except SourceError as error:
            found = (fault(error, path),)
            # that a file cannot be read may be over before its content is another one
            result = Result(found, noted) if noted.files else None
            return Outcome(path, found, data=task.data, result=result)
        except Exception as error:
            if mode.debug:
                _print_traceback(error)
            internal = InternalError(f"internal error: {type(error).__name__}: {error}")
            return Outcome(path, (fault(internal, path),), data=task.data)


def again(task: Task, findings: tuple[Finding, ...]) -> Outcome | None:
    """The outcome of a file in which just this was found before; None if that cannot be told any more."""
    path = display_path(task.path)
    if not findings or (not task.settings.baseline and task.lines == ALL):
        return Outcome(path, findings)
    from tensorlint.notebook import source_of
    from tensorlint.source import SourceError

    try:
        source = source_of(_read(task.path), path)
    except SourceError:
        return None
    return _reported(task, source, findings)


def _reported(task: Task, source: Source, findings: tuple[Finding, ...], result: Result | None = None) -> Outcome:
    """The outcome without what is in the baseline, and what stands on other lines than those that count."""
    left: Sequence[Finding] = findings
    known: frozenset[str] = frozenset()
    if task.settings.baseline:
        from tensorlint.baseline import unknown

        left, known = unknown(findings, source, task.settings)
    return Outcome(source.path, _on(task.lines, source, left), data=task.data, known=known, result=result)


def _on(lines: Lines, source: Source, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(each for each in findings if each.code == FAULT or _meet(lines, source.in_file(each)))


def _meet(lines: Lines, span: Span) -> bool:
    return lines.meet(span.line, span.end_line)


def _print_traceback(error: Exception) -> None:
    import traceback

    traceback.print_exception(error)


def _read(path: str) -> bytes:
    from tensorlint.source import SourceError

    try:
        return read(path)
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror or error}") from None


def _fix(task: Task, source: Source, mode: Mode) -> Outcome:
    from tensorlint.baseline import unknown
    from tensorlint.fixes.apply import fix_source
    from tensorlint.fixes.write import unified_diff, write_atomically
    from tensorlint.linter import fault, lint
    from tensorlint.source import SourceError

    known: frozenset[str] = frozenset()

    def lint_again(source: Source) -> list[Finding]:
        nonlocal known
        findings, known = unknown(lint(source, task.settings), source, task.settings)
        return findings

    result = fix_source(source, lint_again, mode.unsafe, mode.cell)
    findings = tuple(result.findings)
    if result.diagnostic:
        findings = (*findings, fault(SourceError(result.diagnostic), source.path))
    if mode.diff:
        diff = unified_diff(source, source.again(result.data)) if result.data != source.data else ""
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
    from tensorlint.linter import fault
    from tensorlint.noqa_edits import silenced
    from tensorlint.noqa_judge import ABOUT_COMMENTS
    from tensorlint.source import SourceError

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
