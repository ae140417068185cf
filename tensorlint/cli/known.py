"""What ``check`` says of the baseline, on standard error."""

from __future__ import annotations

from collections.abc import Sequence

import click

from tensorlint.baseline import gone, read
from tensorlint.cli.running import Linted
from tensorlint.discovery import display_path
from tensorlint.report.printable import escaped
from tensorlint.report.summary import counted
from tensorlint.settings import Settings

__all__ = ["tell"]


def tell(linted: Linted, paths: Sequence[str]) -> None:
    """Say how many findings were left out because they are known, and how many of those are not there any more."""
    for file in sorted({task.settings.baseline for task in linted.tasks if task.settings.baseline}):
        baseline = read(file)
        done: dict[str, tuple[frozenset[str], Settings]] = {
            baseline.relative(task.path): (outcome.known, task.settings)
            for task, outcome in zip(linted.tasks, linted.outcomes, strict=True)
            if task.settings.baseline == file and not outcome.failed
        }
        known = sum(len(found) for found, _ in done.values())
        left = gone(baseline, done, paths)
        name = escaped(display_path(file))
        if known:
            click.echo(f"{counted(known, 'finding')} in the baseline {name} {_are(known)} not reported.", err=True)
        if left:
            click.echo(
                f"{counted(len(left), 'finding')} in the baseline {name} {_are(len(left))} gone: "
                "`tensorlint baseline prune` drops them.",
                err=True,
            )


def _are(number: int) -> str:
    return "are" if number != 1 else "is"
