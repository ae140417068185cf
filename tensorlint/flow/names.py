"""Names as they are written: dotted names, short texts for messages, and what imports bind."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

import libcst as cst

__all__ = [
    "MOST_REMEMBERED",
    "bound_names",
    "code",
    "code_of_body",
    "condition_key",
    "dotted",
    "literal",
    "mentions",
    "operands",
    "short",
]

LONGEST = 40
MOST_REMEMBERED = 4096
"""Nodes of which it is remembered how they are written: the same are asked for again and again."""


@lru_cache(maxsize=MOST_REMEMBERED)
def dotted(node: cst.BaseExpression) -> str | None:
    """``a.b.c`` for a name or a chain of attributes; None for anything else."""
    parts: list[str] = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    if not isinstance(node, cst.Name):
        return None
    parts.append(node.value)
    return ".".join(reversed(parts))


def mentions(node: cst.CSTNode, name: str) -> bool:
    """The node is this very name."""
    return isinstance(node, cst.Name) and node.value == name


def literal(node: cst.BaseExpression) -> str | None:
    """The value of a plain string literal (implicitly concatenated ones too)."""
    if isinstance(node, cst.SimpleString):
        return _evaluated(node.value)
    if isinstance(node, cst.ConcatenatedString):
        value = node.evaluated_value
        return value if isinstance(value, str) else None
    return None


@lru_cache(maxsize=4096)
def _evaluated(text: str) -> str | None:
    """What a string literal means: texts repeat, and evaluating one compiles it."""
    value = ast.literal_eval(text)
    return value if isinstance(value, str) else None


_EMPTY = cst.Module(body=())


def code(node: cst.CSTNode) -> str:
    """The node's source text, on one line."""
    return " ".join(_EMPTY.code_for_node(node).split())


@lru_cache(maxsize=256)
def code_of_body(node: cst.CSTNode) -> str:
    """The same of a loop's body, which is asked for at each of its statements."""
    return code(node)


def short(node: cst.CSTNode) -> str:
    """The node's source text for a message: calls with many arguments lose them."""
    if isinstance(node, cst.Name):
        return node.value
    known = _SHORT.get(id(node))
    if known is None or known[0] is not node:
        if len(_SHORT) > MOST_REMEMBERED:
            _SHORT.clear()
        known = _SHORT[id(node)] = (node, _shortened(node))
    return known[1]


_SHORT: dict[int, tuple[cst.CSTNode, str]] = {}


def _shortened(node: cst.CSTNode) -> str:
    text = code(node)
    if len(text) <= LONGEST:
        return text
    if isinstance(node, cst.Call):
        return f"{short(node.func)}(...)"
    if isinstance(node, cst.Attribute):
        return f"{short(node.value)}.{node.attr.value}"
    if isinstance(node, cst.Subscript):
        return f"{short(node.value)}[...]"
    return text[: LONGEST - 3] + "..."


@lru_cache(maxsize=MOST_REMEMBERED)
def condition_key(node: cst.BaseExpression) -> str | None:
    """A text that stands for the outcome of a test, where that does not change between two places; else None.

    Names, attributes, constant subscripts, calls without arguments (``torch.cuda.is_available()``) and comparisons of
    these with constants qualify.
    """
    match node:
        case cst.Name():
            return node.value
        case cst.Attribute():
            base = condition_key(node.value)
            return None if base is None else f"{base}.{node.attr.value}"
        case cst.Call(args=[]):
            base = condition_key(node.func)
            return None if base is None else f"{base}()"
        case cst.Subscript(slice=[cst.SubscriptElement(slice=cst.Index(value=index))]):
            base, key = condition_key(node.value), condition_key(index)
            return None if base is None or key is None else f"{base}[{key}]"
        case cst.SimpleString() | cst.Integer() | cst.Float():
            return node.value
        case _:
            return None


def bound_names(node: cst.Import | cst.ImportFrom, package: str) -> Iterator[tuple[str, str]]:
    """What an import binds: (local name, dotted name). Relative imports start at ``package``; ``*`` binds nothing."""
    if isinstance(node, cst.Import):
        for alias in node.names:
            name = dotted(alias.name) or ""
            if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
                yield alias.asname.name.value, name
            else:
                first = name.partition(".")[0]
                yield first, first
        return
    base = dotted(node.module) or "" if node.module is not None else ""
    if node.relative:
        parents = package.split(".") if package else []
        up = len(node.relative) - 1
        parents = parents[: len(parents) - up] if up else parents
        base = ".".join([*parents, base] if base else parents)
    if isinstance(node.names, cst.ImportStar):
        return
    for alias in node.names:
        name = dotted(alias.name) or ""
        local = name
        if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
            local = alias.asname.name.value
        yield local, f"{base}.{name}" if base else name


def operands(test: cst.BooleanOperation) -> list[cst.BaseExpression]:
    """``a``, ``b`` and ``c`` of ``a and b and c``: what is joined by one operator, however it is put in parentheses."""
    found: list[cst.BaseExpression] = []
    todo: list[cst.BaseExpression] = [test]
    while todo:
        node = todo.pop()
        if isinstance(node, cst.BooleanOperation) and type(node.operator) is type(test.operator):
            todo += (node.right, node.left)
        else:
            found.append(node)
    return found
