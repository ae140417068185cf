"""``check --observed``: the findings of a run with what was observed of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tensorlint.finding import Finding, Sight

if TYPE_CHECKING:
    from tensorlint.cli.running import Linted
    from tensorlint.observe.joining import Seen
    from tensorlint.session import Outcome, Task

__all__ = ["SIGHTS", "join_all"]

SIGHTS = {str(sight).replace(" ", "-"): sight for sight in Sight}
"""What ``--only`` takes."""


def join_all(file: str, only: Sequence[str], linted: Linted) -> Linted:
    """What was linted with what was observed, and what was only observed.

    :param file: its paths are relative to the folder that the program was observed in: this one
    :param only: keep the findings of these sights alone; all where it is empty
    :raises click.UsageError: if the recording cannot be read
    """
    from tensorlint.observe.joining import Seen
    from tensorlint.observe.recording import RecordingError, read

    try:
        recording = read(Path(file), os.getcwd())
    except RecordingError as error:
        raise click.UsageError(str(error)) from None
    seen, wanted = Seen(recording), {SIGHTS[name] for name in only}
    joined = [_join(task, outcome, seen) for task, outcome in zip(linted.tasks, linted.outcomes, strict=True)]
    kept = [
        replace(outcome, findings=tuple(each for each in outcome.findings if _is_wanted(each, wanted)))
        for outcome in joined
    ]
    return replace(linted, outcomes=kept)


def _is_wanted(finding: Finding, wanted: set[Sight]) -> bool:
    """What could not be linted is never silent."""
    return not wanted or finding.observed is None or finding.observed.sight in wanted


def _join(task: Task, outcome: Outcome, seen: Seen) -> Outcome:
    from tensorlint.observe.joining import join
    from tensorlint.patterns import ignores_in
    from tensorlint.rules.registry import rules
    from tensorlint.source import Source, SourceError
    from tensorlint.suppressions import unsuppressed

    path = os.path.abspath(task.path)
    if outcome.failed or not (outcome.findings or path in seen.by_path) or path.endswith(".ipynb"):
        return outcome
    ignored = ignores_in(path, task.settings)
    names = {
        rule.code: rule.name
        for rule in rules()
        if task.settings.is_selected(rule.code, rule.default) and not ignored(rule.code)
    }
    try:
        source = Source(Path(path).read_bytes(), outcome.path)
        joined = join(path, source.text, outcome.findings, seen, names)
    except (OSError, SourceError, SyntaxError, ValueError) as error:
        click.echo(f"warning: {outcome.path} cannot be joined with what was observed: {error}", err=True)
        return outcome
    if joined.changed:
        names_ = ", ".join(joined.changed)
        click.echo(f"note: {outcome.path} has changed since it was observed; left out: {names_}", err=True)
    only = unsuppressed((replace(each, path=outcome.path) for each in joined.only), source)
    found = sorted((*joined.findings, *only), key=lambda each: each.sort_key)
    return replace(outcome, findings=tuple(found))
