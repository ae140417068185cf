"""The functions and classes of one file, found by one walk over its statements."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import libcst as cst

from tensorlint.flow.names import dotted
from tensorlint.outline import Body, Outline

if TYPE_CHECKING:
    from tensorlint.flow.toplevel import Globals

__all__ = ["ClassDefinition", "FileModel", "FunctionDefinition", "read_file", "statements_of", "suites_of"]

DOCSTRING = re.compile(r"(:[ \t]*(?:#[^\n]*)?\r?\n\s*)[rRuU]?(\"\"\"|''')(?:\\.|[^\\])*?\2", re.DOTALL)
COMMENT = re.compile(r"^[ \t]*#[^\n]*\n", re.MULTILINE)


@dataclass(eq=False, slots=True)
class FunctionDefinition:
    """A function, method or lambda."""

    head: cst.FunctionDef | cst.Lambda
    """Its node, whose body need not be there yet."""
    file: FileModel
    name: str
    owner: ClassDefinition | None = None
    nested: bool = False
    decorators: tuple[str, ...] = ()
    """The decorators' dotted names, as they are written."""
    body: Body | None = None
    """What is still to be parsed of it."""
    _text: str | None = None
    _generator: bool | None = None

    @property
    def node(self) -> cst.FunctionDef | cst.Lambda:
        """Its node, with its body in it."""
        if self.body is not None:
            self._text = self.text
            body, self.body = self.body, None
            body.parse()
            assert isinstance(self.head, cst.FunctionDef)
            self.file.read(self.head.body, None, nested=True)
        return self.head

    @property
    def text(self) -> str:
        """The source text without docstrings and lines of comment, which may tell of what is not done; made once."""
        if self._text is None:
            text = self.body.text if self.body is not None else cst.Module(body=()).code_for_node(self.head)
            self._text = COMMENT.sub("", DOCSTRING.sub(r"\1", text))
        return self._text

    @property
    def generator(self) -> bool:
        """A call of it makes a generator; looked for once."""
        if self._generator is None:
            if "yield" not in self.text:
                self._generator = False
                return False
            node = self.node
            self._generator = isinstance(node, cst.FunctionDef) and _yields(node.body)
        return self._generator

    @property
    def parameters(self) -> cst.Parameters:
        return self.head.params

    @property
    def is_static(self) -> bool:
        return "staticmethod" in self.decorators

    @property
    def is_class_method(self) -> bool:
        return "classmethod" in self.decorators

    @property
    def is_context_manager(self) -> bool:
        """Calls of it make contexts: ``contextlib.contextmanager`` decorates it."""
        last = {name.rpartition(".")[2] for name in self.decorators}
        return self.generator and not last.isdisjoint(("contextmanager", "asynccontextmanager"))

    @property
    def is_property(self) -> bool:
        return any(name in ("property", "cached_property", "functools.cached_property") for name in self.decorators)


@dataclass(eq=False, slots=True)
class ClassDefinition:
    """A class of the project."""

    node: cst.ClassDef
    file: FileModel
    name: str
    methods: dict[str, FunctionDefinition] = field(default_factory=dict)
    fields: list[tuple[str, cst.BaseExpression | None, cst.BaseExpression | None]] = field(default_factory=list)
    """Annotated or assigned names of the class body: name, annotation, value."""
    nested: bool = False
    adds: frozenset[str] | None = None
    """Kept by ``inherited.py``."""

    @property
    def is_dataclass(self) -> bool:
        return any((dotted(_called(d.decorator)) or "").endswith("dataclass") for d in self.node.decorators)

    @property
    def bases(self) -> list[cst.BaseExpression]:
        return [base.value for base in self.node.bases if not base.star]


