"""Who binds a name, and where: what a repair must know before it writes an assignment or uses a module."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

__all__ = ["Binding", "binds_in_own_scope", "module_bindings"]

_SCOPES = (cst.FunctionDef, cst.ClassDef, cst.Lambda)


@dataclass(frozen=True, slots=True)
class Binding:
    """A name that something binds."""

    name: str
    full_name: str
    """What an import binds it to (``copy.deepcopy``); empty for every other binding."""
    top_level: bool
    """It is bound by a statement of the module that always runs."""


def module_bindings(module: cst.Module) -> Iterator[Binding]:
    """Every binding in a file, in any scope: what is bound nowhere else means the same everywhere."""
    always_run = {id(small) for line in module.body if isinstance(line, cst.SimpleStatementLine) for small in line.body}
    for node in _walk(module):
        if isinstance(node, (cst.Import, cst.ImportFrom)):
            for name, full_name in _imported(node):
                yield Binding(name, full_name, id(node) in always_run)
        else:
            for name in _bound_by(node):
                yield Binding(name, "", False)


def binds_in_own_scope(module: cst.Module, node: cst.CSTNode, name: str) -> bool:
    """Whether an assignment to ``name`` at ``node`` binds what ``name`` means there already.

    In a function that only reads the name, an assignment would make it a new local name, unbound before.
    """
    scope = _innermost_function(module, node)
    if scope is None:
        return True
    if any(name == parameter for parameter in _parameters(scope)):
        return True
    for inner in _walk(scope.body, into_scopes=False):
        if isinstance(inner, (cst.Import, cst.ImportFrom)):
            if any(name == bound for bound, _ in _imported(inner)):
                return True
        elif isinstance(inner, (cst.Global, cst.Nonlocal)):
            if any(item.name.value == name for item in inner.names):
                return True
        elif not isinstance(inner, cst.CompFor) and name in _bound_by(inner):
            return True  # (a comprehension binds in a scope of its own)
    return False


def _innermost_function(module: cst.Module, node: cst.CSTNode) -> cst.FunctionDef | None:
    """The function whose local names an assignment at ``node`` would bind; None in a module's or class's body."""

    pending: list[tuple[cst.CSTNode, cst.FunctionDef | None]] = [(module, None)]
    while pending:
        at, scope = pending.pop()
        if at is node:
            return scope
        if isinstance(at, cst.FunctionDef):
            scope = at
        elif isinstance(at, cst.ClassDef):
            scope = None
        pending.extend((child, scope) for child in at.children)
    return None


def _walk(node: cst.CSTNode, *, into_scopes: bool = True) -> Iterator[cst.CSTNode]:
    pending = [node]
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, (cst.Import, cst.ImportFrom)) and (into_scopes or not isinstance(node, _SCOPES)):
            pending.extend(node.children)


def _bound_by(node: cst.CSTNode) -> tuple[str, ...]:
    """The names that a node, other than an import, binds by itself."""
    if isinstance(node, (cst.AssignTarget, cst.AnnAssign, cst.AugAssign, cst.For, cst.CompFor, cst.NamedExpr)):
        return tuple(_targets(node.target))
    if isinstance(node, cst.AsName):  # of `with` and `except`; those of imports never come here
        return tuple(_targets(node.name))
    if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
        return (node.name.value,)
    if isinstance(node, cst.Param):
        return (node.name.value,)
    if isinstance(node, (cst.MatchAs, cst.MatchStar)):
        return (node.name.value,) if node.name is not None else ()
    if isinstance(node, cst.MatchMapping):
        return (node.rest.value,) if node.rest is not None else ()
    if isinstance(node, cst.Del):
        return tuple(_targets(node.target))
    return ()


def _targets(node: cst.BaseExpression) -> Iterator[str]:
    if isinstance(node, cst.Name):
        yield node.value
    elif isinstance(node, (cst.Tuple, cst.List)):
        for element in node.elements:
            yield from _targets(element.value)


def _imported(node: cst.Import | cst.ImportFrom) -> Iterator[tuple[str, str]]:
    """The names that an import binds, with what they are bound to; ``*`` for a star import."""
    if isinstance(node.names, cst.ImportStar):
        yield "*", ""
        return
    origin = ""
    if isinstance(node, cst.ImportFrom):
        origin = "." * len(node.relative) + (_dotted(node.module) if node.module is not None else "") + "."
    for alias in node.names:
        full_name = _dotted(alias.name)
        if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
            yield alias.asname.name.value, origin + full_name
        elif isinstance(node, cst.Import):
            yield full_name.partition(".")[0], full_name.partition(".")[0]
        else:
            yield full_name, origin + full_name


def _dotted(node: cst.BaseExpression) -> str:
    if isinstance(node, cst.Attribute):
        return f"{_dotted(node.value)}.{node.attr.value}"
    return node.value if isinstance(node, cst.Name) else ""


def _parameters(function: cst.FunctionDef) -> Iterator[str]:
    for node in _walk(function.params):
        if isinstance(node, cst.Param):
            yield node.name.value
