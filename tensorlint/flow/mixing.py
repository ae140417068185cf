"""Arrays and tensors that meet where neither library takes the other's: reductions, operators, stores, comparisons."""

from __future__ import annotations

import libcst as cst

from tensorlint.flow.caught import is_caught
from tensorlint.flow.events import Conversion, How, Mixed, Mixing
from tensorlint.flow.machine import Machine
from tensorlint.flow.names import short
from tensorlint.flow.values import Array, Single, Tensor, Value, alternatives

__all__ = ["REFUSED", "mixed", "mixed_comparison", "mixed_operator", "mixed_store", "reduced"]

REFUSED: dict[type[cst.CSTNode], str] = {
    cst.Add: "+",
    cst.AddAssign: "+=",
    cst.Subtract: "-",
    cst.SubtractAssign: "-=",
    cst.Multiply: "*",
    cst.MultiplyAssign: "*=",
    cst.FloorDivide: "//",
    cst.FloorDivideAssign: "//=",
    cst.Modulo: "%",
    cst.ModuloAssign: "%=",
    cst.Power: "**",
    cst.PowerAssign: "**=",
    cst.MatrixMultiply: "@",
    cst.MatrixMultiplyAssign: "@=",
    cst.BitAnd: "&",
    cst.BitOr: "|",
    cst.BitXor: "^",
}
"""Operators that raise with an array on the left and a tensor on the right (observed: torch 2.13, NumPy 2.4)."""
COMPARED: dict[type[cst.CSTNode], str] = {
    cst.LessThan: "<",
    cst.LessThanEqual: "<=",
    cst.GreaterThan: ">",
    cst.GreaterThanEqual: ">=",
    cst.NotEqual: "!=",
}
"""Comparisons that raise whichever side the array is on; ``!=`` gives True, whatever is in them."""


def reduced(machine: Machine, node: cst.BaseExpression, operand: cst.BaseExpression, value: Value, by: str) -> None:
    """``np.mean(tensor)``: it calls the tensor's own method with NumPy's keywords, which no tensor takes."""
    items = alternatives(value)
    tensors = [item for item in items if _is_tensor(item)]
    if len(items) == 1 and tensors:
        mixed(machine, Mixing.REDUCTION, node, operand, tensors[0], by)


def mixed_operator(
    machine: Machine,
    node: cst.BaseExpression,
    array: Single,
    operand: cst.BaseExpression,
    tensor: Single,
    operator: cst.CSTNode,
) -> None:
    """``array * tensor``."""
    symbol = REFUSED.get(type(operator))
    if symbol is not None and _is_array(array) and _is_tensor(tensor):
        mixed(machine, Mixing.OPERATOR, node, operand, tensor, symbol)


def mixed_comparison(
    machine: Machine,
    node: cst.BaseExpression,
    left_node: cst.BaseExpression,
    left: Value,
    operator: cst.CSTNode,
    right_node: cst.BaseExpression,
    right: Value,
) -> bool:
    """``array < tensor``, ``tensor != array``; whether it is one."""
    symbol = COMPARED.get(type(operator))
    if symbol is None:
        return False
    for array, operand, tensor in ((left, right_node, right), (right, left_node, left)):
        if _is_array(array) and _is_tensor(tensor):
            mixed(machine, Mixing.COMPARISON, node, operand, tensor, symbol)
            return True
    return False


def mixed_store(
    machine: Machine, target: cst.Subscript, tensor: Value, value: Value, source: cst.BaseExpression
) -> None:
    """``tensor[...] = array``."""
    if _is_tensor(tensor) and _is_array(value):
        mixed(machine, Mixing.STORE, source, source, tensor, short(target.value))


def mixed(
    machine: Machine, mixing: Mixing, node: cst.BaseExpression, operand: cst.BaseExpression, tensor: Value, by: str
) -> None:
    """Report it, unless the program asks whether it works."""
    assert isinstance(tensor, Tensor)
    if is_caught(machine, "TypeError"):
        return
    conversion = Conversion(
        place=machine.place(node),
        how=How.REFUSED,
        tensor=tensor,
        operand=operand,
        operand_name=short(operand),
        by=by,
    )
    machine.emit(Mixed(place=machine.place(node), calls=machine.calls(), mixing=mixing, by=by, conversion=conversion))


def _is_tensor(value: Value) -> bool:
    """It is known to be a tensor itself, whichever path leads here."""
    return isinstance(value, Tensor) and value.kind.holds and not value.opaque and not value.assumed


def _is_array(value: Value) -> bool:
    return isinstance(value, Array) and not value.scalar and not value.maybe_scalar
