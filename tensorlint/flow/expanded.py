"""What is expanded: views in which one element stands at several places, and what becomes of them.

Observed (torch 2.13, NumPy 2.4): ``expand``, ``expand_as``, ``broadcast_to``, ``broadcast_tensors`` and ``meshgrid``
give axes whose step is zero; ``clone``, ``contiguous``, ``repeat``, arithmetic, casts and moves to another device give
every place its own element.
"""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from tensorlint.flow.containers import items_at
from tensorlint.flow.facts import maybe, yes
from tensorlint.flow.library_call import Call
from tensorlint.flow.machine import Machine
from tensorlint.flow.names import short
from tensorlint.flow.spread import EVEN, Spread, joined
from tensorlint.flow.state import State
from tensorlint.flow.values import Alias, Array, Constant, Number, Tensor, Tuple, Unknown, Value, alternatives

__all__ = ["spread_of", "spread_of_item", "spreads_of"]

MAKERS = frozenset(
    {"empty", "full", "new_empty", "new_full", "new_ones", "new_zeros", "ones", "rand", "randn", "zeros"}
)
SAME = frozenset({
    "__array__", "array", "asarray", "as_tensor", "bfloat16", "bool", "byte", "cpu", "cuda", "data", "detach", "double",
    "float", "from_numpy", "half", "int", "long", "numpy", "short", "to", "type", "type_as", "variable", "Variable",
    "alias", "view_as_real", "Parameter", "positive", "requires_grad_",
})  # fmt: skip
"""Calls that give what has the same axes, where they give the same memory."""
SPLITS = frozenset({"chunk", "narrow", "split", "tensor_split"})
TAKES = frozenset({"select", "unbind"})


def spreads_of(value: Value | None) -> Spread:
    """What is known of the tensors and arrays that a value may be."""
    return joined(item.spread for item in alternatives(value or Unknown()) if isinstance(item, Tensor | Array))


def spread_of(machine: Machine, state: State, call: Call, aliases: frozenset[Alias]) -> Spread:
    """What is known of the tensor or array that a call gives, which lives in the memory ``aliases``."""
    name = call.row.name.rpartition(".")[2]
    if name in ("view", "reshape", *MAKERS):
        made = Spread(ones=_ones(_sizes(state, call, 0 if call.receiver is not None or name in MAKERS else 1) or []))
        before = spreads_of(call.subject)
        return replace(before.moved(), ones=made.ones) if name == "view" else made
    place = machine.place(call.node)
    if call.row.name in ("torch.meshgrid", "torch.functional.meshgrid"):
        return Spread(yes(place, f"`{short(call.node)}` gives views in which one element stands at several places"))
    if call.row.name == "torch.broadcast_tensors":
        return Spread(maybe(place, f"`{short(call.node)}` gives views in which one element may stand at many places"))
    before = spreads_of(call.subject)
    if name in ("expand", "expand_as", "broadcast_to"):
        return _expanded(machine, state, call, before, name)
    if name == "as_strided":
        return _strided(machine, state, call, before)
    if not call.row.shares or "layout" in call.row.shares or not _is_shared(call, aliases):
        return EVEN
    if before is EVEN and name not in ("unsqueeze", "expand_dims"):
        return EVEN
    axis = call.arguments.value(0 if call.receiver is not None else 1, "dim" if "torch" in call.row.name else "axis")
    known = axis.value if isinstance(axis, Constant) and type(axis.value) is int else None
    if name in ("unsqueeze", "expand_dims"):
        return before.with_axis(known) if known is not None else before.moved()
    if name in TAKES:
        return before.narrowed(0 if axis is None else known, gone=True)
    if name in SPLITS:
        second = call.arguments.value(1 if call.receiver is not None else 2, "dim") if name != "narrow" else axis
        split = second.value if isinstance(second, Constant) and type(second.value) is int else None
        return before.narrowed(0 if second is None else split, gone=False)
    return before if name in SAME else before.moved()


def _is_shared(call: Call, aliases: frozenset[Alias]) -> bool:
    """The call gives the memory of its subject, under no condition of its own."""
    if call.row.shares == "view":
        return True
    items = [item for item in alternatives(call.subject or Unknown()) if isinstance(item, Tensor | Array)]
    before = {(alias.storage, alias.condition) for item in items for alias in item.aliases}
    return bool(aliases) and all((alias.storage, alias.condition) in before for alias in aliases)


