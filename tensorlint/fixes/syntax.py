"""Small questions about expressions that repairs ask: may a method be called on it as it stands, how is it written."""

from __future__ import annotations

import libcst as cst

from tensorlint.fixes.repair import After, Before, Change

__all__ = ["arguments", "called", "calls_method", "code", "hands_on", "string", "with_suffix"]

_PRIMARIES = (
    cst.Name,
    cst.Attribute,
    cst.Subscript,
    cst.Call,
    cst.List,
    cst.Set,
    cst.Dict,
    cst.ListComp,
    cst.SetComp,
    cst.DictComp,
    cst.SimpleString,
    cst.FormattedString,
    cst.ConcatenatedString,
    cst.Ellipsis,
)


def with_suffix(node: cst.BaseExpression, suffix: str) -> tuple[Change, ...]:
    """The changes that call ``suffix`` (``.detach()``) on ``node``, which is put in parentheses where it needs them."""
    if isinstance(node, _PRIMARIES) or node.lpar:
        return (After(node, suffix),)
    return (Before(node, "("), After(node, f"){suffix}"))


def code(node: cst.CSTNode) -> str:
    """``node`` as it is written, without comments and whitespace around it."""
    return cst.Module([]).code_for_node(node)


def string(node: cst.CSTNode | None) -> str | None:
    """The text of a plain string literal; None for anything else."""
    if isinstance(node, (cst.SimpleString, cst.ConcatenatedString)):
        value = node.evaluated_value
        return value if isinstance(value, str) else None
    return None


def calls_method(node: cst.BaseExpression, *names: str) -> cst.BaseExpression | None:
    """The receiver, if ``node`` calls a method of one of ``names`` on it (all names if none is given)."""
    if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute):
        return None
    return node.func.value if not names or node.func.attr.value in names else None


def hands_on(node: cst.CSTNode) -> bool:
    """``node`` calls a function with the items of what it is given: ``map(np.asarray, tensors)``."""
    return isinstance(node, cst.Call) and called(node) in ("map", "starmap", "reduce")


def arguments(call: cst.Call) -> tuple[list[cst.BaseExpression], dict[str, cst.BaseExpression]]:
    """The plain arguments of a call, by position and by keyword; ``*args`` and ``**kwargs`` are left out."""
    positional = [arg.value for arg in call.args if arg.keyword is None and not arg.star]
    keywords = {arg.keyword.value: arg.value for arg in call.args if arg.keyword is not None}
    return positional, keywords


def called(node: cst.BaseExpression) -> str:
    """The bare name of what a call calls: ``asarray`` for ``np.asarray(x)``; empty where it has none."""
    func = node.func if isinstance(node, cst.Call) else node
    if isinstance(func, cst.Attribute):
        return func.attr.value
    return func.value if isinstance(func, cst.Name) else ""
