"""What may have happened out of sight: a model that was handed to a library may have been trained by it."""

from __future__ import annotations

import sys

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.facts import Reason
from tensorlint.flow.machine import Machine
from tensorlint.flow.modules import parts
from tensorlint.flow.names import short
from tensorlint.flow.state import State, Write
from tensorlint.flow.values import Bound, External, Ref, Single, Unknown, alternatives

__all__ = ["called_out_of_sight", "may_have_changed", "seen_so_far", "time_passes"]

ANY = 0
"""Stands for the parameters of every module; ``-storage`` for those of one."""
TRAIN_NOTHING = frozenset({"builtins", "torch", "numpy", *sys.stdlib_module_names})
TRAINS = frozenset({"step", "fit", "train", "learn", "minimize", "optimize"})


def called_out_of_sight(
    machine: Machine, state: State, node: cst.BaseExpression, callee: Single, arguments: Arguments
) -> None:
    """Note that a call which cannot be followed may train the modules that it is given, or by its name any module."""
    unseen = isinstance(callee, Unknown) or (isinstance(callee, Bound) and isinstance(callee.receiver, Unknown))
    if isinstance(callee, External):
        unseen = callee.name.partition(".")[0] not in TRAIN_NOTHING and machine.library.row(callee.name) is None
    if not unseen or not isinstance(node, cst.Call):
        return
    for value in arguments.values():
        for item in alternatives(value):
            if isinstance(item, Ref):
                for _, part in parts(state, item):
                    if part.module is not None:
                        _note(machine, state, node, -part.module.storage, "is given the model")
    if isinstance(callee, Bound) and callee.name in TRAINS:
        _note(machine, state, node, ANY, "may train the model")


def time_passes(machine: Machine, state: State, node: cst.CSTNode) -> None:
    """Between the calls of an object's methods anything may happen."""
    state.wrote(ANY, Write(machine.place(node), "", "unseen"))


def seen_so_far(state: State, storage: int) -> int:
    """How often the module whose parameters live in ``storage`` may have been changed out of sight up to here."""
    return state.version(-storage) + state.version(ANY)


def may_have_changed(state: State, storage: int) -> Reason | None:
    """The last that may have changed the module out of sight, if it can be named."""
    found = [write for key in (-storage, ANY) if (write := state.written.get(key)) is not None and write.text]
    return Reason(found[0].place, found[0].text) if found else None


def _note(machine: Machine, state: State, node: cst.Call, key: int, what: str) -> None:
    text = f"`{short(node)}` {what}"
    state.wrote(key, Write(machine.place(node), text, "unseen"))
