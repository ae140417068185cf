"""What the interpreter knows at a marked place of a program, in words that a test can compare.

Programs are written as text. Their first line is empty and becomes the imports, so that line numbers are those of the
text; ``reveal(a, b)`` in them marks expressions whose values are wanted::

    reveal('''
    x = torch.ones(3, requires_grad=True)
    reveal(x * 2)
    ''').requires_grad == "yes"
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import libcst as cst

from tensorlint.finding import Confidence
from tensorlint.fixes.apply import fix_source
from tensorlint.flow import analysis, expressions, looks, special_calls
from tensorlint.flow.arguments import Arguments
from tensorlint.flow.containers import element
from tensorlint.flow.events import Event
from tensorlint.flow.facts import Fact, Reason
from tensorlint.flow.heap import Instance, Items, Mapping
from tensorlint.flow.machine import Machine
from tensorlint.flow.modules import trainable
from tensorlint.flow.project import Project
from tensorlint.flow.state import State
from tensorlint.flow.values import Array, Constant, Device, Object, Ref, Tensor, Tuple, Unknown, Value, alternatives
from tensorlint.linter import lint
from tensorlint.settings import Settings
from tensorlint.source import Source

__all__ = ["Known", "events", "evidence", "findings", "fixed", "program", "reveal", "reveals"]

IMPORTS = "import copy, numpy as np, torch, torch.nn.functional as F; from torch import nn"
NOWHERE = Path("/nowhere/program.py")
"""In no project: nothing is imported from anywhere."""


@dataclass(frozen=True)
class Known:
    """A value with the state that it was seen in."""

    value: Value
    state: State
    machine: Machine
    project: Project

    def _fact(self, name: str) -> Fact:
        items = [getattr(item, "form", None) if name.startswith("form.") else item for item in alternatives(self.value)]
        last = name.removeprefix("form.")
        found = [getattr(item, last) for item in items if hasattr(item, last)]
        assert len(found) == 1, f"{self.kind} has {len(found)} facts called {name}"
        fact: Fact = found[0]
        return fact

    @property
    def requires_grad(self) -> str:
        return self._fact("requires_grad").truth.value

    @property
    def device(self) -> str:
        """Whether it is on an accelerator."""
        return self._fact("device").truth.value

    @property
    def accelerator(self) -> str:
        """Of a device: whether it is an accelerator."""
        return self._fact("accelerator").truth.value

    @property
    def conj(self) -> str:
        return self._fact("form.conj").truth.value

    @property
    def neg(self) -> str:
        return self._fact("form.neg").truth.value

    @property
    def lacking(self) -> str:
        """Whether NumPy lacks its dtype."""
        return self._fact("form.dtype").truth.value

    @property
    def layout(self) -> str:
        """Whether it is not in strided memory."""
        return self._fact("form.layout").truth.value

    @property
    def negative_stride(self) -> str:
        return self._fact("negative_stride").truth.value

    @property
    def read_only(self) -> str:
        return self._fact("read_only").truth.value

    @property
    def dtype(self) -> str:
        found = [item.dtype for item in alternatives(self.value) if isinstance(item, Tensor | Array)]
        assert len(found) == 1
        return found[0]

    @property
    def trainable(self) -> str:
        """Of a module: whether it holds a parameter that requires grad."""
        assert isinstance(self.value, Ref), self.kind
        return trainable(self.state, self.value).truth.value

    @property
    def place(self) -> str:
        """Of a module: whether it is on an accelerator."""
        assert isinstance(self.value, Ref), self.kind
        found = self.state.object(self.value)
        assert isinstance(found, Instance)
        assert found.module is not None
        return found.module.device.truth.value

    @property
    def kind(self) -> str:
        """``Tensor``, ``Array``, ``list``, ``module``, the text of a constant ..., alternatives joined by ``|``."""
        return " | ".join(sorted({_kind(self.state, item) for item in alternatives(self.value)}))

    @property
    def element(self) -> Known:
        """What iterating over it gives."""
        return self._with(element(self.machine, self.state, self.value, cst.Pass()))

    def item(self, key: str | int) -> Known:
        """A known entry or attribute."""
        if isinstance(self.value, Tuple):
            assert isinstance(key, int)
            return self._with(self.value.items[key])
        assert isinstance(self.value, Ref), self.kind
        match self.state.object(self.value):
            case Items(known=known) if known is not None:
                assert isinstance(key, int)
                return self._with(known[key])
            case Mapping(entries=entries):
                return self._with(entries[key])
            case Instance(attributes=attributes):
                return self._with(attributes[str(key)])
            case other:
                raise AssertionError(f"no known items: {other}")

    @property
    def length(self) -> int | None:
        """How many items it has, where that is known."""
        if isinstance(self.value, Tuple):
            return len(self.value.items)
        found = self.state.object(self.value) if isinstance(self.value, Ref) else None
        return len(found.known) if isinstance(found, Items) and found.known is not None else None

    def shares_with(self, other: Known) -> str:
        """``yes``, ``no``, or the condition under which the two share memory."""
        mine = {alias.storage: alias for alias in self._aliases()}
        both = [(mine[alias.storage], alias) for alias in other._aliases() if alias.storage in mine]
        conditions = {" or ".join(dict.fromkeys(t for t in (a.condition, b.condition) if t)) for a, b in both}
        return "no" if not both else "yes" if "" in conditions else " / ".join(sorted(conditions))

    def why(self, fact: str = "requires_grad") -> list[str]:
        """The chain behind a fact, the origin first: ``line: what happened``."""
        reason = self._fact(fact).reason
        return [] if reason is None else [_told(self.project, step) for step in reversed(list(reason.chain()))]

    def _aliases(self) -> list:
        return [
            alias for item in alternatives(self.value) if isinstance(item, Tensor | Array) for alias in item.aliases
        ]

    def _with(self, value: Value) -> Known:
        return Known(value, self.state, self.machine, self.project)


def _kind(state: State, value: Value) -> str:
    match value:
        case Constant(value=constant):
            return repr(constant)
        case Array(scalar=True):
            return "scalar"
        case Device(text=True):
            return "text"
        case Object(type=name):
            return name
        case Ref():
            match state.object(value):
                case Items(kind=kind):
                    return kind
                case Mapping():
                    return "dict"
                case Instance(module=module) if module is not None:
                    return "module"
                case Instance(definition=definition) as instance:
                    return definition.name if definition is not None else instance.type or "instance"
            return "nothing"
        case _:
            return type(value).__name__


def _told(project: Project, reason: Reason) -> str:
    span = project.source(reason.place.path).spans([reason.place.node])[reason.place.node][0]
    return f"{span.line}: {reason.text}"


def program(text: str) -> bytes:
    """The text with its empty first line made into imports."""
    assert text.startswith("\n"), "the first line is left empty for the imports"
    return (IMPORTS + text).encode()


def reveals(text: str, path: Path = NOWHERE) -> list[Known]:
    """What is known of each marked expression, in the order of the text, when it is evaluated for the last time.

    In a function that is called in sight, a call's facts are shown, not what is known of the function by itself.
    """
    seen: dict[cst.CSTNode, tuple[bool, Known]] = {}
    project = _project(path)

    def show(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
        for argument, value in arguments.positional:
            called = bool(machine.calls())
            if argument not in seen or called >= seen[argument][0]:
                seen[argument] = (called, Known(value, state.fork(), machine, project))
        return Unknown()

    source = Source(program(text), str(path))
    with _special("reveal", show):
        analysis.analyse(source, project)
    lines = source.spans(seen)
    ordered = sorted(seen, key=lambda node: (lines[node][0].line, lines[node][0].column))
    return [seen[node][1] for node in ordered]


def reveal(text: str, path: Path = NOWHERE) -> Known:
    """What is known of the one marked expression."""
    (known,) = reveals(text, path)
    return known


@contextmanager
def _special(name: str, function: special_calls.Special) -> Iterator[None]:
    """Let calls of a name be told, and every function be worth a look."""
    with (
        patch.object(expressions, "BUILTINS", expressions.BUILTINS | {name}),
        patch.dict(special_calls.SPECIAL, {f"builtins.{name}": function}),
        patch.object(analysis, "worth_a_look", lambda file: set(file.functions)),
        patch.object(looks, "must_be_executed", lambda file: True),
    ):
        yield


def _project(path: Path) -> Project:
    return Project(path.parent) if path is NOWHERE else Project.of(path)


def events(text: str, path: Path = NOWHERE) -> list[Event]:
    """The boundary events of a program."""
    return analysis.analyse(Source(program(text), str(path)), _project(path))


def findings(text: str, confidence: str = "likely", path: Path = NOWHERE) -> list[tuple[str, int, int, str]]:
    """The findings about a program: code, line, column, confidence."""
    return [(f.code, f.line, f.column, str(f.confidence)) for f in _lint(text, confidence, path)]


def evidence(text: str, code: str = "", path: Path = NOWHERE) -> list[str]:
    """The evidence of the one finding (with this code): ``line: what happened``."""
    (finding,) = [f for f in _lint(text, "likely", path) if not code or f.code == code]
    return [f"{step.line}: {step.message}" for step in finding.evidence]


def fixed(text: str, path: Path = NOWHERE, unsafe: bool = True) -> str:
    """The program after every fix, the unsafe ones too unless they are not wanted."""
    source = Source(program(text), str(path))
    result = fix_source(source, lambda one: lint(one, Settings(), _project(path), noqa=False), unsafe=unsafe)
    return result.data.decode().removeprefix(IMPORTS)


def _lint(text: str, confidence: str, path: Path) -> list:
    settings = Settings(confidence=Confidence.parse(confidence))
    return lint(Source(program(text), str(path)), settings, _project(path), noqa=False)
