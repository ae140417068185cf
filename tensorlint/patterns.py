"""Patterns as ``.gitignore`` writes them, held against paths."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tensorlint.settings import PathPatterns, Settings

if TYPE_CHECKING:
    from pathspec import PathSpec

__all__ = ["Filter", "ignores_in"]

_NAME = re.compile(r"\.?[\w-][\w.-]*")


@dataclass(frozen=True, slots=True)
class Filter:
    """Patterns and the folder that they are relative to (``""``: whichever folder the file is in)."""

    base: str
    names: frozenset[str] | None
    """Patterns that are nothing but names, as the default ones are."""
    spec: PathSpec[Any] | None
    """Any others; only these need the library that matches patterns."""

    @classmethod
    def of(cls, patterns: PathPatterns) -> Filter:
        """The filter that has some patterns; it is made once for equal ones."""
        return cls(patterns.base, *_compiled(patterns.patterns))

    def verdict(self, path: str, is_folder: bool) -> bool | None:
        """True: excluded, False: taken back in by ``!``, None: not mentioned.

        :param path: absolute
        """
        if not self.base:
            relative = os.path.basename(path)
        elif path.startswith(self.base.rstrip(os.sep) + os.sep):
            relative = path[len(self.base.rstrip(os.sep)) + 1 :]
        else:
            return None
        if self.spec is None:
            # each part, as git does: the name of a folder names all that lies below it
            return True if self.names and not self.names.isdisjoint(relative.split(os.sep)) else None
        return self.spec.check_file(relative.replace(os.sep, "/") + ("/" if is_folder else "")).include


@lru_cache(maxsize=256)
def _compiled(patterns: tuple[str, ...]) -> tuple[frozenset[str] | None, PathSpec[Any] | None]:
    if all(_NAME.fullmatch(pattern) for pattern in patterns):
        return frozenset(patterns), None
    from pathspec import GitIgnoreSpec

    return None, GitIgnoreSpec.from_lines(patterns)


def ignores_in(path: str, settings: Settings) -> Callable[[str], bool]:
    """Whether a rule, by its code, is off in one file because of ``per-file-ignores``.

    :param path: absolute
    """
    codes = tuple(
        code
        for each in settings.per_file_ignores
        if (Filter.of(each.where).verdict(path, False) is True) is not each.negated
        for code in each.codes
    )
    return lambda code: code.startswith(codes)
