"""What the latest detached tensors were detached from: nothing on a detached tensor tells."""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable
from types import FrameType
from typing import Any

import torch

from tensorlint.observe.intercept import intercept

__all__ = ["Detached"]

_MOST = 32


class Detached:
    """Follows ``Tensor.detach`` while it is entered."""

    def __init__(self) -> None:
        self._latest: deque[tuple[weakref.ref[Any], weakref.ref[Any] | None, bool]] = deque(maxlen=_MOST)
        self.watchers: list[Callable[[torch.Tensor, FrameType], None]] = []
        """Told of every tensor that was detached from a parameter, and by whom."""

    def __enter__(self) -> Detached:
        self._undo = intercept(torch.Tensor, "detach", "Tensor.detach", self._detach)
        return self

    def __exit__(self, *error: object) -> None:
        self._undo()

    def source(self, tensor: torch.Tensor) -> torch.Tensor | None:
        """What a tensor was detached from, if that was lately and it is still there."""
        for made, given, _ in list(self._latest):
            if made() is tensor:
                found: torch.Tensor | None = given() if given is not None else None
                return found
        return None

    def required_grad(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor was detached lately from one that requires grad."""
        return any(grad and made() is tensor for made, _, grad in list(self._latest))

    def _detach(
        self, name: str, original: Callable[..., Any], frame: FrameType, args: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        __tracebackhide__ = True
        result = original(*args, **named)
        if args and isinstance(result, torch.Tensor):
            with torch._C.DisableTorchFunction():  # a subclass or a mode of the program's is not asked
                self._note(result, args[0], frame)
        return result

    def _note(self, made: torch.Tensor, given: torch.Tensor, frame: FrameType) -> None:
        # A parameter that has a weak reference cannot be swapped (torch.utils.swap_tensors).
        is_parameter = isinstance(given, torch.nn.Parameter)
        source = None if is_parameter else weakref.ref(given)
        self._latest.appendleft((weakref.ref(made), source, given.requires_grad))
        for watcher in self.watchers if is_parameter else ():
            watcher(made, frame)
