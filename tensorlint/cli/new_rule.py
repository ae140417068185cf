"""``tensorlint new-rule``: the files that a rule begins with."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["new_rule"]


@click.command("new-rule")
@click.argument("code")
@click.argument("name")
@click.option(
    "--in",
    "folder",
    default=".",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="The package's folder (default: the working folder).",
)
def new_rule(code: str, name: str, folder: Path) -> None:
    """Begin the rule CODE (ABC101), called NAME (grad-to-numpy): a rule with its page, and a fixture.

    In a folder whose pyproject.toml has the codes' prefix as an entry point of the group tensorlint.rules the rule is
    added to that package; in one without a pyproject.toml a new package is made; in a checkout of tensorlint it
    becomes one of tensorlint's own. What is written works: it is there to be changed. No file is overwritten.
    """
    from tensorlint.scaffold import ScaffoldError, plan, write

    try:
        planned = plan(code, name, folder)
        write(planned.files)
    except ScaffoldError as error:
        raise click.UsageError(str(error)) from None
    for path in planned.files:
        click.echo(f"written: {path}")
    where = "" if folder == Path(".") else f" in {folder}"
    click.echo(f"Next{where}: {', then '.join(f'`{step}`' for step in planned.next_steps)}")
