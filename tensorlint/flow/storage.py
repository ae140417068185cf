"""Memory: who shares it with whom, who writes to it, and who looks at it afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import libcst as cst

from tensorlint.flow.events import StaleAlias
from tensorlint.flow.facts import NO, Reason
from tensorlint.flow.heap import Instance, Items, Mapping
from tensorlint.flow.machine import Machine
from tensorlint.flow.names import short
from tensorlint.flow.overwritten import gives_back, gives_something, seen_behind, seen_by_caller
from tensorlint.flow.saved import by_write
from tensorlint.flow.spread import EVEN
from tensorlint.flow.state import State, Write, next_write
from tensorlint.flow.values import Alias, Array, Ref, Single, Tensor, Tuple, Value, alternatives, union

__all__ = ["aliases_of", "fresh", "keep", "look", "part_of", "share", "without_aliases", "write"]

Memory = Tensor | Array
DEEPEST = 3


def fresh(machine: Machine) -> frozenset[Alias]:
    """Memory of its own."""
    return frozenset({Alias(machine.storage())})


def share(
    state: State,
    value: Memory,
    made: Reason | None,
    condition: str = "",
    part: cst.CSTNode | None = None,
    stretch: bool = False,
    perhaps: Reason | None = None,
    behind: bool = False,
) -> frozenset[Alias]:
    """The memory of what is made of ``value`` without a copy (or with one, under ``condition``).

    :param perhaps: the call that decides under ``condition``
    :param part: where one part of the memory is taken: an item, a row
    :param behind: autograd does not notice writes to it
    :param stretch: the part is a slice; a slice of what is a part itself counts as that part
    """
    result = []
    behind = behind or isinstance(value, Array)
    for alias in value.aliases:
        conditions = [text for text in (alias.condition, condition) if text]
        combined = " or ".join(dict.fromkeys(conditions))
        reason = alias.made if made is None else made
        which = alias.part if part is None or (stretch and alias.part) else id(part)
        before = alias.made.place if alias.made is not None and alias.kept is not None else alias.kept_before
        version = state.version(alias.storage)
        decides = alias.perhaps or perhaps
        unseen = behind or alias.behind
        result.append(
            Alias(alias.storage, version, reason, combined, decides, which, behind=unseen, kept_before=before)
        )
    return frozenset(result)


def part_of(value: Value, part: cst.CSTNode) -> Value:
    """One item of several that a value stands for: its memory is a part of theirs."""
    result: list[Single] = []
    for item in alternatives(value):
        if isinstance(item, Memory) and item.aliases:
            item = replace(item, aliases=frozenset(replace(alias, part=id(part)) for alias in item.aliases))
        result.append(item)
    return union(result)


def aliases_of(state: State, value: Value, depth: int = 0) -> frozenset[Alias]:
    """The memory that a value, or what it contains, lives in."""
    found: set[Alias] = set()
    for item in alternatives(value):
        if isinstance(item, Memory):
            found |= item.aliases
        elif depth < DEEPEST:
            for part in _parts(state, item):
                found |= aliases_of(state, part, depth + 1)
    return frozenset(found)


def _parts(state: State, value: Value) -> Iterable[Value]:
    if isinstance(value, Tuple):
        return value.items
    if isinstance(value, Ref):
        match state.object(value):
            case Items() as items:
                return items.known if items.known is not None else [items.rest] if items.rest is not None else []
            case Mapping() as mapping:
                return [*mapping.entries.values(), *([mapping.rest] if mapping.rest is not None else [])]
            case Instance(module=None, definition=definition, attributes=attributes) if definition is not None:
                return list(attributes.values())
            case _:
                return []
    return []


def keep(value: Value, reason: Reason) -> Value:
    """The value, put away for later: its aliases of other memory become snapshots that can go stale."""
    changed = False
    result = []
    for item in alternatives(value):
        if isinstance(item, Memory) and any(a.made is not None and a.kept is None for a in item.aliases):
            kept = frozenset(replace(a, kept=a.kept or (reason if a.made is not None else None)) for a in item.aliases)
            item = replace(item, aliases=kept)
            changed = True
        elif isinstance(item, Tuple):
            items = tuple(keep(part, reason) for part in item.items)
            if any(a is not b for a, b in zip(items, item.items, strict=True)):
                item = replace(item, items=items)
                changed = True
        result.append(item)
    return union(result) if changed else value


def without_aliases(machine: Machine, value: Value) -> Value:
    """A copy: the same facts in memory of its own."""
    result = []
    for item in alternatives(value):
        if isinstance(item, Tensor):
            item = replace(item, aliases=fresh(machine), form=item.form.resolved(), spread=EVEN)
        elif isinstance(item, Array):
            item = replace(item, aliases=fresh(machine), read_only=NO, spread=EVEN)
        elif isinstance(item, Tuple):
            item = replace(item, items=tuple(without_aliases(machine, part) for part in item.items))
        result.append(item)
    return union(result)


def write(
    machine: Machine, state: State, value: Value, node: cst.CSTNode, name: str, text: str, meant: bool = False
) -> Value:
    """An in-place write to ``value``, which is called ``name``; gives the value as it is afterwards.

    :param meant: it is for the sake of the memory, which is reached through a value that has no name
    """
    result = []
    for item in alternatives(value):
        if isinstance(item, Memory) and item.aliases:
            through = "array" if isinstance(item, Array) else "tensor"
            by_write(machine, state, item, node, name)
            place = machine.place(node)
            aliases = []
            for alias in sorted(item.aliases, key=_surest_last):
                made = alias.made.place if alias.made is not None else None
                intended = meant or (isinstance(item, Tensor) and _is_called_to_write(machine, state, alias))
                version = state.wrote(
                    alias.storage,
                    Write(
                        place,
                        text,
                        through,
                        made=made,
                        name=name,
                        condition=alias.condition,
                        part=alias.part,
                        kept=alias.kept_before,
                        perhaps=alias.perhaps.place if alias.perhaps is not None else None,
                        meant=intended,
                        at=machine.at,
                    ),
                )
                aliases.append(replace(alias, version=version))
                if alias.storage in machine.given:
                    machine.ask_callers(of_memory=True)
                if not intended:
                    seen_by_caller(machine, item, alias, place, name)
            item = replace(item, aliases=frozenset(replace(a, version=state.version(a.storage)) for a in aliases))
        result.append(item)
    return union(result)


def _surest_last(alias: Alias) -> tuple[bool, str, int, int]:
    """An order of aliases that is the same in every run; of a storage's last write it is the condition that counts."""
    return (not alias.condition, alias.condition, alias.storage, alias.version)


