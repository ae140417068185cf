"""Calls with tensors in place of arrays: whether they are converted.

A conversion is seen at the source: ``torch.Tensor.__array__`` and ``numpy`` are replaced by functions that remember
their calls. So one whose error is swallowed (``np.array_equal``) counts as well.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from tensorlint.verify.rows.observed import Seen

__all__ = ["Taken", "try_tensors"]


@dataclass(slots=True)
class Taken:
    """What became of tensors in place of arrays, by position."""

    converted: set[str] = field(default_factory=set)
    passed: set[str] = field(default_factory=set)
    """The call worked on a tensor without converting it: by its own method, or by looking at no value."""
    refused: set[str] = field(default_factory=set)
    """The tensor's own method was called with keywords of NumPy that it does not have."""
    lists: set[str] = field(default_factory=set)
    """A list of tensors was converted."""


def try_tensors(
    function: Callable[..., Any], arguments: tuple[Any, ...], method: bool, seen: Seen, taken: Taken
) -> None:
    """The same call with a tensor, or a list of them, in place of each array in turn."""
    for at, one in enumerate(arguments):
        if method and at == 0:
            continue
        label = str(at - method)
        if isinstance(one, np.ndarray):
            tensor = torch.from_numpy(np.ascontiguousarray(one).copy()) if one.ndim else torch.tensor(float(one))
            converted, result, error = _watched(function, _with(arguments, at, tensor))
            if converted:
                taken.converted.add(label)
                if isinstance(result, torch.Tensor):
                    seen.calls[-1] = dataclasses.replace(seen.calls[-1], wraps=True)
            elif error is None:
                taken.passed.add(label)
            elif isinstance(error, TypeError) and ("unexpected keyword" in str(error) or "combination" in str(error)):
                taken.refused.add(label)
            if one.ndim == 1:
                scalars = list(tensor)
                if _watched(function, _with(arguments, at, scalars))[0]:
                    taken.lists.add(label)
        elif isinstance(one, list) and one and isinstance(one[0], np.ndarray):
            tensors = [torch.from_numpy(np.ascontiguousarray(item).copy()) for item in one]
            if _watched(function, _with(arguments, at, tensors))[0]:
                taken.lists.add(label)


def _with(arguments: tuple[Any, ...], at: int, value: Any) -> tuple[Any, ...]:
    changed = [copy.deepcopy(one) for one in arguments]
    changed[at] = value
    return tuple(changed)


def _watched(function: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[bool, Any, Exception | None]:
    """Whether a tensor (or one made of it: a row, an element) was converted, the call's result, and its error."""
    with _conversions() as converted:
        try:
            np.random.seed(3)
            result = function(*arguments)
        except Exception as error:  # a conversion counts though the call fails after it
            return bool(converted), None, error
    return bool(converted), result, None


@contextmanager
def _conversions() -> Iterator[list[str]]:
    """A list that gains an entry each time a tensor's ``__array__`` or ``numpy`` is called inside the with block."""
    seen: list[str] = []
    array, numpy = torch.Tensor.__array__, torch.Tensor.numpy

    def watched_array(self: torch.Tensor, *arguments: Any, **keywords: Any) -> Any:
        seen.append("__array__")
        return array(self, *arguments, **keywords)

    def watched_numpy(self: torch.Tensor, *arguments: Any, **keywords: Any) -> Any:
        seen.append("numpy")
        return numpy(self, *arguments, **keywords)

    torch.Tensor.__array__, torch.Tensor.numpy = watched_array, watched_numpy
    try:
        yield seen
    finally:
        torch.Tensor.__array__, torch.Tensor.numpy = array, numpy
