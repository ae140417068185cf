"""The entry that a loop is at (``batch[k]``): while the loop runs it is a variable, named as it is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from tensorlint.flow.names import dotted
from tensorlint.flow.values import Tensor, Value, alternatives

if TYPE_CHECKING:
    from tensorlint.flow.machine import Machine
    from tensorlint.flow.state import State

__all__ = ["Sweep", "entry_at", "entry_name", "index_name", "is_no_tensor", "learnt", "store_entry"]


@dataclass(frozen=True, slots=True)
class Sweep:
    """A loop that goes through a container and assigns to the entry that it is at."""

    entry: str
    """The entry as it is written: ``batch[k]``."""
    container: cst.BaseExpression
    target: cst.Subscript
    """Where the entry is assigned to."""
    value: str = ""
    """The variable that holds the entry as well: the ``v`` of ``for k, v in batch.items()``."""

    @property
    def untouched(self) -> str:
        """A variable that is there on the paths that leave the entry as it was."""
        return f"{self.entry} untouched"


def index_name(target: cst.Subscript) -> str | None:
    """The variable that is the only subscript."""
    match target.slice:
        case [cst.SubscriptElement(slice=cst.Index(value=cst.Name(value=name), star=None))]:
            return name
    return None


def entry_name(node: cst.Subscript) -> str | None:
    """``batch[k]`` for a subscript of a name or chain of attributes by a variable."""
    container, index = dotted(node.value), index_name(node)
    return None if container is None or index is None else f"{container}[{index}]"


def entry_at(machine: Machine, state: State, node: cst.Subscript) -> Sweep | None:
    """The sweep whose entry is written so here."""
    sweeps = machine.frame.sweeps
    sweep = sweeps.get(entry_name(node) or "") if sweeps else None
    return sweep if sweep is not None and sweep.entry in state.names else None


def store_entry(state: State, sweep: Sweep, value: Value) -> None:
    """The entry is assigned to."""
    state.names[sweep.entry] = value
    state.names.pop(sweep.untouched, None)


def learnt(state: State, sweep: Sweep, value: Value) -> None:
    """Something was learnt about the entry, or done to it; what is no tensor cannot be left where it was."""
    state.names[sweep.entry] = value
    if not any(isinstance(item, Tensor) for item in alternatives(value)):
        state.names.pop(sweep.untouched, None)


def is_no_tensor(machine: Machine, state: State, node: cst.BaseExpression) -> None:
    """What ``node`` names is no tensor on this path: as the entry of a sweep, it is not left where it was."""
    for sweep in machine.frame.sweeps.values():
        written = entry_name(node) == sweep.entry if isinstance(node, cst.Subscript) else False
        if written or (isinstance(node, cst.Name) and node.value == sweep.value):
            state.names.pop(sweep.untouched, None)
