"""The global names of a file that can be told without executing it: imports, functions and classes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import libcst as cst

from tensorlint.flow.definitions import ClassDefinition, FileModel, FunctionDefinition, statements_of, suites_of
from tensorlint.flow.names import bound_names
from tensorlint.flow.values import Class, External, Function, Value

__all__ = ["Globals", "globals_of"]

LEAVE = frozenset({"staticmethod", "abstractmethod", "override", "torch.no_grad", "torch.inference_mode"})
"""Decorators that leave a function what it is."""
GLOBAL = re.compile(r"^[ \t]+global[ \t]+([\w, \t]+)", re.MULTILINE)


@dataclass(slots=True)
class Globals:
    """What is known of a file's global names before its top level is executed."""

    plain: dict[str, Value] = field(default_factory=dict)
    """Names that stand for one thing, whatever path the top level takes."""
    decorated: dict[str, FunctionDefinition] = field(default_factory=dict)
    """Functions that a decorator may replace."""
    others: set[str] = field(default_factory=set)
    """Names whose value only the execution tells."""
    star: bool = False
    """Names may come from ``import *``."""

    def may_have(self, name: str) -> bool:
        """The file may bind the name."""
        return self.star or name in self.plain or name in self.decorated or name in self.others


def globals_of(file: FileModel) -> Globals:
    """The global names of a file; kept with it."""
    if file.globals is None:
        found = Globals()
        _statements(file, found, file.module, top=True)
        for names in GLOBAL.findall(file.text):
            found.others.update(name.strip() for name in names.split(","))
        for name in found.others:
            found.plain.pop(name, None)
            found.decorated.pop(name, None)
        file.globals = found
    return file.globals


def _statements(file: FileModel, found: Globals, body: cst.BaseSuite | cst.Module, top: bool) -> None:
    for statement in statements_of(body):
        if isinstance(statement, cst.SimpleStatementLine):
            for small in statement.body:
                _small(file, found, small)
        elif isinstance(statement, cst.BaseSmallStatement):
            _small(file, found, statement)
        elif isinstance(statement, cst.FunctionDef | cst.ClassDef):
            _definition(file, found, statement, top)
        elif isinstance(statement, cst.BaseCompoundStatement):
            found.others.update(_bound_by(statement))
            for suite in suites_of(statement):
                _statements(file, found, suite, top=False)


def _definition(file: FileModel, found: Globals, node: cst.FunctionDef | cst.ClassDef, top: bool) -> None:
    name, definition = node.name.value, file.by_node.get(node)
    if not top or found.may_have(name):
        found.others.add(name)
    elif isinstance(definition, ClassDefinition):
        found.plain[name] = Class(definition)
    elif isinstance(definition, FunctionDefinition):
        if all(decorator in LEAVE for decorator in definition.decorators):
            found.plain[name] = Function(definition, (file.frame,))
        else:
            found.decorated[name] = definition


def _small(file: FileModel, found: Globals, statement: cst.BaseSmallStatement) -> None:
    match statement:
        case cst.Import() | cst.ImportFrom():
            found.star = found.star or (
                isinstance(statement, cst.ImportFrom) and isinstance(statement.names, cst.ImportStar)
            )
            for name, full in bound_names(statement, file.package):
                value = External(full)
                if name in found.decorated or found.plain.setdefault(name, value) != value:
                    found.others.add(name)
        case cst.Assign(targets=targets):
            for target in targets:
                found.others.update(_names(target.target))
        case cst.AnnAssign(target=target) | cst.AugAssign(target=target):
            found.others.update(_names(target))
        case cst.Del(target=target):
            found.others.update(_names(target))
        case _:
            pass


def _bound_by(statement: cst.BaseCompoundStatement) -> set[str]:
    """The names that a loop, a ``with`` or a handler binds itself."""
    match statement:
        case cst.For(target=target):
            return _names(target)
        case cst.With(items=items):
            return {name for item in items if item.asname is not None for name in _names(item.asname.name)}
        case cst.Try(handlers=handlers) | cst.TryStar(handlers=handlers):
            return {name for handler in handlers if handler.name is not None for name in _names(handler.name.name)}
        case _:
            return set()


def _names(target: cst.BaseExpression) -> set[str]:
    match target:
        case cst.Name(value=name):
            return {name}
        case cst.Tuple(elements=elements) | cst.List(elements=elements):
            return {name for element in elements for name in _names(element.value)}
        case cst.StarredElement(value=value):
            return _names(value)
        case _:
            return set()
