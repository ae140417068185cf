"""Which values ``backward()`` is called on: those require grad, whatever made them."""

from __future__ import annotations

import libcst as cst

from tensorlint.flow.machine import Machine
from tensorlint.flow.names import dotted

__all__ = ["assignments_before_backward"]


def assignments_before_backward(
    machine: Machine, function: cst.FunctionDef | cst.Lambda | cst.Module, text: str
) -> frozenset[int]:
    """The assignments (by ``id``) to a name on which ``backward()`` is called before the name is assigned again.

    ``loss = anything(...)`` ... ``loss.backward()``: autograd raises unless ``loss`` requires grad.
    """
    if isinstance(function, cst.Lambda) or "backward(" not in text:
        return frozenset()
    known = machine.backward.get(id(function))
    if known is None:
        finder = _Finder()
        finder.block(function.body if isinstance(function.body, cst.BaseSuite) else function)
        known = machine.backward[id(function)] = frozenset(finder.found)
    return known


class _Finder:
    """Goes through the statements of one function in their order, and not into the functions inside it."""

    def __init__(self) -> None:
        self.last: dict[str, list[int]] = {}
        self.found: set[int] = set()

    def block(self, block: cst.BaseSuite | cst.Module | cst.FunctionDef) -> None:
        for statement in block.body if isinstance(block.body, list | tuple) else ():
            if isinstance(statement, cst.SimpleStatementLine):
                for small in statement.body:
                    self._small(small)
            elif isinstance(statement, cst.BaseSmallStatement):
                self._small(statement)
            elif not isinstance(statement, cst.FunctionDef | cst.ClassDef):
                self._compound(statement)

    def _compound(self, statement: cst.CSTNode) -> None:
        """The blocks of a compound statement: its own, those of its handlers and cases, and what follows ``else``."""
        inner = getattr(statement, "body", None)
        if isinstance(inner, cst.BaseSuite):
            self.block(inner)
        for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
            self._compound(part)
        for name in ("orelse", "finalbody"):
            part = getattr(statement, name, None)
            if part is not None:
                self._compound(part)

    def _small(self, statement: cst.BaseSmallStatement) -> None:
        match statement:
            case cst.Assign(targets=targets):
                for target in targets:
                    if isinstance(target.target, cst.Name):
                        self.last.setdefault(target.target.value, []).append(id(statement))
            case cst.AugAssign(target=cst.Name(value=name)):
                self.last.setdefault(name, []).append(id(statement))
            case cst.Expr(value=cst.Call(func=cst.Attribute(value=receiver, attr=cst.Name(value=method))) as call):
                if method in ("backward", "manual_backward"):
                    self._backward(receiver, call)

    def _backward(self, receiver: cst.BaseExpression, call: cst.Call) -> None:
        match receiver:
            case cst.Call(func=cst.Attribute(attr=cst.Name(value="scale")), args=[argument]):
                receiver = argument.value  # scaler.scale(loss).backward()
        name = dotted(receiver)
        if name is not None and name not in self.last and call.args:
            name = dotted(call.args[0].value)  # accelerator.backward(loss), fabric.backward(loss)
        if name is not None:
            self.found.update(self.last.pop(name, ()))
