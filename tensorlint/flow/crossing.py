"""What still matters when a function hands it on: arrays, what shares memory with one, what has lost its gradient."""

from __future__ import annotations

from collections.abc import Iterator, Set

from tensorlint.flow.heap import Instance, Items, Mapping
from tensorlint.flow.spread import EVEN
from tensorlint.flow.state import State
from tensorlint.flow.values import Array, Number, Ref, Single, Tensor, Tuple, Unknown, Value, alternatives

__all__ = ["changed_attributes", "crosses", "crossing_attributes"]

DEPTH = 3
UNCOMMON = frozenset({"float64", "complex128", "uint16", "uint32", "uint64"})
"""Dtypes that networks do not compute in: they came from NumPy as a rule."""
MOST = 12
"""Entries of a container, or attributes, that are looked at."""


def crosses(value: Value, state: State, depth: int = DEPTH) -> bool:
    """A boundary was crossed on the way to a value, or to something inside it, in a way that a later use may meet."""
    return any(_crosses(item, state, depth) for item in alternatives(value))


def crossing_attributes(instance: Ref, state: State) -> set[str]:
    """The attributes of an instance that hold such values."""
    found = state.object(instance)
    if not isinstance(found, Instance):
        return set()
    return {name for name, value in found.attributes.items() if crosses(value, state)}


def changed_attributes(instance: Ref, before: State, after: State) -> set[str]:
    """The attributes of an instance that hold something else than before, or in which something has changed."""
    old, new = before.object(instance), after.object(instance)
    if not isinstance(old, Instance) or not isinstance(new, Instance):
        return set()
    changed = after.changed(before)
    return {
        name
        for name, value in new.attributes.items()
        if old.attributes.get(name) != value or (changed and _reaches(value, after, changed, DEPTH))
    }


def _reaches(value: Value, state: State, addresses: Set[int], depth: int) -> bool:
    for item in alternatives(value):
        if isinstance(item, Ref) and item.address in addresses:
            return True
        if isinstance(item, Ref | Tuple) and depth:
            found = state.object(item) if isinstance(item, Ref) else None
            inside = found.attributes.values() if isinstance(found, Instance) else _parts(item, state)
            if any(_reaches(part, state, addresses, depth - 1) for part in inside):
                return True
    return False


def _crosses(item: Single, state: State, depth: int) -> bool:
    match item:
        case Array():
            return True
        case Tensor():
            shares = any(alias.made is not None for alias in item.aliases)
            return shares or item.lost is not None or item.spread != EVEN or item.dtype in UNCOMMON
        case Number(lost=lost) | Unknown(lost=lost):
            return lost is not None
        case Tuple() | Ref():
            return depth > 0 and any(crosses(part, state, depth - 1) for part in _parts(item, state))
        case _:
            return False


def _parts(item: Tuple | Ref, state: State) -> Iterator[Value]:
    if isinstance(item, Tuple):
        yield from item.items[:MOST]
        return
    match state.object(item):
        case Items(known=known, rest=rest):
            yield from (known or ())[:MOST]
            if rest is not None:
                yield rest
        case Mapping(entries=entries, rest=rest):
            yield from list(entries.values())[:MOST]
            if rest is not None:
                yield rest
        case Instance(attributes=attributes, definition=None):
            yield from list(attributes.values())[:MOST]
        case _:
            pass
