"""``tensorlint verify``: run what the rules claim on this machine's torch and devices."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["verify"]


@click.command()
@click.argument("fixtures", nargs=-1, type=click.Path(path_type=Path))
@click.option("--device", "devices", multiple=True, metavar="DEVICE", help="Run on this device only (repeatable).")
@click.option("--no-lint", is_flag=True, help="Do not compare the linter's findings with the markers.")
@click.option("--record", is_flag=True, help="Write the observations beside the fixtures.")
@click.option("--update-fixed", is_flag=True, help="Have the fixer write the fixed programs first.")
@click.option("--quiet", is_flag=True, help="Print only what is not confirmed.")
def verify(
    fixtures: tuple[Path, ...], devices: tuple[str, ...], no_lint: bool, record: bool, update_fixed: bool, quiet: bool
) -> int:
    """Run what the rules claim on this machine's torch and GPU.

    Every fixture (by default those that come with tensorlint) is linted, run on every device at hand, and run again as
    fixed. Exit code 0: all confirmed; 1: something was contradicted, or a recorded observation is stale; 2: bad usage.
    """
    try:
        from tensorlint.verify.harness import command
    except ModuleNotFoundError as error:
        if error.name not in ("torch", "numpy"):
            raise
        raise click.UsageError(f"{error.name} is not installed: pip install 'tensorlint[verify]'") from None
    try:
        return command(
            fixtures,
            devices=devices,
            lint=not no_lint,
            recording=record,
            updating=update_fixed,
            quiet=quiet,
            say=click.echo,
        )
    except (FileNotFoundError, ValueError) as error:
        raise click.UsageError(str(error)) from None
