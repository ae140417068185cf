"""The options that ``check`` and ``fix`` share, and what they come to."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

from tensorlint.configuration import Configuration, Overrides, pair
from tensorlint.finding import Confidence
from tensorlint.report.formats import COUNTED, FORMATS
from tensorlint.settings import Settings

__all__ = ["BadSettings", "cache_dir", "check_together", "configuration", "selecting", "shared"]

Command = TypeVar("Command", bound=Callable[..., Any])

_LISTS = (
    ("select", "The rules to apply, instead of those of the settings: codes or prefixes of codes."),
    ("extend-select", "Rules to apply besides."),
    ("ignore", "Rules not to apply."),
)
_PATTERNS = (
    ("exclude", "What to leave out, instead of the default: patterns as in .gitignore."),
    ("extend-exclude", "What to leave out besides."),
)


def _split(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...] | None:
    """Comma-separated lists, and the option given more than once; None where it is not given."""
    if not values:
        return None
    return tuple(item for value in values for item in (each.strip() for each in value.split(",")) if item)


cache_dir = click.option(
    "--cache-dir",
    metavar="FOLDER",
    envvar="TENSORLINT_CACHE_DIR",
    help="Where results are kept (default: .tensorlint_cache in the project's folder).",
)


def _added(command: Command, options: Sequence[Callable[[Command], Command]]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command


def selecting(command: Command) -> Command:
    """Add the arguments and options that say what is linted, and under which settings."""
    options: list[Callable[[Command], Command]] = [click.argument("paths", nargs=-1, metavar="[PATHS]...")]
    for name, text in _LISTS:
        options.append(click.option(f"--{name}", multiple=True, callback=_split, metavar="CODES", help=text))
    options += [
        click.option(
            "--confidence",
            type=click.Choice([str(level) for level in Confidence]),
            help="Report findings from this confidence on (default: likely).",
        ),
        click.option(
            "--config",
            multiple=True,
            metavar="FILE|KEY=VALUE",
            help="A settings file to use instead of the nearest one, or one setting as TOML, over any file.",
        ),
        click.option("--isolated", is_flag=True, help="Use no settings file."),
        click.option("--baseline", metavar="FILE", help="The baseline, whose findings are left out."),
        click.option("--no-baseline", is_flag=True, help="Report the findings in the baseline too."),
    ]
    for name, text in _PATTERNS:
        options.append(click.option(f"--{name}", multiple=True, callback=_split, metavar="PATTERNS", help=text))
    options += [
        click.option("--force-exclude", is_flag=True, help="Leave out what is excluded even where it is named."),
        click.option(
            "--jobs", type=click.IntRange(min=1), metavar="N", help="How many processes (default: one a core)."
        ),
        cache_dir,
        click.option("--no-cache", is_flag=True, envvar="TENSORLINT_NO_CACHE", help="Neither use nor keep results."),
        click.option("--debug", is_flag=True, envvar="TENSORLINT_DEBUG", help="Show the traceback of internal errors."),
    ]
    return _added(command, options)


def shared(command: Command) -> Command:
    """Add what ``check`` and ``fix`` share: the options of :func:`selecting`, and how findings are shown and fixed."""
    options: list[Callable[[Command], Command]] = [
        click.option(
            "--output-format",
            type=click.Choice(FORMATS),
            default="text",
            show_default=True,
            help="How findings are shown.",
        ),
        click.option("--output-file", metavar="FILE", help="Write the report to a file, and only its summary here."),
        click.option("--quiet", "-q", is_flag=True, help="Show findings, errors and warnings, and no summary."),
        click.option("--statistics", is_flag=True, help="Count the findings of each rule instead of showing them."),
        click.option(
            "--diff-base",
            metavar="REV",
            help="Report only what stands on lines that changed since this git revision (REV...: since leaving it).",
        ),
        click.option("--stdin-filename", metavar="PATH", help="The name of what is read from standard input (path -)."),
        click.option("--show-settings", is_flag=True, help="Print the settings that hold for PATHS, and lint nothing."),
        click.option("--show-files", is_flag=True, help="Print the files that would be linted, and lint nothing."),
        click.option("--exit-zero", is_flag=True, help="Exit with 0 in spite of findings (never of errors)."),
        click.option(
            "--exit-non-zero-on-fix", is_flag=True, help="Exit with 1 if something was fixed, even if nothing is left."
        ),
        click.option("--unsafe-fixes", is_flag=True, help="Make unsafe fixes too."),
        click.option("--diff", is_flag=True, help="Show what fixing would change; change nothing."),
    ]
    return selecting(_added(command, options))


class BadSettings(click.ClickException):
    """Settings that cannot be used, as click reports an error: on standard error."""

    exit_code = 2


_COMMAND_LINE = ("select", "extend-select", "ignore", "exclude", "extend-exclude", "confidence", "baseline")
"""The keys that have an option of their own."""


def check_together(options: dict[str, Any]) -> None:
    """See that the options that say how findings are shown can be had together.

    :raises click.UsageError: if not
    """
    if options["observed"] is None and options["only"]:
        raise click.UsageError("--only needs --observed")
    for name in ("fix", "diff", "diff_base", "add_noqa"):
        if options["observed"] is not None and options[name]:
            raise click.UsageError(f"--observed and --{name.replace('_', '-')} cannot be given together")
    if options["exit_zero"] and options["exit_non_zero_on_fix"]:
        raise click.UsageError("--exit-zero and --exit-non-zero-on-fix cannot be given together")
    if options["diff"]:
        for name in ("output_file", "statistics"):
            if options[name]:
                raise click.UsageError(f"--diff and --{name.replace('_', '-')} cannot be given together")
    for name in ("fix", "diff"):
        if options["diff_base"] is not None and options[name]:
            raise click.UsageError(f"--diff-base and --{name} cannot be given together")
        if options["add_noqa"] and options[name]:
            raise click.UsageError(f"--add-noqa and --{name} cannot be given together")
    if options["statistics"] and options["output_format"] not in COUNTED:
        raise click.UsageError(f"--statistics needs one of the output formats {', '.join(COUNTED)}")


def configuration(options: dict[str, Any]) -> Configuration:
    """The settings that the options ask for; they are taken out of ``options``.

    :raises SettingsError: if an option cannot be used
    """
    file, tables = _config(options.pop("config"))
    isolated = options.pop("isolated")
    if file is not None and isolated:
        raise click.UsageError("--config FILE and --isolated cannot be given together")
    if options.pop("no_baseline"):
        if options["baseline"] is not None:
            raise click.UsageError("--baseline and --no-baseline cannot be given together")
        options["baseline"] = ""
    given = {key: options.pop(key.replace("-", "_")) for key in _COMMAND_LINE}
    own = {key: list(value) if isinstance(value, tuple) else value for key, value in given.items() if value is not None}
    return Configuration(Overrides((*tables, ("command line", own)), os.getcwd()), file, isolated, _check)


def _config(given: tuple[str, ...]) -> tuple[str | None, list[tuple[str, Mapping[str, Any]]]]:
    """The file that ``--config`` names, and the settings that it makes, each with its name for errors."""
    file, tables = None, []
    for text in given:
        if "=" not in text or os.path.exists(text):
            if file is not None:
                raise click.UsageError(f"--config can name one file, not {file!r} and {text!r}")
            file = text
            continue
        try:
            tables.append((f"--config {text}", pair(text)))
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint=f"--config {text}") from None
    return file, tables


def _check(settings: Settings) -> None:
    if settings.given:  # nothing that was not said can be wrong
        from tensorlint.linter import check_settings

        check_settings(settings)
