"""``tensorlint clean``, and the cache that it cleans."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from tensorlint.cli.options import BadSettings, cache_dir
from tensorlint.report.printable import escaped
from tensorlint.settings import Settings, SettingsError

if TYPE_CHECKING:
    from tensorlint.cache.cache import Cache

__all__ = ["clean", "opened_cache"]


@click.command()
@cache_dir
def clean(cache_dir: str | None) -> int:
    """Delete the results that are kept from run to run. They are made again when they are needed."""
    from tensorlint.cache import folder
    from tensorlint.configuration import nearest

    here = os.path.join(os.getcwd(), "x")
    try:
        path = _folder(cache_dir) if cache_dir else _folder(nearest(here).cache_dir)
    except SettingsError as error:
        raise BadSettings(str(error)) from None
    try:
        there = folder.clean(path)
    except OSError as error:
        where = error.filename if isinstance(error.filename, str) else path
        raise _CannotClean(f"{escaped(where)}: cannot be deleted: {error.strerror or error}") from None
    click.echo(f"Deleted the results in {escaped(path)}." if there else f"There are no results in {escaped(path)}.")
    return 0


class _CannotClean(click.ClickException):
    exit_code = 2


def opened_cache(options: dict[str, Any], settings: Settings) -> Cache | None:
    """The cache that the options ask for, or the settings of the working folder."""
    if options["no_cache"]:
        return None
    from tensorlint.cache.cache import Cache

    return Cache(
        _folder(options["cache_dir"] or settings.cache_dir),
        lambda text: click.echo(f"warning: {escaped(text)}", err=True),
    )


def _folder(chosen: str) -> str:
    from tensorlint.cache import folder
    from tensorlint.discovery import project_root

    return os.path.abspath(chosen) if chosen else os.path.join(project_root(os.getcwd()), folder.DEFAULT)
