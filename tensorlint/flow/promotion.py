"""Which dtype arithmetic gives: NumPy's promotion of arrays and scalars, torch's of tensors and numbers.

Only what holds in NumPy 1 and 2 alike is known: a NumPy scalar that would make an array wider did not in NumPy 1.
"""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from tensorlint.flow.dtypes import FLOATING, INTEGRAL, NOTHING, Dtyped, of_data, promoted, with_floats
from tensorlint.flow.facts import Place, Reason
from tensorlint.flow.names import short
from tensorlint.flow.state import State
from tensorlint.flow.values import Array, Constant, Number, Ref, Single, Tensor, Tuple

__all__ = ["of_arrays", "of_tensors"]


def of_arrays(
    state: State, items: Iterable[Single], place: Place, node: cst.BaseExpression, *, divides: bool = False
) -> Dtyped:
    """The dtype of what NumPy computes of arrays and numbers."""
    best, several, unknown = NOTHING, 0, False
    scalars: list[Dtyped] = []
    floats = numbers = False
    for item in items:
        match item:
            case Array(scalar=False) | Tuple() | Ref():
                found = of_data(state, item, for_torch=False)
                unknown = unknown or not found.name
                if found.name:
                    name = promoted(best.name, found.name) if several else found.name
                    best = Dtyped(name, found.reason if found.name == name else best.reason)
                    several += 1
            case Array():
                scalars.append(Dtyped(item.dtype, item.dtype_from))
            case Constant(value=bool() | int()):
                pass
            case Number(type="int"):
                pass
            case Constant(value=float()) | Number(type="float"):
                floats = True
            case Number(type="" | "bool"):
                numbers = True
            case _:
                unknown = True
    if not several and not unknown and scalars:
        best, scalars = scalars[0], scalars[1:]
        floats, numbers = floats and best.name != "float64", numbers and best.name != "float64"
        if floats or numbers:
            return NOTHING
    if best.name == "float64":
        return best
    if unknown or not best.name:
        return NOTHING
    made = Reason(place, f"`{short(node)}` of integers is float64, as NumPy computes it")
    if best.name in INTEGRAL:
        if divides or floats:
            name = with_floats(best.name)
            return Dtyped(name, made if name == "float64" else None)
        if numbers or any(one.name not in INTEGRAL for one in scalars):
            return NOTHING
    elif best.name not in FLOATING:
        return NOTHING
    return NOTHING if any(promoted(best.name, one.name) != best.name for one in scalars) else best


def of_tensors(a: Single, b: Single, operator: cst.CSTNode) -> Dtyped:
    """The dtype of arithmetic between two tensors, or a tensor and a number."""
    tensors = [item for item in (a, b) if isinstance(item, Tensor)]
    names = {item.dtype for item in tensors}
    if len(tensors) == 2 and len(names) > 1:
        return _of_two(tensors[0], tensors[1])
    name, reason = tensors[0].dtype, tensors[0].dtype_from
    if any(item.dtype_from is None for item in tensors):
        reason = None
    other = b if isinstance(a, Tensor) else a
    weak = isinstance(other, Number | Constant) or (other is b and isinstance(other, Array) and other.scalar)
    if len(tensors) == 1 and not weak:
        return NOTHING
    if (isinstance(other, Constant) and isinstance(other.value, complex)) or other == Number(type="complex"):
        return NOTHING
    if name in FLOATING:
        return Dtyped(name, reason)
    integers = len(tensors) == 2 or (isinstance(other, Constant) and isinstance(other.value, int))
    divides = isinstance(operator, cst.Divide | cst.DivideAssign)
    return Dtyped(name, reason) if name in INTEGRAL - {"bool"} and integers and not divides else NOTHING


def _of_two(a: Tensor, b: Tensor) -> Dtyped:
    """Two tensors of different dtypes: the wider floats hold unless they are those of a 0-d tensor."""
    for one, other in ((a, b), (b, a)):
        if one.dtype == "float64" and one.ndim and not other.dtype and (other.assumed or not other.opaque):
            return Dtyped("float64", one.dtype_from)  # whatever the other one is, unless it is complex
        if one.dtype == "float64" and other.dtype in (*FLOATING, *INTEGRAL):
            wins = other.dtype in INTEGRAL or one.ndim or (one.ndim == 0 and other.ndim == 0)
            return Dtyped("float64", one.dtype_from) if wins else NOTHING
    for one, other in ((a, b), (b, a)):
        if one.dtype in FLOATING and other.dtype in INTEGRAL:
            return Dtyped(one.dtype, one.dtype_from if other.dtype_from is not None else None)
    return NOTHING
