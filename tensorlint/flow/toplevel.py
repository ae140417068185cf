"""The global names of a file that can be told without executing it: imports, functions and classes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import libcst as cst

from tensorlint.flow.definitions import ClassDefinition, FileModel, FunctionDefinition, statements_of, suites_of
from tensorlint.flow.names import bound_names, code
from tensorlint.flow.values import Class, External, Function, Value
from tensorlint.flow.worth import part_may_hold_boundary

__all__ = ["Globals", "globals_of", "is_main_guard", "must_be_executed", "needed_for"]

LEAVE = frozenset({"staticmethod", "abstractmethod", "override", "torch.no_grad", "torch.inference_mode"})
"""Decorators that leave a function what it is."""
WORD = re.compile(r"[A-Za-z_]\w*")
GLOBAL = re.compile(r"^[ \t]+global[ \t]+([\w, \t]+)", re.MULTILINE)
CHANGES = "add|append|appendleft|clear|extend|insert|pop|popitem|put|register|remove|setdefault|update"
TOUCHED = re.compile(
    rf"\b(\w+)(?:\.(?:{CHANGES})\(|(?:\.\w+|\[[^\]\n]*\])+[ \t]*(?:[-+*/|&]|//)?=(?!=))|\bglobal[ \t]+([\w, \t]+)"
)
"""What changes something in place, or binds a global name."""


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
    concerning: list[tuple[cst.CSTNode, frozenset[str]]] = field(default_factory=list)
    """The statements that bind one of the others or do something to it, with their names."""
    touched: set[str] | None = None
    """Kept answer of ``_touched``."""
    needed: dict[str, tuple[cst.CSTNode, ...]] = field(default_factory=dict)
    """Kept answers of ``needed_for``."""

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
        for statement in file.module.body:
            names = found.others.intersection(_concerned(statement))
            if names and not is_main_guard(statement):
                found.concerning.append((statement, frozenset(names)))
        file.globals = found
    return file.globals


def needed_for(file: FileModel, name: str) -> tuple[cst.CSTNode, ...]:
    """The statements of the top level on which the value of a global name depends, in their order.

    All of them where a function of the file does something to what it depends on: it may be called anywhere.
    """
    known = globals_of(file)
    if name not in known.needed:
        wanted, chosen = {name}, set[int]()
        new = True
        while new:
            new = False
            for number, (statement, names) in enumerate(known.concerning):
                if number not in chosen and not wanted.isdisjoint(names):
                    chosen.add(number)
                    wanted |= names | known.others.intersection(WORD.findall(code(statement)))
                    new = True
        some = tuple(known.concerning[number][0] for number in sorted(chosen))
        known.needed[name] = some if wanted.isdisjoint(_touched(file)) else whole_of(file)
    return known.needed[name]


def whole_of(file: FileModel) -> tuple[cst.CSTNode, ...]:
    """The top level without what runs only as a script."""
    return tuple(statement for statement in file.module.body if not is_main_guard(statement))


def must_be_executed(file: FileModel) -> bool:
    """Whether the top level may do something to the file's functions and classes, or to something that is converted:
    if it does not, what its names stand for is told when they are asked for."""
    if GLOBAL.search(file.text) is not None:
        return True
    own = {one.name for one in file.functions if not one.nested} | {one.name for one in file.classes}
    parts = list(_executed(file, file.module))
    if any(isinstance(part, cst.Decorator) and _of_variable(file, part) for part in parts):
        return True
    text = "\n".join(map(cst.Module(body=()).code_for_node, parts))
    return part_may_hold_boundary(file, text) or not own.isdisjoint(WORD.findall(text))


def _executed(file: FileModel, body: cst.BaseSuite | cst.Module) -> Iterator[cst.CSTNode]:
    """What is executed when a file is imported, but for imports, definitions and texts."""
    for statement in statements_of(body):
        match statement:
            case cst.FunctionDef(decorators=decorators):
                yield from decorators
            case cst.ClassDef(decorators=decorators, body=inner):
                yield from decorators
                yield from _executed(file, inner)
            case cst.SimpleStatementLine(body=small):
                yield from (one for one in small if not _says_nothing(one))
            case _ if not _says_nothing(statement):
                yield statement


def _says_nothing(statement: cst.CSTNode) -> bool:
    match statement:
        case cst.Import() | cst.ImportFrom() | cst.Pass() | cst.Expr(value=cst.BaseString() | cst.Ellipsis()):
            return True
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value="__all__"))]):
            return True
        case _:
            return False


def _of_variable(file: FileModel, decorator: cst.Decorator) -> bool:
    """``@trainer.on(...)``: a decorator of an object of the file."""
    roots = _roots(decorator.decorator.func if isinstance(decorator.decorator, cst.Call) else decorator.decorator)
    return not roots.isdisjoint(globals_of(file).others)


def _touched(file: FileModel) -> set[str]:
    """The names of what functions of a file change, global or not."""
    known = globals_of(file)
    if known.touched is None:
        texts = (function.text for function in file.functions if not function.nested)
        known.touched = {
            name for text in texts for names in TOUCHED.findall(text) for name in WORD.findall(",".join(names))
        }
    return known.touched


def is_main_guard(statement: cst.CSTNode) -> bool:
    """``if __name__ == "__main__":``."""
    return (
        isinstance(statement, cst.If)
        and isinstance(statement.test, cst.Comparison)
        and isinstance(statement.test.left, cst.Name)
        and statement.test.left.value == "__name__"
    )


def _concerned(statement: cst.CSTNode) -> Iterator[str]:
    """The names that a statement may bind, and those to which it may do something."""
    match statement:
        case cst.SimpleStatementLine(body=body):
            for small in body:
                yield from _concerned(small)
        case cst.FunctionDef(name=name) | cst.ClassDef(name=name):
            yield name.value
        case cst.BaseCompoundStatement():
            yield from _bound_by(statement)
            for suite in suites_of(statement):
                for inner in statements_of(suite):
                    yield from _concerned(inner)
        case cst.Import() | cst.ImportFrom():
            yield from (name for name, _ in bound_names(statement, ""))
        case cst.Assign(targets=targets, value=value):
            for target in targets:
                yield from _roots(target.target)
            yield from _roots(value)  # another name for it
        case cst.AnnAssign(target=target) | cst.AugAssign(target=target) | cst.Del(target=target):
            yield from _roots(target)
        case cst.Expr(value=value) if not isinstance(value, cst.SimpleString | cst.ConcatenatedString):
            yield from WORD.findall(code(value))
        case _:
            pass


def _roots(target: cst.BaseExpression) -> set[str]:
    """``x`` of ``x``, ``x.y`` and ``x[0]``."""
    while isinstance(target, cst.Attribute | cst.Subscript):
        target = target.value
    return _names(target)


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
