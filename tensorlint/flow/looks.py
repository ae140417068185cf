"""A file's functions, each executed for itself, and then those that matter for what was found in them."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace

from tensorlint.dependencies import Dependencies
from tensorlint.flow import calls as _calls  # noqa: F401  (these modules register evaluators)
from tensorlint.flow import comprehensions, expressions, loops, operators, statements, subscripts  # noqa: F401
from tensorlint.flow.assumed_device import on_this_machine
from tensorlint.flow.backward import assignments_before_backward
from tensorlint.flow.crossing import crosses
from tensorlint.flow.definitions import FileModel, FunctionDefinition
from tensorlint.flow.events import Conversion, Event, GradientLost, Mixed, Needless
from tensorlint.flow.functions import enter
from tensorlint.flow.machine import Frame, Machine, execute
from tensorlint.flow.met import with_what_was_met
from tensorlint.flow.objects import Objects
from tensorlint.flow.overwritten import one_code_a_write
from tensorlint.flow.parameters import mode_alone, parameters_alone
from tensorlint.flow.project import Project
from tensorlint.flow.state import State
from tensorlint.flow.toplevel import must_be_executed
from tensorlint.flow.unseen import time_passes
from tensorlint.flow.values import Function, Ref
from tensorlint.flow.worth import leading_to, using
from tensorlint.library.tables import library

__all__ = ["Looks"]

MOST_INLINED, LEAST_INLINED = 1_200, 120
"""Statements of called functions that are executed for one function that is looked at: the fewer such functions in a
file, the more for each. A script's ``main`` leads through the whole program, a method of a large class seldom does."""
INLINED_A_FILE = 12_000
ENOUGH = 10_000
"""Steps after which callers are no longer looked for, and methods not executed again; after half of them, calls are
followed less far, and after all of them not at all."""
INLINED_LATE = 40
FOLLOWED = 10_000
"""Steps after which a function that is looked at, or the top level, has calls followed no more."""
PHASES = 6
"""How often callers are looked for, and the callers of these."""


class Looks:
    """One file's definitions, executed for what happens in them and in what they call."""

    def __init__(self, file: FileModel, project: Project, steps: int) -> None:
        self.file = file
        self.project = project
        self.noted = Dependencies()
        """What it depends on, where it is kept to be used again."""
        self.happened: dict[str, dict[FunctionDefinition | None, list[Event]]] = {}
        """For each file, by the function that was looked at."""
        self.machine = Machine(library(project.targets, project.rows), project, self._take, steps, project.device)
        self.root: FunctionDefinition | None = None
        self.enough = steps - ENOUGH
        """So many steps are left when nothing is looked at that only adds to what is known."""
        self.half = steps - ENOUGH // 2
        self.inlined = MOST_INLINED
        self.giving: set[FunctionDefinition] = set()
        """The functions whose results matter to those that call them."""

    def _take(self, event: Event) -> None:
        here = on_this_machine(event, self.project.device)
        if here is not None:
            self.happened.setdefault(event.place.path, {}).setdefault(self.root, []).append(here)

    def add(self, other: Looks) -> None:
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

    def events_so_far(self) -> list[Event]:
        """What happened in the functions that were done when the steps ended; whether a link does nothing on every path
        is not known then."""
        self.happened.get(self.file.path, {}).pop(self.root, None)
        return [event for event in self.events() if not isinstance(event, Needless)]

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
        """Execute the top level, and each class and function of ``worth`` for itself; then those that call what
        depends on its callers, or that use what the others give.

        :param own_file_alone: what happens in this file is wanted, not what happens elsewhere on its account
        """
        state = self._top_level() if not own_file_alone or must_be_executed(self.file) else State()
        looked: Set[FunctionDefinition] = frozenset()
        asking: Set[FunctionDefinition] = frozenset()
        asked: Set[FunctionDefinition] = frozenset()
        objects = Objects(self.machine, self.file, state, self.function, self.enough)
        for _ in range(PHASES):
            self.inlined = max(LEAST_INLINED, min(MOST_INLINED, INLINED_A_FILE // max(1, len(worth) + len(looked))))
            objects.look(worth, asking if own_file_alone else worth, own_file_alone)
            for function in self.file.functions:
                if function.owner is None and not function.nested and function in worth:
                    self.function(function, state.fork(), None)
            if not own_file_alone:
                return
            looked = looked | worth
            every = self._asking()
            asking, asked = every - asked, every
            reading = objects.reading()
            worth = (leading_to(self.file, asking, far=False) | using(self.file, self.giving) | reading) - looked
            if not (worth or asking) or self.machine.budget < self.enough:
                return

    def _asking(self) -> Set[FunctionDefinition]:
        """The functions that were looked at for which it matters what calls them, and how."""
        machine = self.machine
        eventful = {root for root in self.happened.get(self.file.path, {}) if root is not None}
        return machine.wanting | machine.wanting_memory | machine.meeting | eventful

    def _top_level(self) -> State:
        machine, file = self.machine, self.file
        state = State()
        frame = Frame(None, file, file.frame)
        frame.leaving_backward = assignments_before_backward(machine, file.module, file.text)
        machine.frames.append(frame)
        machine.inlined = MOST_INLINED
        machine.followed_until = machine.budget - FOLLOWED
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
                self.function(value.definition, state.fork(), None, value.closure)

    def function(
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
        machine.followed_until = machine.budget - FOLLOWED
        if machine.budget < self.half:
            machine.inlined = min(machine.inlined, INLINED_LATE if machine.budget >= self.enough else 0)
        machine.batches.clear()
        machine.saved_before = machine.storages  # in which order an object's methods are called is not known
        self.root = function
        before = state.names, state.grad
        outer = Frame(None, function.file, function.file.frame)
        machine.frames.append(outer)
        try:
            state.names = {}
            names = dict(parameters_alone(machine, function, state, receiver))
            mode = mode_alone(machine, function, state)
            if mode is not None:
                state.grad = mode
            state.names = names
            if receiver is not None and function not in machine.called and not _is_called_nearby(function):
                time_passes(machine, state, function.node)
            given = enter(machine, function, closure or (function.file.frame,), state, None)
            if given is not None and crosses(given, state):
                self.giving.add(function)
        finally:
            machine.frames.pop()
            state.names, state.grad = before
        for value in machine.take_nested():
            if value.definition not in machine.called and value.definition.nested:
                self.function(value.definition, state.fork(), None, value.closure)
        self.root = None


def _is_called_nearby(method: FunctionDefinition) -> bool:
    """Something in its file calls a method of that name: there it is seen what happens before and after."""
    return f".{method.name}(" in method.file.text


def _needs_grad(event: Event) -> bool:
    if isinstance(event, GradientLost):
        return True
    return isinstance(event, Conversion) and event.tensor.requires_grad.holds and not event.tensor.device.holds
