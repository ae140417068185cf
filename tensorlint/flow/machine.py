"""The interpreter's working parts that do not belong to one program point: events, places, numbers, the call stack."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import libcst as cst

from tensorlint.flow.events import Event
from tensorlint.flow.facts import Place, Reason

if TYPE_CHECKING:
    from tensorlint.flow.definitions import ClassDefinition, FileModel, FunctionDefinition
    from tensorlint.flow.entries import Sweep
    from tensorlint.flow.iteration import Loaded
    from tensorlint.flow.met import Met
    from tensorlint.flow.state import State
    from tensorlint.flow.values import Function, Value
    from tensorlint.library.tables import Library

__all__ = [
    "Callees",
    "Collector",
    "Crossing",
    "Frame",
    "Machine",
    "OutOfSteps",
    "evaluate",
    "evaluate_globally",
    "evaluates",
    "execute",
    "execute_all",
    "executes",
    "globally",
]


class OutOfSteps(Exception):
    """The analysis of this file took more steps than it is given."""


class Callees(Protocol):
    """Who answers for names of other files (``project.py``)."""

    def resolve(self, name: str, state: State, machine: Machine) -> Value | None:
        """The function, class or variable with a dotted name, if it is the project's."""

    def global_name(self, file: FileModel, name: str, state: State, machine: Machine) -> Value | None:
        """A global name of a file whose top level was not executed yet."""

    def load(self, file: FileModel, state: State, machine: Machine) -> None:
        """Have the top level of a file executed."""

    def sets_default_dtype(self, file: FileModel) -> bool:
        """Whether what runs with a file changes the dtype that torch gives by default."""


