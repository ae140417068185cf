"""Collecting in loops: values that are put away in each step and read after the loop at the earliest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.events import Sync
from tensorlint.flow.machine import Collector, Machine
from tensorlint.flow.names import code, code_of_body, short
from tensorlint.flow.some_steps import read_in_some_steps
from tensorlint.flow.values import Constant, Tensor

__all__ = ["added_to", "appended_to", "collecting", "collecting_in_list", "kept_for_some_steps", "sync"]

PUTS = r"\s*(?:\.append\(|\.extend\(|\+=)"
"""What follows something that is only put into."""
WAITS = frozenset({"item", "tolist", "cpu"})
"""Methods that wait until a GPU has computed the tensor. (Source: torch's notes on CUDA semantics.)"""


def appended_to(node: cst.BaseExpression) -> cst.BaseExpression | None:
    """What a statement such as ``losses.append(...)`` puts something into."""
    match node:
        case cst.Call(func=cst.Attribute(value=into, attr=cst.Name(value="append" | "extend"))):
            return into
        case _:
            return None


def added_to(node: cst.Assign) -> cst.BaseExpression | None:
    """``total`` in ``total = total + ...``."""
    match node:
        case cst.Assign(
            targets=[cst.AssignTarget(target=cst.Name(value=name) as target)],
            value=cst.BinaryOperation(left=cst.Name(value=left), operator=cst.Add()),
        ) if name == left:
            return target
        case _:
            return None


@contextmanager
def collecting(machine: Machine, into: cst.BaseExpression | None, reads: int = 0) -> Iterator[None]:
    """What is evaluated is put into ``into``, which the loop around reads no more often than ``reads``."""
    before = machine.collector
    machine.collector = None
    frame = machine.frame
    if into is not None and frame.loops and not frame.branches and frame.body is not None:
        written = code(into).strip()
        found = re.findall(rf"(?<![\w.]){re.escape(written)}(?!\w|{PUTS})", code_of_body(frame.body))
        if len(found) == reads:
            machine.collector = Collector(frame.number, short(into))
    try:
        yield
    finally:
        machine.collector = before


@contextmanager
def kept_for_some_steps(machine: Machine, node: cst.Assign) -> Iterator[None]:
    """What is evaluated is assigned to a name that the loop around reads under a test of the step alone."""
    frame = machine.frame
    if machine.collector is not None or not frame.loops or frame.branches or frame.body is None:
        yield
        return
    before, waits = machine.collector, _waiting(node.value)
    match node:
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))]) if waits:
            scope = frame.definition.node if frame.definition is not None else frame.file.whole()
            test = read_in_some_steps(scope, frame.body, name, node.value if waits[0] is node.value else None)
            if test is not None:
                machine.collector = Collector(frame.number, name, frozenset(waits), short(test))
    try:
        yield
    finally:
        machine.collector = before


def _waiting(node: cst.BaseExpression) -> list[cst.BaseExpression]:
    """The calls that may wait and that nothing else is called with: in ``float(x.cpu())``, and each of ``(x, y)``."""
    match node:
        case cst.Call(func=cst.Attribute(value=receiver, attr=cst.Name(value=name))):
            return [*([node] if name in WAITS or name == "to" else []), *_waiting(receiver)]
        case cst.Call(func=cst.Name(value="float" | "int" | "round" as name), args=[cst.Arg(value=given), *_]):
            return [*([node] if name == "float" else []), *_waiting(given)]
        case cst.BinaryOperation(left=left, right=right):
            return _waiting(left) + _waiting(right)
        case cst.Dict(elements=elements) | cst.List(elements=elements) | cst.Tuple(elements=elements):
            return [call for element in elements for call in _waiting(element.value)]
        case _:
            return []


@contextmanager
def collecting_in_list(machine: Machine) -> Iterator[None]:
    """What is evaluated is the element of a list comprehension."""
    before, machine.collector = machine.collector, Collector(machine.frame.number, "a list")
    try:
        yield
    finally:
        machine.collector = before


def sync(
    machine: Machine, node: cst.BaseExpression, tensor: Tensor, by: str, operand: cst.BaseExpression, given: Arguments
) -> None:
    """``tensor.by()`` waits for the GPU, where the tensor is on one."""
    collector = machine.collector
    if collector is None or collector.frame != machine.frame.number or not tensor.device.holds:
        return
    if collector.waits and node not in collector.waits:
        return
    if by == "to":
        target = given.value(0, "device")
        if not isinstance(target, Constant) or target.value != "cpu":
            return
    elif by not in WAITS and by != "float()":
        return
    machine.emit(
        Sync(
            place=machine.place(node),
            calls=machine.calls(),
            by=by if by.endswith(")") else f".{by}()",
            tensor_name=short(operand),
            into=collector.into,
            under=collector.under,
            device=tensor.device,
        )
    )
