"""Autocast: regions in which products and convolutions are computed in a lower dtype, bfloat16 perhaps."""

from __future__ import annotations

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.facts import NO
from tensorlint.flow.machine import Machine
from tensorlint.flow.row_forms import lacking_dtype
from tensorlint.flow.special_calls import special
from tensorlint.flow.state import State
from tensorlint.flow.values import Autocast, Constant, External, Value

NAMES = ("torch.autocast", "torch.amp.autocast", "torch.amp.autocast_mode.autocast")
OLDER = ("torch.cuda.amp.autocast", "torch.cpu.amp.autocast")
"""These take no device, and ``enabled`` comes first."""


@special(*NAMES)
def _autocast(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    on_cpu = arguments.value(0, "device_type") == Constant("cpu")
    asked = arguments.value(1, "dtype") or (External("torch.bfloat16") if on_cpu else None)
    return _of(machine, state, node, asked, arguments.value(2, "enabled"))


@special(*OLDER)
def _older(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    return _of(machine, state, node, arguments.value(1, "dtype"), arguments.value(0, "enabled"))


def _of(machine: Machine, state: State, node: cst.BaseExpression, asked: Value | None, enabled: Value | None) -> Value:
    if enabled == Constant(False):
        return Autocast(NO)
    fact, _ = lacking_dtype(machine, node, asked) if asked is not None else (NO, "")
    if enabled is not None and enabled != Constant(True):
        fact = fact.weakened() if fact.holds else state.autocast
    return Autocast(fact)
