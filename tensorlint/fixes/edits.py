"""From a repair of nodes to a fix of the text."""

from __future__ import annotations

import ast
import io
import itertools
import re
import tokenize
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tensorlint.finding import Applicability, Edit, Fix
from tensorlint.fixes.repair import After, Before, Change, Repair, Replace, Tail
from tensorlint.source import Source, Span

if TYPE_CHECKING:
    import libcst as cst

    Spans = Mapping[cst.CSTNode, tuple[Span, Span]]

__all__ = ["resolve"]

_LINE_END = re.compile(r"(?<!\r)\n")


def resolve(repair: Repair, source: Source, spans: Spans) -> Fix | None:
    """The fix that makes a repair's changes in ``source``.

    :param spans: the places of ``repair.nodes``, as ``Source.spans`` gives them
    :returns: None where the repair is of another file, a place is not known, or a name that the new text uses or
        assigns means something else there
    """
    if repair.path != source.path or not repair.changes or any(node not in spans for node in repair.nodes):
        return None
    from tensorlint.fixes.imports import provide
    from tensorlint.fixes.scopes import binds_in_own_scope

    if not all(binds_in_own_scope(source.module(), rebind.node, rebind.name) for rebind in repair.rebinds):
        return None
    imports = provide(source, repair.imports)
    if imports is None:
        return None

    edits: dict[tuple[int, int, int, int], str] = {}
    loses_comment = False
    for change in repair.changes:
        span, text = _place(change, spans), change.text
        for full_name, name in imports.names.items():
            text = text.replace("{" + full_name + "}", name)
        if isinstance(change, Replace) and "\n" in text:
            text = _on_several_lines(text, source)
        loses_comment = loses_comment or _has_comment(source.slice(span))
        key = (span.line, span.column, span.end_line, span.end_column)
        if key in edits and (span.line, span.column) != (span.end_line, span.end_column):
            return None  # two texts for one stretch
        edits[key] = edits.get(key, "") + text  # insertions at one place follow each other
    for added in imports.edits:  # a line of its own, in front of whatever else begins at that place
        key = (added.line, added.column, added.end_line, added.end_column)
        edits[key] = added.text + edits.get(key, "")
    made = sorted(Edit(*key, text) for key, text in edits.items())
    if _overlap(made):
        return None
    applicability, message = repair.applicability, repair.message
    if loses_comment and applicability is Applicability.SAFE:
        applicability, message = Applicability.UNSAFE, message + "; unsafe: a comment in the replaced text is lost"
    return Fix(applicability, message, tuple(made))


def _place(change: Change, spans: Spans) -> Span:
    inner, outer = spans[change.node]
    if isinstance(change, Replace):
        return outer if change.parentheses else inner
    if isinstance(change, Before):
        return Span(outer.line, outer.column, outer.line, outer.column)
    if isinstance(change, After):
        return Span(outer.end_line, outer.end_column, outer.end_line, outer.end_column)
    assert isinstance(change, Tail)
    _, head = spans[change.head]
    return Span(head.end_line, head.end_column, inner.end_line, inner.end_column)


def _on_several_lines(text: str, source: Source) -> str:
    """A new expression with the file's line ends, in parentheses where those that kept it together are gone."""
    text = _LINE_END.sub(source.outline().module.default_newline, text)
    return text if _is_expression(text) or not _is_expression(f"({text}\n)") else f"({text})"


def _is_expression(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes are other linters' business
            ast.parse(text, mode="eval")
    except SyntaxError:
        return False
    return True


def _overlap(edits: list[Edit]) -> bool:
    return any(
        (after.line, after.column) < (before.end_line, before.end_column) for before, after in itertools.pairwise(edits)
    )


def _has_comment(text: str) -> bool:
    """Whether a part of an expression holds a comment; it is read inside a parenthesis, as it may span lines."""
    if "#" not in text:
        return False
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(f"({text}\n)").readline))
    except (tokenize.TokenError, SyntaxError):
        return True  # (a part with a bracket too many: better unsafe than wrong)
    return any(token.type == tokenize.COMMENT for token in tokens)
