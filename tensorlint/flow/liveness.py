"""Whether anything reads what is assigned to a name: the statements that can come after it, by the text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import libcst as cst

from tensorlint.flow.names import dotted

__all__ = ["entry_of_loop", "is_read_later"]

_SCOPES = (cst.FunctionDef, cst.ClassDef, cst.Lambda)
_BRANCHING = (cst.If, cst.For, cst.While, cst.Try, cst.TryStar, cst.Match)


def is_read_later(scope: cst.FunctionDef | cst.Module, statement: cst.BaseExpression, name: str) -> bool:
    """Whether ``name`` may be read after an expression statement, before it is bound again; doubt says yes.

    :param scope: the function (or module) whose statement it is
    """
    known = _scope(scope)
    path = known.path(statement)
    if path is None or name in known.leaving:
        return True
    is_loop_variable = False
    for parent, child in zip(reversed(path[:-1]), reversed(path[1:]), strict=True):
        match parent:
            case cst.IndentedBlock(body=body) | cst.SimpleStatementSuite(body=body) | cst.Module(body=body):
                read = _first_use(body[body.index(child) + 1 :], name)
            case cst.SimpleStatementLine(body=body):
                read = _first_use(body[body.index(child) + 1 :], name)
            case cst.For(body=block, orelse=orelse):
                again = child is block and name not in _targets(parent.target)
                is_loop_variable = is_loop_variable or not again
                read = _first_use(_but(block, statement), name, statement) if again else None
                read = read or (child is block and orelse is not None and _reads(orelse, name)) or None
            case cst.While(body=block, test=test):
                read = _reads(test, name) or _first_use(_but(block, statement), name, statement) or None
            case cst.Try() | cst.TryStar():
                read = any(_reads(part, name) for part in parent.children if part is not child) or None
            case _:
                read = None
        if read is not None:
            return read
    return isinstance(scope, cst.Module) and not is_loop_variable


def entry_of_loop(scope: cst.FunctionDef | cst.Module, statement: cst.BaseExpression, name: str) -> str:
    """``d[k]`` where ``name`` is the ``v`` of ``for k, v in d.items()`` around an expression statement; else empty."""
    for node in reversed(_scope(scope).path(statement) or []):
        if not isinstance(node, cst.For) or name not in _targets(node.target):
            continue
        match node.target, node.iter:
            case (
                cst.Tuple(elements=[cst.Element(value=cst.Name(value=key)), cst.Element(value=cst.Name(value=value))]),
                cst.Call(func=cst.Attribute(value=owner, attr=cst.Name(value="items")), args=[]),
            ):
                written = dotted(owner)
                bound = {one for part in _walk(node.body) for one in _bound_by(part)}
                if written is None or value != name or bound & {key, value, written.partition(".")[0]}:
                    return ""
                return f"{written}[{key}]"
        return ""
    return ""


class _Scope:
    """The statements of a scope, and the names that live on elsewhere."""

    def __init__(self, scope: cst.FunctionDef | cst.Module) -> None:
        self._root = scope.body if isinstance(scope, cst.FunctionDef) else scope
        self._parents: dict[cst.CSTNode, cst.CSTNode] = {}
        self._statements: dict[cst.BaseExpression, cst.Expr] = {}
        self.leaving: set[str] = set()
        """The names that a function inside reads, and those of an outer scope."""
        todo: list[cst.CSTNode] = [self._root]
        while todo:
            node = todo.pop()
            if isinstance(node, _SCOPES):
                self.leaving |= _names_read(node)
                continue
            if isinstance(node, cst.Global | cst.Nonlocal):
                self.leaving.update(item.name.value for item in node.names)
            if isinstance(node, cst.Expr):
                self._statements[node.value] = node
            for child in node.children:
                self._parents[child] = node
                todo.append(child)

    def path(self, statement: cst.BaseExpression) -> list[cst.CSTNode] | None:
        """The nodes from the scope's body down to an expression statement; None if it is not there."""
        node: cst.CSTNode | None = self._statements.get(statement)
        if node is None:
            return None
        path = []
        while node is not None:
            path.append(node)
            node = self._parents.get(node)
        return path[::-1]


