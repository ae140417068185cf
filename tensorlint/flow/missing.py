"""Where a lost gradient is missed: where a loss is back-propagated, and in what a module gives."""

from __future__ import annotations

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.caught import is_caught
from tensorlint.flow.classes import ancestors, is_module_class
from tensorlint.flow.containers import mapping_of
from tensorlint.flow.dtypes import INTEGRAL
from tensorlint.flow.events import GradientLost, Missed
from tensorlint.flow.facts import Truth
from tensorlint.flow.leaving import each_of, lives, lost_of
from tensorlint.flow.lost import Lost, Part, Way, both
from tensorlint.flow.machine import Machine, evaluate
from tensorlint.flow.names import short
from tensorlint.flow.state import State
from tensorlint.flow.values import Array, Number, Ref, Tensor, Value, alternatives

__all__ = ["back_propagated", "passed_to_backward", "returned"]


def back_propagated(machine: Machine, state: State, node: cst.BaseExpression, value: Value, by: str) -> None:
    """``node`` back-propagates from ``value``."""
    items = alternatives(value)
    for item in items:
        lost = lost_of(item)
        if lost is None or lost.part is Part.INPUT or (is_caught(machine, "RuntimeError") and lost.part is Part.WHOLE):
            continue
        what = "a number" if isinstance(item, Number) else "an array" if isinstance(item, Array) else "a tensor"
        for one in (lost, *lost.beside):
            text = f"`{by}` is called on what became of it"
            _emit(machine, node, one, Missed.BACKWARD, text, what, len(items) == 1)


def passed_to_backward(
    machine: Machine,
    state: State,
    node: cst.BaseExpression,
    receiver: Value,
    receiver_node: cst.BaseExpression,
    arguments: Arguments,
) -> None:
    """``backward()`` of what is no tensor: of a number, of ``scaler.scale(loss)``, or of a loss that is an argument
    (``accelerator.backward(loss)``, ``self.manual_backward(loss)``)."""
    match receiver_node:
        case cst.Call(func=cst.Attribute(attr=cst.Name(value="scale")), args=[argument]):
            with machine.unread():
                receiver = evaluate(machine, argument.value, state)
        case _:
            receiver = arguments.value(0) or receiver
    back_propagated(machine, state, node, receiver, short(node))


def returned(machine: Machine, state: State, node: cst.Return, value: Value) -> None:
    """A function returns: what ``forward`` of a module gives, or ``training_step`` of a Lightning module."""
    frame = machine.frame
    definition = frame.definition
    if node.value is None or definition is None or definition.owner is None:
        return
    if definition.name == "forward":
        if is_module_class(machine, definition.owner, state):
            _from_forward(machine, state, node.value, value)
    elif definition.name == "training_step" and "automatic_optimization" not in frame.file.text:
        bases = ancestors(machine, definition.owner, state)
        if any(isinstance(base, str) and base.endswith("LightningModule") for base in bases):
            _from_training_step(machine, state, node.value, value)


def _from_forward(machine: Machine, state: State, node: cst.BaseExpression, value: Value) -> None:
    found: Lost | None = None
    for item, several in each_of(state, [value]):
        lost = lost_of(item)
        if lives(item) is not Truth.NO and (lost is None or lost.part is Part.TERM):
            return  # another path carries the gradient, or may
        if isinstance(item, Ref):
            return
        if not isinstance(item, Tensor) or item.dtype in INTEGRAL:
            continue
        if lost is not None and lost.way is Way.NUMBER and lost.smooth:
            found = both(found, lost.weakened() if several else lost)
    if found is not None and found.frame >= machine.frame.number:  # it did not leave before it was given
        _emit(machine, node, found, Missed.FORWARD, "`forward` returns what became of it", "a tensor", True)


def _from_training_step(machine: Machine, state: State, node: cst.BaseExpression, value: Value) -> None:
    for item in alternatives(value):
        loss = item
        if isinstance(item, Ref):
            mapping = mapping_of(state, item)
            entry = mapping.entries.get("loss") if mapping is not None else None
            if entry is None:
                continue
            back_propagated(machine, state, node, entry, "backward()")
        elif (lost := lost_of(loss)) is not None:
            text = "Lightning calls `backward()` on what `training_step` returns"
            _emit(machine, node, lost, Missed.BACKWARD, text, "a tensor", isinstance(item, Tensor))


def _emit(
    machine: Machine, node: cst.BaseExpression, lost: Lost, missed: Missed, text: str, what: str, always: bool
) -> None:
    machine.emit(
        GradientLost(
            place=lost.exit,
            calls=machine.calls(),
            lost=lost.because(machine.place(node), text),
            missed=missed,
            what=what,
            always=always,
        )
    )
