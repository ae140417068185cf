"""A file's classes: for each an object of which nothing is known but its class, and its methods executed on it."""

from __future__ import annotations

from collections.abc import Set
from typing import Protocol

from tensorlint.flow.classes import ancestors, new_instance
from tensorlint.flow.crossing import changed_attributes, crossing_attributes
from tensorlint.flow.definitions import ClassDefinition, FileModel, FunctionDefinition
from tensorlint.flow.inherited import changing, depending, inherited_methods
from tensorlint.flow.machine import Frame, Machine
from tensorlint.flow.state import State
from tensorlint.flow.values import Ref
from tensorlint.flow.worth import reading

__all__ = ["Objects"]

ROUNDS = 2
INLINED_INIT, INLINED_INHERITED = 300, 150
"""Statements of called functions that are executed for a method that a class inherits: what it does with what the class
adds is near."""


class Look(Protocol):
    """Executes a function for itself."""

    def __call__(
        self,
        function: FunctionDefinition,
        state: State,
        receiver: Ref | None,
        closure: tuple[int, ...] = (),
        inlined: int | None = None,
    ) -> None: ...


class Objects:
    """The objects of a file's classes."""

    def __init__(self, machine: Machine, file: FileModel, state: State, look: Look, enough: int) -> None:
        """
        :param enough: nothing is executed again when fewer steps than these are left
        """
        self._machine = machine
        self._file = file
        self._state = state
        self._look = look
        self._made: dict[ClassDefinition, tuple[Ref, State]] = {}
        self._looked: dict[ClassDefinition, dict[FunctionDefinition, None]] = {}
        """The methods that were executed, in that order."""
        self._enough = enough

    def look(self, worth: Set[FunctionDefinition], called: Set[FunctionDefinition], own_file_alone: bool) -> None:
        """Execute the methods of ``worth``, and what they depend on.

        :param called: the methods for which inherited ones that call them matter
        :param own_file_alone: what happens in the files of the bases does not matter
        """
        for definition in self._file.classes:
            if definition.nested:
                continue
            inherited = self._inherited(definition, worth, called, own_file_alone)
            if inherited or not worth.isdisjoint(definition.methods.values()):
                self._execute(definition, inherited, worth)

    def reading(self) -> set[FunctionDefinition]:
        """The methods that read attributes in which others put what has crossed a boundary."""
        found: set[FunctionDefinition] = set()
        for definition, (ref, own) in self._made.items():
            found |= reading(definition, crossing_attributes(ref, own))
        return found

    def _execute(
        self, definition: ClassDefinition, inherited: list[FunctionDefinition], worth: Set[FunctionDefinition]
    ) -> None:
        ref, own = self._object(definition)
        methods = [*changing(definition, worth, inherited), *inherited]
        methods = [method for method in methods if method.name != "__init__"]
        self._looked.setdefault(definition, {}).update(dict.fromkeys(methods))
        for _ in range(ROUNDS):
            exits = []
            for method in methods:
                path = own.fork()
                self._look(method, path, ref, inlined=None if method.owner is definition else INLINED_INHERITED)
                exits.append(path)
            before = own.fork()
            for path in exits:
                path.alive = True
                own.join(path)
            changed = changed_attributes(ref, before, own)
            if not changed or self._machine.budget < self._enough:
                break
            methods = depending(changed, self._looked[definition])
        self._state.heap[ref.address] = own.heap[ref.address]
        self._state.heap.add_all(own.heap)

    def _object(self, definition: ClassDefinition) -> tuple[Ref, State]:
        """The object as ``__init__`` leaves it, made once, and the state that it is in."""
        if definition in self._made:
            return self._made[definition]
        machine, own = self._machine, self._state.fork()
        machine.frames.append(Frame(None, self._file, self._file.frame))
        try:
            ref = new_instance(machine, definition, own, (definition.node, "any"))
        finally:
            machine.frames.pop()
        machine.instances[definition] = ref.address
        self._state.heap[ref.address] = own.heap[ref.address]
        init = self._init(definition, own)
        if init is not None:
            self._look(init, own, ref, inlined=INLINED_INIT if init.file is self._file else INLINED_INHERITED)
        self._made[definition] = ref, own
        return ref, own

    def _init(self, definition: ClassDefinition, state: State) -> FunctionDefinition | None:
        if "__init__" in definition.methods:
            return definition.methods["__init__"]
        for base in self._ancestors(definition, state)[1:]:
            if isinstance(base, ClassDefinition) and "__init__" in base.methods:
                return base.methods["__init__"]
        return None

    def _inherited(
        self,
        definition: ClassDefinition,
        worth: Set[FunctionDefinition],
        called: Set[FunctionDefinition],
        own_file_alone: bool,
    ) -> list[FunctionDefinition]:
        """The inherited methods to look at as the class's own."""
        if not definition.bases:
            return []
        bases = self._ancestors(definition, self._state)
        return inherited_methods(definition, bases, worth, called, own_file_alone)

    def _ancestors(self, definition: ClassDefinition, state: State) -> list[ClassDefinition | str]:
        self._machine.frames.append(Frame(None, self._file, self._file.frame))
        try:
            return list(ancestors(self._machine, definition, state))
        finally:
            self._machine.frames.pop()
