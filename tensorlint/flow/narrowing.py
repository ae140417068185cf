"""What the outcome of a test tells about the values that it tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import libcst as cst

from tensorlint.flow.annotations import instance_of_class
from tensorlint.flow.definitions import ClassDefinition
from tensorlint.flow.facts import NO, UNKNOWN, Fact, Guards, Place, Truth, maybe, yes
from tensorlint.flow.heap import Instance, Items, Mapping
from tensorlint.flow.machine import Machine, evaluate
from tensorlint.flow.names import condition_key, dotted, literal, short
from tensorlint.flow.rebinding import rebind
from tensorlint.flow.state import State
from tensorlint.flow.storage import fresh
from tensorlint.flow.values import (
    Array,
    Class,
    Constant,
    Device,
    External,
    Number,
    Ref,
    Single,
    Tensor,
    Tuple,
    Unknown,
    Value,
    alternatives,
    union,
)

__all__ = ["narrow", "outcomes"]

TENSOR_TYPES = {"torch.Tensor", "torch.FloatTensor", "torch.nn.Parameter", "torch.autograd.Variable"}
PLAIN_TYPES = {
    "builtins.list": (Tuple, Ref),
    "builtins.tuple": (Tuple, Ref),
    "builtins.dict": (Ref,),
    "builtins.int": (Number, Constant),
    "builtins.float": (Number, Constant),
    "builtins.bool": (Number, Constant),
    "builtins.str": (Number, Constant),
    "builtins.bytes": (Number, Constant),
}


def narrow(machine: Machine, test: cst.BaseExpression, state: State, outcome: bool) -> None:
    """Let ``test`` have had this outcome; the state dies where it cannot have."""
    match test:
        case cst.UnaryOperation(operator=cst.Not()):
            narrow(machine, test.expression, state, not outcome)
        case cst.BooleanOperation():
            if isinstance(test.operator, cst.And) is outcome:
                narrow(machine, test.left, state, outcome)
                narrow(machine, test.right, state, outcome)
        case cst.Call():
            _narrow_call(machine, test, state, outcome)
        case cst.Comparison(comparisons=[_]):
            _narrow_comparison(machine, test, state, outcome)
        case cst.Attribute(attr=cst.Name(value=("requires_grad" | "is_cuda" | "is_sparse") as name)):
            _narrow_tensor(machine, test.value, state, name, outcome)
        case cst.Name() | cst.Attribute() | cst.Subscript():
            _narrow_truth(machine, test, state, outcome)
        case cst.NamedExpr():
            _narrow_truth(machine, test.target, state, outcome)
        case _:
            pass
    for key, wanted in outcomes(test, outcome):
        state.assume(key, wanted)
        if (known := _constant_outcome(machine, test, state)) is not None and known is not outcome:
            state.alive = False


def _constant_outcome(machine: Machine, test: cst.BaseExpression, state: State) -> bool | None:
    if isinstance(test, cst.Name):
        value = state.names.get(test.value)
        if isinstance(value, Constant) and isinstance(value.value, bool) and not value.guards:
            return value.value
        if test.value in ("True", "False"):
            return test.value == "True"
    return None


def outcomes(test: cst.BaseExpression, outcome: bool) -> Guards:
    """The conditions that are known to have an outcome when ``test`` has had this one."""
    match test:
        case cst.UnaryOperation(operator=cst.Not()):
            return outcomes(test.expression, not outcome)
        case cst.BooleanOperation():
            if isinstance(test.operator, cst.And) is outcome:
                return outcomes(test.left, outcome) | outcomes(test.right, outcome)
            return frozenset()
        case cst.Comparison(comparisons=[target]):
            left, right = condition_key(test.left), condition_key(target.comparator)
            if left is None or right is None:
                return frozenset()
            match target.operator:
                case cst.Is() | cst.Equal():
                    return frozenset({(f"{left} == {right}", outcome)})
                case cst.IsNot() | cst.NotEqual():
                    return frozenset({(f"{left} == {right}", not outcome)})
            return frozenset()
        case _:
            key = condition_key(test)
            return frozenset() if key is None else frozenset({(key, outcome)})


def _replace(
    machine: Machine, node: cst.BaseExpression, state: State, change: Callable[[Single], Value | None]
) -> None:
    """Replace each alternative of what ``node`` names; None drops it. The state dies when none is left."""
    if isinstance(node, cst.NamedExpr):
        node = node.target
    if not isinstance(node, cst.Name | cst.Attribute | cst.Subscript):
        return
    value = evaluate(machine, node, state)
    kept: list[Single] = []
    changed = False
    for item in alternatives(value):
        new = change(item)
        if new is None:
            changed = True
            continue
        changed = changed or new is not item
        kept.extend(alternatives(new))
    if not kept:
        state.alive = False
    elif changed:
        rebind(machine, node, union(kept), state)


def _narrow_truth(machine: Machine, node: cst.BaseExpression, state: State, outcome: bool) -> None:
    def change(item: Single) -> Value | None:
        if isinstance(item, Constant) and not isinstance(item.value, bool) and bool(item.value) is not outcome:
            return None
        return item

    _replace(machine, node, state, change)


def _narrow_call(machine: Machine, test: cst.Call, state: State, outcome: bool) -> None:
    if (subject := _named_torch(test)) is not None:
        _narrow_types(machine, subject, [External("torch.Tensor")], state, outcome, machine.place(test))
        return
    name = dotted(test.func)
    if name is None or not test.args:
        return
    first = test.args[0].value
    last = name.rpartition(".")[2]
    place = machine.place(test)
    if last == "isinstance" and len(test.args) == 2:
        types = _types(machine, test.args[1].value, state)
        _narrow_types(machine, first, types, state, outcome, place)
    elif last in ("is_tensor", "istensor"):
        _narrow_types(machine, first, [External("torch.Tensor")], state, outcome, place)
    elif last == "hasattr" and len(test.args) == 2:
        attribute = literal(test.args[1].value)
        if attribute in ("detach", "requires_grad", "is_cuda", "grad_fn", "cpu", "numpy"):
            _narrow_types(machine, first, [External("torch.Tensor")], state, outcome, place, duck=True)


def _named_torch(test: cst.Call) -> cst.BaseExpression | None:
    """The ``x`` of ``type(x).__module__.startswith("torch")`` and ``x.__class__.__module__.startswith("torch")``."""
    function = test.func
    if not isinstance(function, cst.Attribute) or function.attr.value != "startswith" or not test.args:
        return None
    if not (literal(test.args[0].value) or "").startswith("torch") or not isinstance(function.value, cst.Attribute):
        return None
    return _class_of(function.value.value) if function.value.attr.value == "__module__" else None


def _class_of(node: cst.BaseExpression) -> cst.BaseExpression | None:
    """The ``x`` of ``type(x)`` or ``x.__class__``."""
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value == "type" and node.args:
        return node.args[0].value
    if isinstance(node, cst.Attribute) and node.attr.value == "__class__":
        return node.value
    return None


def _types(machine: Machine, node: cst.BaseExpression, state: State) -> list[Value]:
    if isinstance(node, cst.Tuple):
        return [found for element in node.elements for found in _types(machine, element.value, state)]
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.BitOr):
        return _types(machine, node.left, state) + _types(machine, node.right, state)
    return list(alternatives(evaluate(machine, node, state)))


def _narrow_types(
    machine: Machine,
    node: cst.BaseExpression,
    types: list[Value],
    state: State,
    outcome: bool,
    place: Place,
    duck: bool = False,
) -> None:
    names = {value.name for value in types if isinstance(value, External)}
    tensors, arrays = bool(names & TENSOR_TYPES), "numpy.ndarray" in names
    plain = tuple(kind for name in names for kind in PLAIN_TYPES.get(name, ()))
    classes = [value.definition for value in types if isinstance(value, Class)]
    listed = len(names) + len(classes) == len(types) and bool(types)
    only = len(types) == 1

    def change(item: Single) -> Value | None:
        if isinstance(item, Unknown):
            if not outcome or not only:
                return item
            if tensors:
                kind = maybe(place, f"`{short(node)}` is a Tensor here")
                aliases = fresh(machine)
                if item.parameter and isinstance(node, cst.Name):
                    for alias in aliases:
                        machine.caller_owned[alias.storage] = short(node)
                return Tensor(UNKNOWN, UNKNOWN, kind=kind, aliases=aliases, guards=item.guards)
            if arrays:
                return Array(item.negative_stride, aliases=fresh(machine), guards=item.guards)
            if len(classes) == 1:
                return _instance(machine, state, classes[0], node)
            return item
        matches = _matches(machine, state, item, tensors, arrays, plain, classes, names)
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

    _replace(machine, node, state, change)


def _instance(machine: Machine, state: State, definition: ClassDefinition, node: cst.BaseExpression) -> Value:
    found = instance_of_class(machine, Class(definition), state, short(node), 0)
    return found if found is not None else Unknown(short(node))


def _matches(
    machine: Machine,
    state: State,
    item: Single,
    tensors: bool,
    arrays: bool,
    plain: tuple[type, ...],
    classes: list[ClassDefinition],
    names: set[str],
) -> bool | None:
    """Whether an alternative is of one of the types; None where that cannot be told."""
    match item:
        case Tensor():
            return tensors or (None if names - TENSOR_TYPES - set(PLAIN_TYPES) - {"numpy.ndarray"} else False)
        case Array():
            return arrays or (None if item.scalar else False)
        case Constant(value=None):
            return False
        case Number() | Constant():
            if isinstance(item, Constant) and isinstance(item.value, str):
                return "builtins.str" in names
            return None if isinstance(item, plain) else False
        case Tuple():
            return "builtins.tuple" in names or (
                None if names - set(PLAIN_TYPES) - TENSOR_TYPES - {"numpy.ndarray"} else False
            )
        case Ref():
            match state.object(item):
                case Items(kind=kind):
                    if kind in ("list", "tuple"):
                        return f"builtins.{kind}" in names or (
                            None if "builtins.list" in names or "builtins.tuple" in names else False
                        )
                    return None
                case Mapping():
                    return "builtins.dict" in names or (None if names - set(PLAIN_TYPES) - TENSOR_TYPES else False)
                case Instance(definition=definition) if definition is not None:
                    if definition in classes:
                        return True
                    return None
            return None
        case _:
            return None


def _narrow_comparison(machine: Machine, test: cst.Comparison, state: State, outcome: bool) -> None:
    target = test.comparisons[0]
    left, right = test.left, target.comparator
    if isinstance(target.operator, cst.Is | cst.IsNot) and isinstance(right, cst.Name) and right.value == "None":
        wanted = isinstance(target.operator, cst.Is) is outcome

        def change(item: Single) -> Value | None:
            is_none = isinstance(item, Constant) and item.value is None
            if isinstance(item, Unknown):
                return Constant(None, item.guards) if wanted else item
            return item if is_none is wanted else None

        _replace(machine, left, state, change)
        return
    equal = isinstance(target.operator, cst.Equal | cst.Is)
    if (subject := _class_of(left)) is not None and (equal or isinstance(target.operator, cst.NotEqual | cst.IsNot)):
        _narrow_types(machine, subject, _types(machine, right, state), state, equal is outcome, machine.place(test))
        return
    if not equal and not isinstance(target.operator, cst.NotEqual | cst.IsNot):
        return
    text = literal(right)
    if text is not None and equal is outcome and isinstance(target.operator, cst.Equal | cst.NotEqual):
        value = evaluate(machine, left, state)
        if isinstance(value, Device) and not value.text and value.made.truth is Truth.YES:
            state.alive = False  # a torch.device never equals text
            return
    if isinstance(left, cst.Attribute) and left.attr.value == "device" and isinstance(right, cst.Call):
        other = evaluate(machine, right, state)
        if isinstance(other, Device) and other.accelerator is NO:
            _narrow_device(machine, left.value, state, "cpu", equal is outcome)
    if text is not None and isinstance(left, cst.Attribute) and left.attr.value == "type":
        inner = left.value
        if isinstance(inner, cst.Attribute) and inner.attr.value == "device":
            _narrow_device(machine, inner.value, state, text, equal is outcome)
    elif text is not None or isinstance(right, cst.Name | cst.Attribute):
        _narrow_text(machine, left, right, state, equal is outcome)


def _narrow_text(
    machine: Machine, left: cst.BaseExpression, right: cst.BaseExpression, state: State, same: bool
) -> None:
    value = evaluate(machine, right, state)
    if not isinstance(value, Constant) or not isinstance(value.value, str):
        return
    wanted = value.value

    def change(item: Single) -> Value | None:
        if isinstance(item, Constant) and isinstance(item.value, str):
            return item if (item.value == wanted) is same else None
        return item

    _replace(machine, left, state, change)


def _narrow_device(machine: Machine, node: cst.BaseExpression, state: State, text: str, same: bool) -> None:
    accelerator = text.partition(":")[0] != "cpu"
    fact: Fact | None = None
    if same:
        fact = maybe(machine.place(node), f"`{short(node)}` is on {text!r} here") if accelerator else NO
    elif not accelerator:
        fact = maybe(machine.place(node), f"`{short(node)}` is not on the CPU here")
    else:
        fact = NO  # not on the one accelerator that the program tells apart

    def change(item: Single) -> Value | None:
        return replace(item, device=fact) if isinstance(item, Tensor) else item

    _replace(machine, node, state, change)


def _narrow_tensor(machine: Machine, node: cst.BaseExpression, state: State, name: str, outcome: bool) -> None:
    place = machine.place(node)

    def change(item: Single) -> Value | None:
        if isinstance(item, Unknown) and outcome:
            item = Tensor(UNKNOWN, UNKNOWN, kind=maybe(place, f"`{short(node)}.{name}` is tested"), guards=item.guards)
        if not isinstance(item, Tensor):
            return item
        if name == "requires_grad":
            if item.requires_grad.truth is Truth.YES and not outcome:
                return None
            known = (
                item.requires_grad if item.requires_grad.holds else yes(place, f"`{short(node)}` requires grad here")
            )
            return replace(item, requires_grad=known if outcome else NO)
        if name == "is_cuda":
            known = item.device if item.device.holds else yes(place, f"`{short(node)}` is on the GPU here")
            return replace(item, device=known if outcome else NO)
        return item

    _replace(machine, node, state, change)
