"""What the commands say of packages that add rules or tables."""

from __future__ import annotations

import click

from tensorlint.extensions import RULES, TABLES, extensions

__all__ = ["warn_of_extensions"]


def warn_of_extensions() -> None:
    """Say on standard error which rules and tables of other packages are not used, and why; a line each.

    Nothing is imported where no package adds any.
    """
    found: list[str] = []
    if extensions(RULES):
        from tensorlint.rules.registry import problems as with_rules

        found += with_rules()
    if extensions(TABLES):
        from tensorlint.library.tables import problems as with_tables

        found += with_tables()
    for problem in found:
        click.echo(f"warning: {problem}", err=True)
