"""Where two paths meet: one value, one object out of two, without losing what either path knew."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as MappingType
from dataclasses import replace
from typing import TypeVar

from tensorlint.flow.carried import carried
from tensorlint.flow.facts import Guards
from tensorlint.flow.heap import HeapObject, Instance, Items, Key, Manager, Mapping, ModuleFacts, Taken
from tensorlint.flow.lost import join_lost
from tensorlint.flow.values import (
    NO_GUARDS,
    Alias,
    Array,
    Constant,
    Device,
    Dtype,
    Number,
    Object,
    Ref,
    Single,
    Tensor,
    Tuple,
    Unknown,
    Value,
    alternatives,
    union,
)

__all__ = ["guarded", "join", "join_objects", "join_optional", "join_values"]

MOST_ALTERNATIVES = 6
MOST_ALIASES = 8
MOST_PLACES = 6
MOST_KEYS = 64

_K = TypeVar("_K", str, Key)


def join(a: Value, b: Value, mine: Guards = NO_GUARDS, others: Guards = NO_GUARDS) -> Value:
    """What a name holds after two paths; ``mine`` and ``others`` are the conditions that led along each.

    The result is ``a`` itself where ``b`` adds nothing.
    """
    if a is b:
        return a
    left, right = list(alternatives(a)), list(alternatives(b))
    result: list[Single] = []
    changed = False
    for item in left:
        match = next((other for other in right if _alike(item, other)), None)
        if match is None:
            guarded = _guarded(item, mine)
            changed = changed or guarded is not item
            result.append(guarded)
        else:
            right.remove(match)
            merged = _merge(item, match, mine, others)
            changed = changed or merged is not item
            result.append(merged)
    result += [_guarded(item, others) for item in right]
    if not changed and not right:
        return a
    if len(result) > MOST_ALTERNATIVES:
        result = [*(item for item in result if isinstance(item, Tensor | Array)), Unknown()]
    return union(result)


def join_values(values: Iterable[Value]) -> Value | None:
    """The join of all of them; None of none."""
    result: Value | None = None
    for value in values:
        result = value if result is None else join(result, value)
    return result


def join_optional(a: Value | None, b: Value | None) -> Value | None:
    """The join where either may be absent."""
    if a is None or b is None:
        return b if a is None else a
    return join(a, b)


def _alike(a: Single, b: Single) -> bool:
    """The two are merged into one alternative."""
    if type(a) is not type(b):
        return False
    match a, b:
        case (Tensor(), Tensor()) | (Unknown(), Unknown()) | (Number(), Number()) | (Dtype(), Dtype()):
            return True
        case Array(), Array():
            return a.scalar == b.scalar
        case Device(), Device():
            return a.text == b.text
        case Tuple(), Tuple():
            return len(a.items) == len(b.items)
        case Constant(), Constant():
            return type(a.value) is type(b.value) and a.value == b.value
        case Ref(), Ref():
            return a.address == b.address
        case Object(), Object():
            return a.type == b.type
        case _:
            return replace(a, guards=NO_GUARDS) == replace(b, guards=NO_GUARDS)


def _merge(a: Single, b: Single, mine: Guards, others: Guards) -> Single:
    guards = a.guards & b.guards
    merged: Single
    match a, b:
        case Tensor(), Tensor():
            merged = Tensor(
                a.requires_grad.join(b.requires_grad, mine, others),
                a.device.join(b.device, mine, others),
                a.dtype if a.dtype == b.dtype else "",
                a.kind.join(b.kind),
                a.opaque or b.opaque,
                _aliases(a.aliases, b.aliases),
                a.assumed and b.assumed,
                a.form.join(b.form, mine, others),
                a.ndim if a.ndim == b.ndim else None,
                guards,
                join_lost(a.lost, b.lost),
                a.dtype_from if a.dtype == b.dtype and b.dtype_from is not None else None,
                no_graph=a.no_graph if b.no_graph is not None else None,
                on_cpu=a.on_cpu if b.on_cpu is not None else None,
                saves=a.saves if b.saves is a.saves else carried(a.saves, b.saves),
                spread=a.spread.join(b.spread, mine, others),
            )
            sure = _as_sure(merged, a)
            same = (
                merged == a
                and merged.aliases == a.aliases
                and merged.lost is a.lost
                and merged.saves is a.saves
                and _known_alike(merged, a)
                and sure
            )
        case Array(), Array():
            merged = Array(
                a.negative_stride.join(b.negative_stride, mine, others),
                a.dtype if a.dtype == b.dtype else "",
                _aliases(a.aliases, b.aliases),
                a.scalar,
                a.maybe_scalar or b.maybe_scalar,
                guards,
                a.ndim if a.ndim == b.ndim else None,
                a.read_only.join(b.read_only, mine, others),
                a.backing or b.backing,
                lost=join_lost(a.lost, b.lost),
                dtype_from=a.dtype_from if a.dtype == b.dtype and b.dtype_from is not None else None,
                spread=a.spread.join(b.spread, mine, others),
            )
            kept = merged.ndim == a.ndim and merged.lost is a.lost and _as_sure(merged, a)
            same = merged == a and merged.aliases == a.aliases and kept
        case Device(), Device():
            merged = Device(a.accelerator.join(b.accelerator, mine, others), a.text, a.made.join(b.made), guards)
            same = merged == a
        case Tuple(), Tuple():
            merged = Tuple(tuple(join(x, y, mine, others) for x, y in zip(a.items, b.items, strict=True)), guards)
            same = guards == a.guards and all(x is y for x, y in zip(a.items, merged.items, strict=True))
        case Unknown(), Unknown():
            merged = Unknown(
                a.variable if a.variable == b.variable else "",
                a.negative_stride.join(b.negative_stride, mine, others),
                guards,
                a.parameter and b.parameter,
                a.from_caller or b.from_caller or a.parameter or b.parameter,
                argument=a.argument if a.argument == b.argument else "",
                recast=a.recast.join(b.recast, mine, others),
                immutable=a.immutable.join(b.immutable, mine, others),
                lost=join_lost(a.lost, b.lost),
            )
            as_before = merged.argument == a.argument and merged.recast == a.recast
            same = merged == a and merged.lost is a.lost and as_before
        case Number(), Number():
            merged = Number(guards, join_lost(a.lost, b.lost), a.type if a.type == b.type else "")
            same = merged == a and merged.lost is a.lost
        case Object(), Object():
            grad = a.requires_grad.join(b.requires_grad, mine, others)
            merged = Object(a.type, grad, a.device.join(b.device, mine, others), guards)
            same = merged == a
        case Dtype(), Dtype():
            name = a.name if a.name == b.name else ""
            library = a.library if a.library == b.library else ""
            merged = Dtype(name, library, a.lacking.join(b.lacking, mine, others), guards)
            same = merged == a
        case _:
            same = guards == a.guards
            merged = a if same else replace(a, guards=guards)
    return a if same else merged


def _as_sure(merged: Tensor | Array, before: Tensor | Array) -> bool:
    """As much is known of why the dtype is what it is."""
    return (merged.dtype_from is None) is (before.dtype_from is None)


def _known_alike(a: Tensor, b: Tensor) -> bool:
    return a.no_graph is b.no_graph and a.on_cpu is b.on_cpu


def guarded(value: Value, guards: Guards) -> Value:
    """What holds only where some conditions do."""
    return union([_guarded(item, guards) for item in alternatives(value)]) if guards else value


def _guarded(value: Single, guards: Guards) -> Single:
    return replace(value, guards=value.guards | guards) if guards - value.guards else value


def _aliases(a: frozenset[Alias], b: frozenset[Alias]) -> frozenset[Alias]:
    if a is b or b <= a:
        return a
    joined = a | b
    if len(joined) > MOST_ALIASES:
        return frozenset(sorted(joined, key=lambda alias: (-alias.version, alias.storage))[:MOST_ALIASES])
    return joined


def join_objects(a: HeapObject, b: HeapObject, mine: Guards = NO_GUARDS, others: Guards = NO_GUARDS) -> HeapObject:
    """What an object contains after two paths; ``a`` itself where ``b`` adds nothing."""
    if a is b:
        return a
    match a, b:
        case Items(), Items():
            return _join_items(a, b, mine, others)
        case Mapping(), Mapping():
            entries = _join_entries(a.entries, b.entries, mine, others)
            rest = join_optional(a.rest, b.rest)
            source = _source(a.source, b.source)
            if entries is a.entries and rest is a.rest and source == a.source:
                return a
            if len(entries) > MOST_KEYS:
                rest, entries = join_optional(rest, join_values(entries.values())), {}
            return Mapping(entries, rest, a.factory or b.factory, source)
        case Manager(), Manager():
            names = _join_entries(a.names, b.names, mine, others)
            return a if names is a.names else replace(a, names=names)
        case Instance(), Instance():
            attributes = _join_entries(a.attributes, b.attributes, mine, others)
            module = a.module if b.module is None else b.module
            if a.module is not None and b.module is not None and a.module != b.module:
                module = ModuleFacts(
                    a.module.trainable.join(b.module.trainable, mine, others),
                    a.module.device.join(b.module.device, mine, others),
                    a.module.storage,
                    a.module.frozen.join(b.module.frozen, mine, others),
                    a.module.form.join(b.module.form, mine, others),
                    a.module.dtype if a.module.dtype == b.module.dtype else "",
                )
            elif a.module is not None:
                module = a.module
            if attributes is a.attributes and module == a.module:
                return a
            return Instance(
                a.definition or b.definition,
                a.type or b.type,
                attributes,
                module,
                a.open or b.open,
                a.registered | b.registered,
            )
        case _:
            return a


def _source(a: Taken | None, b: Taken | None) -> Taken | None:
    if a is None or b is None or a.storage != b.storage:
        return None
    return a if a.unseen <= b.unseen else b


def _join_items(a: Items, b: Items, mine: Guards, others: Guards) -> Items:
    put = a.put if set(b.put) <= set(a.put) else tuple(dict.fromkeys(a.put + b.put))[:MOST_PLACES]
    if a.known is not None and b.known is not None and len(a.known) == len(b.known):
        known = tuple(join(x, y, mine, others) for x, y in zip(a.known, b.known, strict=True))
        if all(x is y for x, y in zip(known, a.known, strict=True)) and put == a.put:
            return a
        return Items(known, None, put, a.kind, a.depth)
    rest_a = join_values(a.known) if a.known is not None else a.rest
    rest_b = join_values(b.known) if b.known is not None else b.rest
    rest = join_optional(rest_a, rest_b)
    if a.known is None and rest is a.rest and put == a.put:
        return a
    return Items(None, rest, put, a.kind, a.depth)


def _join_entries(
    a: MappingType[_K, Value], b: MappingType[_K, Value], mine: Guards, others: Guards
) -> MappingType[_K, Value]:
    if a is b:
        return a
    result = dict(a)
    changed = False
    for key, value in b.items():
        if key not in result:
            result[key] = value
            changed = True
        elif (merged := join(result[key], value, mine, others)) is not result[key]:
            result[key] = merged
            changed = True
    return result if changed else a
