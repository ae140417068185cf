"""Jupyter notebooks: their code cells as one program, with a way from its places to the cells and into the JSON."""

from __future__ import annotations

from tensorlint.files import is_notebook
from tensorlint.source import Source

__all__ = ["source_of"]


def source_of(data: bytes, path: str) -> Source:
    """What a file holds, by its name.

    :raises SourceError: if it is not valid text, or no notebook though it is called one
    """
    if is_notebook(path):
        from tensorlint.notebook.notebook import Notebook

        return Notebook(data, path)
    return Source(data, path)
