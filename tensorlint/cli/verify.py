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
@click.option(
    "--tables", is_flag=True, help="Check the rows of the knowledge tables instead, of all libraries or those named."
)
@click.option("--details", is_flag=True, help="With --tables: name each row that is not checked, and why.")
@click.option("--quiet", is_flag=True, help="Print only what is not confirmed.")
def verify(
    fixtures: tuple[Path, ...],
    devices: tuple[str, ...],
    no_lint: bool,
    record: bool,
    update_fixed: bool,
    tables: bool,
    details: bool,
    quiet: bool,
) -> int:
    """Run what the rules claim on this machine's torch and GPU.

    Every fixture (by default those that come with tensorlint) is linted, run on every device at hand, and run again as
    fixed. Exit code 0: all confirmed; 1: something was contradicted, or a recorded observation is stale; 2: bad usage.

    With --tables, every row of the tables of what torch, NumPy and other libraries do is run against what is installed
    (some minutes; FIXTURES are names of libraries then: torch, numpy ...): the kind of the result, whether it shares
    memory, requires_grad, device, dtype, what is written to, what is converted to an array. Exit code 1: a row is
    contradicted, and named with what was seen.
    """
    try:
        from tensorlint.verify.harness import command
    except ModuleNotFoundError as error:
        if error.name not in ("torch", "numpy"):
            raise
        raise click.UsageError(f"{error.name} is not installed: pip install 'tensorlint[verify]'") from None
    try:
        if tables:
            from tensorlint.verify.rows.report import command as check_tables

            return check_tables([str(name) for name in fixtures], details=details, quiet=quiet, say=click.echo)
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
