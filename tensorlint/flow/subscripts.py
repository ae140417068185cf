"""Reading items and slices: views, negative strides, entries of dicts and lists."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.attributes import part_of_structure
from tensorlint.flow.classes import method_of
from tensorlint.flow.containers import element, make_items, mapping_of
from tensorlint.flow.conversion import give_to_torch
from tensorlint.flow.entries import entry_at
from tensorlint.flow.expanded import spread_of_item
from tensorlint.flow.facts import NO, Fact, Truth, maybe, yes
from tensorlint.flow.functions import call_function
from tensorlint.flow.heap import Instance, Items, Mapping
from tensorlint.flow.joining import join, join_values
from tensorlint.flow.machine import Machine, evaluate, evaluates
from tensorlint.flow.names import code, dotted, short
from tensorlint.flow.read_only import slice_of_bytes
from tensorlint.flow.spread import EVEN
from tensorlint.flow.state import State
from tensorlint.flow.storage import fresh, look, part_of, share
from tensorlint.flow.values import (
    Alias,
    Array,
    Constant,
    External,
    Number,
    Object,
    Ref,
    Single,
    Tensor,
    Tuple,
    Unknown,
    Value,
    alternatives,
)

__all__ = ["subscript"]


@evaluates(cst.Subscript)
def subscript(machine: Machine, node: cst.Subscript, state: State) -> Value:
    """``value[...]`` that is read."""
    if (sweep := entry_at(machine, state, node)) is not None:
        return state.names[sweep.entry]
    if isinstance(node.value, cst.Name):  # the keys may tell what the name stands for: boxes[boxes.scores > 0]
        keys = _keys(machine, node, state)
        receiver = evaluate(machine, node.value, state)
    else:
        receiver = evaluate(machine, node.value, state)
        keys = _keys(machine, node, state)
    found = [_item(machine, state, node, item, keys) for item in alternatives(receiver)]
    value = join_values(found) or Unknown()
    if any(isinstance(item, Ref) for item in alternatives(receiver)):
        look(machine, state, value, node)
    return value


def _keys(machine: Machine, node: cst.Subscript, state: State) -> list[Value]:
    return [
        evaluate(machine, item.slice.value, state)
        if isinstance(item.slice, cst.Index)
        else _slice(machine, item, state)
        for item in node.slice
    ]


def _slice(machine: Machine, item: cst.SubscriptElement, state: State) -> Value:
    assert isinstance(item.slice, cst.Slice)
    for part in (item.slice.lower, item.slice.upper, item.slice.step):
        if part is not None:
            evaluate(machine, part, state)
    return Unknown()


def _item(machine: Machine, state: State, node: cst.Subscript, receiver: Single, keys: list[Value]) -> Value:
    match receiver:
        case Tensor():
            return _of_tensor(machine, state, node, receiver, keys)
        case Array():
            return _of_array(machine, state, node, receiver, keys)
        case Tuple(items=items):
            return _of_tuple(machine, state, node, items, keys, receiver)
        case Ref():
            return _of_object(machine, state, node, receiver, keys)
        case Unknown() if _only_adds_axes(node):
            return receiver  # a view of all of it, whatever has such subscripts
        case Unknown():
            reversed_ = _reversal(machine, node)
            if reversed_ is not None:
                if len(node.slice) > 1:
                    return Array(reversed_, aliases=fresh(machine))  # only an array takes several subscripts
                return Unknown(receiver.variable, reversed_.weakened())
            if receiver.negative_stride.holds and len(node.slice) > 1:
                return Unknown(receiver.variable, receiver.negative_stride)
            name = dotted(node.value) or "" if receiver.variable else ""
            if name and len(keys) == 1 and isinstance(keys[0], Constant) and isinstance(keys[0].value, str):
                name = short(node)  # cfg["device"]
            immutable = slice_of_bytes(machine, node, receiver)
            return Unknown(name, parameter=receiver.parameter, from_caller=receiver.from_caller, immutable=immutable)
        case Object():
            row = machine.library.row(f"{receiver.type}.__getitem__")
            if row is not None and row.returns == "object":
                if receiver.type.startswith("pandas.") and not isinstance(keys[0], Constant | Ref):
                    return Unknown()
                return receiver if isinstance(keys[0], Ref) else Object(row.type or receiver.type)
            return receiver if receiver.type.startswith("matplotlib.") else Unknown()
        case External():
            return receiver  # a subscripted generic
        case Constant(value=str()) | Number():
            return Number()
        case _:
            return Unknown()


def _only_adds_axes(node: cst.Subscript) -> bool:
    """``x[None]``, ``x[:, np.newaxis]``, ``x[..., None]``."""
    adds = False
    for part in node.slice:
        match part.slice:
            case cst.Slice(lower=None, upper=None, step=None) | cst.Index(value=cst.Ellipsis()):
                pass
            case cst.Index(value=cst.Name(value="None") | cst.Attribute(attr=cst.Name(value="newaxis"))):
                adds = True
            case _:
                return False
    return adds


def _of_tensor(machine: Machine, state: State, node: cst.Subscript, tensor: Tensor, keys: list[Value]) -> Value:
    for item, key in zip(node.slice, keys, strict=True):
        if isinstance(item.slice, cst.Index):
            give_to_torch(machine, state, node, item.slice.value, key, f"{short(node.value)}[...]")
    if tensor.opaque and len(keys) == 1 and isinstance(keys[0], Constant) and isinstance(keys[0].value, str):
        return replace(part_of_structure(machine, node, tensor), aliases=_shared(machine, state, node, tensor))
    advanced = any(not isinstance(key, Constant | Number | Unknown) for key in keys)
    aliases = fresh(machine) if advanced else _shared(machine, state, node, tensor)
    ndim = None
    if tensor.ndim is not None and all(isinstance(key, Constant) and isinstance(key.value, int) for key in keys):
        ndim = max(tensor.ndim - len(keys), 0)
    form = tensor.form.resolved() if advanced else tensor.form
    if form.layout.holds and form.layout_name == "nested":
        form = replace(form, layout=NO)
    # several subscripts, or one that is a tensor, are for tensors alone, or for a structure that stands for some
    single = len(keys) == 1 and not isinstance(keys[0], Tensor | Array)
    opaque = tensor.opaque and (single or tensor.kind.truth is Truth.NO)
    if tensor.spread.shared and any(isinstance(item, Unknown) for key in keys for item in alternatives(key)):
        machine.ask_callers_nearby()
    spread = EVEN if advanced else spread_of_item(node, tensor.spread, keys)
    whole = replace(part_of_structure(machine, node, tensor), aliases=aliases, ndim=ndim, opaque=opaque, form=form)
    return replace(whole, spread=spread)


def _shared(machine: Machine, state: State, node: cst.Subscript, value: Tensor | Array) -> frozenset[Alias]:
    return share(state, value, None, part=_part(machine, node), stretch=_is_stretch(node))


def _part(machine: Machine, node: cst.Subscript) -> cst.CSTNode | None:
    """The subscript, where it takes a part. ``x[0]`` and ``x[:n]`` are the same part wherever they stand.

    Slices that are written differently are taken for different parts, as ``x[:n]`` and ``x[n:]`` are: what overlaps is
    rarer, and a finding about two halves would be wrong.
    """
    if all(isinstance(part.slice, cst.Slice) and part.slice.lower is part.slice.upper is None for part in node.slice):
        return None
    index = node.slice[0].slice
    constant = isinstance(index, cst.Index) and isinstance(index.value, cst.Integer) and len(node.slice) == 1
    if (constant or _is_stretch(node)) and dotted(node.value) is not None:
        return machine.parts.setdefault((machine.frame.number, code(node)), node)
    return node


def _is_stretch(node: cst.Subscript) -> bool:
    return any(isinstance(part.slice, cst.Slice) for part in node.slice)


def _reversal(machine: Machine, node: cst.Subscript) -> Fact | None:
    """The subscript steps backwards along some axis."""
    for item in node.slice:
        if isinstance(item.slice, cst.Slice) and item.slice.step is not None:
            step = item.slice.step
            if (
                isinstance(step, cst.UnaryOperation)
                and isinstance(step.operator, cst.Minus)
                and isinstance(step.expression, cst.Integer)
            ):
                return yes(machine.place(node), f"`{short(node)}` is a view with a negative stride")
    return None


def _of_array(machine: Machine, state: State, node: cst.Subscript, array: Array, keys: list[Value]) -> Value:
    if any(isinstance(key, Array | Ref) for key in keys):
        return Array(NO, array.dtype, fresh(machine), dtype_from=array.dtype_from)  # advanced indexing copies
    reversed_ = _reversal(machine, node)
    if reversed_ is not None:
        stride = NO if array.negative_stride.holds and len(node.slice) == 1 else reversed_
        turned = replace(array, negative_stride=stride, aliases=share(state, array, None), scalar=False, ndim=None)
        return replace(turned, spread=spread_of_item(node, array.spread, keys))
    only_index = all(isinstance(item.slice, cst.Index) for item in node.slice)
    stride = array.negative_stride
    if stride.holds and only_index and len(node.slice) == 1:
        stride = maybe(stride.reason.place, stride.reason.text, stride.reason.because) if stride.reason else NO
    aliases = _shared(machine, state, node, array)
    ndim = None
    if array.ndim is not None and all(isinstance(key, Number) or _is_integer(key) for key in keys) and only_index:
        ndim = max(array.ndim - len(keys), 0)
    few = array.maybe_scalar or only_index
    if any(isinstance(key, Constant) and isinstance(key.value, str) for key in keys):
        array = replace(array, read_only=NO, dtype="", dtype_from=None)  # an entry of what np.load() reads, or a field
    if only_index and array.dtype == "object":
        array = replace(array, dtype="", dtype_from=None)  # an object, which may be an array itself
    scalar = array.scalar or ndim == 0
    array = replace(array, spread=spread_of_item(node, array.spread, keys))
    return replace(array, aliases=aliases, negative_stride=stride, scalar=scalar, maybe_scalar=few, ndim=ndim)


def _is_integer(key: Value) -> bool:
    return isinstance(key, Constant) and isinstance(key.value, int) and not isinstance(key.value, bool)


def _of_tuple(
    machine: Machine, state: State, node: cst.Subscript, items: tuple[Value, ...], keys: list[Value], whole: Tuple
) -> Value:
    key = keys[0]
    if isinstance(key, Constant) and isinstance(key.value, int) and -len(items) <= key.value < len(items):
        return items[key.value]
    bounds = _bounds(node)
    if bounds is not None:
        return Tuple(items[bounds[0] : bounds[1]])
    if isinstance(node.slice[0].slice, cst.Slice):
        return make_items(machine, state, (node, "slice"), rest=join_values(items), kind="tuple")
    return join_values(items) or Unknown()


def _bounds(node: cst.Subscript) -> tuple[int | None, int | None] | None:
    """The bounds of a slice without a step whose bounds are written as numbers."""
    part = node.slice[0].slice
    if not isinstance(part, cst.Slice) or part.step is not None:
        return None
    result: list[int | None] = []
    for bound in (part.lower, part.upper):
        if bound is None:
            result.append(None)
            continue
        try:
            result.append(int(code(bound)))
        except ValueError:
            return None
    return result[0], result[1]


def _of_object(machine: Machine, state: State, node: cst.Subscript, ref: Ref, keys: list[Value]) -> Value:
    key = keys[0] if len(keys) == 1 else Unknown()
    match state.object(ref):
        case Items() as items:
            if isinstance(node.slice[0].slice, cst.Slice):
                bounds = _bounds(node)
                if items.known is not None and bounds is not None:
                    known = items.known[bounds[0] : bounds[1]]
                    return make_items(machine, state, (node, "slice"), known=known, put=items.put)
                rest = join_values(items.known) if items.known is not None else items.rest
                return make_items(machine, state, (node, "slice"), rest=rest, put=items.put)
            if items.known is not None:
                index = key.value if isinstance(key, Constant) else None
                if isinstance(index, int) and -len(items.known) <= index < len(items.known):
                    return items.known[index]
                return part_of(join_values(items.known) or Unknown(), node)
            return part_of(items.rest, node) if items.rest is not None else Unknown()
        case Mapping() as mapping:
            return _entry(machine, state, node, ref, mapping, key)
        case Instance(definition=definition) as instance if definition is not None:
            method = method_of(machine, definition, "__getitem__", state)
            if method is not None:
                pairs = [
                    (item.slice.value if isinstance(item.slice, cst.Index) else node, value)
                    for item, value in zip(node.slice, keys, strict=True)
                ][:1]
                return call_function(machine, method, Arguments(tuple(pairs)), state, node, receiver=ref)
            if "#contents" in instance.attributes:
                return instance.attributes["#contents"]
            names = [name for name, annotation, _ in definition.fields if annotation is not None]
            if isinstance(key, Constant) and isinstance(key.value, int) and -len(names) <= key.value < len(names):
                return instance.attributes.get(names[key.value], Unknown())
            return Unknown()
        case Instance(attributes={"#contents": Ref() as inside}) if (found := mapping_of(state, inside)) is not None:
            return _entry(machine, state, node, inside, found, key)
        case Instance() as instance:
            return element(machine, state, ref, node) if "#contents" in instance.attributes else Unknown()
        case _:
            return Unknown()


def _entry(machine: Machine, state: State, node: cst.Subscript, ref: Ref, mapping: Mapping, key: Value) -> Value:
    if isinstance(key, Constant) and isinstance(key.value, str | int):
        if key.value in mapping.entries:
            return mapping.entries[key.value]
        if mapping.rest is not None and mapping.factory is None:
            return mapping.rest
    elif mapping.entries or mapping.rest is not None:
        found = join_values([*mapping.entries.values(), *([mapping.rest] if mapping.rest is not None else [])])
        if found is not None and mapping.factory is None:
            return found
        if found is not None and mapping.rest is not None:
            return found
    if mapping.factory is not None:
        made = _made(machine, state, node, mapping.factory)
        if mapping.rest is not None:
            made = join(mapping.rest, made) if not isinstance(made, Ref) else mapping.rest
        if isinstance(key, Constant) and isinstance(key.value, str | int):
            entries = {**mapping.entries, key.value: made}
            state.heap[ref.address] = replace(mapping, entries=entries)
        else:
            state.heap[ref.address] = replace(mapping, rest=made)
        return made
    return Unknown()


def _made(machine: Machine, state: State, node: cst.Subscript, factory: Value) -> Value:
    """What a ``defaultdict`` puts where a key is missing."""
    from tensorlint.flow.calls import call_value

    return call_value(machine, state, node, factory, node, Arguments())
