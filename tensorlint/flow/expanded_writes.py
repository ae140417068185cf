"""Writes to what is expanded: torch refuses some, and others change every place that is the same element.

Observed (torch 2.13): arithmetic in place, ``copy_``, ``scatter_``, random numbers and stores to slices that keep an
expanded axis raise "unsupported operation: more than one element of the written-to tensor refers to a single memory
location". ``fill_``, ``zero_``, ``tril_``, ``triu_``, ``fill_diagonal_``, a store at an index of the expanded axis, and
every write through NumPy are silent; masks and lists of indices (``index_put_``, ``index_fill_``, ``masked_fill_``)
warn once a process. From ``fill_`` and ``zero_`` every place has the value that it was given.
"""

from __future__ import annotations

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.events import ExpandedWrite
from tensorlint.flow.expanded import spreads_of
from tensorlint.flow.facts import Truth
from tensorlint.flow.library_call import Call
from tensorlint.flow.machine import Machine, evaluate
from tensorlint.flow.names import short
from tensorlint.flow.spread import Spread
from tensorlint.flow.state import State
from tensorlint.flow.values import Array, Constant, Number, Single, Tensor, Unknown, Value, alternatives

__all__ = ["expanded_written", "item_of_expanded_written", "written_by_call"]

ALIKE = frozenset({"constant_", "fill", "fill_", "ones_", "zero_", "zeros_"})
"""These give every place one value."""
IN_PARTS = frozenset({"fill_diagonal_", "index_put_", "tril_", "triu_"})
"""These write to some of the places, which torch does not refuse."""
NO_WRITE = frozenset({"resize_", "resize_as_", "set_", "setflags"})


def expanded_written(machine: Machine, value: Value, node: cst.CSTNode, name: str, by: str = "") -> None:
    """``value``, which is called ``name``, is written to in place as a whole, by a call of ``by`` or an operator."""
    if by in NO_WRITE:
        return
    for item in _spread_out(value):
        if not item.spread.expanded.holds:
            _emit(machine, item, node, name)  # a part: its places are elsewhere as well
        elif by not in ALIKE:
            raises = isinstance(item, Tensor) and by not in IN_PARTS
            doubtful = item.spread.expanded.truth is not Truth.YES or isinstance(item, Array)
            _emit(machine, item, node, name, raises=raises, doubtful=doubtful)
        elif item.spread.part.holds:
            _emit(machine, item, node, name)


def written_by_call(machine: Machine, call: Call, value: Value, name: str) -> None:
    """A library call writes to ``value``."""
    by = call.row.name.rpartition(".")[2]
    if by not in ("index_fill_", "masked_fill_"):
        expanded_written(machine, value, call.node, name, by)
        return
    for item in _spread_out(value):
        if by == "masked_fill_" and _alike_along(item.spread, call.arguments):
            continue
        axis = call.arguments.value(0, "dim")
        if by == "index_fill_" and item.spread.axes is not None and isinstance(axis, Constant):
            if axis.value not in item.spread.axes:
                continue
            _emit(machine, item, call.node, name)
        else:
            _emit(machine, item, call.node, name, doubtful=item.spread.expanded.truth is not Truth.YES)


def _alike_along(spread: Spread, arguments: Arguments) -> bool:
    """A mask has size one where the tensor is expanded: it writes to all places of an element or to none."""
    ones = spreads_of(arguments.value(0, "mask")).ones
    if spread.rank is not None:
        ones = frozenset(axis if axis >= 0 else spread.rank + axis for axis in ones)
    return spread.axes is not None and bool(spread.axes) and spread.axes <= ones


def item_of_expanded_written(machine: Machine, state: State, target: cst.Subscript, node: cst.CSTNode) -> None:
    """``target = value``, or ``target += value``: at ``node`` some places of an expanded value are written to."""
    if isinstance(target.value, cst.Call):
        return  # for the sake of the memory
    with machine.unread():
        owner = evaluate(machine, target.value, state)
    if not _spread_out(owner):
        return
    with machine.unread():
        keys = [
            evaluate(machine, one.slice.value, state) if isinstance(one.slice, cst.Index) else None
            for one in target.slice
        ]
    name = short(target.value)
    for item in _spread_out(owner):
        if not item.spread.expanded.holds:
            _emit(machine, item, node, name)
            continue
        reaches = _reaches(item.spread, target, keys)
        surely = item.spread.expanded.truth is Truth.YES
        if reaches is not False:
            doubtful = reaches is None and item.spread.axes is not None
            _emit(
                machine, item, node, name, raises=None if _keeps_axes(item, target, keys) else False, doubtful=doubtful
            )
        elif isinstance(item, Tensor) and all(key is None or _is_plain(key) for key in keys):
            _emit(machine, item, node, name, raises=True, doubtful=not surely)


def _spread_out(value: Value) -> list[Tensor | Array]:
    """The alternatives that are expanded, or a part of what is, and may be written to."""
    return [
        item
        for item in alternatives(value)
        if (isinstance(item, Tensor) or (isinstance(item, Array) and not item.read_only.holds)) and item.spread.shared
    ]


def _reaches(spread: Spread, target: cst.Subscript, keys: list[Value | None]) -> bool | None:
    """Whether one of the places along an expanded axis is named; None where that is not known."""
    indexed: set[int] = set()
    axis, exact = 0, True
    for one, key in zip(target.slice, keys, strict=True):
        if isinstance(one.slice, cst.Slice):
            if not (one.slice.lower is one.slice.upper is one.slice.step is None):
                indexed.add(axis)
        elif isinstance(one.slice, cst.Index) and isinstance(one.slice.value, cst.Ellipsis):
            exact = False
        elif isinstance(key, Constant) and key.value is None:
            continue
        else:
            indexed.add(axis)
            exact = exact and (len(keys) > 1 or _is_plain(key) or (isinstance(key, Tensor) and "int" in key.dtype))
        axis += 1
    if not indexed:
        return False
    axes = spread.axes
    if axes is None:
        return None
    if exact or 0 in indexed & axes:
        return bool(indexed & axes) or (None if any(one < 0 for one in axes) else False)
    return None


def _is_plain(key: Value | None) -> bool:
    return key is not None and all(isinstance(item, Number | Constant) for item in alternatives(key))


def _keeps_axes(item: Single, target: cst.Subscript, keys: list[Value | None]) -> bool:
    """It may be that an expanded axis is left in what is written to, which torch refuses."""
    if isinstance(item, Array):
        return False
    sliced = any(key is None for key in keys)
    masked = any(key is not None and not _is_plain(key) and not isinstance(key, Unknown) for key in keys)
    return (
        not masked and (sliced or item.spread.axes is None or len(item.spread.axes) > 1)
        if isinstance(item, Tensor)
        else False
    )


def _emit(
    machine: Machine,
    item: Tensor | Array,
    node: cst.CSTNode,
    name: str,
    raises: bool | None = False,
    doubtful: bool = False,
) -> None:
    fact = item.spread.expanded if item.spread.expanded.holds else item.spread.part
    if fact.reason is None:
        return
    machine.emit(
        ExpandedWrite(
            place=machine.place(node),
            calls=machine.calls(),
            written=item,
            written_name=name,
            expanded=fact,
            raises=raises,
            doubtful=doubtful,
        )
    )
