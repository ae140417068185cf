"""Linting the files that were found, for every command that does."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from tensorlint.changes import ALL, Changes
from tensorlint.configuration import Configuration
from tensorlint.discovery import Discovered
from tensorlint.finding import Finding
from tensorlint.session import Mode, Outcome, Task, run, unreachable
from tensorlint.settings import Settings

if TYPE_CHECKING:
    from tensorlint.cache.cache import Cache

__all__ = ["Linted", "run_files"]

_LONG = 50
"""As many files are worth a progress bar."""


@dataclass(frozen=True, slots=True)
class Linted:
    """What became of the files."""

    tasks: list[Task]
    outcomes: list[Outcome]
    """One for each task."""
    faults: list[Finding]
    """What kept paths from being linted at all."""


def run_files(
    configuration: Configuration,
    found: Discovered,
    mode: Mode,
    jobs: int | None,
    cache: Cache | None,
    adapted: Callable[[Settings], Settings] | None = None,
    changes: Changes | None = None,
) -> Linted:
    """Lint what was found, each file under its own settings.

    :param adapted: makes of the settings those that are used
    :param changes: lint only changed files, and report only what stands on changed lines
    :raises ChangesError: if it is not known what has changed
    """
    for folder in found.empty:
        click.echo(f"warning: no Python files to lint in {folder!r}", err=True)
    for stub in found.stubs:
        click.echo(f"warning: {stub!r} is not linted: nothing in a stub runs", err=True)
    tasks = []
    for path in found.files:
        lines = changes.of(path) if changes is not None else ALL
        if lines is not None:
            chosen = configuration.settings(os.path.dirname(path))
            tasks.append(Task(path, chosen if adapted is None else adapted(chosen), lines=lines))
    with _progress(len(tasks)) as done:
        outcomes = run(tasks, mode, jobs=jobs, done=done, cache=cache)
    return Linted(tasks, outcomes, [unreachable(each) for each in found.problems])


def _progress(total: int) -> AbstractContextManager[Callable[[int], object]]:
    """Shows on standard error how far a long run is, on a terminal; gives what is to be called with each advance."""
    if total < _LONG or not sys.stderr.isatty():
        return nullcontext(lambda count: None)
    from tensorlint.cli.progress import progress

    return progress(total)
