"""The word of ``Row.returns`` for a result that was seen."""

from __future__ import annotations

import inspect
from collections import OrderedDict
from typing import Any, NamedTuple

import numpy as np
import torch

__all__ = ["Kind", "kind"]


class Kind(NamedTuple):
    """What a result is."""

    word: str
    items: tuple[str, ...] = ()
    type: type | None = None
    """Where no word says it."""


_CLASSES: tuple[tuple[Any, str], ...] = (
    (torch.Size, "shape"),
    (torch.Tensor, "tensor"),
    (np.ndarray, "array"),
    (np.generic, "scalar"),
    (bool, "bool"),
    ((int, float, complex), "number"),
    (str, "str"),
    (type(None), "none"),
    ((torch.dtype, np.dtype), "dtype"),
    (torch.device, "device"),
    (torch.nn.Module, "module"),
    (torch.optim.Optimizer, "optimizer"),
    ((torch.optim.lr_scheduler.LRScheduler, torch.optim.lr_scheduler.ReduceLROnPlateau), "scheduler"),
    (torch.utils.data.DataLoader, "loader"),
    (torch.utils.data.Dataset, "dataset"),
)


def kind(result: Any, first: Any, method: bool) -> Kind:
    """The word for a result.

    :param first: the receiver or first argument, which may be the result itself
    :param method: it is the receiver
    """
    if result is first and first is not None and not isinstance(first, (str, int)):
        return Kind("self" if method else "argument")
    for classes, word in _CLASSES:
        if isinstance(result, classes):
            return Kind(word)
    if isinstance(result, (OrderedDict, dict)):
        tensors = len(list(result)) > 0 and all(isinstance(one, torch.Tensor) for one in result.values())
        return Kind("state_dict") if tensors else Kind("object", type=type(result))
    if inspect.isgenerator(result):
        return _generated(list(result))
    if isinstance(result, tuple) and all(type(item) is int for item in result):
        return Kind("shape")
    if isinstance(result, (list, tuple)) and result:
        return _several(result)
    return Kind("object", type=type(result))


def _several(result: list[Any] | tuple[Any, ...]) -> Kind:
    words = tuple(kind(item, None, False).word for item in result)
    if isinstance(result, tuple):
        return Kind("tuple", words, None if type(result) is tuple else type(result))
    for word, several in (("tensor", "tensors"), ("array", "arrays"), ("dataset", "dataset")):
        if set(words) == {word}:
            return Kind(several)
    return Kind("object", type=list)


def _generated(items: list[Any]) -> Kind:
    if items and all(isinstance(item, torch.nn.Parameter) for item in items):
        return Kind("parameters")
    if items and all(isinstance(item, torch.Tensor) for item in items):
        return Kind("tensors")
    if items and all(isinstance(item, tuple) and isinstance(item[1], torch.nn.Parameter) for item in items):
        return Kind("named_parameters")
    return Kind("object", type=list)
