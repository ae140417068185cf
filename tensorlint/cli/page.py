"""The page of all commands and options, made of what the commands say of themselves.

    python -m tensorlint.cli.page [FOLDER]

writes ``options.md`` into FOLDER (``docs`` of the working folder). A test fails when it is stale.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from tensorlint.cli import cli

__all__ = ["main", "page"]

_PREFACE = """\
<!-- Made by `python -m tensorlint.cli.page` of the commands. -->

# Commands and options

What `--help` says. [On the command line](running.md) has the exit codes and what is kept from run to run. Options that
have the name of a key lie over the [settings](settings.md).
"""


def page() -> str:
    """The page, in Markdown."""
    told: dict[str, str] = {}
    return "\n".join([_PREFACE, *(_section(name, each, told) for name, each in _commands("tensorlint", cli))])


def _commands(name: str, group: click.Group) -> Iterator[tuple[str, click.Command]]:
    """Every command with its whole name, those of a group of its own too."""
    context = click.Context(group, info_name=name)
    for each in group.list_commands(context):
        command = group.get_command(context, each)
        assert command is not None
        if isinstance(command, click.Group):
            yield from _commands(f"{name} {each}", command)
        else:
            yield f"{name} {each}", command


def _section(name: str, command: click.Command, told: dict[str, str]) -> str:
    """What there is to say of a command.

    :param told: the options that were told of, with the command that they were told of with; added to
    """
    paragraphs = [_paragraph(each) for each in inspect.cleandoc(command.help or "").split("\n\n")]
    context = click.Context(command)
    arguments = [
        piece for each in command.params if isinstance(each, click.Argument) for piece in each.get_usage_pieces(context)
    ]
    options = [each for each in command.params if isinstance(each, click.Option) and not each.hidden]
    usage = " ".join([name, *(["[OPTIONS]"] if options else []), *arguments])
    new = [line for each in options if (line := _option(each)) not in told]
    same: dict[str, list[str]] = {}
    for each in options:
        if (where := told.setdefault(_option(each), name)) != name:
            same.setdefault(where, []).append(f"`{each.opts[0]}`")
    as_there = [f"As for `{where}`: {', '.join(names)}." for where, names in same.items()]
    return "\n\n".join([f"## {name}", f"`{usage}`", *paragraphs, *filter(None, ["\n".join(new)]), *as_there]) + "\n"


def _paragraph(text: str) -> str:
    """A paragraph of a command's help; click does not fill what begins with a backspace."""
    if text.startswith("\b\n"):
        return f"```sh\n{text[2:]}\n```"
    return text


def _option(option: click.Option) -> str:
    names = ", ".join(option.opts) + "".join(f" / {each}" for each in option.secondary_opts)
    if not option.is_flag:
        value = "|".join(option.type.choices) if isinstance(option.type, click.Choice) else option.metavar
        names += f" {value or option.type.name.upper()}"
    shown = option.show_default and isinstance(option.default, str | os.PathLike)
    known = f" (default: `{option.default}`)" if shown else ""
    variable = f" The environment variable `{option.envvar}` says it, too." if option.envvar else ""
    return f"- `{names}`: {(option.help or '').removesuffix('.')}{known}.{variable}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page."""
    given = sys.argv[1:] if arguments is None else arguments
    (Path(given[0] if given else "docs") / "options.md").write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
