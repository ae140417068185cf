"""What autograd has recorded and saved, read without doing anything to it.

What was saved is looked at, not unpacked: that would call hooks of the program's own, and some may be called only once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import torch

__all__ = ["Saved", "operations", "saved"]

_MOST = 5000
"""Operations that are looked at, from the end of the graph."""
_names: dict[type, tuple[str, ...]] = {}


class Saved(NamedTuple):
    """A tensor that an operation has saved for its backward."""

    operation: Any
    tensor: torch.Tensor


def operations(roots: Any) -> Iterator[Any]:
    """The operations that led to tensors, each once.

    :param roots: what ``backward`` or ``grad`` was given: tensors, or graph edges
    """
    waiting = [_operation(root) for root in (roots if isinstance(roots, (list, tuple)) else (roots,))]
    seen: set[Any] = set()
    while waiting and len(seen) < _MOST:
        one = waiting.pop()
        if one is None or one in seen:
            continue
        seen.add(one)
        yield one
        waiting.extend(following for following, _ in one.next_functions)


def _operation(root: Any) -> Any:
    return root.grad_fn if isinstance(root, torch.Tensor) else getattr(root, "node", None)


def saved(some: Iterable[Any]) -> Iterator[Saved]:
    """What operations have saved, where no hook keeps it in its place."""
    for operation in some:
        for name in _raw_names(type(operation)):
            try:
                found = getattr(operation, name)
            except RuntimeError:  # freed by another backward
                continue
            for one in found if isinstance(found, (list, tuple)) else (found,):
                tensor = one.data if getattr(one, "unpack_hook", one) is None else None
                if isinstance(tensor, torch.Tensor):
                    yield Saved(operation, tensor)


def _raw_names(kind: type) -> tuple[str, ...]:
    if kind not in _names:
        _names[kind] = tuple(name for name in dir(kind) if name.startswith("_raw_saved_"))
    return _names[kind]
