"""Dtypes: what they are called, what NumPy and torch make of several, and which one data without a dtype gets."""

from __future__ import annotations

from typing import NamedTuple

from tensorlint.flow.facts import Reason
from tensorlint.flow.heap import Items
from tensorlint.flow.state import State
from tensorlint.flow.values import (
    Array,
    Constant,
    Dtype,
    External,
    Number,
    Ref,
    Single,
    Tensor,
    Tuple,
    Value,
    alternatives,
)

__all__ = [
    "INTEGRAL",
    "NOTHING",
    "NUMPY_NAMES",
    "TORCH_NAMES",
    "Dtyped",
    "dtype_name",
    "of_data",
    "promoted",
    "types_of_dtype",
    "with_floats",
]

INTEGRAL = frozenset({"bool", "uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64"})
FLOATING = ("float16", "float32", "float64")
SIGNED = ("bool", "int8", "int16", "int32", "int64")
NARROW = {"float16": frozenset({"bool", "uint8", "int8"})}
NARROW["float32"] = NARROW["float16"] | {"uint16", "int16"}
"""The integers that a floating dtype holds without becoming wider (NumPy's promotion)."""
DEEPEST = 3
MOST_ITEMS = 64


def _pairs(text: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in text.split())


PYTHON = _pairs("float=float64 int=int64 bool=bool complex=complex128 str=str object=object")
TORCH = _pairs("""
    float=float32 half=float16 double=float64 long=int64 int=int32 short=int16
    cfloat=complex64 cdouble=complex128 chalf=complex32
""")
NUMPY = _pairs("""
    float=float64 double=float64 single=float32 half=float16 longdouble=longdouble float128=longdouble
    int=int64 long=int64 longlong=int64 intp=int64 intc=int32 short=int16 byte=int8
    ubyte=uint8 ushort=uint16 uintc=uint32 uint=uint64
    object=object str=str bytes=bytes void=structured datetime64=datetime64
""")
CHARACTERS = _pairs("""
    f=float32 d=float64 e=float16 g=longdouble ?=bool b=int8 B=uint8 h=int16 H=uint16 i=int32 I=uint32 l=int64 q=int64
    O=object U=str S=bytes V=structured f2=float16 f4=float32 f8=float64 f16=longdouble b1=bool
    i1=int8 i2=int16 i4=int32 i8=int64 u1=uint8 u2=uint16 u4=uint32 u8=uint64 M8=datetime64 m8=timedelta64
""")
"""NumPy's short texts."""

NUMPY_NAMES = {
    **{name: name for name in ("float16", "float32", "float64", "complex64", "complex128", "uint8")},
    **{name: name for name in ("int8", "int16", "int32", "int64")},
    "bool_": "bool",
    "bool": "bool",
    "half": "float16",
    "single": "float32",
    "double": "float64",
    "int_": "int64",
    **dict.fromkeys(("uint16", "uint32", "uint64", "uint", "ushort", "uintc", "longdouble", "str_", "object_"), ""),
    **{name: NUMPY[name] for name in ("intp", "longlong", "intc", "ubyte", "byte")},
}
"""NumPy's names of dtypes, with torch's for the same; empty where there is none, or not in every torch."""
TORCH_NAMES = {
    **{name: name for name, same in NUMPY_NAMES.items() if same == name and name != "bool"},
    **{name: name for name in ("half", "double", "uint16", "uint32", "uint64")},
    "bool": "bool_",
    "float": "float32",
    "long": "int64",
    "int": "int32",
    "short": "int16",
    "bfloat16": "",
    "cfloat": "complex64",
    "cdouble": "complex128",
}
"""torch's names of dtypes, with NumPy's for the same; empty where there is none."""


class Dtyped(NamedTuple):
    """A dtype, empty where it is not known, and why it is that."""

    name: str = ""
    reason: Reason | None = None


NOTHING = Dtyped()


def dtype_name(value: Value | None) -> str:
    """The name of a dtype given as a value, without its library; empty where it is not known."""
    match value:
        case Dtype(name=name):
            return name
        case External(name=name):
            library, _, last = name.rpartition(".")
            names = TORCH if library == "torch" else PYTHON if library == "builtins" else NUMPY
            return names.get(last.rstrip("_"), last.rstrip("_")) if library else ""
        case Constant(value=str(text)):
            return named_by_text(text)
        case Tuple() | Ref():
            return ""
        case _:
            return ""


