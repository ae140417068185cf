"""Memory that is compared with itself: what was kept to tell how far something moved has moved along."""

from __future__ import annotations

import libcst as cst

from tensorlint.flow.events import StaleAlias
from tensorlint.flow.facts import Reason
from tensorlint.flow.machine import Machine
from tensorlint.flow.names import code, short
from tensorlint.flow.state import State, next_write
from tensorlint.flow.values import Alias, Array, Single, Tensor

__all__ = ["difference"]

LINKS = frozenset({"data", "detach", "numpy", "cpu", "cuda", "to", "flatten", "ravel", "view", "reshape", "squeeze"})
"""Attributes and methods that give a value's own elements."""


def difference(
    machine: Machine,
    state: State,
    left_node: cst.BaseExpression,
    left: Single,
    right_node: cst.BaseExpression,
    right: Single,
) -> None:
    """``left - right`` is computed: report an alias that was made before its source changed, against that source."""
    if not state.written or not isinstance(left, Tensor | Array) or not isinstance(right, Tensor | Array):
        return
    for old_node, old, new_node, new in ((left_node, left, right_node, right), (right_node, right, left_node, left)):
        for alias in sorted(old.aliases, key=lambda a: (a.storage, a.version)):
            last = state.written_since(alias)
            if alias.made is None or last is None:
                continue
            if last.made is not None and last.made == alias.made.place:
                continue  # written through the alias itself
            now = next((a for a in new.aliases if a.storage == alias.storage and a.version >= last.version), None)
            if now is None or _which(old_node, alias) != _which(new_node, now):
                continue
            place, changed = machine.place(old_node), next_write(alias, last)
            machine.emit(
                StaleAlias(
                    place=alias.made.place,
                    calls=machine.calls(),
                    alias=old,
                    kept=alias.kept or Reason(place, f"kept in `{short(old_node)}`, to be compared with its source"),
                    changed=Reason(changed.place, changed.text),
                    used=Reason(place, f"`{short(new_node)}` is compared with itself here"),
                    what=alias.made.text,
                    certain=not (alias.condition or now.condition),
                )
            )
            return


def _which(node: cst.BaseExpression, alias: Alias) -> str:
    """Which of the tensors that share a storage it is, by the code: all parameters of a module live in one."""
    followed = False
    while True:
        match node:
            case cst.Subscript():
                return ", ".join(code(element) for element in node.slice)
            case cst.Call(func=cst.Attribute(value=inner, attr=cst.Name(value=name))) if name in LINKS:
                node = inner
            case cst.Attribute(value=inner, attr=cst.Name(value=name)) if name in LINKS:
                node = inner
            case cst.Name() if (
                alias.made is not None and not followed and isinstance(alias.made.place.node, cst.BaseExpression)
            ):
                node, followed = alias.made.place.node, True
            case _:
                return code(node)
