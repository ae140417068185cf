"""What tests of devices tell: of ``x.device``, and of the device (or its name) that things were moved to."""

from __future__ import annotations

from dataclasses import dataclass, replace

import libcst as cst

from tensorlint.flow.facts import NO, Fact, Truth, maybe
from tensorlint.flow.machine import Machine, evaluate
from tensorlint.flow.names import dotted, literal, short
from tensorlint.flow.narrowing_types import replace_alternatives
from tensorlint.flow.state import State
from tensorlint.flow.tensors import accelerates
from tensorlint.flow.values import Constant, Device, Single, Tensor, Unknown, Value, alternatives

__all__ = ["narrow_device"]

NAMES = ("cpu", "cuda", "mps", "xpu", "hip", "xla", "hpu", "npu", "gpu")


@dataclass(frozen=True, slots=True)
class Test:
    """A test of what kind of device ``subject`` is."""

    subject: cst.BaseExpression
    accelerator: bool
    """What it is if the test comes out true."""
    plain: bool
    """The subject itself is compared with text, which a ``torch.device`` never equals."""


def narrow_device(machine: Machine, test: cst.BaseExpression, state: State, outcome: bool) -> None:
    """Let a test of a device have had this outcome; nothing happens if it is none."""
    found = _device_test(test)
    if found is None:
        return
    accelerator = found.accelerator is outcome
    subject = found.subject
    if isinstance(subject, cst.Attribute) and subject.attr.value == "device":
        owner = evaluate(machine, subject.value, state)
        if any(isinstance(item, Tensor) for item in alternatives(owner)):
            if not found.plain:
                _narrow_tensor(machine, subject.value, state, accelerator)
            return
    value = evaluate(machine, subject, state)
    devices = [item for item in alternatives(value) if isinstance(item, Device)]
    if found.plain and any(not item.text and item.made.truth is Truth.YES for item in devices):
        return
    if not all(_may_be_device(item) for item in alternatives(value)):
        return
    for condition in accelerates(value, subject):
        state.assume(condition, accelerator)

    def change(item: Single) -> Value | None:
        if isinstance(item, Device):
            if item.accelerator.truth is (Truth.NO if accelerator else Truth.YES):
                return None
            return replace(item, accelerator=_known(machine, subject, item.accelerator, accelerator))
        return item

    replace_alternatives(machine, subject, state, change)


def _may_be_device(item: Single) -> bool:
    if isinstance(item, Constant):
        return item.value is None or isinstance(item.value, str)
    return isinstance(item, Device | Unknown)


def _known(machine: Machine, node: cst.BaseExpression, fact: Fact, accelerator: bool) -> Fact:
    if not accelerator:
        return NO
    return fact if fact.holds else maybe(machine.place(node), f"`{short(node)}` is not the CPU here")


def _narrow_tensor(machine: Machine, node: cst.BaseExpression, state: State, accelerator: bool) -> None:
    fact = maybe(machine.place(node), f"`{short(node)}` is not on the CPU here") if accelerator else NO

    def change(item: Single) -> Value | None:
        return replace(item, device=fact) if isinstance(item, Tensor) else item

    replace_alternatives(machine, node, state, change)


def _device_test(test: cst.BaseExpression) -> Test | None:
    match test:
        case cst.Comparison(comparisons=[target]):
            return _comparison(test.left, target)
        case cst.Call(func=cst.Attribute(value=subject, attr=cst.Name(value="startswith")), args=[argument]):
            return _asked(subject, literal(argument.value), True)
        case _:
            return None


def _comparison(left: cst.BaseExpression, target: cst.ComparisonTarget) -> Test | None:
    right = target.comparator
    match target.operator:
        case cst.Equal() | cst.Is():
            same = True
        case cst.NotEqual() | cst.IsNot():
            same = False
        case cst.In():
            return _membership(left, right, True)
        case cst.NotIn():
            return _membership(left, right, False)
        case _:
            return None
    for subject, other in ((left, right), (right, left)):
        if (text := literal(other)) is not None:
            return _asked(subject, text, same)
        if (text := _made_of_text(other)) is not None:
            found = _asked(subject, text, same)
            return replace(found, plain=False) if found is not None else None
    return None


def _membership(left: cst.BaseExpression, right: cst.BaseExpression, inside: bool) -> Test | None:
    """``"cuda" in device``, ``device.type in ("cuda", "mps")``."""
    if (text := literal(left)) is not None:
        return _asked(right, text, inside)
    if isinstance(right, cst.Tuple | cst.List | cst.Set) and right.elements:
        texts = [literal(element.value) for element in right.elements]
        found = [_asked(left, text, inside) for text in texts]
        if all(one is not None and one.accelerator is inside for one in found):
            return found[0]
    return None


def _made_of_text(node: cst.BaseExpression) -> str | None:
    """The text of ``torch.device("cpu")``."""
    if isinstance(node, cst.Call) and len(node.args) == 1 and (dotted(node.func) or "").endswith("device"):
        return literal(node.args[0].value)
    return None


def _asked(subject: cst.BaseExpression, text: str | None, same: bool) -> Test | None:
    kind = (text or "").partition(":")[0].lower()
    if kind not in NAMES:
        return None
    plain = True
    if isinstance(subject, cst.Attribute) and subject.attr.value == "type":
        subject, plain = subject.value, False
    elif isinstance(subject, cst.Call) and dotted(subject.func) == "str" and len(subject.args) == 1:
        subject, plain = subject.args[0].value, False
    if not isinstance(subject, cst.Name | cst.Attribute | cst.Subscript):
        return None
    return Test(subject, (kind != "cpu") is same, plain)
