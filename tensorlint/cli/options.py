"""The options that ``check`` and ``fix`` share, and what they come to."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

from tensorlint.configuration import Configuration, Overrides
from tensorlint.finding import Confidence
from tensorlint.settings import Selection, Settings, check_codes

__all__ = ["BadSettings", "configuration", "shared"]

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


def shared(command: Command) -> Command:
    """Add the arguments and options that say what is linted and how it is shown."""
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
            "--output-format",
            type=click.Choice(["text", "concise", "json"]),
            default="text",
            show_default=True,
            help="How findings are shown.",
        ),
        click.option("--config", metavar="FILE", help="Use [tool.tensorlint] of this TOML file."),
        click.option("--isolated", is_flag=True, help="Use no settings file."),
    ]
    for name, text in _PATTERNS:
        options.append(click.option(f"--{name}", multiple=True, callback=_split, metavar="PATTERNS", help=text))
    options += [
        click.option("--force-exclude", is_flag=True, help="Leave out what is excluded even where it is named."),
        click.option("--stdin-filename", metavar="PATH", help="The name of what is read from standard input (path -)."),
        click.option("--exit-zero", is_flag=True, help="Exit with 0 in spite of findings (never of errors)."),
        click.option("--unsafe-fixes", is_flag=True, help="Make unsafe fixes too."),
        click.option("--diff", is_flag=True, help="Show what fixing would change; change nothing."),
        click.option(
            "--jobs", type=click.IntRange(min=1), metavar="N", help="How many processes (default: one a core)."
        ),
        click.option("--debug", is_flag=True, envvar="TENSORLINT_DEBUG", help="Show the traceback of internal errors."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


class BadSettings(click.ClickException):
    """Settings that cannot be used, as click reports an error: on standard error."""

    exit_code = 2


def configuration(options: dict[str, Any]) -> Configuration:
    """The settings that the options ask for; they take ``config`` to ``extend_exclude`` out of ``options``."""
    config, isolated = options.pop("config"), options.pop("isolated")
    if config is not None and isolated:
        raise click.UsageError("--config and --isolated cannot be given together")
    confidence = options.pop("confidence")
    overrides = Overrides(
        selection=Selection(options.pop("select"), options.pop("extend_select") or (), options.pop("ignore") or ()),
        exclude=options.pop("exclude"),
        extend_exclude=options.pop("extend_exclude") or (),
        confidence=None if confidence is None else Confidence.parse(confidence),
        base=os.getcwd(),
    )
    return Configuration(overrides, config, isolated, _check)


def _check(settings: Settings) -> None:
    if any(selection.selectors for selection in settings.selections):
        from tensorlint.linter import codes  # loads the rules, which a run without selectors need not do here

        check_codes(settings, codes())
