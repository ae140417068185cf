"""What an annotation says of a value."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import libcst as cst

from tensorlint.flow.containers import make_items, make_mapping
from tensorlint.flow.definitions import ClassDefinition
from tensorlint.flow.facts import NO, UNKNOWN, Place, maybe, yes
from tensorlint.flow.heap import Instance
from tensorlint.flow.machine import Machine, evaluate_globally
from tensorlint.flow.modules import make_module
from tensorlint.flow.names import dotted, literal
from tensorlint.flow.state import State
from tensorlint.flow.storage import fresh
from tensorlint.flow.values import Array, Class, Device, External, Number, Ref, Tensor, Tuple, Unknown, Value

if TYPE_CHECKING:
    from tensorlint.flow.definitions import FileModel

__all__ = ["annotated", "instance_of_class"]

SEQUENCES = ("List", "list", "Sequence", "Iterable", "Iterator", "Collection", "Deque", "deque", "Set", "set")
MAPPINGS = ("Dict", "dict", "Mapping", "MutableMapping", "OrderedDict", "DefaultDict", "defaultdict")
TENSORS = {
    "torch.Tensor": "",
    "torch.FloatTensor": "float32",
    "torch.LongTensor": "int64",
    "torch.BoolTensor": "bool",
    "torch.IntTensor": "int32",
    "torch.ByteTensor": "uint8",
    "torch.DoubleTensor": "float64",
    "torch.HalfTensor": "float16",
}
CLASS_NESTING = 2


def annotated(
    machine: Machine, node: cst.BaseExpression, state: State, file: FileModel, name: str, depth: int = 0
) -> Value | None:
    """The value that an annotation promises; None where it says nothing that matters here.

    Optional and unions give what their first telling member gives: None is no tensor, and what follows a test
    for None is narrowed anyway.
    """
    if depth > 6:
        return None
    if literal(node) is not None:
        parsed = _parsed(node)
        if parsed is None:
            return None
        node = parsed
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.BitOr):
        members = [part for part in (node.left, node.right) if not _is_none(part)]
        return _one_of([annotated(machine, part, state, file, name, depth + 1) for part in members])
    if isinstance(node, cst.Subscript):
        return _generic(machine, node, state, file, name, depth)
    if dotted(node) is None:
        return None
    full = evaluate_globally(machine, file, node, state)
    if isinstance(full, Class):
        return instance_of_class(machine, full, state, name, depth)
    if not isinstance(full, External):
        return None
    return _plain(machine, full.name, node, state, file, name)


@lru_cache(maxsize=4096)
def _parsed(node: cst.BaseExpression) -> cst.BaseExpression | None:
    """What an annotation that is written as text says: one node a place, by which what is made there is known."""
    try:
        return cst.parse_expression(literal(node) or "")
    except cst.ParserSyntaxError:
        return None


def _plain(
    machine: Machine, full: str, node: cst.BaseExpression, state: State, file: FileModel, name: str
) -> Value | None:
    place = Place(file.path, node)
    if full in TENSORS:
        dtype = TENSORS[full]
        kind = yes(place, f"`{name}` is annotated as a Tensor")
        return Tensor(
            NO if dtype in ("int64", "bool", "int32", "uint8") else UNKNOWN,
            UNKNOWN,
            dtype,
            kind,
            aliases=fresh(machine),
        )
    if full in ("numpy.ndarray", "numpy.typing.NDArray", "numpy.typing.ArrayLike"):
        return Array(aliases=fresh(machine)) if full != "numpy.typing.ArrayLike" else None
    if full == "torch.device":
        return Device(
            maybe(place, f"`{name}` is a device that the caller chooses and may be a GPU"),
            False,
            yes(place, f"`{name}` is annotated as torch.device"),
        )
    if full in ("builtins.int", "builtins.float", "builtins.bool"):
        return Number()
    if full == "torch.nn.Module":
        fact = maybe(place, f"`{name}` is annotated as an nn.Module, whose parameters require grad unless frozen")
        return make_module(machine, state, (node, name), "", fact, UNKNOWN)
    if full == "builtins.str":
        return None
    row = machine.library.row(full)
    if row is not None and row.returns == "module":
        fact = UNKNOWN if row.parameters is False else maybe(place, f"`{name}` is a {full}")
        return make_module(machine, state, (node, name), full, fact, UNKNOWN)
    return None


def _generic(
    machine: Machine, node: cst.Subscript, state: State, file: FileModel, name: str, depth: int
) -> Value | None:
    base = (dotted(node.value) or "").rpartition(".")[2]
    inner = [
        element.slice.value for element in node.slice if isinstance(element.slice, cst.Index) and not element.slice.star
    ]
    if not inner:
        return None
    if base in ("Optional", "Union", "Annotated", "Final", "ClassVar", "Required", "NotRequired"):
        chosen = [part for part in inner if not _is_none(part)] if base == "Union" else inner[:1]
        return _one_of([annotated(machine, part, state, file, name, depth + 1) for part in chosen])
    if base in SEQUENCES:
        item = annotated(machine, inner[0], state, file, name, depth + 1)
        return None if item is None else make_items(machine, state, (node, name), rest=item)
    if base in MAPPINGS and len(inner) == 2:
        item = annotated(machine, inner[1], state, file, name, depth + 1)
        return None if item is None else make_mapping(machine, state, (node, name), rest=item)
    if base in ("Tuple", "tuple"):
        if len(inner) == 2 and isinstance(inner[1], cst.Ellipsis):
            item = annotated(machine, inner[0], state, file, name, depth + 1)
            return None if item is None else make_items(machine, state, (node, name), rest=item, kind="tuple")
        items = [annotated(machine, part, state, file, name, depth + 1) or Unknown() for part in inner]
        return Tuple(tuple(items))
    return annotated(machine, node.value, state, file, name, depth + 1)


def _is_none(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Name) and node.value == "None"


def _one_of(found: list[Value | None]) -> Value | None:
    """What all members are, if they are one kind of thing: a tensor or an array is neither for certain."""
    return found[0] if None not in found and len({type(value) for value in found}) == 1 else None


def instance_of_class(machine: Machine, value: Class, state: State, name: str, depth: int) -> Value | None:
    """An instance that stands for any of its class; None where annotations are nested too deeply to follow."""
    if depth > CLASS_NESTING:
        return None
    from tensorlint.flow.classes import ancestors, new_instance  # whose fields have annotations

    definition = value.definition
    known = machine.instances.get(definition)
    if known is not None and known in state.heap:
        return Ref(known)
    site = (definition.node, "annotated", name, depth)
    made = Ref(machine.address(*site, definition))
    if made.address in state.heap:
        return made
    ref = new_instance(machine, definition, state, site, depth)
    instance = state.heap[ref.address]
    assert isinstance(instance, Instance)
    attributes: dict[str, Value] = {}
    for base in reversed(list(ancestors(machine, definition, state))):
        if isinstance(base, ClassDefinition):
            for field, annotation, _ in base.fields:
                if annotation is not None and field not in instance.attributes:
                    found = annotated(machine, annotation, state, base.file, field, depth + 1)
                    attributes[field] = found if found is not None else Unknown(field)
    state.heap[ref.address] = Instance(
        definition, "", {**instance.attributes, **attributes}, instance.module, open=True
    )
    return ref
