"""What was met at the operands of conversions: a repair calls a tensor's methods on whatever comes by there.

A helper may be given a list of floats at one call and a tensor at another. Only the calls with tensors are reported,
but a repair changes all of them.
"""

from __future__ import annotations

import enum
from dataclasses import replace

import libcst as cst

from tensorlint.flow.events import Conversion
from tensorlint.flow.heap import Instance, Items
from tensorlint.flow.machine import Machine
from tensorlint.flow.state import State
from tensorlint.flow.values import Constant, Number, Ref, Single, Tensor, Tuple, Unknown, Value, alternatives

__all__ = ["Met", "note", "with_what_was_met"]


class Met(enum.Enum):
    """What an operand was on some path. What is not known, and None, is not noted."""

    TENSOR = enum.auto()
    TENSORS = enum.auto()
    """A list or tuple of tensors alone."""
    OTHER = enum.auto()
    """An array, a number, a list in which there is more than tensors."""


def note(machine: Machine, state: State, operand: cst.BaseExpression, value: Value) -> None:
    """``operand`` of a conversion is ``value`` on this path."""
    for item in _without_starts(value):
        elements = _elements(state, item)
        if elements is None:
            _add(machine, operand, _single(state, item))
        elif (written := _written(operand)) is not None and len(written) == len(elements):
            for node, element in zip(written, elements, strict=True):
                for inner in _without_starts(element):
                    _add(machine, node, _single(state, inner))
            _add(machine, operand, Met.TENSORS)
        else:
            for kind in {_single(state, inner) for element in elements for inner in alternatives(element)}:
                _add(machine, operand, Met.TENSORS if kind is Met.TENSOR else kind)


def with_what_was_met(machine: Machine, event: Conversion) -> Conversion:
    """The event, told what else than what it reports was met at its operand."""
    written = (_written(event.operand) or ()) if event.in_container else ()
    others = frozenset(node for node in written if machine.met.get(node) == {Met.OTHER})
    reported = Met.TENSORS if event.in_container else Met.TENSOR
    mixed = bool(machine.met.get(event.operand, set()) - {reported}) or any(
        len(machine.met.get(node, ())) > 1 for node in written
    )
    return replace(event, mixed=mixed, others=others) if mixed or others else event


def _without_starts(value: Value) -> tuple[Single, ...]:
    """The alternatives; beside a tensor a number is what a sum starts with, before a loop that runs."""
    items = alternatives(value)
    if not any(isinstance(item, Tensor) for item in items):
        return items
    return tuple(item for item in items if not isinstance(item, Number | Constant))


def _add(machine: Machine, node: cst.CSTNode, kind: Met | None) -> None:
    if kind is not None:
        machine.met.setdefault(node, set()).add(kind)


def _elements(state: State, value: Single) -> tuple[Value, ...] | None:
    """What is in a list or tuple, as far as it is known; None for anything else."""
    if isinstance(value, Tuple):
        return value.items
    found = state.object(value) if isinstance(value, Ref) else None
    if not isinstance(found, Items):
        return None
    return found.known if found.known is not None else (found.rest,) if found.rest is not None else ()


def _single(state: State, value: Single) -> Met | None:
    match value:
        case Tensor():
            return Met.TENSOR
        case Unknown() | Constant(value=None):
            return None
        case Ref():
            found = state.object(value)
            unknown = found is None or (isinstance(found, Instance) and found.definition is None and not found.type)
            return None if unknown else Met.OTHER
        case _:
            return Met.OTHER


def _written(operand: cst.BaseExpression) -> list[cst.BaseExpression] | None:
    """The elements of a list or tuple that is written out."""
    if not isinstance(operand, cst.List | cst.Tuple):
        return None
    if any(isinstance(element, cst.StarredElement) for element in operand.elements):
        return None
    return [element.value for element in operand.elements]