def _sizes(state: State, call: Call, first: int) -> list[Value] | None:
    """The sizes that are given from an argument on, as several arguments or as one tuple; None if not known."""
    arguments = call.arguments
    given = [value for _, value in arguments.positional[first:]]
    if not given:
        given = [arguments.keywords[word][1] for word in ("size", "shape") if word in arguments.keywords]
    if arguments.rest is not None or not given:
        return None
    match given[0]:
        case Tuple(items=items):
            return list(items)
        case Number() | Constant():
            return given
        case one if (found := items_at(state, one)) is not None:
            return list(found.known) if found.known is not None else None
        case _:
            return given if len(given) > 1 else None


def _ones(sizes: list[Value]) -> frozenset[int]:
    return frozenset(index for index, size in enumerate(sizes) if isinstance(size, Constant) and size.value == 1)


def _expanded(machine: Machine, state: State, call: Call, before: Spread, name: str) -> Spread:
    """What ``expand`` gives: surely expanded where an axis of size one becomes another one."""
    sizes = None if name == "expand_as" else _sizes(state, call, 0 if call.receiver is not None else 1)
    place = machine.place(call.node)
    text = f"`{short(call.node)}` is a view in which one element stands at several places"
    if sizes is None:
        surely = yes(place, text) if before.ones else maybe(place, text.replace("stands", "may stand"))
        return Spread(surely, before.part, _both(before, before.ones or None))
    rank = len(sizes)
    ones = frozenset(axis if axis >= 0 else rank + axis for axis in before.ones)
    subject = call.subject
    new = rank - subject.ndim if isinstance(subject, Tensor | Array) and subject.ndim is not None else 0
    ones = frozenset(range(max(new, 0))) | frozenset(axis + max(new, 0) for axis in ones)
    kept = frozenset(
        index for index, size in enumerate(sizes) if isinstance(size, Constant) and size.value in (-1, 1)
    )  # of size one an axis stays what it is
    candidates = frozenset(range(rank)) - kept
    still = _ones(sizes) | (ones & kept)
    if not candidates:
        return replace(before, ones=still)
    if candidates & ones:
        return Spread(yes(place, text), before.part, _both(before, candidates & ones), still, rank)
    if before.expanded.holds:
        return replace(before, ones=still)
    return Spread(maybe(place, text.replace("stands", "may stand")), before.part, candidates, still, rank)


def _both(before: Spread, axes: frozenset[int] | None) -> frozenset[int] | None:
    if not before.expanded.holds:
        return axes
    return before.axes | axes if before.axes is not None and axes is not None else None


def _strided(machine: Machine, state: State, call: Call, before: Spread) -> Spread:
    """``as_strided`` with a step that is written as zero."""
    steps = call.arguments.value(
        1 if call.receiver is not None else 2, "strides" if "numpy" in call.row.name else "stride"
    )
    items: list[Value] = []
    if isinstance(steps, Tuple):
        items = list(steps.items)
    elif steps is not None and (found := items_at(state, steps)) is not None and found.known is not None:
        items = list(found.known)
    axes = frozenset(index for index, step in enumerate(items) if isinstance(step, Constant) and step.value == 0)
    if not axes:
        return EVEN
    text = f"`{short(call.node)}` is a view in which one element stands at several places"
    return Spread(yes(machine.place(call.node), text), before.part, axes)


def spread_of_item(node: cst.Subscript, before: Spread, keys: list[Value]) -> Spread:
    """What is known of ``value[...]``, where that is a view."""
    named = not isinstance(node.value, cst.Call)
    result, axis = before, 0
    for index, (item, key) in enumerate(zip(node.slice, keys, strict=True)):
        if isinstance(item.slice, cst.Slice):
            whole = item.slice.lower is item.slice.upper is item.slice.step is None
            result = result if whole else result.narrowed(axis, gone=False, named=named)
            axis += 1
        elif isinstance(item.slice, cst.Index) and isinstance(item.slice.value, cst.Ellipsis):
            return _from_the_end(result, keys[index + 1 :])
        elif isinstance(key, Constant) and key.value is None:
            result = result.with_axis(axis)
            axis += 1
        elif isinstance(key, Number | Constant):
            result = result.narrowed(axis, gone=True, named=named)
        else:
            return EVEN  # it may be a mask, or several indices: a copy
    return result


def _from_the_end(before: Spread, keys: list[Value]) -> Spread:
    """What is known of ``x[..., None]``; anything else behind an ellipsis takes parts of axes that are not known."""
    if all(isinstance(key, Constant) and key.value is None for key in keys):
        for _ in keys:
            before = before.with_axis(-1)
        return before
    return before.narrowed(None, gone=True)
