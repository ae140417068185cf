"""``tensorlint test-rules``: whether rules do what their fixtures and pages say."""

from __future__ import annotations

from pathlib import Path

import click

from tensorlint.cli.extensions import warn_of_extensions

__all__ = ["test_rules"]


@click.command("test-rules")
@click.argument("paths", nargs=-1, required=True, metavar="PATHS...", type=click.Path(path_type=Path))
@click.option("--device", "devices", multiple=True, metavar="DEVICE", help="Run on this device only (repeatable).")
@click.option("--no-run", is_flag=True, help="Lint alone: do not run what the fixtures claim.")
@click.option("--update-fixed", is_flag=True, help="Have the fixer write the fixed programs first.")
def test_rules(paths: tuple[Path, ...], devices: tuple[str, ...], no_run: bool, update_fixed: bool) -> int:
    """Test rules by the fixtures at PATHS: fixtures, a rule's folder of them, or a folder of such folders.

    Each is linted and compared with its markers, its fixed program with what the fixer makes, and the examples of the
    rule's page with what is found in them. Where torch and NumPy are installed what is claimed is run on every device
    at hand. Prints what differs with its place. Exit code 0: nothing; 1: something; 2: bad usage.
    """
    warn_of_extensions()
    from tensorlint.verify.authored import command

    try:
        return command(paths, devices=devices, running=not no_run, updating=update_fixed, say=click.echo)
    except (FileNotFoundError, ValueError) as error:
        raise click.UsageError(str(error)) from None
