"""Which watch belongs to which verb of a claim."""

from __future__ import annotations

import ast

from tensorlint.verify.claims import Claim
from tensorlint.verify.watch import Watch
from tensorlint.verify.watch_events import Always, Fails, Raises, Slower, Warns
from tensorlint.verify.watch_values import Discards, Gradient, Holds, Overwrites, Shares, Stale

__all__ = ["marked_expression", "watch"]

_KINDS: dict[str, type[Watch]] = {
    "raises": Raises,
    "fails later": Fails,
    "warns": Warns,
    "shares": Shares,
    "copies": Shares,
    "overwrites": Overwrites,
    "spares": Overwrites,
    "stale": Stale,
    "fresh": Stale,
    "wrong gradient": Gradient,
    "right gradient": Gradient,
    "no gradient": Gradient,
    "always": Always,
    "discards": Discards,
    "holds": Holds,
    "slower than": Slower,
}


def watch(claim: Claim, marked: ast.expr | None, device: str) -> Watch:
    """A new watch for a claim; ``marked`` is the expression that the line's marker points at."""
    return _KINDS.get(claim.verb, Watch)(claim, marked, device)


def marked_expression(module: ast.Module, text: str, line: int, column: int) -> ast.expr | None:
    """The largest expression that begins at a line and column (from 1, in code points) of a parsed file."""
    offset = len(text.splitlines()[line - 1][: column - 1].encode())  # ast counts the bytes of UTF-8
    begin = [
        node
        for node in ast.walk(module)
        if isinstance(node, ast.expr) and (node.lineno, node.col_offset) == (line, offset)
    ]
    return max(begin, key=lambda node: (node.end_lineno or 0, node.end_col_offset or 0), default=None)
