"""What the commands say of packages that add rules or tables."""

from __future__ import annotations

import click

from tensorlint.rules.unused import not_used

__all__ = ["warn_of_extensions"]


def warn_of_extensions() -> None:
    """Say on standard error which rules and tables of other packages are not used, and why; a line each."""
    for problem in not_used():
        click.echo(f"warning: {problem}", err=True)
