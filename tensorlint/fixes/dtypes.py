"""Repairs that give a tensor another dtype where it is made."""

from __future__ import annotations

import libcst as cst

from tensorlint.finding import Applicability
from tensorlint.fixes.repair import After, Before, Change, Repair, Replace
from tensorlint.fixes.syntax import arguments, called, code, hands_on, with_suffix
from tensorlint.flow.events import Given, IntegerGrad, MixedDtypes
from tensorlint.flow.values import Object

__all__ = [
    "DTYPES_OF_CLASSES",
    "as_floats",
    "by_as_tensor",
    "detached_copy",
    "given_otherwise",
    "in_float32",
    "stacked",
]

DTYPES_OF_CLASSES = {
    "Tensor": "float32",
    "FloatTensor": "float32",
    "DoubleTensor": "float64",
    "HalfTensor": "float16",
    "LongTensor": "int64",
    "IntTensor": "int32",
    "ShortTensor": "int16",
    "ByteTensor": "uint8",
    "BoolTensor": "bool",
}
"""The classes that are called like functions, with the dtype that each makes."""

_TAKES_DTYPE = frozenset({"arange", "as_tensor", "asarray", "full", "tensor"})
_MAKES_TENSOR = frozenset({"as_tensor", "asarray", "from_numpy", "tensor"})


def in_float32(event: MixedDtypes) -> Repair | None:
    """float32 asked for where the tensor is made; None where that is not one call."""
    call = event.place.node
    if not isinstance(call, cst.Call) or called(call) not in _MAKES_TENSOR or hands_on(call):
        return None
    keyword = _with_keyword(call)
    changes = (keyword,) if keyword is not None else with_suffix(call, ".float()")
    written = "dtype=torch.float32" if keyword is not None else ".float()"
    return Repair(
        event.place.path,
        Applicability.UNSAFE,
        f"Make it float32 with `{written}`; unsafe: the values are rounded",
        changes,
    )


def _with_keyword(call: cst.Call) -> Change | None:
    """``dtype=torch.float32`` behind the last argument."""
    positional, keywords = arguments(call)
    function = call.func
    if called(call) not in _TAKES_DTYPE or not isinstance(function, cst.Attribute) or not call.args:
        return None
    if not isinstance(function.value, cst.Name) or len(positional) + len(keywords) != len(call.args):
        return None
    if isinstance(call.args[-1].value, cst.GeneratorExp):
        return None
    return After(call.args[-1].value, f", dtype={function.value.value}.float32")


def given_otherwise(event: Given) -> Repair | None:
    """``from_numpy`` replaced by ``as_tensor``, or the array of a data frame taken."""
    call = event.place.node
    if not isinstance(call, cst.Call) or called(call) != "from_numpy" or hands_on(call):
        return None
    if isinstance(event.value, Object):
        changes = with_suffix(event.operand, ".to_numpy(copy=True)")  # which is writable with pandas 3 as well
        return Repair(event.place.path, Applicability.SAFE, "Take its array with `.to_numpy(copy=True)`", changes)
    if not isinstance(call.func, cst.Attribute):
        return None
    change = Replace(call.func.attr, "as_tensor")
    return Repair(event.place.path, Applicability.SAFE, "Use `torch.as_tensor`, which takes it", (change,))


def by_as_tensor(event: Given) -> Repair | None:
    """``torch.as_tensor(array, dtype=...)`` instead of a tensor class."""
    call = event.place.node
    if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Attribute) or len(call.args) != 1:
        return None
    name = call.func.attr.value
    if name not in DTYPES_OF_CLASSES or not isinstance(call.func.value, cst.Name) or call.args[0].keyword is not None:
        return None
    torch, dtype = call.func.value.value, DTYPES_OF_CLASSES[name]
    changes = (Replace(call.func.attr, "as_tensor"), After(call.args[0].value, f", dtype={torch}.{dtype}"))
    message = f"Use `torch.as_tensor` with `dtype={torch}.{dtype}`; unsafe: a default dtype no longer counts"
    return Repair(event.place.path, Applicability.UNSAFE, message, changes)


def stacked(event: Given) -> Repair | None:
    """One array made of the list before torch is given it."""
    call, operand = event.place.node, event.operand
    if not isinstance(call, cst.Call) or hands_on(call) or isinstance(operand, cst.GeneratorExp):
        return None
    if not any(arg.value is operand and not arg.star for arg in call.args):
        return None
    return Repair(
        event.place.path,
        Applicability.UNSAFE,
        "Make one array of the list with `np.stack`; unsafe: it wants arrays of one shape, and at least one",
        (Before(operand, "{numpy.stack}("), After(operand, ")")),
        ("numpy.stack",),
    )


def detached_copy(event: Given) -> Repair | None:
    """``x.detach().clone()`` instead of ``torch.tensor(x)``."""
    call = event.place.node
    if not isinstance(call, cst.Call) or len(call.args) != 1 or call.args[0].star or call.args[0].keyword is not None:
        return None
    if hands_on(call) or call.args[0].value is not event.operand:
        return None
    inner = code(event.operand)
    simple = isinstance(event.operand, (cst.Name, cst.Attribute, cst.Subscript, cst.Call)) or event.operand.lpar
    text = f"{inner if simple else f'({inner})'}.detach().clone()"
    change = Replace(call, text)
    return Repair(event.place.path, Applicability.SAFE, "Copy with `.detach().clone()`", (change,))


def as_floats(event: IntegerGrad) -> Repair | None:
    """Floats made of the integers before they are made to require grad."""
    call = event.place.node
    if not isinstance(call, cst.Call):
        return None
    if event.tensor is not None:
        changes: tuple[Change, ...] = with_suffix(event.tensor, ".float()")
        written = ".float()"
    else:
        keyword = _with_keyword(call) if "dtype" not in arguments(call)[1] else None
        if keyword is None:
            return None
        changes, written = (keyword,), "dtype=torch.float32"
    message = f"Make it float32 with `{written}`; unsafe: it may be another precision that is meant"
    return Repair(event.place.path, Applicability.UNSAFE, message, changes)
