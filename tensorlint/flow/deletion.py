"""``del``: of names and of items."""

from __future__ import annotations

import libcst as cst

from tensorlint.flow.container_methods import forget_order
from tensorlint.flow.containers import items_at
from tensorlint.flow.machine import Machine, evaluate, executes
from tensorlint.flow.state import State
from tensorlint.flow.values import Ref, alternatives

__all__: list[str] = []


@executes(cst.Del)
def delete(machine: Machine, node: cst.Del, state: State) -> None:
    """A name goes, or an item of a list."""
    match node.target:
        case cst.Name(value=name):
            state.names.pop(name, None)
        case cst.Subscript(value=container):
            with machine.unread():
                found = alternatives(evaluate(machine, container, state))
            for item in found:
                if isinstance(item, Ref) and (items := items_at(state, item)) is not None:
                    forget_order(state, item, items)
