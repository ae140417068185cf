"""What the commands say of packages that add rules or tables."""

from __future__ import annotations

import click

from tensorlint.extensions import RULES, TABLES, extensions

__all__ = ["warn_of_extensions"]


def warn_of_extensions() -> None:
    """Say on standard error which rules and tables of other packages are not used, and why; a line each.

    Nothing is imported where no package adds any.
    """
    if not extensions(RULES) and not extensions(TABLES):
        return
    from tensorlint.rules.registry import problems

    for problem in problems():
        click.echo(f"warning: {problem}", err=True)
