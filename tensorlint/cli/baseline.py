"""``tensorlint baseline``: record the findings of today, and drop those that are gone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from tensorlint.baseline import Baseline, Entry, entries_of, gone, read, write
from tensorlint.cli.clean import opened_cache
from tensorlint.cli.options import BadSettings, configuration, selecting
from tensorlint.cli.output import Unwritable, echo
from tensorlint.cli.running import Linted, run_files
from tensorlint.discovery import discover, display_path, project_root
from tensorlint.finding import Finding
from tensorlint.linter import FAULT
from tensorlint.notebook import source_of
from tensorlint.report.printable import escaped
from tensorlint.session import Mode, Outcome, Task
from tensorlint.settings import BASELINE, Settings, SettingsError

__all__ = ["baseline"]


@click.group()
def baseline() -> None:
    """Record the findings of today, so that check reports only new ones."""


@baseline.command("write")
@selecting
def _write(**options: Any) -> int:
    """Record the findings in PATHS (default: the working folder) in the baseline.

    What the baseline says of other files is kept. The file is the one that --baseline or the settings name, else
    tensorlint-baseline.jsonl beside the settings, or in the project's root where there are none. Exits with 2 if a
    file could not be linted: what the baseline says of it is kept, too.
    """
    return _run(options, _rewritten, create=True)


@baseline.command("prune")
@selecting
def _prune(**options: Any) -> int:
    """Drop what is not found any more in PATHS (default: the working folder) from the baseline.

    Nothing is added. What the baseline says of rules that are off, or of files that could not be linted, is kept.
    """
    return _run(options, _pruned, create=False)


Group = tuple[Baseline, list[Task], list[Outcome]]
"""A baseline with the files whose findings it holds; those that could not be linted are left out."""


def _run(
    options: dict[str, Any],
    change: Callable[[Group, Sequence[str]], Iterable[Entry]],
    create: bool,
) -> int:
    """``create``: record everything, in a new file where there is none."""
    paths = list(options.pop("paths")) or ["."]
    try:
        settings = configuration(options)
        found = discover(paths, settings.settings, force_exclude=options["force_exclude"])
        here = _target(settings.settings(os.getcwd()), os.path.join(os.getcwd(), "x"))
        targets = {path: _target(settings.settings(os.path.dirname(path)), path) for path in found.files}
        wanted = {here, *(each for each in targets.values() if create or os.path.lexists(each))}
        baselines = {each: Baseline(each) if create and not os.path.lexists(each) else read(each) for each in wanted}
        mode, jobs = Mode(debug=options["debug"]), options["jobs"]
        cache = opened_cache(options, settings.settings(os.getcwd()))
        linted = run_files(settings, found, mode, jobs, cache, _without_baseline if create else None)
        for target in sorted(baselines):
            group = _group(baselines[target], targets, linted)
            if group[1] or target == here:
                _save(group[0], change(group, paths))
    except SettingsError as error:
        raise BadSettings(str(error)) from None
    faults = [*(each for outcome in linted.outcomes for each in outcome.findings if each.code == FAULT), *linted.faults]
    _tell(faults)
    return 2 if faults else 0


def _target(settings: Settings, path: str) -> str:
    """The baseline of a file."""
    if settings.baseline is not None:
        if not settings.baseline:
            raise click.UsageError("the settings say that there is no baseline: name one with --baseline FILE")
        return settings.baseline
    folder = project_root(path) if settings.file is None else os.path.dirname(os.path.abspath(settings.file))
    return os.path.join(folder, BASELINE)


def _without_baseline(settings: Settings) -> Settings:
    return replace(settings, baseline="")


def _group(known: Baseline, targets: dict[str, str], linted: Linted) -> Group:
    pairs = [
        (task, outcome)
        for task, outcome in zip(linted.tasks, linted.outcomes, strict=True)
        if targets[task.path] == known.file and not outcome.failed
    ]
    return known, [task for task, _ in pairs], [outcome for _, outcome in pairs]


def _rewritten(group: Group, paths: Sequence[str]) -> Iterable[Entry]:
    known, tasks, outcomes = group
    done = {known.relative(task.path): (frozenset[str](), task.settings) for task in tasks}
    dropped = {each for each in gone(known, done, paths) if each.path not in done}
    kept = [each for each in known.entries if each.path not in done and each not in dropped]
    found = [
        entry
        for task, outcome in zip(tasks, outcomes, strict=True)
        if outcome.findings
        for entry in entries_of(outcome.findings, source_of(Path(task.path).read_bytes(), outcome.path), known)
    ]
    old = {(each.path, each.fingerprint, each.code, each.confidence): each for each in known.entries}
    # A line that says the same of a finding stays as it is, although the text around it may be laid out anew.
    return [*kept, *(old.get((each.path, each.fingerprint, each.code, each.confidence), each) for each in found)]


def _pruned(group: Group, paths: Sequence[str]) -> Iterable[Entry]:
    known, tasks, outcomes = group
    pairs = zip(tasks, outcomes, strict=True)
    done = {known.relative(task.path): (outcome.known, task.settings) for task, outcome in pairs}
    return set(known.entries).difference(gone(known, done, paths))


def _save(known: Baseline, entries: Iterable[Entry]) -> None:
    now, before = set(entries), set(known.entries)
    if now != before or not os.path.lexists(known.file):
        try:
            write(known.file, now)
        except OSError as error:
            raise Unwritable(f"{known.file}: cannot be written: {error.strerror or error}") from None
    new, dropped = len(now - before), len(before - now)
    noun = "finding" if len(now) == 1 else "findings"
    click.echo(escaped(f"{display_path(known.file)}: {len(now)} {noun} ({new} new, {dropped} gone)"))


def _tell(faults: list[Finding]) -> None:
    """What could not be linted."""
    from tensorlint.report.concise import render
    from tensorlint.report.run import Run

    echo(render(Run(tuple(sorted(faults, key=lambda each: each.sort_key)), ())), err=True)
