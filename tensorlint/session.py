"""Many files: each read, linted or fixed by itself, one process a core, and the outcomes put in order."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from tensorlint.discovery import Problem, display_path
from tensorlint.finding import Finding
from tensorlint.processes import Run, begin, in_executor, in_processes, know, one_by_one
from tensorlint.work import Mode, Outcome, Task, again, work

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from tensorlint.cache.cache import Cache

__all__ = ["Mode", "Outcome", "Task", "run", "unreachable", "work"]

_FEW = 8
"""As many files are done before another process has started."""


def run(
    tasks: Sequence[Task],
    mode: Mode,
    *,
    jobs: int | None = None,
    done: Callable[[int], object] = lambda count: None,
    executor: Executor | None = None,
    cache: Cache | None = None,
) -> list[Outcome]:
    """Do every file; the outcomes are in the order of ``tasks``, whatever does them.

    :param jobs: how many processes; None: one a core where there are enough files to be worth it, else this one alone
    :param done: called with the number of files done since the last call
    :param executor: does the files instead of processes of this run. Any of ``concurrent.futures`` will do, or what
        keeps to its interface: ``dask.distributed.Client(...).get_executor()`` has a cluster lint. Tasks and outcomes
        are pickled if it needs that; its processes must see the same files by the same names, from the same working
        folder. It is left open. ``jobs`` then says how many files it does at a time, by default as many as there are
        cores here
    :param cache: results of earlier runs, used and added to
    """
    if mode.changes:
        from tensorlint.fixes.write import remove_leftovers

        remove_leftovers(task.path for task in tasks if task.data is None)
    this = Run(uuid.uuid4().hex, mode, os.getcwd())
    begin(this)
    outcomes: dict[int, Outcome] = {}
    if cache is not None:
        outcomes.update(_known(tasks, mode, cache))
        if outcomes:
            done(len(outcomes))
    left = [(number, task) for number, task in enumerate(tasks) if number not in outcomes]
    if left:
        for number, outcome in _outcomes(left, this, jobs, executor, cache):
            outcomes[number] = outcome
            done(1)
    if cache is not None and not mode.changes:
        from tensorlint.cache.cache import Linted

        made = ((task, outcomes[number].result) for number, task in left if task.data is None)
        cache.keep(
            Linted(os.path.abspath(task.path), task.settings, result) for task, result in made if result is not None
        )
    return [outcomes[number] for number in range(len(tasks))]


def unreachable(problem: Problem) -> Finding:
    """A path that cannot be linted or walked, as a finding."""
    from tensorlint.linter import fault
    from tensorlint.source import SourceError

    return fault(SourceError(problem.message), display_path(problem.path) or problem.path)


def _known(tasks: Sequence[Task], mode: Mode, cache: Cache) -> Iterator[tuple[int, Outcome]]:
    """What the cache knows. A file that may be changed is linted again: no fix is taken from a cache."""
    from_disk = {number: os.path.abspath(task.path) for number, task in enumerate(tasks) if task.data is None}
    found = cache.look_up([(path, tasks[number].settings) for number, path in from_disk.items()])
    for number, path in from_disk.items():
        findings = found.get(path)
        if findings is None or (mode.changes and findings):
            continue
        if (outcome := again(tasks[number], findings)) is not None:
            yield number, outcome


def _outcomes(
    left: list[tuple[int, Task]], this: Run, jobs: int | None, executor: Executor | None, cache: Cache | None
) -> Iterator[tuple[int, Outcome]]:
    """The outcomes of the files that are still to be done, as they come."""
    if executor is not None:
        yield from in_executor(left, this, executor, jobs or _cores())
        return
    from_disk = [(os.path.abspath(task.path), task.settings) for _, task in left if task.data is None]
    indices = cache.indices(from_disk, _FEW + 1) if cache is not None else {}
    know(indices)
    if jobs is None:
        jobs = 1 if len(left) <= _FEW else _cores()
    jobs = min(jobs, len(left))
    yield from one_by_one(left, this) if jobs <= 1 else in_processes(left, this, jobs, indices)


def _cores() -> int:
    affinity: Callable[[int], set[int]] | None = getattr(os, "sched_getaffinity", None)  # Linux alone has it
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1
