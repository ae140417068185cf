"""The inputs that torch's functions are tried on."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch

__all__ = ["MENU", "first_tensors", "fresh"]

Inputs = Callable[[torch.Tensor], "tuple[Any, ...]"]


def fresh(base: torch.Tensor) -> torch.Tensor:
    """A copy with the same strides that in-place operations may write to, requiring grad if it can."""
    copy = torch.empty_strided(base.shape, base.stride(), dtype=base.dtype)
    copy.copy_(base)
    if base.is_floating_point() or base.is_complex():
        return copy.requires_grad_().clone()
    return copy


@lru_cache(maxsize=1)
def first_tensors() -> tuple[torch.Tensor, ...]:
    """What the menu's entries are made from: shapes, layouts and dtypes in a small number."""
    square = 0.3 * torch.ones(4, 4) + 0.5 * torch.eye(4)  # positive definite, all elements within (0, 1)
    stack = torch.stack([square, square.flip(0), square, square])
    integers = torch.arange(16).reshape(4, 4) % 3
    return (
        square,
        stack.transpose(0, 2),
        square[0].clone(),
        stack[None],
        square.double().t()[:3].t(),
        integers,
        integers[0].clone(),
        square > 0.5,
        square.to(torch.complex64),
        torch.tensor(0.5),
    )


def _like(x: torch.Tensor) -> torch.Tensor:
    return fresh(x.detach())


def _index(x: torch.Tensor) -> torch.Tensor:
    return torch.zeros(x.shape[:1] or (1,), dtype=torch.int64)


MENU: tuple[Inputs, ...] = (
    lambda x: (x,),
    lambda x: (x, _like(x)),
    lambda x: (x, _like(x), _like(x)),
    lambda x: (x, 0),
    lambda x: (x, 1),
    lambda x: (x[..., 0], _like(x), _like(x)[..., 0]),
    lambda x: (x[0], _like(x), _like(x)),
    lambda x: (_like(x)[..., 0], x, _like(x)[0, ..., 0]),
    lambda x: (x, -1),
    lambda x: (x, 0.5),
    lambda x: (x, 0, 1),
    lambda x: (x, 1, 0),
    lambda x: (x, 1, 0, 1),
    lambda x: (x, 0, 0, 1),
    lambda x: (x, 0.2, 0.8),
    lambda x: (x, 2, 0, 1),
    lambda x: (x, 2, 0),
    lambda x: (x, 4, 0.0, 1.0),
    lambda x: (x, 2, 0, 0.5),
    lambda x: (x, tuple(x.shape)),
    lambda x: (x, (1, *x.shape)),
    lambda x: (x, (0,)),
    lambda x: (x, (0,), (0,)),
    lambda x: (x, tuple(range(x.ndim))[::-1]),
    lambda x: (x, (2, 2)),
    lambda x: (x, 0, (2, 2)),
    lambda x: (x, torch.float64),
    lambda x: (x, torch.int64),
    lambda x: (x, "fro"),
    lambda x: (x, _index(x)),
    lambda x: (x, 0, _index(x)),
    lambda x: (x, 0, _index(x), _like(x)),
    lambda x: (x, 0, _index(x), 0.5),
    lambda x: (x, 0, _index(x), _like(x), "mean"),
    lambda x: (x, 0, torch.zeros_like(x, dtype=torch.int64)),
    lambda x: (x, torch.zeros_like(x, dtype=torch.int64)),
    lambda x: (x, torch.zeros_like(x, dtype=torch.int64), 0),
    lambda x: (x, 0, torch.zeros_like(x, dtype=torch.int64), _like(x)),
    lambda x: (x, 0, torch.zeros_like(x, dtype=torch.int64), _like(x), "sum"),
    lambda x: (x, torch.ones_like(x, dtype=torch.bool)),
    lambda x: (x, torch.ones_like(x, dtype=torch.bool), 0.5),
    lambda x: (x, torch.ones_like(x, dtype=torch.bool), _like(x)),
    lambda x: (torch.ones_like(x, dtype=torch.bool), x, _like(x)),
    lambda x: (x, (_index(x),), _like(x)[0]),
    lambda x: (x, _like(x)[0], 0),
    lambda x: (x, _like(x)[0], 0, 0),
    lambda x: (x, _like(x)[0]),
    lambda x: (x, _like(x)[0], _like(x)[0]),
    lambda x: ([x, _like(x)],),
    lambda x: ([x, _like(x)], 0),
    lambda x: (1, x),
    lambda x: (0.5, x),
    lambda x: (x, tuple(x.shape), tuple(x.stride())),
    lambda x: (x, tuple(x.shape), None, 1.0),
    lambda x: (_index(x), x),
    lambda x: ("ij,jk->ik", x, _like(x)),
    lambda x: (x, _like(x), torch.ones(x.shape[0])),
    lambda x: (x, 2, 1, None, True),
    lambda x: (x, torch.zeros(4), torch.ones(4)),
    lambda x: (x, torch.zeros(x.shape[1]), torch.ones(x.shape[1])),
    lambda x: (x, 1, torch.ones(4), torch.ones(4)),
    lambda x: (x, torch.rand(1, x.shape[1], 2, 2)),
    lambda x: (x, torch.rand(x.shape[1], 1, 2, 2)),
    lambda x: (x, torch.rand(x.shape[1], 1, 2)),
    lambda x: (x, torch.rand(1, 4, 2)),
    lambda x: (x[None], torch.rand(1, x.shape[0], 1, 2, 2)),
    lambda x: (x[None], torch.rand(x.shape[0], 1, 1, 2, 2)),
    lambda x: (x[None], (1, 2, 2)),
    lambda x: (x[None], 1),
    lambda x: (x[None], 2, 1),
    lambda x: (x, 2, 2),
    lambda x: (x[None], 2, 2),
    lambda x: (x, torch.zeros(x.shape[0], 2, 2, 2)),
    lambda x: (x, _like(x), torch.ones(5, 4, 4), None),
    lambda x: (x[:, None], torch.zeros(4, 4, dtype=torch.int64)[:, :2], torch.tensor([1]), torch.tensor([1])),
    lambda x: (torch.tensor([0, 1]), x, torch.tensor([0])),
    lambda x: (x, _like(x), torch.ones(x.shape[0]), 1.0),
    lambda x: (x, torch.rand(3, x.shape[-1]), torch.tensor([0, 1, 2, 0])),
    lambda x: (x, torch.zeros_like(x, dtype=torch.int64), 2, 2),
    lambda x: (x, 2, 1.0),
    lambda x: (x, x.shape[0], 2, 0),
    lambda x: (x[..., :2],),
)
"""Arguments to try, made from a first tensor."""
