"""``tensorlint check`` and ``tensorlint fix``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import click

from tensorlint.cli import listing
from tensorlint.cli.clean import opened_cache
from tensorlint.cli.extensions import warn_of_extensions
from tensorlint.cli.observed import SIGHTS, join_all
from tensorlint.cli.options import BadSettings, check_together, configuration, shared
from tensorlint.cli.output import opened
from tensorlint.configuration import Configuration
from tensorlint.discovery import Discovered, discover
from tensorlint.settings import Settings, SettingsError

__all__ = ["check", "fix"]

_STDIN = "-"


@click.command()
@shared
@click.option("--fix", is_flag=True, help="Make the safe fixes.")
@click.option("--add-noqa", is_flag=True, help="Put a noqa comment to everything that is found.")
@click.option("--observed", metavar="FILE", help="Say of each finding what `tensorlint observe` saw of it.")
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(list(SIGHTS)),
    help="With --observed: show these alone (repeatable).",
)
def check(**options: Any) -> int:
    """Report the conversion bugs in PATHS, files or folders (default: the working folder; -: standard input).

    Exits with 0 if nothing is found (or all was fixed), 1 if something is, 2 on bad usage, bad settings or a file that
    could not be linted.
    """
    return _run(options)


@click.command()
@shared
def fix(**options: Any) -> int:
    """Repair what can be repaired safely in PATHS, and report the rest. The same as check --fix."""
    return _run({**options, "fix": True, "add_noqa": False, "observed": None, "only": ()})


def _run(options: dict[str, Any]) -> int:
    paths = list(options.pop("paths")) or ["."]
    stdin_filename = options.pop("stdin_filename")
    if _STDIN in paths and len(paths) > 1:
        raise click.UsageError("standard input (-) cannot be linted together with other paths")
    if stdin_filename is not None and paths != [_STDIN]:
        raise click.UsageError("--stdin-filename needs the path - (standard input)")
    check_together(options)
    warn_of_extensions()
    for name in ("add_noqa", "diff_base", "observed"):
        if options[name] and paths == [_STDIN]:
            raise click.UsageError(f"--{name.replace('_', '-')} is for files, not for standard input")
    with opened(options.pop("output_file")) as options["output"]:
        return _lint(paths, stdin_filename, options)


def _lint(paths: list[str], stdin_filename: str | None, options: dict[str, Any]) -> int:
    force_exclude = options.pop("force_exclude")
    show_settings, show_files = options.pop("show_settings"), options.pop("show_files")
    try:
        settings = configuration(options)
        if show_settings:
            return listing.show_settings(paths if paths != [_STDIN] else [stdin_filename or "."], settings)
        if paths == [_STDIN]:
            return _run_stdin(settings, stdin_filename, force_exclude, options)
        settings.settings(os.getcwd())  # bad settings are reported even where there is nothing to lint
        found = discover(paths, settings.settings, force_exclude=force_exclude)
        if show_files:
            return listing.show_files(found)
        return _run_files(settings, found, paths, options)
    except SettingsError as error:
        raise BadSettings(str(error)) from None


def _run_files(settings: Configuration, found: Discovered, paths: list[str], options: dict[str, Any]) -> int:
    from tensorlint.changes import Changes, ChangesError
    from tensorlint.cli.running import run_files
    from tensorlint.cli.show import show
    from tensorlint.report.summary import counted

    with_baseline = options["observed"] is None and _read_baselines(settings, found)
    changes = Changes(options["diff_base"]) if options["diff_base"] is not None else None
    cache = opened_cache(options, settings.settings(os.getcwd()))
    try:
        linted = run_files(settings, found, _mode(options), options["jobs"], cache, _adapted(options), changes)
    except ChangesError as error:
        raise BadSettings(f"--diff-base: {error}") from None
    if options["observed"] is not None:
        linted = join_all(options["observed"], options["only"], linted)
    code = show(linted.outcomes, linted.faults, options)
    if options["quiet"]:
        return code
    if options["add_noqa"]:
        silenced = [each.silenced for each in linted.outcomes if each.silenced]
        click.echo(f"{counted(sum(silenced), 'finding')} in {counted(len(silenced), 'file')} suppressed.", err=True)
    if with_baseline:
        from tensorlint.cli.known import tell

        tell(linted, paths)
    return code


def _adapted(options: dict[str, Any]) -> Callable[[Settings], Settings] | None:
    """What was observed is said of every finding: the baseline hides none then."""
    return (lambda each: replace(each, baseline=None)) if options["observed"] is not None else None


def _read_baselines(settings: Configuration, found: Discovered) -> bool:
    """Read the baselines of the files, so that what is wrong with them is said before anything is linted.

    :raises SettingsError: if one cannot be read
    """
    folders = {os.path.dirname(path) for path in found.files} | {os.getcwd()}
    by_file = {chosen.baseline: chosen for folder in sorted(folders) if (chosen := settings.settings(folder)).baseline}
    for _, chosen in sorted(by_file.items()):
        from tensorlint.baseline import check as check_baseline

        check_baseline(chosen)
    return bool(by_file)


def _run_stdin(settings: Configuration, name: str | None, force_exclude: bool, options: dict[str, Any]) -> int:
    from tensorlint.cli.show import show
    from tensorlint.discovery import is_excluded, is_stub
    from tensorlint.session import Task, run

    path = os.path.abspath(name or "stdin")
    chosen = settings.settings(os.path.dirname(path))
    data = sys.stdin.buffer.read()
    if is_stub(path) or (force_exclude and name is not None and is_excluded(path, chosen)):
        if options.get("fix"):
            sys.stdout.buffer.write(data)
        return 0
    if chosen.baseline:
        from tensorlint.baseline import check as check_baseline

        check_baseline(chosen)
    outcomes = run([Task(path, chosen, data)], _mode(options), jobs=1)
    return show(outcomes, [], options, stdin=data)


def _mode(options: dict[str, Any]) -> Any:
    from tensorlint.session import Mode

    return Mode(
        fix=options["fix"] and not options["diff"],
        unsafe=options["unsafe_fixes"],
        diff=options["diff"],
        add_noqa=options["add_noqa"],
        debug=options["debug"],
    )
