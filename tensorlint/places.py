"""Where the nodes of a tree are in the text that it was made of."""

from __future__ import annotations

import bisect
import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import libcst as cst

    from tensorlint.outline import Outline

__all__ = ["Misread", "Span", "locate"]

_BLANK = re.compile(r"[ \t\f]|\\?(?:\r\n|\r|\n)")
_NOTHING = re.compile(r"(?:[ \t\f\r\n\\]|#[^\r\n]*)*")
_CHUNK = 4096


class Misread(ValueError):
    """The tree is not that of the text: LibCST takes what follows a line with a backslash alone for indented."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of text; lines and columns from 1, the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


def locate(outline: Outline, wanted: set[int]) -> dict[int, tuple[Span, Span]]:
    """The places of the wanted nodes (by ``id``): without and with their own parentheses.

    :raises Misread: if the tree is not that of the text
    """
    from libcst.metadata.position_provider import WhitespaceInclusivePositionProvidingCodegenState

    inner: dict[int, tuple[int, int]] = {}
    outer: dict[int, tuple[int, int]] = {}

    class State(WhitespaceInclusivePositionProvidingCodegenState):
        __slots__ = ("at",)
        at: int

        def add_indent_tokens(self) -> None:
            self.tokens.extend(self.indent_tokens)
            self.at += sum(map(len, self.indent_tokens))

        def add_token(self, value: str) -> None:
            self.tokens.append(value)
            self.at += len(value)

        def before_codegen(self, node: cst.CSTNode) -> None:
            if id(node) in wanted:
                outer[id(node)] = (self.at, self.at)

        def after_codegen(self, node: cst.CSTNode) -> None:
            if (span := outer.get(id(node))) is not None:
                outer[id(node)] = (span[0], self.at)

        @contextmanager
        def record_syntactic_position(
            self,
            node: cst.CSTNode,
            *,
            start_node: cst.CSTNode | None = None,
            end_node: cst.CSTNode | None = None,
        ) -> Iterator[None]:
            start = self.at
            yield
            if id(node) in wanted:
                inner[id(node)] = (start, self.at)

    state = State(
        default_indent=outline.module.default_indent,
        default_newline=outline.module.default_newline,
        provider=None,  # type: ignore[arg-type]  # nothing is stored in a provider: only the wanted places are kept
    )
    state.at = 0
    outline.module._codegen(state)
    span = _spans(outline, "".join(state.tokens))
    return {key: (span(*inner.get(key, offsets)), span(*offsets)) for key, offsets in outer.items()}


def _spans(outline: Outline, written: str) -> Callable[[int, int], Span]:
    """What makes a span of the text of two offsets into what was written from the tree."""
    moves = list(_moves(outline, written))
    *starts, length = itertools.accumulate(map(len, outline.lines), initial=0)
    if not outline.lines or outline.lines[-1].endswith(("\n", "\r")):
        starts.append(length)

    def place(moved: int) -> tuple[int, int]:
        moved = min(moved, length)  # a last line without an end is written with one
        line = bisect.bisect_right(starts, moved)
        return line, moved - starts[line - 1] + 1

    def span(start: int, end: int) -> Span:
        # what is missing between two nodes belongs to neither
        before = moves[bisect.bisect_right(moves, start, key=lambda move: move[0]) - 1][1]
        after = moves[max(bisect.bisect_left(moves, end, key=lambda move: move[0]) - 1, 0)][1]
        return Span(*place(start + before), *place(max(end + after, start + before)))

    return span


def _moves(outline: Outline, written: str) -> Iterator[tuple[int, int]]:
    """From which offset on in what was written the text is how far ahead of it, in their order.

    It is where the body of a function was left out, and where LibCST loses white space: in ``except ValueError :``.

    :raises Misread: if they differ in anything else
    """
    from tensorlint.outline import STAND_IN

    text = "".join(outline.lines)
    at = ahead = 0
    yield 0, 0
    for stand_in in itertools.chain(STAND_IN.finditer(written) if outline.bodies else (), (None,)):
        end = stand_in.start() if stand_in is not None else len(written.rstrip("\r\n"))
        while True:
            at += _alike(written[at:end], text[at + ahead : end + ahead])
            if at >= end:
                break
            line = max(written.rfind("\n", 0, at), written.rfind("\r", 0, at)) + 1
            if _NOTHING.fullmatch(written, line) and _NOTHING.fullmatch(text, line + ahead):
                return  # what stands after the last statement can be kept otherwise
            lost = _BLANK.match(text, at + ahead)
            if lost is None:
                raise Misread(text.count("\n", 0, at + ahead) + 1)
            ahead += len(lost[0])
            yield at, ahead
        if stand_in is not None:
            body = outline.bodies[int(stand_in[1])]
            left_out = "".join(outline.lines[body.first : body.end]).lstrip(" \t").rstrip("\r\n")
            at = stand_in.end()
            ahead += len(left_out) - len(stand_in[0])
            yield at, ahead


def _alike(one: str, other: str) -> int:
    """How many characters two texts have in common at their beginnings."""
    if one == other:
        return len(one)
    start = next(
        (at for at in range(0, len(one), _CHUNK) if one[at : at + _CHUNK] != other[at : at + _CHUNK]), len(one)
    )
    same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one[start:], other[start:], strict=False))
    return start + sum(1 for _ in same)
