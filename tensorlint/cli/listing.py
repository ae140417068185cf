"""``--show-settings`` and ``--show-files``: what a run would do, instead of doing it."""

from __future__ import annotations

import os
from collections.abc import Sequence

import click

from tensorlint.configuration import Configuration
from tensorlint.discovery import Discovered, display_path
from tensorlint.report.printable import escaped

__all__ = ["show_files", "show_settings"]


def show_settings(paths: Sequence[str], configuration: Configuration) -> int:
    """Print the settings that hold for each path, as TOML with comments."""
    from tensorlint.linter import codes_by_default
    from tensorlint.settings.written import listing

    for number, path in enumerate(paths):
        folder = path if os.path.isdir(path) else os.path.dirname(path)
        settings = configuration.settings(folder or ".")
        if number:
            click.echo()
        click.echo(escaped(f"# {display_path(path) or '.'}: {settings.file or 'no settings file'}"))
        for line in listing(settings, codes_by_default()):
            click.echo(line)
    return 0


def show_files(found: Discovered) -> int:
    """Print the files that would be linted, one a line; 2 if a path cannot be."""
    for problem in found.problems:
        click.echo(escaped(f"{display_path(problem.path) or problem.path}: {problem.message}"), err=True)
    for file in found.files:
        click.echo(escaped(display_path(file)))
    return 2 if found.problems else 0
