"""Runs NumPy-like functions on a menu of small arrays, and again with tensors in their place (``conversions``)."""

from __future__ import annotations

import copy
import importlib
import inspect
import warnings
from collections.abc import Callable, Iterator, Sequence
from types import FunctionType
from typing import Any

import numpy as np

from tensorlint.verify.rows.array_menu import MENU, first_arrays, strided
from tensorlint.verify.rows.conversions import Taken, try_tensors
from tensorlint.verify.rows.names import ARRAY_SKIPPED, ARRAY_WRITERS
from tensorlint.verify.rows.observed import Call, Seen
from tensorlint.verify.rows.resolving import resolve

__all__ = ["candidates", "observe"]

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


def observe(name: str, function: Callable[..., Any] | None = None, bases: slice = slice(None)) -> Seen:
    """Try a function on the whole menu. For ``numpy.ndarray.x``, the menu's first argument is the receiver."""
    seen = Seen(kind="array")
    call = resolve(name) if function is None else function
    if call is None:
        return seen
    method = name.startswith("numpy.ndarray.")
    taken = Taken()
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
                    try_tensors(call, arguments, method, seen, taken)
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
    elif not _keywords(call):
        seen.out = None  # what its parameters are is not told
    return seen


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
    dtype = ""
    if isinstance(result, np.ndarray):
        dtype = result.dtype.name if arguments[0] is first else ""
        own = arguments[0] is first and bool(result.size and first.ndim)
        shares = bool(np.shares_memory(result, first)) if own else None
        backwards = any(stride < 0 for stride, size in zip(result.strides, result.shape, strict=True) if size > 1)
        given = any(stride < 0 for stride in first.strides)
        strides = ("keep" if backwards else "drop") if given else "make" if backwards else ""
    seen.calls.append(
        Call(
            returns=kind,
            items=items,
            dtypes=(first.dtype.name, dtype),
            shares=shares,
            plain=first.flags.c_contiguous,
            strides=strides or "",
            writes=written,
            alone=len(arguments) == 1 and arguments[0] is first and first.ndim > 0,
        )
    )
    return True


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
