"""Repairs that give a tensor another dtype where it is made."""

from __future__ import annotations

import libcst as cst

from tensorlint.finding import Applicability
from tensorlint.fixes.repair import After, Change, Repair
from tensorlint.fixes.syntax import arguments, called, hands_on, with_suffix
from tensorlint.flow.events import MixedDtypes

__all__ = ["in_float32"]

_TAKES_DTYPE = frozenset({"as_tensor", "asarray", "tensor"})
_MAKES_TENSOR = _TAKES_DTYPE | {"from_numpy"}


def in_float32(event: MixedDtypes) -> Repair | None:
    """float32 asked for where the tensor is made; None where that is not one call."""
    call = event.place.node
    if not isinstance(call, cst.Call) or called(call) not in _MAKES_TENSOR or hands_on(call):
        return None
    keyword = _with_keyword(call)
    changes = (keyword,) if keyword is not None else with_suffix(call, ".float()")
    written = "dtype=torch.float32" if keyword is not None else ".float()"
    return Repair(
        event.place.path,
        Applicability.UNSAFE,
        f"Make it float32 with `{written}`; unsafe: the values are rounded",
        changes,
    )


def _with_keyword(call: cst.Call) -> Change | None:
    """``dtype=torch.float32`` behind the last argument."""
    positional, keywords = arguments(call)
    function = call.func
    if called(call) not in _TAKES_DTYPE or not isinstance(function, cst.Attribute) or not call.args:
        return None
    if not isinstance(function.value, cst.Name) or len(positional) + len(keywords) != len(call.args):
        return None
    if isinstance(call.args[-1].value, cst.GeneratorExp):
        return None
    return After(call.args[-1].value, f", dtype={function.value.value}.float32")