def types_of_dtype(value: Value) -> frozenset[str] | None:
    """The classes of a dtype of torch or NumPy; None where it is none."""
    library, _, last = value.name.rpartition(".") if isinstance(value, External) else ("", "", "")
    if library == "torch" and last in TORCH_NAMES:
        return frozenset({"torch.dtype"})
    if library == "numpy" and last in NUMPY_NAMES:
        return frozenset({"builtins.type"})
    if isinstance(value, Dtype) and value.library:
        return frozenset({f"{value.library}.dtype"})
    return None


def named_by_text(text: str) -> str:
    """The dtype that NumPy takes a text for (``float``, ``<f4``, ``U10``), as far as it is known; else the text."""
    swapped = text[:1] == ">" and text[1:2] not in ("", "b", "B", "?", "O", "S", "V") and text[1:] not in ("i1", "u1")
    if swapped:
        return "non-native" if text[1:] in CHARACTERS or text[1:2] in "UMm" else ""
    text = text.lstrip("<=|")
    if text in CHARACTERS or text in PYTHON:
        return CHARACTERS.get(text) or PYTHON[text]
    if text[:1] in "USV" and text[1:].isdigit():
        return CHARACTERS[text[:1]]
    if text.startswith(("datetime64", "M8[")):
        return "datetime64"
    if text.startswith(("timedelta64", "m8[")):
        return "timedelta64"
    return NUMPY.get(text, text)


def promoted(a: str, b: str) -> str:
    """The dtype of what NumPy computes of arrays of two dtypes; empty where it is not known."""
    if a == b:
        return a
    if a in FLOATING and b in FLOATING:
        return max(a, b, key=FLOATING.index)
    for one, other in ((a, b), (b, a)):
        if one in FLOATING and other in INTEGRAL:
            if one == "float64" or other in NARROW[one]:
                return one
            return "float64" if other in ("int32", "int64", "uint32", "uint64") else "float32"
    if a in SIGNED and b in SIGNED:
        return max(a, b, key=SIGNED.index)
    return ""


def with_floats(name: str) -> str:
    """The dtype of a mean or quotient: that of floats, float64 of the usual integers."""
    return name if name in FLOATING else "float64" if name in ("int32", "int64", "uint32", "uint64") else ""


def of_data(state: State, value: Value, *, for_torch: bool, depth: int = 0) -> Dtyped:
    """The dtype that ``np.array`` (or ``torch.tensor``) finds in data, where all of it is known."""
    found = [_of_one(state, item, for_torch, depth) for item in alternatives(value)]
    return found[0] if found[0].name and all(one.name == found[0].name for one in found) else NOTHING


def _of_one(state: State, item: Single, for_torch: bool, depth: int) -> Dtyped:
    match item:
        case Array() | Tensor():
            return Dtyped(item.dtype, item.dtype_from)
        case Constant(value=bool()):
            return Dtyped("bool")
        case Constant(value=int()):
            return Dtyped("int64")
        case Constant(value=float()):
            return Dtyped("float32" if for_torch else "float64")
        case Number(type="float"):
            return Dtyped("float32" if for_torch else "float64")
        case Number(type="int"):
            return Dtyped("int64")
        case Constant(value=None):
            return Dtyped("" if for_torch else "object")
        case Constant(value=str()) | Number(type="str"):
            return Dtyped("str")
        case Tuple(items=items) if depth < DEEPEST:
            return _of_several(state, items, for_torch, depth)
        case Ref() if depth < DEEPEST:
            found = state.object(item)
            if isinstance(found, Items) and found.known:
                return _of_several(state, found.known, for_torch, depth)
            if isinstance(found, Items) and found.known is None and found.rest is not None:
                return of_data(state, found.rest, for_torch=for_torch, depth=depth + 1)
    return NOTHING


def _of_several(state: State, items: tuple[Value, ...], for_torch: bool, depth: int) -> Dtyped:
    if not items or len(items) > MOST_ITEMS:
        return NOTHING
    found = [of_data(state, item, for_torch=for_torch, depth=depth + 1) for item in items]
    if any(not one.name for one in found):
        return NOTHING
    best = next((one for one in found if one.name == "object"), found[0])
    if best.name == "object":
        return best
    for one in found[1:]:
        if one.name != best.name:
            name = promoted(best.name, one.name)
            if name not in ("bool", "int64", "float32", "float64") or (for_torch and name != "float64"):
                return NOTHING
            best = Dtyped(name, one.reason if one.name == name else best.reason)
    return best
