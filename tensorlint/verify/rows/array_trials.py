"""Runs NumPy-like functions on a menu of small arrays, and again with tensors in their place.

Whether an argument is converted is seen at the source: ``torch.Tensor.__array__`` is replaced by one that remembers its
calls. So a conversion whose error is swallowed (``np.array_equal``) counts as well.
"""

from __future__ import annotations

import copy
import dataclasses
import importlib
import inspect
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

import numpy as np
import torch

from tensorlint.verify.rows.array_menu import MENU, first_arrays, strided
from tensorlint.verify.rows.names import ARRAY_SKIPPED, ARRAY_WRITERS
from tensorlint.verify.rows.observed import Call, Seen

__all__ = ["candidates", "observe", "resolve"]

MODULES = {
    "numpy": ("numpy", "numpy.linalg", "numpy.fft", "numpy.random", "numpy.testing"),
    "scipy": (
        "scipy.stats",
        "scipy.signal",
        "scipy.spatial",
        "scipy.spatial.distance",
        "scipy.ndimage",
        "scipy.linalg",
        "scipy.interpolate",
        "scipy.fft",
        "scipy.integrate",
        "scipy.special",
    ),
    "sklearn": ("sklearn.metrics", "sklearn.metrics.pairwise", "sklearn.preprocessing", "sklearn.utils"),
}
"""The modules whose functions are tried, for each library."""


def candidates(library: str = "numpy") -> Iterator[str]:
    """The public functions of a library's modules, and for NumPy the methods of ndarray, that can be tried."""
    if library == "numpy":
        for name in sorted(dir(np.ndarray)):
            if not name.startswith("_") and name not in ARRAY_SKIPPED and callable(getattr(np.ndarray, name)):
                yield f"numpy.ndarray.{name}"
    for module in MODULES[library]:
        holder = importlib.import_module(module)
        for name in sorted(getattr(holder, "__all__", dir(holder)) if library != "numpy" else dir(holder)):
            value = getattr(holder, name)
            if name.startswith("_") or name in ARRAY_SKIPPED or not callable(value):
                continue
            if isinstance(value, type) and not (library == "numpy" and issubclass(value, np.generic)):
                continue
            if library != "numpy" and not isinstance(value, (FunctionType, np.ufunc)):
                continue
            if library == "sklearn" and not value.__module__.startswith(module):  # imported for its own use
                continue
            yield f"{module}.{name}"


def resolve(name: str) -> Any:
    """The object of a fully qualified name; None where this installation has none."""
    parts = name.split(".")
    try:
        value: Any = importlib.import_module(parts[0])
    except ImportError:
        return None
    for at, part in enumerate(parts[1:], 2):
        if not hasattr(value, part):
            try:
                importlib.import_module(".".join(parts[:at]))
            except ImportError:
                return None
        value = getattr(value, part, None)
    return value


def observe(name: str, function: Callable[..., Any] | None = None, bases: slice = slice(None)) -> Seen:
    """Try a function on the whole menu. For ``numpy.ndarray.x``, the menu's first argument is the receiver."""
    seen = Seen(kind="array")
    call = resolve(name) if function is None else function
    if call is None:
        return seen
    method = name.startswith("numpy.ndarray.")
    taken = _Taken()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for base in first_arrays()[bases] if name.startswith("numpy.") else first_arrays()[:2]:
            for inputs in MENU:
                try:
                    arguments = inputs(base.copy(order="K") if base.flags.c_contiguous else strided(base))
                    if method and not isinstance(arguments[0], np.ndarray):
                        continue
                except Exception:  # this entry of the menu needs another shape
                    continue
                if _arrays(call, arguments, method, seen, name):
                    _tensors(call, arguments, method, seen, taken)
    names = parameter_names(call)
    for label in sorted(taken.converted | (taken.lists - taken.passed)):
        seen.converts.add(label)
        at = int(label) + method
        if at < len(names):
            seen.converts.add(names[at])
    seen.unconverted = taken.passed - taken.converted - taken.lists
    seen.refuses_tensors = "0" in taken.refused and "0" in taken.lists and "0" not in taken.converted | taken.passed
    if isinstance(call, np.ufunc) or "out" in names or "out" in _keywords(call):
        seen.out = True
    return seen


