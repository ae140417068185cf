"""Repairs inside a list: the same change for every element, where it is written down, else a comprehension over it."""

from __future__ import annotations

from collections.abc import Callable, Container

import libcst as cst

from tensorlint.fixes.repair import After, Before, Change

__all__ = ["each"]

_ITERABLES = (cst.Name, cst.Attribute, cst.Subscript, cst.Call, cst.List, cst.Tuple)
"""What a comprehension may iterate over without parentheses, and that can be a list of tensors."""
_CONSTANTS = frozenset({"None", "True", "False"})


def each(
    operand: cst.BaseExpression,
    suffix: str,
    convert: Callable[[cst.BaseExpression], tuple[Change, ...]],
    others: Container[cst.CSTNode] = (),
) -> tuple[Change, ...]:
    """The changes that convert every element of ``operand``; empty where it cannot be done by inserting text.

    :param operand: the list, tuple or generator as an expression
    :param suffix: what is called on an element in a comprehension: ``.detach().cpu()``
    :param convert: the changes for an element that is written out
    :param others: elements that are written out and are no tensors
    """
    if isinstance(operand, (cst.ListComp, cst.GeneratorExp, cst.SetComp)):
        return convert(operand.elt)
    if isinstance(operand, (cst.List, cst.Tuple)) and (written := _written_elements(operand)) is not None:
        return tuple(change for element in written if element not in others for change in convert(element))
    if isinstance(operand, _ITERABLES) and not (isinstance(operand, cst.Tuple) and not operand.lpar):
        name = "t" if not _is_name(operand, "t") else "item"
        return (Before(operand, f"[{name}{suffix} for {name} in "), After(operand, "]"))
    return ()


def _written_elements(display: cst.List | cst.Tuple) -> list[cst.BaseExpression] | None:
    """The elements that may be tensors; None where some are hidden behind a star or nested in displays."""
    values = []
    for element in display.elements:
        if isinstance(element, cst.StarredElement):
            return None
        if isinstance(element.value, (cst.List, cst.Tuple, cst.Dict)):
            return []
        if not _is_constant(element.value):
            values.append(element.value)
    return values


def _is_constant(node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.UnaryOperation):
        return _is_constant(node.expression)
    return isinstance(node, (cst.BaseNumber, cst.BaseString)) or (
        isinstance(node, cst.Name) and node.value in _CONSTANTS
    )


def _is_name(node: cst.CSTNode, name: str) -> bool:
    return isinstance(node, cst.Name) and node.value == name
