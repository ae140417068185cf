"""Paths as the services that read reports know them: relative to the checkout."""

from __future__ import annotations

import functools
import os

from tensorlint.discovery import display_path

__all__ = ["checkout_path"]

_ROOTS = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")
"""Where GitHub and GitLab say that the checkout is. A job may run tensorlint in a folder below it."""


def checkout_path(path: str) -> str:
    """A finding's path relative to the checkout that the CI service names, else (or outside it) to the working folder.

    With ``/``, and absolute where it is below neither.
    """
    return _relative(path, (*filter(None, map(os.environ.get, _ROOTS)), os.getcwd()))


@functools.lru_cache(maxsize=1024)
def _relative(path: str, roots: tuple[str, ...]) -> str:
    absolute = os.path.abspath(path)
    for root in roots:
        below = display_path(absolute, os.path.realpath(root))
        if below != absolute.replace(os.sep, "/"):
            return below
    return absolute.replace(os.sep, "/")