@dataclass(slots=True)
class _Taken:
    """What became of tensors in place of arrays, by position."""

    converted: set[str] = field(default_factory=set)
    passed: set[str] = field(default_factory=set)
    """The call worked on a tensor without converting it: by its own method, or by looking at no value."""
    refused: set[str] = field(default_factory=set)
    """The tensor's own method was called with keywords of NumPy that it does not have."""
    lists: set[str] = field(default_factory=set)
    """A list of tensors was converted."""


def _arrays(function: Callable[..., Any], arguments: tuple[Any, ...], method: bool, seen: Seen, name: str) -> bool:
    """One call with arrays: whether it worked, what comes out, and what was written to."""
    first = next((one for one in _flat(arguments) if isinstance(one, np.ndarray)), None)
    if first is None:
        return False
    before = copy.deepcopy(arguments)
    try:
        np.random.seed(3)
        result = function(*arguments)
    except Exception:  # these arguments do not fit
        return False
    written = frozenset(
        ("self" if method and at == 0 else str(at - method))
        for at, (one, was) in enumerate(zip(arguments, before, strict=True))
        if isinstance(one, np.ndarray) and not np.array_equal(one, was, equal_nan=one.dtype.kind in "fc")
    )
    if written and name.rpartition(".")[2] not in ARRAY_WRITERS:  # out, given by position
        if isinstance(result, np.ndarray) and any(result is one for one in arguments):
            seen.out_at |= written
        return False
    kind, items = _kind(result, first, method)
    shares = strides = None
    if isinstance(result, np.ndarray):
        own = arguments[0] is first and bool(result.size and first.ndim)
        shares = bool(np.shares_memory(result, first)) if own else None
        backwards = any(stride < 0 for stride, size in zip(result.strides, result.shape, strict=True) if size > 1)
        given = any(stride < 0 for stride in first.strides)
        strides = ("keep" if backwards else "drop") if given else "make" if backwards else ""
    seen.calls.append(
        Call(
            returns=kind,
            items=items,
            dtypes=(
                first.dtype.name,
                result.dtype.name if isinstance(result, np.ndarray) and arguments[0] is first else "",
            ),
            shares=shares,
            plain=first.flags.c_contiguous,
            strides=strides or "",
            writes=written,
            alone=len(arguments) == 1 and arguments[0] is first and first.ndim > 0,
        )
    )
    return True


def _tensors(function: Callable[..., Any], arguments: tuple[Any, ...], method: bool, seen: Seen, taken: _Taken) -> None:
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


def parameter_names(function: Callable[..., Any]) -> list[str]:
    """The names of the positional parameters; none where the function does not tell."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [one.name for one in parameters if one.kind in (one.POSITIONAL_OR_KEYWORD, one.POSITIONAL_ONLY)]


def _keywords(function: Callable[..., Any]) -> set[str]:
    try:
        return set(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return set()


def _flat(arguments: Sequence[Any]) -> Iterator[Any]:
    for one in arguments:
        if isinstance(one, list):
            yield from one
        else:
            yield one


def _kind(result: Any, first: Any, method: bool) -> tuple[str, tuple[str, ...]]:
    if result is first:
        return ("self" if method else "argument"), ()
    if isinstance(result, np.ndarray):
        return "array", ()
    if isinstance(result, np.generic):
        return "scalar", ()
    if isinstance(result, tuple) and result:
        if all(type(item) is int for item in result):
            return "shape", ()
        return "tuple", tuple(_kind(item, first, method)[0].replace("argument", "array") for item in result)
    if isinstance(result, list) and result and all(isinstance(item, np.ndarray) for item in result):
        return "arrays", ()
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
    np.dtype: "dtype",
}
