"""Operators: arithmetic between tensors, arrays and numbers, comparisons, boolean operators."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from tensorlint.flow.compared import difference
from tensorlint.flow.containers import items_at, make_items, make_tuple
from tensorlint.flow.conversion import convert, is_doubtful
from tensorlint.flow.device_comparisons import device_against_text
from tensorlint.flow.dtypes import NOTHING
from tensorlint.flow.events import How
from tensorlint.flow.facts import NO, Reason, Truth
from tensorlint.flow.foreign_dtypes import compared_dtypes
from tensorlint.flow.given import meet_unsupported
from tensorlint.flow.joining import join, join_values
from tensorlint.flow.leaving import leave, through_operator
from tensorlint.flow.lost import Way
from tensorlint.flow.machine import Machine, evaluate, evaluates
from tensorlint.flow.mixed_dtypes import meet
from tensorlint.flow.mixing import REFUSED, mixed_comparison, mixed_operator
from tensorlint.flow.names import operands, short
from tensorlint.flow.promotion import of_arrays, of_tensors
from tensorlint.flow.row_forms import form_of_operator
from tensorlint.flow.saved_calls import saved_by_operator
from tensorlint.flow.state import State
from tensorlint.flow.storage import fresh
from tensorlint.flow.tensors import inputs_of, recorded, result_tensor
from tensorlint.flow.values import (
    Array,
    Constant,
    Number,
    Ref,
    Single,
    Tensor,
    Tuple,
    Union,
    Unknown,
    Value,
    alternatives,
    union,
)

__all__ = ["arithmetic", "binary"]

ORDERS = (cst.LessThan, cst.GreaterThan, cst.LessThanEqual, cst.GreaterThanEqual)
UNSUPPORTED = (cst.Add, cst.Subtract, cst.AddAssign, cst.SubtractAssign)
"""What torch does not implement for the wider unsigned integers."""


@evaluates(cst.BinaryOperation)
def binary(machine: Machine, node: cst.BinaryOperation, state: State) -> Value:
    """``left op right``."""
    left = evaluate(machine, node.left, state)
    right = evaluate(machine, node.right, state)
    return arithmetic(machine, state, node, node.left, left, node.right, right, node.operator)


def arithmetic(
    machine: Machine,
    state: State,
    node: cst.BaseExpression,
    left_node: cst.BaseExpression,
    left: Value,
    right_node: cst.BaseExpression,
    right: Value,
    operator: cst.CSTNode,
    single: bool = True,
) -> Value:
    """What an arithmetic operator gives for each pair of alternatives; ``single`` if these are the only ones."""
    single = single and not isinstance(left, Union) and not isinstance(right, Union)
    if (is_doubtful(left) and _has_array(right)) or (is_doubtful(right) and _has_array(left)):
        # tensors with tensors and arrays with arrays, as a rule: no pair across is known to meet
        left, right = _unmixed(left), _unmixed(right)
    results = [
        through_operator(
            machine, node, a, b, operator, _one(machine, state, node, left_node, a, right_node, b, operator, single)
        )
        for a in alternatives(left)
        for b in alternatives(right)
    ]
    return join_values(results) or Unknown()


def _has_array(value: Value) -> bool:
    return any(isinstance(item, Array) and not item.scalar for item in alternatives(value))


def _unmixed(value: Value) -> Value:
    kept = tuple(item for item in alternatives(value) if not isinstance(item, Array))
    return union(kept) if kept and len(kept) < len(alternatives(value)) else value


def _one(
    machine: Machine,
    state: State,
    node: cst.BaseExpression,
    left_node: cst.BaseExpression,
    a: Single,
    right_node: cst.BaseExpression,
    b: Single,
    operator: cst.CSTNode,
    single: bool,
) -> Value:
    if isinstance(operator, cst.Subtract):
        difference(machine, state, left_node, a, right_node, b)
    if isinstance(a, Tensor) and isinstance(b, Array) and not (b.scalar or b.maybe_scalar):
        # tensor * ndarray goes through Tensor.__array__ and gives an array or a tensor, by the operator
        _convert_surely(machine, state, node, left_node, a)
        return result_tensor(machine, state, inputs_of(state, [_accepted(state, a)]))
    if isinstance(a, Array) and isinstance(b, Tensor) and not (a.scalar or a.maybe_scalar):
        if type(operator) not in REFUSED:
            _convert_surely(machine, state, node, right_node, b)
        elif single:
            mixed_operator(machine, node, a, right_node, b, operator)
        return result_tensor(machine, state, inputs_of(state, [_accepted(state, b)]))
    if isinstance(operator, cst.Multiply):  # [0] * count repeats the list, whatever counts
        a, b = _counting(state, a, b), _counting(state, b, a)
    if isinstance(a, Tensor) or isinstance(b, Tensor):
        if isinstance(operator, UNSUPPORTED):
            meet_unsupported(machine, node, a, b)
        if isinstance(operator, cst.MatrixMultiply):
            meet(machine, state, node, [(left_node, a), (right_node, b)], "@")
        lower = state.autocast.holds and isinstance(operator, cst.MatrixMultiply)
        dtype, dtype_from = NOTHING if lower else of_tensors(a, b, operator)
        inputs = inputs_of(state, [a, b])
        form = form_of_operator(machine, state, node, operator, a, b, inputs.result)
        made = result_tensor(machine, state, inputs, ndim=_ndim(a, b), dtype=dtype, form=form)
        made = replace(made, dtype_from=dtype_from)
        return saved_by_operator(machine, state, node, operator, (left_node, a), (right_node, b), made)
    for known, other in ((a, b), (b, a)):
        if isinstance(known, Array) and known.scalar and isinstance(other, Unknown):
            return Unknown(from_caller=other.parameter or other.from_caller)  # it decides what comes out
    if isinstance(a, Array) or isinstance(b, Array):
        scalar = all(not isinstance(item, Array) or item.scalar for item in (a, b)) and not (
            isinstance(a, Unknown) or isinstance(b, Unknown)
        )
        divides = isinstance(operator, cst.Divide | cst.DivideAssign)
        dtype, dtype_from = of_arrays(state, (a, b), machine.place(node), node, divides=divides)
        arrays = [item for item in (a, b) if isinstance(item, Array) and not item.scalar]
        perhaps = not scalar and all(item.maybe_scalar for item in arrays)
        return Array(NO, dtype, fresh(machine), scalar, perhaps, dtype_from=dtype_from)
    if isinstance(operator, cst.Add | cst.AddAssign):
        joined = _concatenated(machine, state, node, a, b)
        if joined is not None:
            return joined
    if isinstance(operator, cst.Multiply) and isinstance(a, Ref | Tuple) and isinstance(b, Number | Constant | Unknown):
        return a
    unknown = [item for item in (a, b) if isinstance(item, Unknown)]
    if unknown:
        return Unknown(from_caller=any(item.parameter or item.from_caller for item in unknown))
    return Number(type=_number_type(a, b, operator))


def _number_type(a: Single, b: Single, operator: cst.CSTNode) -> str:
    """The type of arithmetic between two Python numbers."""
    types = {_python_type(a), _python_type(b)}
    if "float" in types and types <= {"float", "int", "bool"}:
        return "float"
    return "float" if types == {"int"} and isinstance(operator, cst.Divide) else ""


def _python_type(item: Single) -> str:
    if isinstance(item, Number):
        return item.type
    return type(item.value).__name__ if isinstance(item, Constant) else ""


def _convert_surely(
    machine: Machine,
    state: State,
    node: cst.BaseExpression,
    operand: cst.BaseExpression,
    tensor: Tensor,
) -> None:
    """An operator between a tensor and an array converts the tensor.

    Code that is written for both kinds at once is full of operators on which they seem to meet and never do: only a
    tensor that surely cannot be converted is reported.
    """
    if Truth.YES in (tensor.requires_grad.truth, tensor.device.truth):
        convert(machine, state, node, operand, tensor, How.IMPLICIT, "an operator with an ndarray")


def _accepted(state: State, tensor: Tensor) -> Tensor:
    """The tensor where the program goes on after the operator: one that NumPy does not refuse."""
    grad = recorded(state, tensor.requires_grad)
    refused = Truth.YES in (grad.truth, tensor.device.truth)
    return replace(tensor, requires_grad=NO, device=NO) if refused else tensor


def _ndim(a: Single, b: Single) -> int | None:
    known = [
        item.ndim if isinstance(item, Tensor) else 0 if isinstance(item, Number | Constant) else None for item in (a, b)
    ]
    return None if None in known else max(n for n in known if n is not None)


def _counting(state: State, value: Single, other: Single) -> Single:
    """The operand, a number where the other one is a list that it repeats."""
    items = items_at(state, other)
    repeats = items is not None and items.kind == "list"
    return Number() if repeats and isinstance(value, Tensor) else value


def _concatenated(machine: Machine, state: State, node: cst.BaseExpression, a: Single, b: Single) -> Value | None:
    if isinstance(a, Tuple) and isinstance(b, Tuple):
        return make_tuple(machine, state, node, a.items + b.items)
    left, right = items_at(state, a), items_at(state, b)
    if left is None and right is None:
        return None
    parts: list[Value] = []
    for value, items in ((a, left), (b, right)):
        if items is not None:
            parts += list(items.known) if items.known is not None else [items.rest] if items.rest is not None else []
        elif isinstance(value, Tuple):
            parts += value.items
    put = (left.put if left is not None else ()) + (right.put if right is not None else ())
    if left is not None and right is not None and left.known is not None and right.known is not None:
        return make_items(machine, state, (node, "sum"), known=left.known + right.known, put=put)
    return make_items(machine, state, (node, "sum"), rest=join_values(parts), put=put)


@evaluates(cst.UnaryOperation)
def unary(machine: Machine, node: cst.UnaryOperation, state: State) -> Value:
    """``-x``, ``~x``, ``not x``."""
    value = evaluate(machine, node.expression, state)
    if isinstance(node.operator, cst.Not):
        return Number()
    results: list[Value] = []
    for item in alternatives(value):
        if isinstance(item, Tensor):
            made = result_tensor(machine, state, inputs_of(state, [item]), ndim=item.ndim, dtype=item.dtype)
            made = replace(made, lost=item.lost, form=item.form.resolved(), dtype_from=item.dtype_from)
            results.append(made)
        elif isinstance(item, Array):
            kept = item.dtype_from
            own = Array(NO, item.dtype, fresh(machine), item.scalar, item.maybe_scalar, dtype_from=kept)
            results.append(replace(own, lost=item.lost))
        elif (
            isinstance(item, Constant) and isinstance(item.value, int | float) and isinstance(node.operator, cst.Minus)
        ):
            results.append(Constant(-item.value))
        else:
            lost = item.lost if isinstance(item, Unknown | Number) else None
            same = item.type if isinstance(item, Number) and isinstance(node.operator, cst.Minus | cst.Plus) else ""
            results.append(Unknown(lost=lost) if isinstance(item, Unknown) else Number(lost=lost, type=same))
    return join_values(results) or Unknown()


@evaluates(cst.Comparison)
def comparison(machine: Machine, node: cst.Comparison, state: State) -> Value:
    """``a == b``, ``a < b < c``, ``a in b``."""
    sides = [node.left, *(target.comparator for target in node.comparisons)]
    with machine.unread(all(isinstance(target.operator, cst.Is | cst.IsNot) for target in node.comparisons)):
        values = [evaluate(machine, side, state) for side in sides]
    for index, target in enumerate(node.comparisons):
        device_against_text(machine, state, node, sides[index], values[index], target, values[index + 1])
        compared_dtypes(
            machine, state, node, sides[index], values[index], target.operator, sides[index + 1], values[index + 1]
        )
        if mixed_comparison(
            machine, node, sides[index], values[index], target.operator, sides[index + 1], values[index + 1]
        ):
            return Number()  # `!=` gives True, and the others raise
    inputs = inputs_of(state, values)
    if any(isinstance(target.operator, cst.In | cst.NotIn | cst.Is | cst.IsNot) for target in node.comparisons):
        return Number()
    if any(isinstance(item, Tensor) for value in values for item in alternatives(value)):
        if all(isinstance(target.operator, ORDERS) for target in node.comparisons):
            meet_unsupported(machine, node, *(item for value in values for item in alternatives(value)))
        result = result_tensor(machine, state, inputs, requires_grad=NO, dtype="bool")
        left = [leave(machine, state, node, item, Way.DETACH) for value in values for item in alternatives(value)]
        lost = next((one for one in left if one is not None), None)
        return replace(result, lost=replace(lost, smooth=False) if lost is not None else None)
    if any(isinstance(item, Array) for value in values for item in alternatives(value)):
        made = Reason(machine.place(node), f"`{short(node)}` is bool")
        return Array(NO, "bool", fresh(machine), dtype_from=made)
    return Unknown() if any(isinstance(value, Unknown) for value in values) else Number()


@evaluates(cst.BooleanOperation)
def boolean(machine: Machine, node: cst.BooleanOperation, state: State) -> Value:
    """``a and b and c``, ``a or b``: any may be the result; each is evaluated under the outcome of those before it."""
    from tensorlint.flow.narrowing import narrow

    first, *others = operands(node)
    value, before = evaluate(machine, first, state), first
    path = state.fork()
    for operand in others:
        narrow(machine, before, path, isinstance(node.operator, cst.And))
        if not path.alive:
            break
        value, before = _either(node.operator, value, evaluate(machine, operand, path)), operand
        state.join(path)
    return value


def _either(operator: cst.BaseBooleanOp, left: Value, right: Value) -> Value:
    """The left side where it decides the outcome, else the right one."""
    if isinstance(operator, cst.And):
        return join(left, right)
    if isinstance(left, Unknown):
        return join(right, left)
    kept = [item for item in alternatives(left) if not (isinstance(item, Constant) and not item.value)]
    return join_values([*kept, right]) or right
