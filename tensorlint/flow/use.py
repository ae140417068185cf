"""What a name is, by what is done with it: only an ``nn.Module`` has ``parameters()`` and ``eval()``."""

from __future__ import annotations

import re
from functools import lru_cache

from tensorlint.flow.definitions import FileModel, FunctionDefinition

__all__ = ["modules_by_use"]

USE = re.compile(
    r"(?<![\w.])([A-Za-z_][\w.]*)\."
    r"(?:(?:parameters|named_parameters|eval|modules|named_modules)\(\s*\)|train\(\s*(?:True|False|mode)?\s*\))"
)
"""Methods that tell when they are called without arguments (``train`` with a bool): ``DataFrame.eval`` takes some.

Read off the text, which is many times cheaper than a walk over the tree, and as exact here."""


def modules_by_use(definition: FunctionDefinition | FileModel) -> frozenset[str]:
    """The dotted names on which a function (or a file) calls a method that only a module has.

    Of the methods of a class, names that start with ``self.`` hold for all.
    """
    found = _uses(definition.text)
    owner = getattr(definition, "owner", None)
    if owner is not None:
        for method in owner.methods.values():
            found |= {name for name in _uses(method.text) if name.startswith("self.")}
    return found


@lru_cache(maxsize=4096)
def _uses(text: str) -> frozenset[str]:
    return frozenset(USE.findall(text))
