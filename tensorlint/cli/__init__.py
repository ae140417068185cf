"""The command ``tensorlint``. Each command is imported when it is called, so that the others cost nothing."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import Any

import click

from tensorlint import __version__

__all__ = ["cli", "main"]

_INTERRUPTED = 130
"""What shells report of a command that Ctrl-C ended."""

_COMMANDS = {
    "check": ("tensorlint.cli.check", "check", "Report the conversion bugs in files and folders."),
    "fix": ("tensorlint.cli.check", "fix", "Repair what can be repaired, and report the rest (check --fix)."),
    "baseline": ("tensorlint.cli.baseline", "baseline", "Record the findings of today, to hear of new ones only."),
    "explain": ("tensorlint.cli.explain", "explain", "Explain a rule."),
    "rules": ("tensorlint.cli.rules", "rules", "List the rules."),
    "observe": ("tensorlint.cli.observe", "observe", "Run a program and record what crosses between torch and NumPy."),
    "server": ("tensorlint.cli.server", "server", "Serve an editor (LSP) over standard input and output."),
    "clean": ("tensorlint.cli.clean", "clean", "Delete the results that are kept from run to run."),
    "new-rule": ("tensorlint.cli.new_rule", "new_rule", "Begin a rule: its file, its page and a fixture."),
    "test-rules": ("tensorlint.cli.test_rules", "test_rules", "Test rules by their fixtures and pages."),
    "verify": ("tensorlint.cli.verify", "verify", "Run what the rules claim on this machine's torch."),
}


class _Lazy(click.Group):
    """A group that imports a command only to run it: its help lists them all from the table above."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, name, _ = _COMMANDS[cmd_name]
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, _, summary) in _COMMANDS.items()])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tensorlint", message="%(prog)s %(version)s")
def cli() -> None:
    """Find conversion bugs between PyTorch and NumPy before the code runs."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 nothing found, 1 findings, 2 bad usage, bad settings or a file not linted."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure: Any = getattr(stream, "reconfigure", None)
        if reconfigure is not None:  # what the terminal's encoding cannot show is escaped, not fatal
            reconfigure(errors="backslashreplace")
    try:
        # Not click's standalone mode, which would turn Ctrl-C into exit code 1: that of findings.
        code = cli.main(arguments, prog_name="tensorlint", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("interrupted", err=True)
        sys.exit(_INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader went away (`| head`): say nothing, and keep Python from saying it when it flushes at the end.
        sys.stdout = None
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)
