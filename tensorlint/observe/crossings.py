"""The crossings of the boundary: which calls they are, and what is known of one before and after it is made."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from tensorlint.observe.recording import Case
from tensorlint.observe.simulate_calls import taken_to_be_on

__all__ = ["INDEXING", "MOVING", "SCALAR", "Facts", "case", "crossings", "facts", "memory", "overlap"]

_T = torch.Tensor
_METHODS = ("numpy", "__array__", "__dlpack__", "item", "tolist", "__float__", "__int__")
_FUNCTIONS = ("from_numpy", "as_tensor", "asarray", "tensor", "from_dlpack", "frombuffer")
_CONSTRUCTOR = "torch.Tensor"

INDEXING = {_T.__getitem__: "Tensor.__getitem__", _T.__setitem__: "Tensor.__setitem__"}
"""Seen on a simulated device only: a method of the class in their place would make a sequence of every tensor, for
C code that asks, and a mode that is asked about every operator makes the program slow."""
MOVING = {_T.to: "Tensor.to"}
"""Seen where a simulated device refuses a dtype; kept if it does."""
SCALAR = frozenset({"Tensor.item", "Tensor.tolist", "Tensor.__float__", "Tensor.__int__"})
"""Calls that give Python's numbers."""
_LOOKED_AT = 8
"""Elements of a list that are looked at to tell what it is a list of."""


def crossings() -> Iterator[tuple[Any, str, str]]:
    """Where each crossing is found: the object, the attribute's name, and what the call is called in a recording."""
    for name in _METHODS:
        yield _T, name, f"Tensor.{name}"
    for name in _FUNCTIONS:
        yield torch, name, f"torch.{name}"
    yield _T, "__new__", _CONSTRUCTOR
    yield torch.utils.dlpack, "from_dlpack", "torch.from_dlpack"
    yield torch.nn.Module, "state_dict", "Module.state_dict"  # no conversion, but kept like one


@functools.lru_cache(maxsize=256)
def _name(kind: Any) -> str:
    """The name of a dtype, a device or a layout."""
    return str(kind).removeprefix("torch.")


class Facts(NamedTuple):
    """What is known of the argument of a crossing before the call, and the argument."""

    value: Any
    case: Case


def facts(call: str, args: Sequence[Any], named: Mapping[str, Any]) -> Facts | None:
    """What is to be known of a call before it is made; None if nothing crosses the boundary in it."""
    if call in INDEXING.values():
        parts = [one for part in args[1:] for one in (part if isinstance(part, tuple) else [part])]
        array = next((one for one in parts if isinstance(one, np.ndarray)), None)
        return None if array is None else Facts(array, _of_array(call, array))
    if call in MOVING.values():
        return Facts(args[0], _of_tensor(call, args[0]))
    if call == _CONSTRUCTOR:  # the class comes first; sizes, storages and tensors are no crossings
        made_of = args[1] if len(args) > 1 and isinstance(args[1], (np.ndarray, list, tuple)) else None
        inside = _of(call, made_of)
        return inside if inside is not None and isinstance(inside.value, np.ndarray) else None
    return _of(call, args[0] if args else next(iter(named.values()), None))


def _of(call: str, value: Any) -> Facts | None:
    """:param value: the tensor, or what a tensor is to be made of"""
    if isinstance(value, _T):
        return Facts(value, _of_tensor(call, value))
    if isinstance(value, np.ndarray):
        return Facts(value, _of_array(call, value))
    if isinstance(value, np.generic):
        return Facts(value, Case(call, "scalar", dtype=str(value.dtype), grad_mode=torch.is_grad_enabled()))
    if isinstance(value, (list, tuple)):
        return _of_list(call, value)
    if isinstance(value, torch.nn.Module):
        return Facts(value, Case(call, "Module", grad_mode=torch.is_grad_enabled()))
    return Facts(value, Case(call, type(value).__name__)) if call == "torch.from_numpy" else None


def _of_list(call: str, value: Any) -> Facts | None:
    first: Any = value
    for _ in range(3):  # lists of lists
        if not isinstance(first, (list, tuple)) or not first:
            break
        first = next((one for one in first[:_LOOKED_AT] if isinstance(one, (_T, np.ndarray))), first[0])
    inside = _of(call, first) if isinstance(first, (_T, np.ndarray, np.generic)) else None
    if inside is not None:
        known = inside.case
        return Facts(first, known._replace(given=f"list of {known.given}"))
    return Facts(value, Case(call, "list")) if call == "torch.from_numpy" else None


def _of_tensor(call: str, tensor: torch.Tensor) -> Case:
    strided = tensor.layout is torch.strided and not tensor.is_nested
    return Case(
        call,
        "Tensor",
        device=_name(taken_to_be_on(tensor)),
        dtype=_name(tensor.dtype),
        layout="nested" if tensor.is_nested else "" if strided else _name(tensor.layout),
        requires_grad=tensor.requires_grad,
        grad_mode=torch.is_grad_enabled(),
        conj=strided and tensor.is_conj(),
        neg=strided and tensor.is_neg(),
        contiguous=not strided or tensor.is_contiguous(),
    )


def _of_array(call: str, array: np.ndarray[Any, Any]) -> Case:
    return Case(
        call,
        "ndarray",
        dtype=_name(array.dtype),
        grad_mode=torch.is_grad_enabled(),
        contiguous=array.flags.c_contiguous,
        negative_strides=not array.flags.c_contiguous
        and any(stride < 0 < size - 1 for stride, size in zip(array.strides, array.shape, strict=True)),
        writeable=array.flags.writeable,
    )


def case(before: Facts, result: Any, error: BaseException | None) -> Case:
    """The case that a call was, now that it is over."""
    if error is not None:
        text = (str(error).strip().splitlines() or [""])[0][:160]
        return before.case._replace(outcome=f"{type(error).__name__}: {text}")
    return before.case._replace(shares=True) if overlap(before.value, result) else before.case


def overlap(first: Any, second: Any) -> bool:
    """Whether a tensor or array begins in the memory of another one."""
    one, other = memory(first), memory(second)
    return one is not None and other is not None and one[0] < other[1] and other[0] < one[1]


def memory(value: Any) -> tuple[int, int] | None:
    """The first byte of a value on the CPU and the one after its last."""
    if isinstance(value, np.ndarray):
        if value.flags.c_contiguous:
            start = value.__array_interface__["data"][0]
            return (start, start + value.nbytes) if value.nbytes else None
        low, high = _byte_bounds(value)
        return (low, high) if high > low and value.size else None
    if (
        not isinstance(value, _T)
        or value.layout is not torch.strided
        or value.device.type != "cpu"
        or not value.numel()
    ):
        return None
    try:
        low = value.data_ptr()
    except RuntimeError:  # it wraps another one, inside torch.func
        return None
    if value.is_contiguous():
        return low, low + value.nbytes
    reach = sum((size - 1) * stride for size, stride in zip(value.shape, value.stride(), strict=True))
    return low, low + (reach + 1) * value.element_size()


_byte_bounds: Any = getattr(getattr(np.lib, "array_utils", np), "byte_bounds")  # noqa: B009  # moved in NumPy 2
