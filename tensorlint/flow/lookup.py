"""Where the file of an imported module may be."""

from __future__ import annotations

import os
from collections.abc import Iterator

__all__ = ["bases", "candidates"]


def bases(root: str, folder: str) -> Iterator[str]:
    """The folders that a module is looked for in: the root, its ``src``, the importer's own and those above it."""
    yield root
    yield os.path.join(root, "src")
    yield folder
    below = root if root.endswith(os.sep) else root + os.sep
    above = os.path.dirname(folder)
    while above != root and above.startswith(below):
        yield above
        above = os.path.dirname(above)


def candidates(root: str, folder: str, module: str) -> Iterator[str]:
    """The paths that a file of a project may mean by a module: the first that is a file is meant.

    :param folder: where the importing file is
    """
    parts = module.split(".")
    for base in bases(root, folder):
        stem = os.path.join(base, *parts)
        yield stem + ".py"
        yield os.path.join(stem, "__init__.py")
