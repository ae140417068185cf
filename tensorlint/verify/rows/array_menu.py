"""The inputs that NumPy's functions are tried on."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

__all__ = ["MENU", "first_arrays", "strided"]

Array: TypeAlias = np.ndarray[Any, Any]
Inputs: TypeAlias = Callable[[Any], "tuple[Any, ...]"]


def strided(base: Array) -> Array:
    """A copy with the same strides, negative ones included."""
    signs = tuple(slice(None, None, -1) if stride < 0 else slice(None) for stride in base.strides)
    if any(stride < 0 for stride in base.strides):
        again: Array = base[signs].copy()[signs]
    elif base.flags.f_contiguous:
        again = base.T.copy().T
    else:
        again = np.repeat(base, 2, axis=-1)[..., ::2]
    return again


@lru_cache(maxsize=1)
def first_arrays() -> tuple[Array, ...]:
    """What the menu's entries are made from: shapes, layouts and dtypes in a small number."""
    square = np.full((4, 4), 0.3) + 0.5 * np.eye(4)  # positive definite, all elements within (0, 1)
    integers: Array = np.arange(16).reshape(4, 4) % 3
    cube = np.arange(64.0).reshape(4, 4, 4) / 64
    return (
        square,
        square[0].copy(),
        square.astype(np.float32),
        np.asfortranarray(square + np.triu(square)),
        np.repeat(square, 2, axis=1)[:, ::2],
        square[::-1],
        square[0, ::-1],
        cube,
        cube[:, :, ::-1],
        integers,
        integers[0].copy(),
        square > 0.5,
        np.array(0.5),
    )


def _fresh(x: Array) -> Array:
    again: Array = np.array(x)
    return again


def _labels(x: Array) -> Array:
    """Zeros and ones, both of them, one for each row."""
    labels: Array = np.arange(x.shape[0]) // 2 % 2
    return labels


MENU: tuple[Inputs, ...] = (
    lambda x: (x,),
    lambda x: (x, _fresh(x)),
    lambda x: (x, _fresh(x), _fresh(x)),
    lambda x: (x, 0),
    lambda x: (x, 1),
    lambda x: (x, 2),
    lambda x: (x, -1),
    lambda x: (x, 0.5),
    lambda x: (x, 0.2, 0.8),
    lambda x: (x, 0, 1),
    lambda x: (x, 0, 1, 2),
    lambda x: (x, _fresh(x), 0),
    lambda x: (x, _fresh(x), 1),
    lambda x: (x, 0, _fresh(x)),
    lambda x: (x, 0, _fresh(x), 0),
    lambda x: (x, 1, _fresh(x)),
    lambda x: ([x, _fresh(x)],),
    lambda x: ([x, _fresh(x)], 0),
    lambda x: (0.5, x),
    lambda x: (1, x),
    lambda x: (1, 1, x),
    lambda x: (x, x.shape),
    lambda x: (x, (1, *x.shape)),
    lambda x: (x, tuple(range(x.ndim))[::-1]),
    lambda x: (x, (0,)),
    lambda x: (x, 2, 0),
    lambda x: (x, np.float64),
    lambda x: (x, np.int64),
    lambda x: (x, np.zeros(x.shape, int)),
    lambda x: (x, np.zeros(x.shape, int), 0),
    lambda x: (x, np.zeros(x.shape[0], int)),
    lambda x: (x, np.zeros(x.shape[0], int), 0),
    lambda x: (x, np.zeros(x.shape[0], int), _fresh(x)[0]),
    lambda x: (x, np.zeros(x.shape, int), _fresh(x)),
    lambda x: (x, np.zeros(x.shape, int), _fresh(x), 0),
    lambda x: (np.ones(x.shape, bool), x),
    lambda x: (np.ones(x.shape, bool), x, _fresh(x)),
    lambda x: (x, np.ones(x.shape, bool)),
    lambda x: (x, np.ones(x.shape, bool), _fresh(x)),
    lambda x: (x, [np.ones(x.shape, bool)], [1.0]),
    lambda x: ([x > 0.5], [x]),
    lambda x: (np.zeros(x.shape, int), [x, x]),
    lambda x: ("ij,jk->ik", x, _fresh(x)),
    lambda x: (lambda row: row, 0, x),
    lambda x: (lambda a, axis: a, x, [0]),
    lambda x: (0, x.shape[0], x) if x.dtype == int else (),
    lambda x: (x.shape[0] + 1, x) if x.dtype == int else (),
    lambda x: ((4, 4), x) if x.dtype == int else (),
    lambda x: (np.linspace(0, 1, x.shape[0]), np.linspace(0, 1, x.shape[0]), x),
    lambda x: (x, np.linspace(0, 1, x.shape[0]), np.linspace(0, 1, x.shape[0])),
    lambda x: (np.linspace(0, 1, x.shape[0]), x, 1),
    lambda x: (x, _fresh(x), 5, [[0, 1], [0, 1]]),
    lambda x: (x, 3, None, None, _fresh(x)),
    lambda x: (5, x),
    lambda x: (x, 2, True),
    lambda x: (x, 2, True, np.full(x.shape[0], 1 / x.shape[0])),
    lambda x: (np.zeros(x.shape[0]), _fresh(x), 3),
    lambda x: (_labels(x), x),
    lambda x: (_labels(x), _labels(x)[::-1].copy()),
    lambda x: (x, _labels(x)),
    lambda x: (np.linspace(0, 1, x.shape[0]), x),
    lambda x: (x / x.sum(), _fresh(x) / x.sum()),
)
"""Arguments to try, made from a first array."""
