"""What a name is, by what is done with it: only an ``nn.Module`` has ``parameters()`` and ``eval()``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from tensorlint.flow.names import dotted

if TYPE_CHECKING:
    from tensorlint.flow.machine import Machine

__all__ = ["modules_by_use"]

WITHOUT_ARGUMENTS = {"parameters", "named_parameters", "eval", "train", "modules", "named_modules"}
"""Methods that tell when they are called without arguments: ``DataFrame.eval`` and others take some."""
TRAIN = {"train"}


def modules_by_use(machine: Machine, node: cst.FunctionDef | cst.Lambda | cst.ClassDef | cst.Module) -> frozenset[str]:
    """The dotted names on which a function or class calls a method that only a module has."""
    known = machine.uses.get(id(node))
    if known is None:
        finder = _Finder()
        node.visit(finder)
        known = machine.uses[id(node)] = frozenset(finder.found)
    return known


class _Finder(cst.CSTVisitor):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def visit_Call(self, node: cst.Call) -> bool:
        function = node.func
        if isinstance(function, cst.Attribute) and function.attr.value in WITHOUT_ARGUMENTS:
            constant = len(node.args) == 1 and isinstance(node.args[0].value, cst.Name)
            if not node.args or (function.attr.value in TRAIN and constant):
                name = dotted(function.value)
                if name is not None:
                    self.found.add(name)
        return True
