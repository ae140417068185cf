"""Runs torch's functions and Tensor methods on a menu of small inputs, and notes what each call returns and touches.

Nothing is assumed of a function but its name: every entry of the menu is tried, and those that raise say nothing.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import torch

from tensorlint.verify.rows.names import LAYOUT_ONLY, TENSOR_SKIPPED
from tensorlint.verify.rows.observed import Call, Seen
from tensorlint.verify.rows.placing import placed
from tensorlint.verify.rows.resolving import resolve
from tensorlint.verify.rows.tensor_menu import MENU, Inputs, first_tensors, fresh

__all__ = ["candidates", "observe"]

MODULES = ("torch", "torch.nn.functional", "torch.linalg", "torch.fft", "torch.special", "torch.sparse")


def candidates() -> Iterator[str]:
    """The names that the trials can say something about: public methods of Tensor and functions of torch's modules."""
    for name in sorted(dir(torch.Tensor)):
        if not name.startswith("_") and name not in TENSOR_SKIPPED and callable(getattr(torch.Tensor, name)):
            yield f"torch.Tensor.{name}"
    for module in MODULES:
        holder = importlib.import_module(module)
        for name in sorted(dir(holder)):
            value = getattr(holder, name)
            if (
                not name.startswith("_")
                and name not in TENSOR_SKIPPED
                and callable(value)
                and not isinstance(value, type)
            ):
                yield f"{module}.{name}"


def observe(name: str, bases: slice = slice(None)) -> Seen:
    """Try a function or Tensor method on the whole menu. Takes some milliseconds."""
    function = resolve(name)
    last = name.rpartition(".")[2]
    may_write = last.endswith("_") or last in _RUNNING_STATISTICS
    seen = Seen(tensor_list=last in _lists_of_tensors())
    method = name.startswith("torch.Tensor.")
    tries_left = 2
    if function is None:
        return seen
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for base in first_tensors()[bases]:
            for inputs in MENU:
                call = _try(function, fresh(base), inputs, method)
                if call is not None and (may_write or not call.writes):
                    seen.calls.append(replace(call, writes=frozenset()) if last in LAYOUT_ONLY else call)
                    if tries_left and call.grads:
                        tries_left -= 1
                        seen.placed.update(placed(function, inputs(fresh(base))))
    return seen


_RUNNING_STATISTICS = frozenset({"batch_norm", "instance_norm", "native_batch_norm"})
"""What writes though its name does not end in ``_``. Other such writes are ``inplace`` or ``out`` given by position."""


def _try(function: Any, x: torch.Tensor, inputs: Inputs, method: bool) -> Call | None:
    try:
        arguments = inputs(x)
        if method and not isinstance(arguments[0], torch.Tensor):
            return None
        first = arguments[0] if isinstance(arguments[0], torch.Tensor) else x
        versions = [argument._version if isinstance(argument, torch.Tensor) else 0 for argument in arguments]
        result = function(*arguments)
    except Exception:  # what does not fit the function says nothing
        return None
    writes = {
        ("self" if method and at == 0 else str(at - method))
        for at, (argument, before) in enumerate(zip(arguments, versions, strict=True))
        if isinstance(argument, torch.Tensor) and argument._version != before
    }
    return _described(result, first, method, frozenset(writes))


def _described(result: Any, first: torch.Tensor, method: bool, writes: frozenset[str]) -> Call:
    kind, items = _kind(result, first, method)
    tensors = _tensors(result)
    shares = None
    if tensors and all(tensor.layout is torch.strided for tensor in tensors) and first.numel():
        memory = first.untyped_storage().data_ptr()
        shares = all(tensor.untyped_storage().data_ptr() == memory for tensor in tensors)
    return Call(
        returns=kind,
        items=items,
        grads=tuple(tensor.requires_grad for tensor in tensors),
        dtypes=(_name(first.dtype), _name(tensors[0].dtype) if len(tensors) == 1 else ""),
        shares=shares,
        plain=first.is_contiguous(),
        writes=writes,
    )


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _kind(result: Any, first: torch.Tensor, method: bool) -> tuple[str, tuple[str, ...]]:
    if result is first:
        return ("self" if method else "argument"), ()
    if isinstance(result, torch.Tensor):
        return "tensor", ()
    if isinstance(result, torch.Size):
        return "shape", ()
    if isinstance(result, tuple) and result and all(type(item) is int for item in result):
        return "shape", ()
    if isinstance(result, tuple) and result:
        return "tuple", tuple(_kind(item, first, method)[0].replace("argument", "tensor") for item in result)
    if isinstance(result, list) and result and all(isinstance(item, torch.Tensor) for item in result):
        return "tensors", ()
    for python, word in _PYTHON.items():
        if isinstance(result, python):
            return word, ()
    return "unknown", ()


_PYTHON: dict[type, str] = {
    bool: "bool",
    int: "number",
    float: "number",
    complex: "number",
    str: "str",
    type(None): "none",
    torch.dtype: "dtype",
    torch.device: "device",
}


def _tensors(result: Any) -> Sequence[torch.Tensor]:
    if isinstance(result, torch.Tensor):
        return (result,)
    if isinstance(result, (tuple, list)):
        return [item for item in result if isinstance(item, torch.Tensor)]
    return ()


@lru_cache(maxsize=1)
def _lists_of_tensors() -> frozenset[str]:
    """The names of operators whose schema returns ``Tensor[]``, and of the Python functions that wrap them."""
    schemas = torch._C._jit_get_all_schemas()
    lists = {
        schema.name.removeprefix("aten::")
        for schema in schemas
        if schema.name.startswith("aten::")
        and len(schema.returns) == 1
        and str(schema.returns[0].type) == "List[Tensor]"
    }
    return frozenset(lists | {"atleast_1d", "atleast_2d", "atleast_3d", "align_tensors"})
