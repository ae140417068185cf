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
    if "backward(" not in text:
        return frozenset()
    known = machine.backward.get(id(function))
    if known is None:
        finder = _Finder(function)
        function.visit(finder)
        known = machine.backward[id(function)] = frozenset(finder.found)
    return known


class _Finder(cst.CSTVisitor):
    def __init__(self, function: cst.CSTNode) -> None:
        super().__init__()
        self.function = function
        self.last: dict[str, list[int]] = {}
        self.found: set[int] = set()

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        return node is self.function

    def visit_ClassDef(self, node: cst.ClassDef) -> bool:
        return False

    def leave_Assign(self, original_node: cst.Assign) -> None:
        for target in original_node.targets:
            if isinstance(target.target, cst.Name):
                self._assigned(target.target.value, original_node)

    def leave_AugAssign(self, original_node: cst.AugAssign) -> None:
        if isinstance(original_node.target, cst.Name):
            self.last.setdefault(original_node.target.value, []).append(id(original_node))

    def _assigned(self, name: str, node: cst.CSTNode) -> None:
        self.last.setdefault(name, []).append(id(node))

    def visit_Call(self, node: cst.Call) -> bool:
        function = node.func
        if isinstance(function, cst.Attribute) and function.attr.value in ("backward", "manual_backward"):
            name = dotted(function.value)
            if name is not None and name not in self.last and node.args:
                name = dotted(node.args[0].value)  # accelerator.backward(loss), fabric.backward(loss)
            if name is not None:
                self.found.update(self.last.pop(name, ()))
        return True
