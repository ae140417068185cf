"""One file's analysis: its top level, its classes, its functions, each with what its callers in sight pass."""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Iterator, Set
from dataclasses import replace
from pathlib import Path

import libcst as cst

from tensorlint.flow import calls as _calls  # noqa: F401  (these modules register evaluators)
from tensorlint.flow import comprehensions, expressions, loops, operators, statements, subscripts  # noqa: F401
from tensorlint.flow.backward import assignments_before_backward
from tensorlint.flow.classes import ancestors, is_module_class, new_instance
from tensorlint.flow.definitions import ClassDefinition, FileModel, FunctionDefinition
from tensorlint.flow.events import Conversion, Event, GradientLost, Mixed, Needless
from tensorlint.flow.facts import NO, Fact, maybe
from tensorlint.flow.functions import defaults_of, enter
from tensorlint.flow.gradmode import LIGHTNING_EVALUATION, mode_of_decorators
from tensorlint.flow.imported import using_what_others_convert
from tensorlint.flow.importers import importers
from tensorlint.flow.inherited import inherited_methods
from tensorlint.flow.machine import Frame, Machine, OutOfSteps, execute
from tensorlint.flow.met import with_what_was_met
from tensorlint.flow.names import dotted
from tensorlint.flow.overwritten import one_code_a_write
from tensorlint.flow.project import Project
from tensorlint.flow.state import State
from tensorlint.flow.unseen import time_passes
from tensorlint.flow.values import Array, Class, Function, Ref, Tensor, Unknown, Value
from tensorlint.flow.worth import leading_to, mentioning, worth_a_look
from tensorlint.library.tables import library
from tensorlint.source import Source, SourceError

__all__ = ["analyse"]

MOST_STEPS = 120_000
STEPS_A_LINE = 10
MOST_INLINED, LEAST_INLINED = 1_200, 300
"""Statements of called functions that are executed for one function that is looked at: the fewer such functions in a
file, the more for each. A script's ``main`` leads through the whole program, a method of a large class seldom does."""
INLINED_A_FILE = 12_000
INLINED_INHERITED = 150
"""The same for a method that a class inherits: what it does with what the class adds is near."""
ROUNDS = 2
MOST_CALLERS = 6
"""Files that are looked at for what they pass to the functions of the linted one."""
MOST_SHARING = 3
"""The same, for functions that matter only where a caller gives them memory of a tensor."""
STEPS_A_CALLER, STEPS_OF_CALLERS = 12_000, 24_000
"""What one of them may take; and what they may have taken when another one is looked at."""
MOST_KEPT = 64
_KEPT: OrderedDict[tuple[Path, frozenset[FunctionDefinition]], _Analysis] = OrderedDict()
"""Analyses of files that call, the last ones used: one serves every file that it calls."""


def analyse(source: Source, project: Project | None = None) -> list[Event]:
    """The boundary events of one file, those that its callers in other files of the project cause among them.

    :param project: the other files; without one they are looked for around ``source.path``
    :raises SourceError: if the file cannot be parsed, or takes more steps than a file is given
    """
    path = Path(source.path).absolute()
    if project is None:
        project = Project.of(path)
    file = project.add(source, path)
    analysis = _Analysis(file, project, MOST_STEPS + STEPS_A_LINE * len(source.lines))
    try:
        worth = worth_a_look(file)
        analysis.run(worth | using_what_others_convert(file, project.find, worth), own_file_alone=True)
    except OutOfSteps:
        raise SourceError("too many steps: the file's functions call each other in too many ways") from None
    _ask_callers(analysis, project, path)
    return analysis.events()


def _ask_callers(analysis: _Analysis, project: Project, path: Path) -> None:
    """Look at the files that call what depends on its callers, for what happens in this file on their account."""
    machine = analysis.machine
    asked: set[int] = set()
    taken = 0
    for wanting, most, of_torch in (
        (machine.wanting, MOST_CALLERS, False),
        (machine.wanting_memory - machine.wanting, MOST_SHARING, True),
    ):
        names = _callable_by(analysis.file, leading_to(analysis.file, wanting))
        for caller in importers(project.root, names, path, most, of_torch) if names else ():
            other = _caller(caller, names, project) if taken < STEPS_OF_CALLERS else None
            if other is not None and id(other) not in asked:
                asked.add(id(other))
                analysis.add(other)
                taken += STEPS_A_CALLER - other.machine.budget


def _callable_by(file: FileModel, wanted: set[FunctionDefinition]) -> set[str]:
    """The names by which other files call some functions: their own, those of their classes and of what inherits."""
    names = {function.owner.name if function.owner is not None else function.name for function in wanted}
    for definition in file.classes:
        if names & {(dotted(base) or "").rpartition(".")[2] for base in definition.bases}:
            names.add(definition.name)
    return names


