"""``tensorlint explain``: a rule's page, which is its docstring."""

from __future__ import annotations

import sys

import click

from tensorlint.cli.extensions import warn_of_extensions

__all__ = ["explain"]


@click.command()
@click.argument("rule", metavar="CODE")
def explain(rule: str) -> None:
    """Explain a rule, given by its code (TSL101) or its name (grad-to-numpy)."""
    from tensorlint.rules.explained import explained

    warn_of_extensions()
    try:
        title, page = explained(rule)
    except LookupError as error:
        raise click.BadParameter(str(error.args[0]), param_hint="CODE") from None
    if not sys.stdout.isatty():
        click.echo(f"{title}\n{'=' * len(title)}\n\n{page}")
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(f"# {title}\n\n{page}"))
