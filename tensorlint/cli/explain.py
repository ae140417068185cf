"""``tensorlint explain``: a rule's page, which is its docstring."""

from __future__ import annotations

import inspect
import sys

import click

from tensorlint.cli.extensions import warn_of_extensions

__all__ = ["explain"]

_NOT_LINTED = """A file could not be linted.

What it does
------------
Names a file that was not linted, and why: it is not Python, not text in the encoding that it declares (PEP 263; UTF-8
without), cannot be read, is nested too deeply to be analysed, or made tensorlint itself fail (`internal error`). The
other files are linted all the same, and the exit code is 2.

Why is this bad?
----------------
Nothing is known of such a file: no finding does not mean that there is nothing to find. That is why it cannot be
suppressed, ignored or turned into exit code 0.

Use instead
-----------
Leave a file that is not meant to be linted out with `exclude`. For an `internal error`, `--debug` shows the traceback.
"""


@click.command()
@click.argument("rule", metavar="CODE")
def explain(rule: str) -> None:
    """Explain a rule, given by its code (TSL101) or its name (grad-to-numpy)."""
    warn_of_extensions()
    title, page = _page(rule)
    if not sys.stdout.isatty():
        click.echo(f"{title}\n{'=' * len(title)}\n\n{page}")
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(f"# {title}\n\n{page}"))


def _page(wanted: str) -> tuple[str, str]:
    from tensorlint.linter import FAULT
    from tensorlint.rules.registry import every_rule, origin

    if wanted.upper() == FAULT:
        return f"{FAULT} not-linted", _NOT_LINTED.strip()
    for rule in every_rule():
        if wanted.upper() == rule.code or wanted.lower() == rule.name:
            by = f" ({package})" if (package := origin(rule.code)) is not None else ""
            return f"{rule.code} {rule.name}{by}", inspect.cleandoc(rule.__doc__ or "").strip()
    known = ", ".join([*(rule.code for rule in every_rule()), FAULT])
    raise click.BadParameter(f"unknown rule {wanted!r} (known codes: {known})", param_hint="CODE")