def _caller(path: Path, names: set[str], project: Project) -> _Analysis | None:
    """The analysis of a file that calls; kept for the other files that it calls."""
    model = project.model(path)
    if model is None:
        return None
    calling = mentioning(model, names)
    key = (path, frozenset(calling))
    known = _KEPT.get(key)
    if known is not None and known.file is model and project.shares(known.project):
        _KEPT.move_to_end(key)
        return known
    other = _Analysis(model, project, STEPS_A_CALLER)
    with contextlib.suppress(OutOfSteps):
        other.run(calling, own_file_alone=False)
    _KEPT[key] = other
    if len(_KEPT) > MOST_KEPT:
        _KEPT.popitem(last=False)
    return other


class _Analysis:
    """One file's definitions, executed for what happens in them and in what they call."""

    def __init__(self, file: FileModel, project: Project, steps: int) -> None:
        self.file = file
        self.project = project
        self.happened: dict[str, dict[FunctionDefinition | None, list[Event]]] = {}
        """For each file, by the function that was looked at."""
        self.machine = Machine(library(project.targets), project, self._take, steps)
        self.root: FunctionDefinition | None = None
        self.inlined = MOST_INLINED

    def _take(self, event: Event) -> None:
        self.happened.setdefault(event.place.path, {}).setdefault(self.root, []).append(event)

    def add(self, other: _Analysis) -> None:
        """Take in what happens in this file on account of a caller."""
        mine = self.happened.setdefault(self.file.path, {})
        for root, events in other.happened.get(self.file.path, {}).items():
            mine.setdefault(root, []).extend(events)
        for function, calls in other.machine.called.items():
            if function.file is self.file:
                self.machine.called.setdefault(function, []).extend(calls)
        self.machine.needed |= other.machine.needed
        for node, kinds in other.machine.met.items():
            self.machine.met.setdefault(node, set()).update(kinds)

    def events(self) -> list[Event]:
        """What happened. Of functions that are called only where autograd is off, nothing about gradients."""
        found = []
        for root, events in self.happened.get(self.file.path, {}).items():
            calls = self.machine.called.get(root) if root is not None else None
            quiet = calls is not None and not any(calls)
            found += [event for event in events if not (quiet and _needs_grad(event)) and not self._is_needed(event)]
        return one_code_a_write([self._with_what_was_met(one) for one in found])

    def _with_what_was_met(self, event: Event) -> Event:
        match event:
            case Conversion():
                return with_what_was_met(self.machine, event)
            case Mixed():
                return replace(event, conversion=with_what_was_met(self.machine, event.conversion))
            case _:
                return event

    def _is_needed(self, event: Event) -> bool:
        """A link that does nothing here does something on another path, or for another caller."""
        return isinstance(event, Needless) and event.link in self.machine.needed

    def run(self, worth: Set[FunctionDefinition], own_file_alone: bool) -> None:
        """Execute the top level, and each class and function of ``worth`` for itself.

        :param own_file_alone: what happens in this file is wanted, not what happens elsewhere on its account
        """
        file = self.file
        self.inlined = max(LEAST_INLINED, min(MOST_INLINED, INLINED_A_FILE // max(1, len(worth))))
        state = self._top_level()
        for definition in file.classes:
            if definition.nested:
                continue
            inherited = self._inherited(definition, state, own_file_alone)
            if inherited or any(method in worth for method in definition.methods.values()):
                self._class(definition, inherited, state)
        for function in file.functions:
            if function.owner is None and not function.nested and function in worth:
                self._function(function, state.fork(), None)

    def _top_level(self) -> State:
        machine, file = self.machine, self.file
        state = State()
        frame = Frame(None, file, file.frame)
        frame.leaving_backward = assignments_before_backward(machine, file.module, file.text)
        machine.frames.append(frame)
        machine.inlined = MOST_INLINED
        state.frames[file.frame] = state.names
        try:
            execute(machine, file.module, state)
        finally:
            machine.frames.pop()
        state.alive = True
        state.frames[file.frame] = state.names
        state.names = {}
        self._pending(frame, state)
        return state

    def _pending(self, frame: Frame, state: State) -> None:
        """Functions made inside a function that nothing in sight calls."""
        for value in frame.nested:
            if isinstance(value, Function) and value.definition.nested and value.definition not in self.machine.called:
                self._function(value.definition, state.fork(), None, value.closure)

    def _class(self, definition: ClassDefinition, inherited: list[FunctionDefinition], state: State) -> None:
        machine = self.machine
        own = state.fork()
        machine.frames.append(Frame(None, self.file, self.file.frame))
        try:
            ref = new_instance(machine, definition, own, (definition.node, "any"))
        finally:
            machine.frames.pop()
        machine.instances[definition] = ref.address
        state.heap[ref.address] = own.heap[ref.address]
        init = definition.methods.get("__init__") or self._inherited_init(definition, own)
        if init is not None:
            self._function(init, own, ref)
        methods = [method for name, method in definition.methods.items() if name != "__init__"] + inherited
        for _ in range(ROUNDS):
            exits = []
            for method in methods:
                path = own.fork()
                self._function(method, path, ref, inlined=None if method.owner is definition else INLINED_INHERITED)
                exits.append(path)
            changed = False
            for path in exits:
                path.alive = True
                changed = own.join(path) or changed
            if not changed:
                break
        state.heap[ref.address] = own.heap[ref.address]
        state.heap.add_all(own.heap)

    def _inherited_init(self, definition: ClassDefinition, state: State) -> FunctionDefinition | None:
        for base in self._ancestors(definition, state)[1:]:
            if isinstance(base, ClassDefinition) and "__init__" in base.methods:
                return base.methods["__init__"]
        return None

    def _inherited(self, definition: ClassDefinition, state: State, own_file_alone: bool) -> list[FunctionDefinition]:
        """The inherited methods to look at as the class's own."""
        if not definition.bases:
            return []
        return inherited_methods(definition, self._ancestors(definition, state), own_file_alone)

    def _ancestors(self, definition: ClassDefinition, state: State) -> list[ClassDefinition | str]:
        self.machine.frames.append(Frame(None, self.file, self.file.frame))
        try:
            return list(ancestors(self.machine, definition, state))
        finally:
            self.machine.frames.pop()

    def _function(
        self,
        function: FunctionDefinition,
        state: State,
        receiver: Ref | None,
        closure: tuple[int, ...] = (),
        inlined: int | None = None,
    ) -> None:
        """Look at a function for itself: its parameters are what annotations, defaults and its class say."""
        machine = self.machine
        machine.inlined = self.inlined if inlined is None else inlined
        machine.batches.clear()
        machine.saved_before = machine.storages  # in which order an object's methods are called is not known
        self.root = function
        before = state.names, state.grad
        outer = Frame(None, function.file, function.file.frame)
        machine.frames.append(outer)
        try:
            state.names = {}
            names = dict(self._parameters(function, state, receiver))
            mode = self._mode(function, state)
            if mode is not None:
                state.grad = mode
            state.names = names
            if receiver is not None and function not in machine.called:
                time_passes(machine, state, function.node)
            enter(machine, function, closure or (function.file.frame,), state, None)
        finally:
            machine.frames.pop()
            state.names, state.grad = before
        for value in machine.take_nested():
            if value.definition not in machine.called and value.definition.nested:
                self._function(value.definition, state.fork(), None, value.closure)
        self.root = None

    def _parameters(
        self, function: FunctionDefinition, state: State, receiver: Ref | None
    ) -> Iterator[tuple[str, Value]]:
        machine = self.machine
        known = defaults_of(machine, function, state)
        parameters = function.parameters
        ordered = [*parameters.posonly_params, *parameters.params]
        first = ordered[0].name.value if ordered and receiver is not None and not function.is_static else None
        inputs = (
            function.owner is not None
            and function.name == "forward"
            and is_module_class(machine, function.owner, state)
        )
        for parameter in (*ordered, *parameters.kwonly_params):
            name = parameter.name.value
            value: Value = known.get(name, Unknown(name, parameter=True))
            if name == first and receiver is not None:
                is_class = function.is_class_method and function.owner is not None
                value = Class(function.owner) if is_class and function.owner is not None else receiver
            elif inputs and isinstance(value, Unknown) and parameter.annotation is None and parameter.default is None:
                kind = maybe(machine.place(parameter), f"`{name}` is an input of forward()")
                value = Tensor(kind=kind, opaque=True, assumed=True)
            elif isinstance(value, Tensor):
                machine.any_dtype.update(alias.storage for alias in value.aliases)
                for alias in value.aliases:
                    machine.caller_owned[alias.storage] = name
            elif isinstance(value, Array):
                machine.given.update(alias.storage for alias in value.aliases)
                machine.any_dtype.update(alias.storage for alias in value.aliases)
                machine.caller_arrays.update((alias.storage, name) for alias in value.aliases)
            elif isinstance(value, Unknown):
                value = replace(value, variable=name, parameter=True, argument=name)
                match parameter.annotation:
                    case cst.Annotation(annotation=cst.Name("bytes")):
                        value = replace(value, immutable=maybe(machine.place(parameter), f"`{name}` is bytes"))
            yield name, value
        for star in (parameters.star_arg, parameters.star_kwarg):
            if isinstance(star, cst.Param):
                yield star.name.value, Unknown(star.name.value, parameter=True)

    def _mode(self, function: FunctionDefinition, state: State) -> Fact | None:
        machine = self.machine
        mode = mode_of_decorators(machine, function, state)
        if mode is not None or function.owner is None:
            return mode
        names = [base for base in ancestors(machine, function.owner, state) if isinstance(base, str)]
        if any(name.endswith(("autograd.Function", "autograd.function.Function")) for name in names):
            return NO
        if function.name in LIGHTNING_EVALUATION and any(
            name.endswith(("LightningModule", "Callback")) for name in names
        ):
            return NO
        return None


def _needs_grad(event: Event) -> bool:
    if isinstance(event, GradientLost):
        return True
    return isinstance(event, Conversion) and event.tensor.requires_grad.holds and not event.tensor.device.holds
