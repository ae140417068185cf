"""What a name is, by what is done with it: only an ``nn.Module`` has ``parameters()`` and ``eval()``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import libcst as cst

if TYPE_CHECKING:
    from tensorlint.flow.machine import Machine

__all__ = ["modules_by_use"]

USE = re.compile(
    r"(?<![\w.])([A-Za-z_][\w.]*)\."
    r"(?:(?:parameters|named_parameters|eval|modules|named_modules)\(\s*\)|train\(\s*(?:True|False|mode)?\s*\))"
)
"""Methods that tell when they are called without arguments (``train`` with a bool): ``DataFrame.eval`` takes some.

Read off the text, which is many times cheaper than a walk over the tree, and as exact here."""


def modules_by_use(machine: Machine, node: cst.FunctionDef | cst.Lambda | cst.ClassDef | cst.Module) -> frozenset[str]:
    """The dotted names on which a function or class calls a method that only a module has."""
    known = machine.uses.get(id(node))
    if known is None:
        text = node.code if isinstance(node, cst.Module) else cst.Module(body=()).code_for_node(node)
        known = machine.uses[id(node)] = frozenset(USE.findall(text))
    return known