@dataclass(frozen=True, slots=True)
class Collector:
    """What a loop puts something into in each step."""

    frame: int
    """The number of the frame that the loop is executed in."""
    into: str
    waits: frozenset[cst.BaseExpression] = frozenset()
    """The calls that are meant; all of them if empty."""
    under: str = ""
    """The test of the step under which alone it is read."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """A call that gave a tensor or an array that shares the memory of what it was given."""

    to: str
    """``tensor`` or ``array`` where it came from the other side, else empty."""
    at: tuple[int, int]
    """The number of the frame, and how many of its loops were around it."""


@dataclass(slots=True)
class Frame:
    """A function that is being executed."""

    definition: FunctionDefinition | None
    file: FileModel
    number: int
    closure: tuple[int, ...] = ()
    call: Reason | None = None
    arguments: dict[str, Value] = field(default_factory=dict)
    """The parameters when it was entered."""
    returned: list[tuple[Value, State]] = field(default_factory=list)
    yielded: list[Value] = field(default_factory=list)
    loops: int = 0
    body: cst.CSTNode | None = None
    """The body of the innermost loop."""
    breaks: list[State] = field(default_factory=list)
    continues: list[State] = field(default_factory=list)
    leaving_backward: frozenset[int] = frozenset()
    """The assignments (by ``id`` of their statement) whose value ``backward()`` is later called on."""
    globals: set[str] = field(default_factory=set)
    nonlocals: set[str] = field(default_factory=set)
    nested: list[Value] = field(default_factory=list)
    """Functions defined inside, for a look of their own when nothing in sight calls them."""
    branches: int = 0
    caught: list[frozenset[str]] = field(default_factory=list)
    """The names of the errors after which the ``try`` statements around go on, the outermost first."""
    suspended: list[State] | None = None
    """Where a generator is executed only up to its ``yield``: the states there."""
    sweeps: dict[str, Sweep] = field(default_factory=dict)
    """The loops that replace every entry of a container, by how the entry that they are at is written."""


@dataclass(slots=True)
class Machine:
    """One analysis of one file."""

    library: Library
    callees: Callees
    emit: Callable[[Event], None]
    budget: int
    """How many steps the analysis may still take."""
    assumed: str = "any"
    """What the program runs on: ``cpu`` (never a GPU), ``cuda`` (a machine with a GPU), or ``any``."""
    inlined: int = 0
    """How many statements of called functions may still be executed for the function that is looked at."""
    followed_until: int = 0
    """How many steps must be left for a call to be followed: one function does not take what the others need."""
    unrolled: int = 1
    """How often the statement that is executed is executed by the loops around it, once for each known entry."""
    frames: list[Frame] = field(default_factory=list)
    defaulting: set[FunctionDefinition] = field(default_factory=set)
    """The functions whose parameters' defaults are being evaluated; these may call the function itself."""
    storages: int = 0
    addresses: dict[tuple[object, ...], int] = field(default_factory=dict)
    caller_owned: dict[int, str] = field(default_factory=dict)
    """Storages that belong to the caller of the function that is looked at, with the name they have there."""
    batches: dict[int, Loaded] = field(default_factory=dict)
    """What the loaders (by address) give that were met in the function that is looked at."""
    filled: set[int] = field(default_factory=set)
    """Storages of new, empty memory (``torch.zeros``), which is there to be written to."""
    scratch: set[int] = field(default_factory=set)
    """The same of NumPy's (``np.zeros``), and of arrays over memory that is there already: buffers, mapped files."""
    crossed: dict[cst.CSTNode, Crossing] = field(default_factory=dict)
    """The calls that gave what shares memory with what they were given."""
    any_dtype: set[int] = field(default_factory=set)
    """Storages of what may have one dtype in one run and another one in the next: arguments, what is loaded."""
    caller_arrays: dict[int, str] = field(default_factory=dict)
    """Storages of arrays that belong to the caller of the function that is looked at, with their names there."""
    copies_of_some: set[int] = field(default_factory=set)
    """Storages of copies that are made of some arguments and not of others, as these are (a list, another dtype)."""
    as_passed: set[int] = field(default_factory=set)
    """Storages of arrays of the caller that are laid out as they were passed, which is in order as a rule."""
    modules: dict[int, int] = field(default_factory=dict)
    """The module (by address) whose parameters and buffers live in a storage."""
    aside: list[dict[str, Value]] = field(default_factory=list)
    """The names around the comprehensions that are evaluated."""
    saved: set[int] = field(default_factory=set)
    """Storages of which an operation has saved something for its backward."""
    behind: dict[tuple[int, int], int] = field(default_factory=dict)
    """For each storage and node that writes to it through ``.data``, how much had been saved at the first time."""
    saved_before: int = 0
    """What was saved (by its number) before the function that is looked at was entered."""
    gradients: dict[int, int] = field(default_factory=dict)
    """The storage of the gradients of what lives in a storage."""
    called: dict[FunctionDefinition, list[bool]] = field(default_factory=dict)
    """For each function, whether autograd recorded at the calls that were seen."""
    frame_numbers: int = 0
    ancestors: dict[ClassDefinition, list[ClassDefinition | str]] = field(default_factory=dict)
    module_classes: dict[ClassDefinition, bool] = field(default_factory=dict)
    instances: dict[ClassDefinition, int] = field(default_factory=dict)
    """For each class that was looked at, the address of an instance that stands for any."""
    backward: dict[int, frozenset[int]] = field(default_factory=dict)
    """Kept answers of ``backward.py``."""
    describing: set[FunctionDefinition] = field(default_factory=set)
    """Decorators that take long and leave what they are given as it is."""
    unchanged: set[cst.CSTNode] = field(default_factory=set)
    """Functions that their decorators leave as they are."""
    decorating: bool = False
    """Decorators are applied: what they hand on is not called yet."""
    statement: cst.CSTNode | None = None
    """The expression of the expression statement that is executed."""
    optimized: dict[int, set[int]] = field(default_factory=dict)
    """For each optimizer (by address), the storages of the parameters that its step updates."""
    optimizer_use: dict[tuple[int, str], set[str]] = field(default_factory=dict)
    """Which of ``step`` and ``zero_grad`` is called on names of functions that may be optimizers."""
    lambdas: dict[int, FunctionDefinition] = field(default_factory=dict)
    decorated: dict[FunctionDefinition, tuple[Value, State]] = field(default_factory=dict)
    """What decorators make of functions of files whose top level was not executed."""
    loaded: dict[int, State] = field(default_factory=dict)
    """The executed top levels of imported files, by their frame's number."""
    partly: dict[int, State] = field(default_factory=dict)
    """What was executed of top levels for the sake of some of their names."""
    nested: list[Function] = field(default_factory=list)
    """Functions made inside the function that is looked at."""
    wanting_memory: set[FunctionDefinition] = field(default_factory=set)
    """Functions that write to an argument, or the like, of which only a caller knows whose memory it is."""
    given: set[int] = field(default_factory=set)
    """Storages of arrays that are arguments of the function that is looked at."""
    wanting: set[FunctionDefinition] = field(default_factory=set)
    """Functions in which something is converted of which only a caller knows whether it can be."""
    meeting: set[FunctionDefinition] = field(default_factory=set)
    """Functions in which something of which only a caller knows what it is comes to where it may matter; callers in
    other files are not asked."""
    needed: set[cst.CSTNode] = field(default_factory=set)
    """Links of conversions that have something to do on some path (``links.py``)."""
    looks: bool = True
    """What is evaluated is looked at."""
    operating: bool = False
    """What is evaluated is written to, or is written there."""
    collector: Collector | None = None
    """What the value is put into that is evaluated, in a loop that does not read it otherwise."""
    met: dict[cst.CSTNode, set[Met]] = field(default_factory=dict)
    """What the operands of conversions were, on any path (``met.py``)."""
    parts: dict[tuple[int, int | str], cst.CSTNode] = field(default_factory=dict)
    """For each place and position where something is unpacked, a node that stands for it."""
    synthetic: list[cst.CSTNode] = field(default_factory=list)
    """Nodes that are in no file, kept alive so that their ``id`` stays theirs."""

    @property
    def frame(self) -> Frame:
        return self.frames[-1]

    @property
    def at(self) -> tuple[int, int]:
        """The number of the frame, and how many of its loops are around what is executed."""
        return self.frame.number, self.frame.loops

    def place(self, node: cst.CSTNode) -> Place:
        """The place of a node of the file that is being executed."""
        return Place(self.frame.file.path, node)

    def calls(self) -> tuple[Reason, ...]:
        """The calls that led here, the outermost first."""
        return tuple(frame.call for frame in self.frames if frame.call is not None)

    def storage(self) -> int:
        """The number of a new storage."""
        self.storages += 1
        return self.storages

    def address(self, *site: object) -> int:
        """The address of what is made at a site (a node and what it is made for), the same each time in one context."""
        key = (*site, *(id(frame.call.place.node) for frame in self.frames if frame.call is not None))
        return self.addresses.setdefault(key, len(self.addresses) + 1)

    def modules_by_use(self, frame: Frame) -> frozenset[str]:
        """The names (``model``, ``self.net``) that are used as modules in a function and its class (``use.py``)."""
        from tensorlint.flow.use import modules_by_use

        return modules_by_use(frame.definition or frame.file)

    def ask_callers(self, of_memory: bool = False) -> None:
        """What happens here depends on what callers pass to the functions that are being executed.

        :param of_memory: only a tensor, or an array that shares its memory with one, would matter
        """
        if self.frame.file is self.frames[0].file:
            wanting = self.wanting_memory if of_memory else self.wanting
            wanting.update(frame.definition for frame in self.frames if frame.definition is not None)

    def ask_callers_nearby(self) -> None:
        """The same, where the callers in this file are enough."""
        if self.frame.file is self.frames[0].file:
            self.meeting.update(frame.definition for frame in self.frames if frame.definition is not None)

    def unread(self, unread: bool = True) -> _ForNow:
        """What is evaluated is not looked at: only replaced, or asked whether it is there."""
        return _ForNow(self, self.looks and not unread, self.operating)

    def sets_default_dtype(self) -> bool:
        """Whether what runs with the functions that are executed changes the dtype that torch gives by default."""
        files = {id(frame.file): frame.file for frame in self.frames}
        return any(self.callees.sets_default_dtype(file) for file in files.values())

    def in_place(self, in_place: bool = True) -> _ForNow:
        """What is evaluated is what something in place works on or with."""
        return _ForNow(self, self.looks, self.operating or in_place)

    def take_nested(self) -> list[Function]:
        """The functions that were made inside the function that was looked at last."""
        found, self.nested = self.nested, []
        return found

    def bring_globals(self, file: FileModel, state: State) -> None:
        """Let the global names of a file that was executed be there: what is reached by what is remembered of it
        (a base class) need not have been imported on this path."""
        if file.frame not in state.frames and (loaded := self.loaded.get(file.frame)) is not None:
            state.frames[file.frame] = loaded.names
            state.heap.add_all(loaded.heap)
            state.frames.add_all(loaded.frames)

    def step(self, count: int = 1) -> None:
        """Take a step.

        :raises OutOfSteps: when there are none left
        """
        self.budget -= count
        if self.budget < 0:
            raise OutOfSteps


