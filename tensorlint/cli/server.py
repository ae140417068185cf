"""``tensorlint server``: the language server."""

from __future__ import annotations

import click

__all__ = ["server"]


@click.command()
@click.option("--stdio", is_flag=True, help="Speak over standard input and output, which it does anyway.")
def server(stdio: bool) -> None:
    """Serve an editor over standard input and output (the Language Server Protocol), until it goes away.

    Editors start it; docs/editors.md says how they are told to.
    """
    try:
        from tensorlint.plugins.server.server import serve
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("lsprotocol", "pygls"):
            raise
        raise click.UsageError("the language server needs pygls: pip install 'tensorlint[server]'") from None
    serve()
