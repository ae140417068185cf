"""What torch is given to make a tensor of, and what is asked of tensors that cannot do it."""

from __future__ import annotations

import libcst as cst

from tensorlint.flow.caught import is_caught
from tensorlint.flow.dtypes import INTEGRAL, Dtyped
from tensorlint.flow.events import Given, IntegerGrad, Unsupported
from tensorlint.flow.facts import Reason, Truth
from tensorlint.flow.heap import Items
from tensorlint.flow.library_call import Call
from tensorlint.flow.machine import Machine
from tensorlint.flow.names import short
from tensorlint.flow.state import State
from tensorlint.flow.values import (
    Array,
    Constant,
    Number,
    Object,
    Ref,
    Single,
    Tensor,
    Tuple,
    Unknown,
    Value,
    alternatives,
)
from tensorlint.versions import within

__all__ = ["ask_for_grad", "give_array", "give_data", "meet_operation", "meet_unsupported"]

WIDE_UNSIGNED = frozenset({"uint16", "uint32", "uint64"})
LACKS = frozenset({"max", "min", "amax", "amin", "mean", "clamp", "argmax", "argmin", "add", "sub", "gt", "lt"})
"""Operations that torch does not have for them (observed: torch 2.13)."""
PANDAS = {"pandas.Series": "a Series", "pandas.DataFrame": "a DataFrame", "pandas.Index": "an Index"}


def give_data(machine: Machine, state: State, call: Call) -> None:
    """A call that makes a tensor is given its data."""
    given = call.arguments.get(0, "data") or call.arguments.get(0, "obj")
    if given is None:
        return
    operand, value = given
    items = alternatives(value)
    if any(_is_told_by_callers(state, item) for item in items):
        machine.ask_callers_nearby()
    for item in items:
        if isinstance(item, Array) and not item.scalar:
            give_array(machine, call.node, operand, item, call.row.name, call.by, always=len(items) == 1)
        elif len(items) == 1:
            _give_other(machine, state, call, operand, item)


def _is_told_by_callers(state: State, item: Single) -> bool:
    """An argument, or a list with one inside."""
    if isinstance(item, Unknown):
        return item.parameter or item.from_caller
    found = state.object(item) if isinstance(item, Ref) else None
    if not isinstance(found, Items):
        return False
    inside = [*(found.known or ()), *([found.rest] if found.rest is not None else [])]
    return any(isinstance(one, Unknown) for value in inside for one in alternatives(value))


def give_array(
    machine: Machine,
    node: cst.BaseExpression,
    operand: cst.BaseExpression,
    array: Array,
    function: str,
    by: str,
    *,
    always: bool = True,
) -> None:
    """An array is given to a call that makes a tensor of it."""
    machine.emit(
        Given(
            place=machine.place(node),
            calls=machine.calls(),
            function=function,
            value=array,
            operand=operand,
            operand_name=short(operand),
            by=by,
            always=always,
            caught=is_caught(machine, "ValueError" if array.dtype == "non-native" else "TypeError"),
            lacking=array.dtype in WIDE_UNSIGNED and not _has_wide_unsigned(machine),
        )
    )


def _give_other(machine: Machine, state: State, call: Call, operand: cst.BaseExpression, item: Single) -> None:
    other, elements, reason, surely = _told(state, item), None, None, True
    if isinstance(item, Tensor):
        if item.assumed or item.opaque or not _seen_made(item):
            return
        reason, surely = item.kind.reason, item.kind.truth is Truth.YES
    elif isinstance(item, Tuple | Ref):
        elements = _array_in(state, item)
    if not other and elements is None:
        return
    machine.emit(
        Given(
            place=machine.place(call.node),
            calls=machine.calls(),
            function=call.row.name,
            value=item,
            operand=operand,
            operand_name=short(operand),
            by=call.by,
            other=other,
            elements=elements,
            reason=elements.dtype_from if elements is not None else reason,
            surely=surely,
            caught=is_caught(machine, "TypeError"),
        )
    )


def _seen_made(tensor: Tensor) -> bool:
    """It is known to be a tensor by what made it: an annotation or a test only says what somebody expects."""
    if tensor.kind.reason is None or not tensor.kind.holds:
        return False
    *_, origin = tensor.kind.reason.chain()
    return not isinstance(origin.place.node, cst.Name | cst.Attribute)


def _told(state: State, item: Single) -> str:
    """What it is, where it is surely no array."""
    match item:
        case Array(scalar=True, ndim=0):
            return "a NumPy scalar"
        case Tensor():
            return "a tensor"
        case Tuple():
            return "a tuple"
        case Object(type=name):
            return PANDAS.get(name, "")
        case Number(type="float" | "int" | "str") | Constant(value=int() | float() | str()):
            return "no array"
        case Ref():
            found = state.object(item)
            return f"a {found.kind}" if isinstance(found, Items) and found.kind in ("list", "tuple") else ""
        case _:
            return ""


def _array_in(state: State, item: Tuple | Ref) -> Array | None:
    """One of the elements of a list, where all of them are arrays with an axis at least."""
    values: list[Value] = []
    if isinstance(item, Tuple):
        values = list(item.items)
    elif isinstance(found := state.object(item), Items) and found.kind in ("list", "tuple"):
        values = list(found.known) if found.known is not None else [found.rest] if found.rest is not None else []
    arrays = [value for value in values if isinstance(value, Array) and _has_axes(value)]
    return arrays[0] if arrays and len(arrays) == len(values) else None


def _has_axes(array: Array) -> bool:
    return not (array.scalar or array.maybe_scalar or array.ndim == 0)


def ask_for_grad(machine: Machine, node: cst.BaseExpression, dtype: Dtyped, tensor: cst.BaseExpression | None) -> None:
    """A tensor is made to require grad, which one of integers cannot."""
    if dtype.name in INTEGRAL and dtype.reason is not None and not is_caught(machine, "RuntimeError"):
        machine.emit(
            IntegerGrad(
                place=machine.place(node),
                calls=machine.calls(),
                dtype=dtype.name,
                reason=dtype.reason,
                tensor=tensor,
            )
        )


def _has_wide_unsigned(machine: Machine) -> bool:
    """Whether the torch that the program is for takes them at all."""
    return within(machine.library.targets.torch, ">=2.3")


def meet_operation(machine: Machine, call: Call) -> None:
    """A function or method of torch that has no version for the wider unsigned integers."""
    library, _, name = call.row.name.rpartition(".")
    if name in LACKS and library in ("torch", "torch.Tensor") and call.subject is not None:
        meet_unsupported(machine, call.node, *alternatives(call.subject))


def meet_unsupported(machine: Machine, node: cst.BaseExpression, *operands: Single) -> None:
    """An operation that has no version for the wider unsigned integers is computed of these."""
    for tensor in operands if _has_wide_unsigned(machine) else ():
        if not isinstance(tensor, Tensor) or tensor.dtype not in WIDE_UNSIGNED or is_caught(machine, "RuntimeError"):
            continue
        made = tensor.dtype_from
        if made is None or made.because is None:
            continue
        met = Reason(machine.place(node), f"`{short(node)}` is not implemented for {tensor.dtype}")
        machine.emit(
            Unsupported(place=made.place, calls=machine.calls(), tensor=tensor, made=made, met=met, certain=True)
        )