class _ForNow:
    """How a machine takes what is evaluated, until the block ends; a generator would take several times as long."""

    __slots__ = ("_before", "_machine", "_now")

    def __init__(self, machine: Machine, looks: bool, operating: bool) -> None:
        self._machine = machine
        self._now = (looks, operating)

    def __enter__(self) -> None:
        machine = self._machine
        self._before = (machine.looks, machine.operating)
        machine.looks, machine.operating = self._now

    def __exit__(self, *raised: object) -> None:
        self._machine.looks, self._machine.operating = self._before


_EVALUATORS: dict[type[cst.CSTNode], Callable[..., Value]] = {}
_EXECUTORS: dict[type[cst.CSTNode], Callable[..., None]] = {}


def evaluates(*kinds: type[cst.CSTNode]) -> Callable[[Callable[..., Value]], Callable[..., Value]]:
    """Register ``function(machine, node, state) -> Value`` for expressions of these kinds."""

    def register(function: Callable[..., Value]) -> Callable[..., Value]:
        for kind in kinds:
            _EVALUATORS[kind] = function
        return function

    return register


def executes(*kinds: type[cst.CSTNode]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register ``function(machine, node, state) -> None`` for statements of these kinds."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        for kind in kinds:
            _EXECUTORS[kind] = function
        return function

    return register


def evaluate(machine: Machine, node: cst.BaseExpression, state: State) -> Value:
    """What an expression is, and what happens while it is evaluated."""
    evaluator = _EVALUATORS.get(type(node))
    if evaluator is None:
        from tensorlint.flow.values import Unknown

        return Unknown()
    return evaluator(machine, node, state)


def evaluate_globally(machine: Machine, file: FileModel, node: cst.BaseExpression, state: State) -> Value:
    """Evaluate an expression among the global names of a file: an annotation, a base class, a class attribute."""
    with globally(machine, file, state):
        return evaluate(machine, node, state)


@contextmanager
def globally(machine: Machine, file: FileModel, state: State) -> Iterator[None]:
    """Execute at the top level of a file for a while."""
    machine.bring_globals(file, state)
    machine.frames.append(Frame(None, file, file.frame))
    names, state.names = state.names, dict(state.frames.get(file.frame) or {})
    try:
        yield
    finally:
        state.names = names
        machine.frames.pop()


def execute(machine: Machine, node: cst.CSTNode, state: State) -> None:
    """Let a statement happen to a state."""
    executor = _EXECUTORS.get(type(node))
    if executor is not None:
        executor(machine, node, state)


def execute_all(machine: Machine, statements: Sequence[cst.CSTNode], state: State) -> None:
    """Let statements happen one after the other, until the path ends."""
    for statement in statements:
        if not state.alive:
            return
        machine.step()
        if len(machine.frames) > 1:
            machine.inlined -= 1
        if isinstance(statement, cst.SimpleStatementLine):
            for small in statement.body:
                if state.alive:
                    execute(machine, small, state)
        else:
            execute(machine, statement, state)
