"""Objects that have an identity: lists, dicts, instances. Their contents are replaced, never changed in place, so that
states can share them."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from tensorlint.flow.facts import NO, UNKNOWN, Fact, Place
from tensorlint.flow.form import PLAIN, Form
from tensorlint.flow.values import Function, Value

if TYPE_CHECKING:
    from tensorlint.flow.definitions import ClassDefinition

__all__ = ["HeapObject", "Instance", "Items", "Key", "Manager", "Mapping", "ModuleFacts", "Taken"]

Key: TypeAlias = "str | int"


@dataclass(frozen=True, slots=True)
class Items:
    """A list, set, deque or iterator."""

    known: tuple[Value, ...] | None = None
    """The items in order, where all of them are known."""
    rest: Value | None = None
    """What any item is, where they are not; None if nothing was put in."""
    put: tuple[Place, ...] = field(default=(), compare=False)
    """The arguments of ``append`` and the like."""
    kind: str = "list"
    depth: int = field(default=0, compare=False)
    """How many loops surrounded its making."""


@dataclass(frozen=True, slots=True)
class Taken:
    """That a dict is the ``state_dict()`` of a module."""

    storage: int
    """The storage of the module's parameters."""
    unseen: int = 0
    """How often the module may have been changed out of sight before (``unseen.py``)."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """A dict; ``rest`` stands for the entries whose keys are not known."""

    entries: MappingType[Key, Value] = field(default_factory=dict)
    rest: Value | None = None
    factory: Value | None = field(default=None, compare=False)
    """What a ``defaultdict`` makes of a missing key."""
    source: Taken | None = None
    """The ``state_dict()`` that this is."""


@dataclass(frozen=True, slots=True)
class ModuleFacts:
    """What is known of an ``nn.Module``."""

    trainable: Fact = UNKNOWN
    """That it holds (directly, or in parts that cannot be seen) a parameter that requires grad."""
    device: Fact = NO
    storage: int = 0
    """The storage of its parameters and buffers."""
    frozen: Fact = field(default=UNKNOWN)
    """That ``requires_grad_(False)`` was called on all of it."""
    form: Form = PLAIN
    """Of its parameters and buffers: whether their dtype is one that NumPy does not have."""
    dtype: str = "float32"
    """The dtype of its floating parameters; empty where it is not known."""


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance of a class of the project (``definition``) or of a library (``type``)."""

    definition: ClassDefinition | None = None
    type: str = ""
    attributes: MappingType[str, Value] = field(default_factory=dict)
    module: ModuleFacts | None = None
    open: bool = False
    """It may have attributes that were not seen being set."""
    registered: frozenset[str] = frozenset()
    """A module's buffers: tensors that move with it."""


@dataclass(frozen=True, slots=True)
class Manager:
    """A call of a function that ``contextlib.contextmanager`` decorates: its body runs when it is entered."""

    function: Function
    names: MappingType[str, Value]
    """Its parameters."""
    written: MappingType[str, str] = field(default_factory=dict, compare=False)
    """How the caller writes the arguments, for conditions on them."""


HeapObject: TypeAlias = Items | Mapping | Instance | Manager
