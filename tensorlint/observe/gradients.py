"""Values that leave the graph, and tensors made of numbers and arrays that take part in a ``backward``.

What happens to a number or an array in between cannot be followed; that the one becomes the other is what a finding
says.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

import torch
from torch.multiprocessing.reductions import StorageWeakRef

from tensorlint.observe.crossings import Facts
from tensorlint.observe.detached import Detached
from tensorlint.observe.graphs import operations, saved
from tensorlint.observe.hazards import LEFT_GRAPH, TOOK_PART
from tensorlint.observe.places import Place
from tensorlint.observe.recorder import Recorder
from tensorlint.observe.recording import Hazard

__all__ = ["Gradients"]

_MOST = 64
"""Tensors that are followed at a time, the latest."""
_ENOUGH = 16
"""Times after which it is known of a place that what it makes takes part."""


class Gradients:
    """Follows what leaves the graph, and what is made outside of it, while it is entered."""

    def __init__(self, recorder: Recorder, detached: Detached) -> None:
        self._recorder = recorder
        self._detached = detached
        self._made: deque[tuple[StorageWeakRef, Place]] = deque(maxlen=_MOST)
        self._known: dict[Place, int] = {}
        self._has_left = False

    def __enter__(self) -> Gradients:
        self._recorder.watchers.append(self._left)
        self._recorder.makers.append(self._make)
        return self

    def __exit__(self, *error: object) -> None:
        self._recorder.watchers.remove(self._left)
        self._recorder.makers.remove(self._make)

    def look(self, roots: Any, place: Place | None) -> None:
        """Note which of the tensors that were made take part in a ``backward`` at a place."""
        made = {storage.cdata: where for storage, where in list(self._made) if not storage.expired()}
        if not made:
            return
        parts = {made[key] for tensor in _parts(roots) if (key := _key(tensor)) in made}
        for where in parts:
            self._known[where] = self._known.get(where, 0) + 1
            self._recorder.hazard(where, Hazard(TOOK_PART, "", place))

    def _left(self, before: Facts, made: Any, place: Place, shares: bool) -> None:
        if not isinstance(before.value, torch.Tensor):
            return
        if before.value.requires_grad:
            self._has_left = True
        elif self._detached.required_grad(before.value):
            self._has_left = True
            self._recorder.hazard(place, Hazard(LEFT_GRAPH, ""))

    def _make(self, made: Any, place: Place) -> None:
        if not self._has_left or not isinstance(made, torch.Tensor) or self._known.get(place, 0) >= _ENOUGH:
            return
        if (storage := _storage(made)) is not None:
            self._made.append((StorageWeakRef(storage), place))


def _parts(roots: Any) -> Iterator[torch.Tensor]:
    """What is differentiated, the leaves, and what was saved on the way."""
    for root in roots if isinstance(roots, (list, tuple)) else (roots,):
        if isinstance(root, torch.Tensor):
            yield root
    found = list(operations(roots))
    for operation in found:
        if (leaf := getattr(operation, "variable", None)) is not None:
            yield leaf
    for each in saved(found):
        yield each.tensor


def _storage(tensor: torch.Tensor) -> torch.UntypedStorage | None:
    try:
        return tensor.untyped_storage()
    except (RuntimeError, NotImplementedError):  # a sparse one, or one that wraps another
        return None


def _key(tensor: torch.Tensor) -> int | None:
    storage = _storage(tensor)
    return None if storage is None else int(storage._cdata)