def _is_called_to_write(machine: Machine, state: State, alias: Alias) -> bool:
    """The memory is an argument of a function that gives nothing, or an array that it gives back: it is called for what
    it writes."""
    definition = machine.frame.definition
    if definition is None or alias.made is None:
        return False
    nothing = not gives_something(definition)
    return any(
        (nothing or (isinstance(value, Array) and gives_back(definition, name)))
        and any(alias.storage == one.storage for one in aliases_of(state, value))
        for name, value in machine.frame.arguments.items()
    )


def look(machine: Machine, state: State, value: Value, node: cst.BaseExpression) -> None:
    """A value is read under a name: report memory that was changed behind its back."""
    if not state.written or not machine.looks:
        return
    for item in alternatives(value):
        if isinstance(item, Memory):
            _look_at(machine, state, item, node)
        elif isinstance(item, Tuple) or (isinstance(item, Ref) and not isinstance(state.object(item), Instance)):
            for part in _parts(state, item):
                for inner in alternatives(part):
                    if isinstance(inner, Memory):
                        _look_at(machine, state, inner, node)
                    elif isinstance(inner, Tuple | Ref):
                        for deep in _parts(state, inner):
                            for leaf in alternatives(deep):
                                if isinstance(leaf, Memory):
                                    _look_at(machine, state, leaf, node)


def _look_at(machine: Machine, state: State, value: Memory, node: cst.BaseExpression) -> None:
    for alias in sorted(value.aliases, key=_surest_last):
        last = state.written_since(alias)
        if last is None or last.place.node is node:
            continue
        if alias.part and last.part and alias.part != last.part:
            continue  # one item is written to, another is looked at
        made = alias.made.place if alias.made is not None else None
        trained = last.through == "optimizer" and isinstance(value, Array)
        decides = alias.perhaps.place if alias.perhaps is not None else None
        if made == last.made and decides == last.perhaps and alias.kept is None and not trained:
            continue
        used = Reason(machine.place(node), f"`{short(node)}` is read here")
        if alias.kept is not None and alias.made is not None and (made is None or made != last.kept):
            if last.made is not None and last.made == made:
                # written through the alias itself: it is meant to be a view, unless the write made another snapshot
                continue
            if "dtype" in alias.condition or "layout" in alias.condition:
                continue  # a copy as often as not
            changed = next_write(alias, last)
            machine.emit(
                StaleAlias(
                    place=alias.made.place,
                    calls=machine.calls(),
                    alias=value,
                    kept=alias.kept,
                    changed=Reason(changed.place, changed.text),
                    used=None if _keeps(machine, alias.kept.place.node, node) else used,
                    what=alias.made.text,
                    certain=not alias.condition and not last.condition,
                )
            )
        else:
            seen_behind(machine, value, alias, last, node)


def _keeps(machine: Machine, kept: cst.CSTNode, node: cst.BaseExpression) -> bool:
    """``node`` is read only to put something away in it: ``kept[name] = ...``, ``kept.append(...)``."""
    if isinstance(kept, cst.Subscript) and kept.value is node:
        return True
    match machine.statement:
        case cst.Call(func=cst.Attribute(value=owner), args=arguments) if owner is node:
            return any(argument.value is kept for argument in arguments)
        case _:
            return False
