"""Calls with tensors in place of arrays: whether they are converted.

A conversion is seen at the source: ``torch.Tensor.__array__``, ``numpy`` and ``__dlpack__`` are replaced by functions
that remember their calls. So one whose error is swallowed (``np.array_equal``) counts as well.
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

__all__ = ["Taken", "try_tensors", "watched"]


@dataclass(slots=True)
class Taken:
    """What became of tensors in place of arrays, by position."""

    converted: set[str] = field(default_factory=set)
    passed: set[str] = field(default_factory=set)
    """The call worked on a tensor without converting it: by its own method, or by looking at no value."""
    refused: set[str] = field(default_factory=set)
    """The tensor's own method was called with keywords of NumPy that it does not have, or with negative steps."""
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
            converted, result, error = watched(function, _with(arguments, at, tensor))
            if converted:
                taken.converted.add(label)
                if isinstance(result, torch.Tensor):
                    seen.calls[-1] = dataclasses.replace(seen.calls[-1], wraps=True)
            elif error is None:
                taken.passed.add(label)
            elif _refuses(error):
                taken.refused.add(label)
            if one.ndim == 1 or (one.ndim and label in taken.refused):
                scalars = list(tensor)
                if watched(function, _with(arguments, at, scalars))[0]:
                    taken.lists.add(label)
        elif isinstance(one, list) and one and isinstance(one[0], np.ndarray):
            tensors = [torch.from_numpy(np.ascontiguousarray(item).copy()) for item in one]
            if watched(function, _with(arguments, at, tensors))[0]:
                taken.lists.add(label)


def _refuses(error: Exception) -> bool:
    """Whether it is the tensor's own method that fails: at NumPy's keywords, or at a negative step."""
    words = ("unexpected keyword", "combination", "step must be greater")
    return isinstance(error, (TypeError, ValueError)) and any(word in str(error) for word in words)


def _with(arguments: tuple[Any, ...], at: int, value: Any) -> tuple[Any, ...]:
    changed = [copy.deepcopy(one) for one in arguments]
    changed[at] = value
    return tuple(changed)


def watched(
    function: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any] | None = None
) -> tuple[bool, Any, Exception | None]:
    """Whether a tensor (or one made of it: a row, an element) was converted, the call's result, and its error."""
    with _conversions() as converted:
        try:
            np.random.seed(3)
            result = function(*arguments, **(named or {}))
        except Exception as error:  # a conversion counts though the call fails after it
            return bool(converted), None, error
    return bool(converted), result, None


@contextmanager
def _conversions() -> Iterator[list[str]]:
    """A list that gains an entry each time a tensor's ``__array__`` or ``numpy`` is called inside the with block."""
    seen: list[str] = []
    array, numpy, dlpack = torch.Tensor.__array__, torch.Tensor.numpy, torch.Tensor.__dlpack__

    def watched_array(self: torch.Tensor, *arguments: Any, **keywords: Any) -> Any:
        seen.append("__array__")
        return array(self, *arguments, **keywords)

    def watched_numpy(self: torch.Tensor, *arguments: Any, **keywords: Any) -> Any:
        seen.append("numpy")
        return numpy(self, *arguments, **keywords)

    def watched_dlpack(self: torch.Tensor, *arguments: Any, **keywords: Any) -> Any:
        seen.append("__dlpack__")
        return dlpack(self, *arguments, **keywords)

    torch.Tensor.__array__, torch.Tensor.numpy, torch.Tensor.__dlpack__ = watched_array, watched_numpy, watched_dlpack
    try:
        yield seen
    finally:
        torch.Tensor.__array__, torch.Tensor.numpy, torch.Tensor.__dlpack__ = array, numpy, dlpack