@dataclass(eq=False, slots=True)
class FileModel:
    """One parsed file."""

    path: str
    module: cst.Module
    """Its tree, in which bodies of functions may be missing."""
    name: str = ""
    """Its dotted module name in the project, where it has one."""
    package: str = ""
    """The package that relative imports start from."""
    text: str = ""
    outline: Outline | None = None
    """Where the bodies are that are missing."""
    functions: list[FunctionDefinition] = field(default_factory=list)
    """Every function and method, nested ones too, in the order of their ends."""
    classes: list[ClassDefinition] = field(default_factory=list)
    by_node: dict[cst.CSTNode, FunctionDefinition | ClassDefinition] = field(default_factory=dict)
    frame: int = 0
    """The number of the frame of its global names."""
    folder: Path | None = None
    """Where it is; None for text that is in no file."""
    globals: Globals | None = None
    """Kept by ``toplevel.py``."""
    worth: frozenset[FunctionDefinition] | None = None
    """Kept by ``worth.py``."""

    def whole(self) -> cst.Module:
        """Its tree with every body in it."""
        for function in list(self.functions):
            function.node  # noqa: B018  (it reads the functions inside, too)
        return self.module

    def read(self, body: Suite, owner: ClassDefinition | None, nested: bool) -> None:
        """Find the definitions in a suite, those inside functions too where these are there."""
        for statement in statements_of(body):
            if isinstance(statement, cst.FunctionDef):
                self._add(statement, owner, nested)
            elif isinstance(statement, cst.ClassDef):
                definition = ClassDefinition(statement, self, statement.name.value, nested=nested)
                self.by_node[statement] = definition
                self.classes.append(definition)
                definition.fields.extend(_fields(statement.body))
                self.read(statement.body, definition, nested)
            elif isinstance(statement, cst.BaseCompoundStatement):
                for part in suites_of(statement):
                    self.read(part, owner, nested)

    def _add(self, node: cst.FunctionDef, owner: ClassDefinition | None, nested: bool) -> None:
        decorators = tuple(dotted(_called(d.decorator)) or "" for d in node.decorators)
        missing = self.outline.body(node) if self.outline is not None else None
        function = FunctionDefinition(node, self, node.name.value, owner, nested, decorators, missing)
        # of several definitions with one name, a property's getter wins over its setter, the last over overloads
        accessor = any(name.endswith((".setter", ".deleter", "overload")) for name in decorators)
        if owner is not None and not accessor:
            owner.methods[function.name] = function
        self.by_node[node] = function
        if missing is None:
            self.read(node.body, None, nested=True)
        self.functions.append(function)


Suite: TypeAlias = "cst.BaseSuite | cst.Module"


def statements_of(body: Suite) -> Sequence[cst.BaseStatement | cst.BaseSmallStatement]:
    """The statements of a suite or module."""
    return body.body


def read_file(path: str, module: cst.Module | Outline, text: str, name: str = "", package: str = "") -> FileModel:
    """Find the definitions of a file."""
    tree, outline = (module.module, module) if isinstance(module, Outline) else (module, None)
    model = FileModel(path, tree, name, package, text, outline)
    model.read(model.module, None, nested=False)
    return model


def suites_of(statement: cst.BaseCompoundStatement) -> Iterator[cst.BaseSuite]:
    """The blocks of a compound statement."""
    body = getattr(statement, "body", None)
    if isinstance(body, cst.BaseSuite):
        yield body
    match statement:
        case cst.If() | cst.For() | cst.While():
            other = statement.orelse
            if isinstance(other, cst.If):
                yield from suites_of(other)
            elif other is not None:
                yield other.body
        case cst.Try() | cst.TryStar():
            for handler in statement.handlers:
                yield handler.body
            if statement.orelse is not None:
                yield statement.orelse.body
            if statement.finalbody is not None:
                yield statement.finalbody.body
        case cst.Match():
            for case in statement.cases:
                yield case.body


def _fields(body: cst.BaseSuite) -> Iterator[tuple[str, cst.BaseExpression | None, cst.BaseExpression | None]]:
    for line in statements_of(body):
        if not isinstance(line, cst.SimpleStatementLine):
            continue
        for statement in line.body:
            if isinstance(statement, cst.AnnAssign) and isinstance(statement.target, cst.Name):
                yield statement.target.value, statement.annotation.annotation, statement.value
            elif isinstance(statement, cst.Assign):
                for target in statement.targets:
                    if isinstance(target.target, cst.Name):
                        yield target.target.value, None, statement.value


def _called(node: cst.BaseExpression) -> cst.BaseExpression:
    return node.func if isinstance(node, cst.Call) else node


def _yields(body: cst.BaseSuite) -> bool:
    """The function is a generator: a cheap test on its text that errs on the side of yes."""
    finder = _YieldFinder()
    body.visit(finder)
    return finder.found


class _YieldFinder(cst.CSTVisitor):
    def __init__(self) -> None:
        super().__init__()
        self.found = False

    def visit_Yield(self, node: cst.Yield) -> bool:
        self.found = True
        return False

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        return False

    def visit_Lambda(self, node: cst.Lambda) -> bool:
        return False
