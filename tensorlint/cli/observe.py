"""``tensorlint observe``: run the user's own program and record what crosses the boundary."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from pathlib import Path

import click

__all__ = ["observe"]


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("tensorlint-observed.json"),
    show_default=True,
    help="Where to write what was observed.",
)
@click.option(
    "--simulate",
    type=click.Choice(["cuda", "mps"]),
    help="Run as if there were a GPU: tensors stay in host memory, and refuse, copy and report as there.",
)
@click.option(
    "--check-sharing/--no-check-sharing",
    default=True,
    show_default=True,
    help="Look at memory that arrays and tensors share, to see what is written to it.",
)
@click.option("--quiet", is_flag=True, help="Say nothing on standard error when the command has ended.")
def observe(command: tuple[str, ...], output: Path, simulate: str | None, check_sharing: bool, quiet: bool) -> int:
    """Run COMMAND and record each conversion between torch and NumPy that it makes, with its line.

    \b
    tensorlint observe -- python train.py
    tensorlint observe --simulate cuda -- python -m pytest
    tensorlint check --observed tensorlint-observed.json

    COMMAND behaves as without it, and its exit code is that of this command. Every Python process that it starts is
    recorded, too, except those that are told to ignore PYTHONPATH. Exit code 2: the command could not be started, or
    the recording could not be written.
    """
    from tensorlint.observe.command import run
    from tensorlint.observe.recording import write

    if not output.absolute().parent.is_dir():
        raise click.UsageError(f"cannot write {output}: there is no folder {output.parent}")
    try:
        code, recording = run(command, simulate=simulate or "", check_sharing=check_sharing)
    except OSError as error:
        raise click.UsageError(f"cannot run {command[0]}: {error.strerror}") from None
    try:
        write(recording, output, os.getcwd())
    except OSError as error:
        raise click.UsageError(f"cannot write {output}: {error.strerror}") from None
    if not quiet:
        from tensorlint.observe.summary import summary

        for line in summary(recording, str(output)):
            click.echo(f"tensorlint: {line}", err=True)
    if code < 0:
        _end_by(-code)
    return code


def _end_by(number: int) -> None:
    """End as the command has ended: by that signal."""
    sys.stdout.flush()
    with contextlib.suppress(OSError):  # SIGKILL has no handler
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
