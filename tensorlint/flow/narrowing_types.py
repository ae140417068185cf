"""What tests of types tell: isinstance, is_tensor, hasattr, and comparisons of classes."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from tensorlint.flow.annotations import instance_of_class
from tensorlint.flow.classes import method_of
from tensorlint.flow.definitions import ClassDefinition
from tensorlint.flow.entries import is_no_tensor
from tensorlint.flow.facts import UNKNOWN, Place, Truth, maybe
from tensorlint.flow.heap import Instance
from tensorlint.flow.machine import Machine, evaluate
from tensorlint.flow.matching_types import PLAIN_TYPES, TENSOR_TYPES, matches_types
from tensorlint.flow.names import dotted, literal, short
from tensorlint.flow.narrowing_elements import Change, changed, in_container, part_of_container
from tensorlint.flow.rebinding import rebind
from tensorlint.flow.state import State
from tensorlint.flow.storage import fresh
from tensorlint.flow.values import (
    Array,
    Class,
    External,
    Ref,
    Single,
    Tensor,
    Unknown,
    Value,
    alternatives,
)

__all__ = ["class_of", "narrow_call", "narrow_types", "replace_alternatives", "types_of"]


ABSTRACT = {
    **dict.fromkeys(("Mapping", "MutableMapping"), ("builtins.dict",)),
    **dict.fromkeys(("Sequence", "MutableSequence"), ("builtins.list", "builtins.tuple", "builtins.str")),
}
"""What the abstract classes of ``collections.abc`` and ``typing`` stand for."""


def replace_alternatives(
    machine: Machine, node: cst.BaseExpression, state: State, change: Change, of_all: bool = False
) -> None:
    """Replace each alternative of what ``node`` names; None drops it. The state dies when none is left.

    :param of_all: what is known of the first element of a list holds for the others
    """
    if isinstance(node, cst.NamedExpr):
        node = node.target
    if (part := part_of_container(machine, state, node)) is not None:
        container, index = part
        change = in_container(machine, state, node, index, change, of_all)
        replace_alternatives(machine, container, state, change, of_all)
        return
    if not isinstance(node, cst.Name | cst.Attribute | cst.Subscript):
        return
    value = evaluate(machine, node, state)
    new = changed(value, change)
    if new is None:
        state.alive = False
    elif new is not value:
        rebind(machine, node, new, state)


def narrow_call(machine: Machine, test: cst.Call, state: State, outcome: bool) -> None:
    if (subject := _named_torch(test)) is not None:
        narrow_types(machine, subject, [External("torch.Tensor")], state, outcome, machine.place(test))
        return
    name = dotted(test.func)
    if name is None or not test.args:
        return
    first = test.args[0].value
    last = name.rpartition(".")[2]
    place = machine.place(test)
    if last == "isinstance" and len(test.args) == 2:
        types = types_of(machine, test.args[1].value, state)
        narrow_types(machine, first, types, state, outcome, place)
    elif last in ("is_tensor", "istensor"):
        narrow_types(machine, first, [External("torch.Tensor")], state, outcome, place)
    elif last == "hasattr" and len(test.args) == 2:
        attribute = literal(test.args[1].value)
        if attribute is not None:
            _narrow_attribute(machine, first, attribute, state, outcome)
        tells = attribute in ("detach", "requires_grad", "is_cuda", "grad_fn", "cpu", "numpy")
        if tells or (attribute == "to" and isinstance(evaluate(machine, first, state), Tensor)):  # modules move too
            narrow_types(machine, first, [External("torch.Tensor")], state, outcome, place, duck=True)


def _narrow_attribute(machine: Machine, node: cst.BaseExpression, attribute: str, state: State, outcome: bool) -> None:
    """``hasattr(model, "module")`` of objects that are known."""

    def change(item: Single) -> Value | None:
        found = state.object(item) if isinstance(item, Ref) else None
        if not isinstance(found, Instance) or not isinstance(item, Ref):
            return item
        has = _has(machine, state, found, attribute)
        if has is False and item.address in machine.instances.values():
            return item  # it stands for any instance, and others may have been given more
        return item if has is None or has is outcome else None

    replace_alternatives(machine, node, state, change)


def _has(machine: Machine, state: State, instance: Instance, attribute: str) -> bool | None:
    """Whether an instance has an attribute; None where that cannot be told."""
    if attribute in instance.attributes:
        return True
    if instance.module is not None and machine.library.row(f"torch.nn.Module.{attribute}") is not None:
        return True
    if instance.definition is None or instance.open:
        return None
    return method_of(machine, instance.definition, attribute, state) is not None


def _named_torch(test: cst.Call) -> cst.BaseExpression | None:
    """The ``x`` of ``type(x).__module__.startswith("torch")`` and ``x.__class__.__module__.startswith("torch")``."""
    function = test.func
    if not isinstance(function, cst.Attribute) or function.attr.value != "startswith" or not test.args:
        return None
    if not (literal(test.args[0].value) or "").startswith("torch") or not isinstance(function.value, cst.Attribute):
        return None
    return class_of(function.value.value) if function.value.attr.value == "__module__" else None


def class_of(node: cst.BaseExpression) -> cst.BaseExpression | None:
    """The ``x`` of ``type(x)`` or ``x.__class__``."""
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value == "type" and node.args:
        return node.args[0].value
    if isinstance(node, cst.Attribute) and node.attr.value == "__class__":
        return node.value
    return None


def types_of(machine: Machine, node: cst.BaseExpression, state: State) -> list[Value]:
    if isinstance(node, cst.Tuple):
        return [found for element in node.elements for found in types_of(machine, element.value, state)]
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.BitOr):
        return types_of(machine, node.left, state) + types_of(machine, node.right, state)
    return list(alternatives(evaluate(machine, node, state)))


def narrow_types(
    machine: Machine,
    node: cst.BaseExpression,
    types: list[Value],
    state: State,
    outcome: bool,
    place: Place,
    duck: bool = False,
) -> None:
    written = {value.name for value in types if isinstance(value, External)}
    names = {name for one in written for name in ABSTRACT.get(one.rpartition(".")[2], (one,))}
    tensors, arrays = bool(names & TENSOR_TYPES), "numpy.ndarray" in names
    plain = tuple(kind for name in names for kind in PLAIN_TYPES.get(name, ()))
    classes = [value.definition for value in types if isinstance(value, Class)]
    listed = len(written) + len(classes) == len(types) and bool(types)
    only = len(types) == 1

    def change(item: Single) -> Value | None:
        if duck and isinstance(item, Ref):
            return item
        if isinstance(item, Unknown):
            if not outcome or not only:
                return item
            if tensors:
                kind = maybe(place, f"`{short(node)}` is a Tensor here")
                aliases = fresh(machine)
                if item.parameter and isinstance(node, cst.Name):
                    for alias in aliases:
                        machine.caller_owned[alias.storage] = item.argument or short(node)
                return Tensor(UNKNOWN, UNKNOWN, kind=kind, aliases=aliases, guards=item.guards)
            if arrays:
                aliases = fresh(machine)
                if item.argument and not item.recast.holds:
                    machine.caller_arrays.update((alias.storage, item.argument) for alias in aliases)
                    machine.any_dtype.update(alias.storage for alias in aliases)
                return Array(item.negative_stride, aliases=aliases, guards=item.guards)
            if len(classes) == 1:
                return _instance(machine, state, classes[0], node)
            return item
        matches = matches_types(machine, state, item, tensors, arrays, plain, classes, names)
        if matches is None:
            return item
        if isinstance(item, Tensor) and item.opaque and tensors:
            if outcome:
                return replace(item, opaque=False, kind=maybe(place, f"`{short(node)}` is a Tensor here"))
            return Unknown()  # a structure, or the part of a batch that is no tensor
        if isinstance(item, Tensor) and classes and item.kind.truth is not Truth.YES:
            return item if outcome else Unknown()  # a model's output that may be of the project's own class
        if isinstance(item, Tensor) and item.opaque:
            return item
        if not listed and not matches:
            return item
        return item if matches is outcome else None

    replace_alternatives(machine, node, state, change, of_all=True)
    if tensors and only and not outcome:
        is_no_tensor(machine, state, node)


def _instance(machine: Machine, state: State, definition: ClassDefinition, node: cst.BaseExpression) -> Value:
    found = instance_of_class(machine, Class(definition), state, short(node), 0)
    return found if found is not None else Unknown(short(node))
