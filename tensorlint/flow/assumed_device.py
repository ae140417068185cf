"""What is taken for granted of the machine that the program runs on (``assume-device``).

On a machine without a GPU no tensor is on one, and no device that is chosen elsewhere is one. On a machine with one
``torch.cuda.is_available()`` is true, and what is chosen elsewhere is a GPU.
"""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.events import Conversion, Event, Sync
from tensorlint.flow.facts import NO
from tensorlint.flow.machine import Machine
from tensorlint.flow.special_calls import special
from tensorlint.flow.state import State
from tensorlint.flow.values import Constant, Number, Value

__all__ = ["on_this_machine"]


def on_this_machine(event: Event, device: str) -> Event | None:
    """The event as it is on the assumed machine; None where it does not happen there."""
    if device != "cpu":
        return event
    if isinstance(event, Sync):
        return None
    if isinstance(event, Conversion) and event.tensor.device is not NO:
        return replace(event, tensor=replace(event.tensor, device=NO))
    return event


@special("torch.cuda.is_available")
def _cuda(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    return Number() if machine.assumed == "any" else Constant(machine.assumed == "cuda")


@special("torch.backends.mps.is_available", "torch.xpu.is_available")
def _others(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    return Number() if machine.assumed == "any" else Constant(False)
