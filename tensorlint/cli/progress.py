"""The progress line of a long run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

__all__ = ["progress"]


@contextmanager
def progress(total: int) -> Iterator[Callable[[int], object]]:
    """A line on standard error that goes away at the end; yields what is to be called with each advance."""
    columns = (TextColumn("linting"), BarColumn(), MofNCompleteColumn(), TextColumn("files"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as line:
        task = line.add_task("", total=total)
        yield lambda count: line.advance(task, count)
