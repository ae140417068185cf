"""Whether a value is of a type that a test asks for."""

from __future__ import annotations

import sys

from tensorlint.flow.classes import MODULES, ancestors
from tensorlint.flow.definitions import ClassDefinition
from tensorlint.flow.dtypes import types_of_dtype
from tensorlint.flow.heap import Instance, Items, Mapping
from tensorlint.flow.machine import Machine
from tensorlint.flow.state import State
from tensorlint.flow.values import (
    Array,
    Constant,
    Device,
    Dtype,
    External,
    Number,
    Object,
    Ref,
    Single,
    Tensor,
    Tuple,
)

__all__ = ["PLAIN_TYPES", "TENSOR_TYPES", "matches_types"]

TENSOR_TYPES = {"torch.Tensor", "torch.FloatTensor", "torch.nn.Parameter", "torch.autograd.Variable"}
DTYPE_TYPES = {"torch.dtype", "numpy.dtype", "builtins.type", "builtins.str", *TENSOR_TYPES, "numpy.ndarray"}
PLAIN_TYPES = {
    "builtins.list": (Tuple, Ref),
    "builtins.tuple": (Tuple, Ref),
    "builtins.dict": (Ref,),
    "builtins.int": (Number, Constant),
    "builtins.float": (Number, Constant),
    "builtins.bool": (Number, Constant),
    "builtins.str": (Number, Constant),
    "builtins.bytes": (Number, Constant),
}


def matches_types(
    machine: Machine,
    state: State,
    item: Single,
    tensors: bool,
    arrays: bool,
    plain: tuple[type, ...],
    classes: list[ClassDefinition],
    names: set[str],
) -> bool | None:
    """Whether an alternative is of one of the types; None where that cannot be told."""
    match item:
        case Tensor():
            return tensors or (None if names - TENSOR_TYPES - set(PLAIN_TYPES) - {"numpy.ndarray"} else False)
        case Device():
            return ("builtins.str" if item.text else "torch.device") in names
        case Array():
            return arrays or (None if item.scalar else False)
        case Constant(value=None):
            return False
        case Number() | Constant():
            if isinstance(item, Constant) and isinstance(item.value, str):
                return "builtins.str" in names
            return None if isinstance(item, plain) else False
        case External() | Dtype() if (kinds := types_of_dtype(item)) is not None:
            return True if not kinds.isdisjoint(names) else False if names <= DTYPE_TYPES else None
        case Object(type=own) if not classes:
            return True if own in names else False if all(_is_elsewhere(name, own) for name in names) else None
        case Tuple():
            return "builtins.tuple" in names or (
                None if names - set(PLAIN_TYPES) - TENSOR_TYPES - {"numpy.ndarray"} else False
            )
        case Ref():
            match state.object(item):
                case Items(kind=kind):
                    if kind in ("list", "tuple"):
                        return f"builtins.{kind}" in names or (
                            None if "builtins.list" in names or "builtins.tuple" in names else False
                        )
                    return None
                case Mapping():
                    return "builtins.dict" in names or (None if names - set(PLAIN_TYPES) - TENSOR_TYPES else False)
                case Instance() as instance:
                    return _is_one(machine, state, instance, classes, names)
            return None
        case _:
            return None


def _is_one(
    machine: Machine, state: State, instance: Instance, classes: list[ClassDefinition], names: set[str]
) -> bool | None:
    """Whether an instance is of one of the classes; a module, and what inherits from nothing unseen, is no list."""
    if instance.definition is not None and classes:
        return True if any(base in classes for base in ancestors(machine, instance.definition, state)) else None
    if instance.module is not None and (instance.type in names or not names.isdisjoint(MODULES)):
        return True
    if (
        instance.type.startswith("torch.nn.")
        and names
        and not classes
        and all(_is_layer(machine, one) for one in names)
    ):
        return False
    plain = names <= {*PLAIN_TYPES, *TENSOR_TYPES, "numpy.ndarray"}
    closed = instance.module is not None or (instance.definition is not None and not instance.open)
    return False if plain and closed and not classes else None


def _is_elsewhere(name: str, own: str) -> bool:
    """An object of a library's class is no tensor or array, nor an instance of another library's class."""
    root = name.partition(".")[0]
    foreign = root not in sys.stdlib_module_names and root != own.partition(".")[0]
    return name in TENSOR_TYPES or name == "numpy.ndarray" or foreign


def _is_layer(machine: Machine, name: str) -> bool:
    """A module of torch that no other one inherits from."""
    row = machine.library.row(name)
    return name.startswith("torch.nn.") and row is not None and row.returns == "module" and not name.endswith("Base")
