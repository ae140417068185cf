"""Values taken out of a running program: frozen copies, comparisons of them, and whether two values share memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

__all__ = ["Frozen", "changes", "close", "freeze", "share_memory"]

Frozen = tuple[Any, ...]
"""The leaves of a value in a fixed order: NumPy arrays for what is numeric, plain Python values for the rest."""


def freeze(value: Any) -> Frozen:
    """Copies of all numbers in ``value`` (tensors on any device, arrays, containers, modules, plain attributes)."""
    with torch._C.DisableTorchFunction(), torch.no_grad():  # out of reach of a simulated device
        return tuple(_leaves(value, set()))


def _leaves(value: Any, seen: set[int]) -> list[Any]:
    if value is None or isinstance(value, (str, bytes, torch.dtype, torch.device, np.dtype)):
        return [value]
    if isinstance(value, (bool, int, float, complex, np.generic)):
        return [np.asarray(value).copy()]
    if isinstance(value, torch.Tensor):
        return [_array(value)]
    if isinstance(value, np.ndarray) and value.dtype != object:
        return [value.copy()]
    if id(value) in seen:
        return []
    seen = seen | {id(value)}
    if isinstance(value, np.ndarray):
        value = value.ravel().tolist()
    if isinstance(value, torch.nn.Module):
        value = {**dict(value.named_parameters()), **dict(value.named_buffers())}
    if isinstance(value, dict):
        value = [part for key in sorted(value, key=str) for part in (str(key), value[key])]
    if not isinstance(value, (list, tuple, set)) and hasattr(value, "__dict__"):
        value = [vars(value)]
    if hasattr(value, "to_numpy"):  # pandas
        value = [value.to_numpy()]
    if not isinstance(value, (str, bytes)) and hasattr(value, "__iter__") and hasattr(value, "__len__"):
        return [leaf for item in value for leaf in _leaves(item, seen)]
    return [type(value).__name__]


def _array(tensor: torch.Tensor) -> Any:
    if tensor.device.type == "meta":
        return f"meta {tuple(tensor.shape)}"
    tensor = tensor.detach()
    if tensor.layout is not torch.strided:
        tensor = tensor.to_dense()
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    tensor = tensor.cpu().resolve_conj().resolve_neg()
    if tensor.dtype == torch.bfloat16 or "float8" in str(tensor.dtype):
        tensor = tensor.float()
    return tensor.numpy().copy()


def changes(before: Frozen, after: Frozen) -> str:
    """How many numbers differ, as ``3 of 12 values changed``; empty where none does."""
    if len(before) != len(after):
        return f"{len(before)} parts became {len(after)}"
    differing = total = 0
    for old, new in zip(before, after, strict=True):
        if isinstance(old, np.ndarray) and isinstance(new, np.ndarray):
            if old.shape != new.shape:
                return f"the shape {old.shape} became {new.shape}"
            differing += int(np.sum((old != new) & ~((old != old) & (new != new))))  # NaN is equal to NaN here
            total += old.size
        elif type(old) is not type(new) or old != new:
            return f"{old!r} became {new!r}"
    return f"{differing} of {total} values changed" if differing else ""


def close(first: Frozen, second: Frozen) -> bool:
    """Whether two values hold the same numbers up to rounding, whatever the containers and the float width."""
    texts = [[leaf for leaf in side if not isinstance(leaf, np.ndarray)] for side in (first, second)]
    if texts[0] != texts[1]:
        return False
    flat = [[leaf.ravel() for leaf in side if isinstance(leaf, np.ndarray)] for side in (first, second)]
    left, right = (np.concatenate(side) if side else np.empty(0) for side in flat)
    return left.shape == right.shape and bool(np.allclose(left, right, rtol=1e-4, atol=1e-6, equal_nan=True))


def share_memory(first: Any, second: Any) -> bool:
    """Whether a byte of ``first``'s memory is also one of ``second``'s (containers: of any item's)."""
    with torch._C.DisableTorchFunction(), torch.no_grad():
        return any(_overlap(a, b) for a in _buffers(first) for b in _buffers(second))


def _buffers(value: Any) -> list[Any]:
    if isinstance(value, (torch.Tensor, np.ndarray)):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, torch.nn.Module):
        value = [*value.parameters(), *value.buffers()]
    return [part for item in value for part in _buffers(item)] if isinstance(value, (list, tuple)) else []


def _overlap(first: Any, second: Any) -> bool:
    if all(isinstance(value, torch.Tensor) and value.device.type != "cpu" for value in (first, second)):
        return bool(first.untyped_storage().data_ptr() == second.untyped_storage().data_ptr())
    arrays = []
    for value in (first, second):
        if isinstance(value, torch.Tensor):
            if value.device.type != "cpu":
                return False
            value = value.detach()
            value = (value.view(torch.int16) if value.dtype == torch.bfloat16 else value).numpy()
        arrays.append(value)
    return bool(np.shares_memory(*arrays))
