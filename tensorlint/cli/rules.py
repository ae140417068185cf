"""``tensorlint rules``: what can be found."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import click

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


@click.command()
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def rules(output_format: str) -> None:
    """List the rules: code, name, whether it is on by default, what it finds, and how safe its fix is."""
    from tensorlint.rules.registry import every_rule

    rows = [_row(rule) for rule in every_rule()]
    if output_format == "json":
        click.echo(json.dumps([asdict(row) for row in rows], indent=2))
        return
    titles = ("code", "name", "default", "fix", "finds")
    table = [titles] + [
        (row.code, row.name, "on" if row.default else "opt-in", ", ".join(row.fix) or "-", row.summary) for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for cells in table:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())


def _row(rule: Rule) -> _Row:
    return _Row(rule.code, rule.name, rule.default, page(rule).summary, fixes(rule))
