"""Watches: what is looked at while a fixture runs, one kind for each verb that a claim may use.

A watch is told when the claimed statement begins and ends, what is raised in it, when its function returns and when
everything is over. What it then has :class:`Seen` is independent of what was claimed: the verb and its opposite
(``stale`` and ``fresh``) share a watch.
"""

from __future__ import annotations

import ast
import timeit
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

import torch

from tensorlint.verify.claims import Claim
from tensorlint.verify.frozen import Frozen, changes, close, freeze, share_memory

__all__ = ["Seen", "Warned", "Watch", "marked_expression", "watch"]

_MANY = 64  # hits of one statement after which no more are looked at


@dataclass(frozen=True, slots=True)
class Seen:
    """What happened, and whether that is what the claim says."""

    held: bool
    text: str


@dataclass(frozen=True, slots=True)
class Warned:
    """A warning that was given at a line of a fixture's file."""

    path: str
    line: int
    category: str
    text: str


class Watch:
    """The watch of one claim in one run of one function."""

    def __init__(self, claim: Claim, marked: ast.expr | None, device: str) -> None:
        self.claim = claim
        self.marked = marked
        self.device = device
        self.hits = 0
        self.fault = ""
        """Why nothing could be seen: an expression of the claim failed."""

    def before(self, frame: FrameType) -> None:
        """The statement is about to run."""

    def after(self, frame: FrameType) -> None:
        """The statement has run without an exception."""

    def raised(self, error: BaseException) -> None:
        """An exception was raised in the statement, in this function's own code or below it."""

    def leave(self, frame: FrameType) -> None:
        """The statement's function returns."""

    def finish(self, warned: list[Warned]) -> Seen:
        """The run is over."""
        return Seen(True, "nothing")

    def value(self, source: str | ast.expr, frame: FrameType) -> Any:
        """The value of an expression where the statement stands."""
        return eval(_code(source), frame.f_globals, frame.f_locals)


def _code(source: str | ast.expr) -> CodeType:
    return compile(source if isinstance(source, str) else ast.Expression(source), "<claim>", "eval")


class _Raises(Watch):
    seen: BaseException | None = None

    def raised(self, error: BaseException) -> None:
        if self.seen is None or not self._as_claimed(self.seen):
            self.seen = error

    def _as_claimed(self, error: BaseException) -> bool:
        text = self.claim.detail.replace("{device}", self.device)
        return self.claim.subject in {kind.__name__ for kind in type(error).__mro__} and text in str(error)

    def finish(self, warned: list[Warned]) -> Seen:
        if self.seen is None:
            return Seen(False, "nothing raised")
        return Seen(self._as_claimed(self.seen), f"raises {type(self.seen).__name__}: {_first_line(str(self.seen))}")


class _Warns(Watch):
    def finish(self, warned: list[Warned]) -> Seen:
        claim = self.claim
        here = [one for one in warned if one.path == claim.path and claim.line <= one.line <= claim.end]
        held = any(one.category == claim.subject and claim.detail in one.text for one in here)
        texts = sorted({f"warns {one.category}: {_first_line(one.text)}" for one in here})
        return Seen(held, "; ".join(texts) or "no warning")


class _Shares(Watch):
    shared = False

    def after(self, frame: FrameType) -> None:
        first, second = (self.value(text, frame) for text in (self.claim.subject, self.claim.detail))
        self.shared |= share_memory(first, second)

    def finish(self, warned: list[Warned]) -> Seen:
        return Seen(self.shared == (self.claim.verb == "shares"), "shares memory" if self.shared else "a copy")


class _Overwrites(Watch):
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


class _Stale(Watch):
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


class _Gradient(Watch):
    right = True
    lost = False

    def leave(self, frame: FrameType) -> None:
        gradient = self.value(self.claim.subject, frame).grad
        if self.claim.verb == "no gradient":
            self.lost = gradient is None or not bool(gradient.any())
        else:
            self.right = close(freeze(gradient), freeze(self.value(self.claim.detail, frame)))

    def finish(self, warned: list[Warned]) -> Seen:
        if self.claim.verb == "no gradient":
            return Seen(self.lost, "no gradient" if self.lost else "a gradient")
        return Seen(self.right == (self.claim.verb == "right gradient"), "right" if self.right else "wrong gradient")


class _Always(Watch):
    def __init__(self, claim: Claim, marked: ast.expr | None, device: str) -> None:
        super().__init__(claim, marked, device)
        self.values: set[bool] = set()

    def before(self, frame: FrameType) -> None:
        if self.marked is None:
            raise ValueError("no comparison is marked on this line")
        self.values.add(bool(self.value(self.marked, frame)))

    def finish(self, warned: list[Warned]) -> Seen:
        wanted = self.claim.subject == "True"
        return Seen(self.values == {wanted}, " and ".join(sorted(map(str, self.values))))


class _Discards(Watch):
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


class _Slower(Watch):
    factor = 0.0

    def before(self, frame: FrameType) -> None:
        if self.marked is None:
            raise ValueError("no expression is marked on this line")
        if self.hits == 1:
            times = []
            for source in (self.marked, self.claim.subject):
                code = _code(source)
                run = timeit.Timer(
                    "eval(code, g, l)", globals={"code": code, "g": frame.f_globals, "l": frame.f_locals}
                )
                times.append(min(run.repeat(5, 1)))
            self.factor = times[0] / max(times[1], 1e-9)

    def finish(self, warned: list[Warned]) -> Seen:
        held = self.factor > float(self.claim.detail)
        return Seen(held, f"{'more' if held else 'less'} than {self.claim.detail} times as slow")


def _state(value: Any) -> tuple[Any, ...]:
    if isinstance(value, torch.Tensor):
        about = (value.device, value.dtype, value.requires_grad, value.is_conj(), value.layout, tuple(value.shape))
        return (about, freeze(value))
    return (type(value), freeze(value))


def _differs(first: tuple[Any, ...], second: tuple[Any, ...]) -> bool:
    return first[0] != second[0] or bool(changes(first[1], second[1]))


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0][:160] if text.strip() else ""


def marked_expression(module: ast.Module, text: str, line: int, column: int) -> ast.expr | None:
    """The largest expression that begins at a line and column (from 1, in code points) of a parsed file."""
    offset = len(text.splitlines()[line - 1][: column - 1].encode())  # ast counts the bytes of UTF-8
    begin = [
        node
        for node in ast.walk(module)
        if isinstance(node, ast.expr) and (node.lineno, node.col_offset) == (line, offset)
    ]
    return max(begin, key=lambda node: (node.end_lineno or 0, node.end_col_offset or 0), default=None)


_KINDS: dict[str, type[Watch]] = {
    "raises": _Raises,
    "warns": _Warns,
    "shares": _Shares,
    "copies": _Shares,
    "overwrites": _Overwrites,
    "spares": _Overwrites,
    "stale": _Stale,
    "fresh": _Stale,
    "wrong gradient": _Gradient,
    "right gradient": _Gradient,
    "no gradient": _Gradient,
    "always": _Always,
    "discards": _Discards,
    "slower than": _Slower,
}


def watch(claim: Claim, marked: ast.expr | None, device: str) -> Watch:
    """A new watch for a claim; ``marked`` is the expression that the line's marker points at."""
    return _KINDS.get(claim.verb, Watch)(claim, marked, device)
