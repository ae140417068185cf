"""Watches of values: memory that is shared, contents that change, gradients, results that are dropped."""

from __future__ import annotations

import ast
from types import FrameType
from typing import Any

import torch

from tensorlint.observe.frozen import Frozen, changes, close, freeze, share_memory
from tensorlint.verify.claims import Claim
from tensorlint.verify.watch import Seen, Warned, Watch

__all__ = ["Discards", "Gradient", "Holds", "Overwrites", "Shares", "Stale"]

_MANY = 64  # hits of one statement after which no more are looked at


class Shares(Watch):
    shared = False

    def after(self, frame: FrameType) -> None:
        first, second = (self.value(text, frame) for text in (self.claim.subject, self.claim.detail))
        self.shared |= share_memory(first, second)

    def finish(self, warned: list[Warned]) -> Seen:
        return Seen(self.shared == (self.claim.verb == "shares"), "shares memory" if self.shared else "a copy")


class Overwrites(Watch):
    """The object is kept, not its name: the line may bind the name to something else."""

    held: tuple[Any, Frozen] | None = None
    changed = ""

    def before(self, frame: FrameType) -> None:
        subject = self.value(self.claim.subject, frame)
        self.held = (subject, freeze(subject))

    def after(self, frame: FrameType) -> None:
        if self.held is not None:
            self.changed = self.changed or changes(self.held[1], freeze(self.held[0]))

    def finish(self, warned: list[Warned]) -> Seen:
        return Seen(bool(self.changed) == (self.claim.verb == "overwrites"), self.changed or "unchanged")


class Stale(Watch):
    def __init__(self, claim: Claim, marked: ast.expr | None, device: str) -> None:
        super().__init__(claim, marked, device)
        self.kept: list[tuple[Any, Frozen]] = []

    def after(self, frame: FrameType) -> None:
        if len(self.kept) < _MANY:
            subject = self.value(self.claim.subject, frame)
            self.kept.append((subject, freeze(subject)))

    def finish(self, warned: list[Warned]) -> Seen:
        changed = next(filter(None, (changes(then, freeze(subject)) for subject, then in self.kept)), "")
        return Seen(bool(changed) == (self.claim.verb == "stale"), f"{changed} later" if changed else "as it was")


class Gradient(Watch):
    """The object is kept when its function returns; its gradient is looked at when everything is over."""

    held: tuple[Any, Frozen | None] | None = None

    def after(self, frame: FrameType) -> None:
        if not self.claim.detail:
            self.held = (self.value(self.claim.subject, frame), None)  # its function may end with an error

    def leave(self, frame: FrameType) -> None:
        right = freeze(self.value(self.claim.detail, frame)) if self.claim.detail else None
        self.held = (self.value(self.claim.subject, frame), right)

    def finish(self, warned: list[Warned]) -> Seen:
        if self.held is None:
            return Seen(False, "its function did not return")
        subject, right = self.held
        gradient = subject.grad
        if right is None:
            lost = gradient is None or not bool(gradient.any())
            return Seen(lost, "no gradient" if lost else "a gradient")
        same = close(freeze(gradient), right)
        return Seen(same == (self.claim.verb == "right gradient"), "right" if same else "wrong gradient")


class Holds(Watch):
    held = True

    def after(self, frame: FrameType) -> None:
        self.held = self.held and bool(self.value(self.claim.subject, frame))

    def finish(self, warned: list[Warned]) -> Seen:
        return Seen(self.held and self.hits > 0, "true" if self.held else "not true")


class Discards(Watch):
    state: tuple[Any, ...] = ()
    idle = False
    """The line changed nothing though its value is something else."""

    def before(self, frame: FrameType) -> None:
        if self.marked is None:
            raise ValueError("no expression is marked on this line")
        self.state = _state(self.value(self.claim.subject, frame))
        self.idle = _differs(_state(self.value(self.marked, frame)), self.state)

    def after(self, frame: FrameType) -> None:
        if _differs(_state(self.value(self.claim.subject, frame)), self.state):
            self.idle = False

    def finish(self, warned: list[Warned]) -> Seen:
        return Seen(self.idle, "its value is dropped" if self.idle else "its value is used, or nothing else")


def _state(value: Any) -> tuple[Any, ...]:
    if isinstance(value, torch.Tensor):
        about = (value.device, value.dtype, value.requires_grad, value.is_conj(), value.layout, tuple(value.shape))
        return (about, freeze(value))
    return (type(value), freeze(value))


def _differs(first: tuple[Any, ...], second: tuple[Any, ...]) -> bool:
    return first[0] != second[0] or bool(changes(first[1], second[1]))
