"""What is looked at while a fixture runs: the base of all watches.

A watch is told when the claimed statement begins and ends, what is raised in it, when its function returns and when
everything is over. What it then has :class:`Seen` is independent of what was claimed: a verb and its opposite
(``stale`` and ``fresh``) share a watch.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

from tensorlint.verify.claims import Claim

__all__ = ["Seen", "Warned", "Watch", "code", "names"]


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
    direct: bool = True
    """The warning names that line; else it names a line of a library, which was called there."""


class Watch:
    """The watch of one claim in one run of one function."""

    def __init__(self, claim: Claim, marked: ast.expr | None, device: str) -> None:
        self.claim = claim
        self.marked = marked
        self.device = device
        self.hits = 0
        self.fault = ""
        """Why nothing could be seen: an expression of the claim failed."""
        self.ended: BaseException | None = None
        """What the program ended with, once it is over."""

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
        return eval(code(source), names(frame))


def names(frame: FrameType) -> dict[str, Any]:
    """What a frame sees, as globals: the locals of ``eval`` are out of reach of a comprehension in the expression."""
    return {**frame.f_globals, **frame.f_locals}


def code(source: str | ast.expr) -> CodeType:
    return compile(source if isinstance(source, str) else ast.Expression(source), "<claim>", "eval")
