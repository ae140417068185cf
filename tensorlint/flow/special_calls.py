"""The register of calls whose effect no table row can tell."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.machine import Machine
from tensorlint.flow.state import State
from tensorlint.flow.values import (
    Value,
)

__all__ = ["SPECIAL", "Special", "builtin", "special"]


Special = Callable[[Machine, State, cst.BaseExpression, Arguments], Value]


SPECIAL: dict[str, Special] = {}


def special(*names: str) -> Callable[[Special], Special]:
    """Register what a call of these names does."""

    def register(function: Special) -> Special:
        for name in names:
            SPECIAL[name] = function
        return function

    return register


def builtin(*names: str) -> Callable[[Special], Special]:
    return special(*(f"builtins.{name}" for name in names))
