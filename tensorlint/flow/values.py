"""Values: what the interpreter knows about what an expression evaluates to.

Tensors, arrays and the like are values by themselves. Lists, dicts and instances are mutable and can be reached by many
names, so their value is a :class:`Ref` to an object on the heap (``heap.py``). Where paths meet, both values are
kept: facts of two tensors are joined (``facts.py``), values of different kinds become the items of a :class:`Union`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from tensorlint.flow.facts import NO, UNKNOWN, Fact, Guards, Place, Reason
from tensorlint.flow.form import PLAIN, Form
from tensorlint.flow.lost import Lost
from tensorlint.flow.spread import EVEN, Spread

if TYPE_CHECKING:
    import libcst as cst

    from tensorlint.flow.carried import Saved
    from tensorlint.flow.definitions import ClassDefinition, FunctionDefinition

__all__ = [
    "EXIT_STACK",
    "NO_GUARDS",
    "Alias",
    "Array",
    "Autocast",
    "Bound",
    "Class",
    "Constant",
    "Device",
    "Dtype",
    "External",
    "Function",
    "GradMode",
    "Number",
    "Object",
    "Ref",
    "Tensor",
    "Tuple",
    "Union",
    "Unknown",
    "Value",
    "alternatives",
    "union",
]

NO_GUARDS: Guards = frozenset()
Given: TypeAlias = "tuple[tuple[str, cst.BaseExpression, Value], ...]"
"""The first arguments that ``functools.partial`` gives: keyword (empty for positions), expression, value."""
EXIT_STACK = "contextlib.ExitStack"


@dataclass(frozen=True, slots=True)
class Alias:
    """A stretch of memory that a value lives in, and how it came to live there."""

    storage: int
    """Values with one storage share memory."""
    version: int = 0
    """How often the storage had been written to when the value was made."""
    made: Reason | None = field(default=None, compare=False)
    """The conversion that made the value an alias of another one's memory; None for the value itself."""
    condition: str = ""
    """When memory is shared at all: ``unless on a GPU``, ``unless the dtype changes``, ... or empty for always."""
    perhaps: Reason | None = field(default=None, compare=False)
    """The call that decides, by the condition, whether memory is shared."""
    part: int = field(default=0, compare=False)
    """Which part of the memory it is (by the ``id`` of the node that took it); 0 for all of it, or for any part."""
    kept: Reason | None = field(default=None, compare=False)
    """Where the alias was put away for later: appended, stored in an attribute or a dict."""
    behind: bool = field(default=False, compare=False)
    """A tensor's writes to it are not noticed by autograd: it was made by ``.data``, or of an array."""
    kept_before: Place | None = field(default=None, compare=False)
    """Where the alias that this one was taken from was made, if that one had been put away."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """A ``torch.Tensor``, or an opaque torch object (a model's output) whose tensors have these facts."""

    requires_grad: Fact = UNKNOWN
    device: Fact = UNKNOWN
    """That it is on an accelerator (CUDA, MPS, XLA)."""
    dtype: str = ""
    """``float32``, ``int64`` ...; empty where it is not known."""
    kind: Fact = field(default=UNKNOWN, compare=False)
    """That it is a tensor at all: how it is known."""
    opaque: bool = False
    """It may be a structure (a model's output, a batch): attributes and items have the same facts."""
    aliases: frozenset[Alias] = field(default=frozenset(), compare=False)
    assumed: bool = field(default=False, compare=False)
    """It is a tensor only because inputs of ``forward()`` are, as a rule."""
    form: Form = PLAIN
    """What NumPy cannot read: bits, dtype, layout."""
    ndim: int | None = field(default=None, compare=False)
    guards: Guards = NO_GUARDS
    lost: Lost | None = field(default=None, compare=False)
    """The gradient that was lost on the way to it (``leaving.py``)."""
    dtype_from: Reason | None = field(default=None, compare=False)
    """Why the dtype is what it is, where nothing that is not known could have changed it."""
    no_graph: Reason | None = field(default=None, compare=False)
    """How it is known that it has none, on this path."""
    on_cpu: Reason | None = field(default=None, compare=False)
    """How it is known that it is there, on this path."""
    saves: frozenset[Saved] = field(default=frozenset(), compare=False)
    """What the operations that it was computed by have saved for the backward."""
    spread: Spread = EVEN
    """Which of its elements stand at several places."""


@dataclass(frozen=True, slots=True)
class Array:
    """A ``numpy.ndarray``, or with ``scalar`` a NumPy scalar."""

    negative_stride: Fact = NO
    dtype: str = ""
    aliases: frozenset[Alias] = field(default=frozenset(), compare=False)
    scalar: bool = False
    maybe_scalar: bool = field(default=False, compare=False)
    """A NumPy scalar where the inputs had few dimensions: an item, a dot product."""
    guards: Guards = NO_GUARDS
    ndim: int | None = field(default=None, compare=False)
    """How many dimensions it has, where its shape was seen."""
    read_only: Fact = NO
    """That it is not writable."""
    backing: str = field(default="", compare=False)
    """Of a read-only array: ``file`` where its memory is a mapped file, ``array`` where it is another array's."""
    lost: Lost | None = field(default=None, compare=False)
    dtype_from: Reason | None = field(default=None, compare=False)
    """Why the dtype is what it is, where nothing that is not known could have changed it."""
    spread: Spread = EVEN
    """Which of its elements stand at several places."""


@dataclass(frozen=True, slots=True)
class Device:
    """A ``torch.device``, or text that names one."""

    accelerator: Fact = UNKNOWN
    text: bool = False
    """It is a string, not a ``torch.device``."""
    made: Fact = field(default=UNKNOWN, compare=False)
    """That it is a ``torch.device``: how it is known."""
    guards: Guards = NO_GUARDS


@dataclass(frozen=True, slots=True)
class Dtype:
    """A dtype of torch or NumPy."""

    name: str = ""
    library: str = ""
    lacking: Fact = NO
    """That it is one that NumPy does not have."""
    guards: Guards = NO_GUARDS


@dataclass(frozen=True, slots=True)
class Number:
    """A Python number, bool or string whose value is not known."""

    guards: Guards = NO_GUARDS
    lost: Lost | None = field(default=None, compare=False)
    type: str = ""
    """``float``, ``int``, ``bool``, ``str``, ``complex``; empty where it is not known."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A Python constant."""

    value: str | bytes | int | float | bool | complex | None
    guards: Guards = NO_GUARDS


@dataclass(frozen=True, slots=True)
class Tuple:
    """A tuple with known items."""

    items: tuple[Value, ...]
    guards: Guards = NO_GUARDS


@dataclass(frozen=True, slots=True)
class Ref:
    """A list, dict, set, instance or module on the heap."""

    address: int
    guards: Guards = NO_GUARDS


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the project, with the frames that it closes over."""

    definition: FunctionDefinition
    closure: tuple[int, ...] = ()
    """Numbers of the frames of the enclosing functions, the outermost first."""
    guards: Guards = NO_GUARDS
    mode: Fact | None = None
    """The grad mode that it is wrapped in: ``torch.no_grad()(function)``."""
    given: Given = ()


@dataclass(frozen=True, slots=True)
class GradMode:
    """A grad mode: a context that sets it (``torch.no_grad()``), or what ``torch.is_grad_enabled()`` says."""

    mode: Fact
    guards: Guards = NO_GUARDS


@dataclass(frozen=True, slots=True)
class Autocast:
    """A context of ``torch.autocast``."""

    lower: Fact
    """That it computes in a dtype that NumPy does not have."""
    guards: Guards = NO_GUARDS


@dataclass(frozen=True, slots=True)
class Class:
    """A class of the project."""

    definition: ClassDefinition
    guards: Guards = NO_GUARDS
    given: Given = ()


@dataclass(frozen=True, slots=True)
class Bound:
    """A method taken from a value: ``x.numpy`` before it is called; ``function`` where the project defines it."""

    receiver: Value
    name: str
    function: Function | None = None
    guards: Guards = NO_GUARDS


@dataclass(frozen=True, slots=True)
class External:
    """A name of a library: ``numpy.mean``, ``torch.nn.Linear``, ``torch`` itself."""

    name: str
    guards: Guards = NO_GUARDS
    given: Given = ()


@dataclass(frozen=True, slots=True)
class Object:
    """An instance of a library's class that the tables know: ``matplotlib.axes.Axes``."""

    type: str
    requires_grad: Fact = NO
    """That the tensors it was made of require grad (a distribution's parameters)."""
    device: Fact = NO
    guards: Guards = NO_GUARDS


@dataclass(frozen=True, slots=True)
class Unknown:
    """Anything."""

    variable: str = field(default="", compare=False)
    """The parameter, attribute or name that it was first seen as."""
    negative_stride: Fact = NO
    """It was subscripted with ``[::-1]``: a view with a negative stride if it is an array."""
    guards: Guards = NO_GUARDS
    parameter: bool = field(default=False, compare=False)
    """It is an argument of the function that is looked at, whose callers are not in sight."""
    from_caller: bool = field(default=False, compare=False)
    """It was computed from such an argument: only a caller tells what it is."""
    optional: bool = field(default=False, compare=False)
    """Its default is None."""
    missing: bool = field(default=False, compare=False)
    """It is an argument that a call does not give."""
    argument: str = field(default="", compare=False)
    """The parameter whose very value it is, rather than a part or an attribute of that."""
    recast: Fact = field(default=NO, compare=False)
    """It is a copy of that in another dtype."""
    immutable: Fact = NO
    """It is ``bytes``: an array over its memory is read-only."""
    lost: Lost | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Union:
    """Several alternatives: what different paths left in one name."""

    items: tuple[Single, ...]


Single: TypeAlias = (
    Tensor
    | Array
    | Device
    | Dtype
    | Number
    | Constant
    | Tuple
    | Ref
    | Function
    | GradMode
    | Autocast
    | Class
    | Bound
    | External
    | Object
    | Unknown
)
Value: TypeAlias = Single | Union


def alternatives(value: Value) -> tuple[Single, ...]:
    """The values of a union, or the value itself."""
    return value.items if isinstance(value, Union) else (value,)


def union(values: Iterator[Single] | list[Single] | tuple[Single, ...]) -> Value:
    """The value that is one of ``values``."""
    items = tuple(values)
    if len(items) > 1:
        items = tuple(dict.fromkeys(items))
    if not items:
        return Unknown()
    return items[0] if len(items) == 1 else Union(items)