@lru_cache(maxsize=8)
def _scope(scope: cst.FunctionDef | cst.Module) -> _Scope:
    return _Scope(scope)


def _but(block: cst.BaseSuite, statement: cst.BaseExpression) -> list[cst.CSTNode]:
    """The statements of a loop's body, as they come in the next pass, without one that is only this expression."""
    found: list[cst.CSTNode] = []
    for line in block.body:
        found.extend(line.body if isinstance(line, cst.SimpleStatementLine) else [line])
    return [one for one in found if not (isinstance(one, cst.Expr) and one.value is statement)]


def _first_use(statements: Sequence[cst.CSTNode], name: str, but: cst.BaseExpression | None = None) -> bool | None:
    """True if statements read the name first, False if they bind it first, None if they do neither for sure."""
    for statement in statements:
        for small in statement.body if isinstance(statement, cst.SimpleStatementLine) else (statement,):
            binding = small.items if isinstance(small, cst.With) else [small]
            bound = not isinstance(small, _BRANCHING) and any(name in _bound_by(one) for one in binding)
            if any(_reads(one, name, but) for one in (binding if bound else [small])):
                return True
            if bound:
                return False
    return None


def _reads(node: cst.CSTNode, name: str, but: cst.BaseExpression | None = None) -> bool:
    """Whether a name is read anywhere in a node: not where it is bound, nor by what a loop over it binds anew."""
    return name in _names_read(node, but)


@lru_cache(maxsize=4096)
def _names_read(node: cst.CSTNode, but: cst.BaseExpression | None = None) -> frozenset[str]:
    """The names that are read in a node, in functions inside it too."""
    found: set[str] = set()
    todo: list[cst.CSTNode] = [node]
    while todo:
        node = todo.pop()
        if node is but:
            continue
        match node:
            case cst.Name(value=value):
                found.add(value)
            case cst.Attribute(value=value):
                todo.append(value)
            case cst.Arg(value=value):
                todo.append(value)
            case cst.AssignTarget(target=target) | cst.AsName(name=target) if not _is_part(target):
                pass
            case cst.AnnAssign(target=cst.Name(), value=value):
                todo.extend([value] if value is not None else [])
            case cst.For(target=target, iter=over, body=body, orelse=orelse):
                if _is_part(target):
                    todo.append(target)
                found |= _names_read(body, but) - _targets(target)
                todo.append(over)
                todo.extend([orelse] if orelse is not None else [])
            case cst.CompFor(target=target) if not _is_part(target):
                todo.extend(child for child in node.children if child is not target)
            case cst.Param():
                todo.extend([node.default] if node.default is not None else [])
            case _:
                todo.extend(node.children)
    return frozenset(found)


def _is_part(target: cst.CSTNode) -> bool:
    """What is assigned to is part of something that is read: ``x[0]``, ``x.y``, or several targets with such a one."""
    if isinstance(target, cst.Tuple | cst.List):
        return any(_is_part(element.value) for element in target.elements)
    return not isinstance(target, cst.Name)


def _walk(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The nodes of a scope, those of the scopes inside it left out."""
    todo = [node]
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, _SCOPES):
            todo.extend(node.children)


def _bound_by(node: cst.CSTNode) -> set[str]:
    """The names that a node binds by itself."""
    match node:
        case cst.Assign(targets=targets):
            return {name for target in targets for name in _targets(target.target)}
        case (
            cst.AnnAssign(target=target)
            | cst.For(target=target)
            | cst.NamedExpr(target=target)
            | cst.Del(target=target)
        ):
            return _targets(target)
        case cst.WithItem(asname=cst.AsName(name=target)):
            return _targets(target)
        case _:
            return set()


def _targets(node: cst.CSTNode) -> set[str]:
    if isinstance(node, cst.Name):
        return {node.value}
    if isinstance(node, cst.Tuple | cst.List):
        return {name for element in node.elements for name in _targets(element.value)}
    return set()
