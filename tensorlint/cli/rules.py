"""``tensorlint rules``: what can be found."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import click

from tensorlint import __version__
from tensorlint.cli.extensions import warn_of_extensions
from tensorlint.extensions import OWN, Extension
from tensorlint.rules.base import Rule
from tensorlint.rules.page import fixes, page

__all__ = ["rules"]


@dataclass(frozen=True, slots=True)
class _Row:
    code: str
    name: str
    default: bool
    summary: str
    fix: list[str]
    origin: str
    """The package that it comes with."""


@click.command()
@click.option(
    "--output-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How they are listed.",
)
def rules(output_format: str) -> None:
    """List the rules: code, name, whether it is on by default, what it finds, and how safe its fix is.

    Rules of other packages name the package.
    """
    from tensorlint.rules.registry import every_rule, origin

    warn_of_extensions()
    rows = [_row(rule, origin(rule.code)) for rule in every_rule()]
    if output_format == "json":
        click.echo(json.dumps([asdict(row) for row in rows], indent=2))
        return
    titles = ("code", "name", "default", "fix", "finds")
    table = [titles] + [
        (row.code, row.name, "on" if row.default else "opt-in", ", ".join(row.fix) or "-", _finds(row)) for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for cells in table:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())


def _row(rule: Rule, origin: Extension | None) -> _Row:
    by = str(origin or f"tensorlint {__version__}")
    return _Row(rule.code, rule.name, rule.default, page(rule).summary, fixes(rule), by)


def _finds(row: _Row) -> str:
    return row.summary if row.code.startswith(OWN) else f"{row.summary} ({row.origin})"
