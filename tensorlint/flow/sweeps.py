"""Loops over every entry of a container: what they do to the entry that they are at, they do to all of them.

``for k in batch: batch[k] = batch[k].to(device)`` leaves no entry as it was. Where the entries are known, the body is
executed for each of them. Where they are not, one that stands for any is followed under a name of its own, which is how
it is written (``batch[k]``); what that name holds when a pass ends is what every entry is after the loop.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import libcst as cst

from tensorlint.flow.containers import items_at, mapping_of, store_item
from tensorlint.flow.definitions import suites_of
from tensorlint.flow.entries import Sweep, entry_name, index_name
from tensorlint.flow.heap import Items, Mapping
from tensorlint.flow.joining import join_values
from tensorlint.flow.machine import Machine, evaluate
from tensorlint.flow.names import dotted
from tensorlint.flow.rebinding import rebind
from tensorlint.flow.state import State
from tensorlint.flow.storage import fresh
from tensorlint.flow.values import Bound, Class, Constant, Function, Ref, Tensor, Tuple, Unknown, Value, alternatives

__all__ = ["begin", "known_items", "known_keys", "known_steps", "pass_ends", "settle", "sweep_of"]

CALLED = re.compile(r"(?<![\w.])(\w+)\(")
MOST_STEPS = 8
"""Bodies of loops over more known entries than this are executed for one that stands for all."""
MOST_UNROLLED = 16
"""How often a body may be executed by all unrolled loops around it together."""


@dataclass(frozen=True, slots=True)
class _Stores:
    """What the body of a loop assigns to."""

    entries: tuple[tuple[cst.Subscript, cst.BaseExpression | None], ...]
    """``x[key] = value``, and without a value ``x[key] += ...`` and ``x[key].append(...)``."""
    names: frozenset[str]
    breaks: bool


@lru_cache(maxsize=2048)
def _stores(body: cst.BaseSuite) -> _Stores:
    entries: list[tuple[cst.Subscript, cst.BaseExpression | None]] = []
    names: set[str] = set()
    breaks = False
    for statement, own in _small_statements(body, True):
        match statement:
            case cst.Assign(targets=targets, value=value):
                for target in targets:
                    if isinstance(target.target, cst.Subscript):
                        entries.append((target.target, value))
                    names.add(dotted(target.target) or "")
            case cst.AugAssign(target=cst.Subscript() as target):
                entries.append((target, None))
            case cst.Expr(value=cst.Call(func=cst.Attribute(value=cst.Subscript() as target))):
                entries.append((target, None))
            case cst.Break() if own:
                breaks = True
    return _Stores(tuple(entries), frozenset(names), breaks)


def _small_statements(body: cst.BaseSuite, own: bool) -> Iterator[tuple[cst.BaseSmallStatement, bool]]:
    """The simple statements at any depth, each with whether a ``break`` there would end the loop itself."""
    for statement in body.body:
        if isinstance(statement, cst.SimpleStatementLine):
            for small in statement.body:
                yield small, own
        elif isinstance(statement, cst.BaseSmallStatement):
            yield statement, own
        elif isinstance(statement, cst.BaseCompoundStatement) and not isinstance(
            statement, cst.FunctionDef | cst.ClassDef
        ):
            inside = own and not isinstance(statement, cst.For | cst.While)
            for part in suites_of(statement):
                yield from _small_statements(part, inside)


def _targets(node: cst.BaseAssignTargetExpression) -> list[str]:
    """The names of ``k`` or ``k, v``; nothing in place of what is no name."""
    match node:
        case cst.Name(value=name):
            return [name]
        case cst.Tuple(elements=elements):
            return [element.value.value if isinstance(element.value, cst.Name) else "" for element in elements]
    return []


def known_steps(machine: Machine, state: State, node: cst.For, iterated: Value) -> list[Value] | None:
    """What the target is in each pass of a loop that uses known entries as keys, or calls them; else None."""
    names = _targets(node.target)
    if not names or not names[0]:
        return None
    if any(index_name(target) == names[0] for target, _ in _stores(node.body).entries):
        return known_keys(machine, state, node.iter, iterated)
    found = known_items(machine, state, iterated) if len(names) == 1 else None
    if not found or not all(isinstance(item, Ref | Function | Bound | Class) for item in found):
        return None
    return found if names[0] in _calls(node.body) else None


@lru_cache(maxsize=512)
def _calls(body: cst.BaseSuite) -> frozenset[str]:
    """The names that are called in a body: ``for transform in transforms: x = transform(x)``."""
    return frozenset(CALLED.findall(cst.Module(body=()).code_for_node(body)))


def known_keys(machine: Machine, state: State, node: cst.BaseExpression, iterated: Value) -> list[Value] | None:
    """The keys, or pairs of keys and values, that iterating gives, where all of them are known and few."""
    found = _indexed(machine, state, node)
    if found is None:
        mapping = mapping_of(state, iterated)
        if mapping is not None and mapping.rest is None:
            found = [Constant(key) for key in mapping.entries]
        else:
            found = _known(state, iterated)
    return found if found and _few(machine, found) and all(_is_key(step) for step in found) else None


def known_items(machine: Machine, state: State, iterated: Value) -> list[Value] | None:
    """What iterating gives one after the other, where all of it is known and little."""
    found = _known(state, iterated)
    return found if found and _few(machine, found) else None


def _few(machine: Machine, steps: list[Value]) -> bool:
    return len(steps) <= MOST_STEPS and machine.unrolled * len(steps) <= MOST_UNROLLED


def _is_key(step: Value) -> bool:
    first = step.items[0] if isinstance(step, Tuple) and step.items else step
    return isinstance(first, Constant) and isinstance(first.value, str | int)


def _known(state: State, value: Value) -> list[Value] | None:
    if isinstance(value, Tuple):
        return list(value.items)
    items = items_at(state, value)
    return list(items.known) if items is not None and items.known is not None else None


def _indexed(machine: Machine, state: State, node: cst.BaseExpression) -> list[Value] | None:
    """The passes of ``range(len(x))`` and ``enumerate(x)`` where the items of ``x`` are known."""
    swept = _swept(node)
    if swept is None or swept[1] not in ("range", "enumerate"):
        return None
    known = _known(state, evaluate(machine, swept[0], state))
    if known is None:
        return None
    if swept[1] == "range":
        return [Constant(index) for index in range(len(known))]
    return [Tuple((Constant(index), value)) for index, value in enumerate(known)]


def _swept(node: cst.BaseExpression) -> tuple[cst.BaseExpression, str] | None:
    """The container that is gone through, and by what: ``range``, ``enumerate``, ``keys`` or ``items``."""
    match node:
        case cst.Call(func=cst.Name(value="list" | "tuple" | "sorted"), args=[argument]):
            return _swept(argument.value)
        case cst.Call(
            func=cst.Name(value="range"), args=[cst.Arg(value=cst.Call(func=cst.Name(value="len"), args=[argument]))]
        ):
            found, how = argument.value, "range"
        case cst.Call(func=cst.Name(value="enumerate"), args=[argument]):
            found, how = argument.value, "enumerate"
        case cst.Call(func=cst.Attribute(value=container, attr=cst.Name(value="keys" | "items" as how)), args=[]):
            found = container
        case cst.Name() | cst.Attribute():
            found, how = node, "keys"
        case _:
            return None
    return (found, how) if dotted(found) is not None else None


def sweep_of(machine: Machine, state: State, node: cst.For) -> Sweep | None:
    """The sweep that a loop is: it goes through a container and assigns to the entry that it is at."""
    names = _targets(node.target)
    swept = _swept(node.iter)
    if swept is None or len(names) != (1 if swept[1] in ("range", "keys") else 2) or not names[0]:
        return None
    container, how = swept
    stores = _stores(node.body)
    text = dotted(container)
    if stores.breaks or not stores.names.isdisjoint({names[0], text}):
        return None
    value = names[1] if len(names) == 2 else ""
    for target, given in stores.entries:
        if given is None or index_name(target) != names[0] or dotted(target.value) != text:
            continue
        one = evaluate(machine, container, state)
        if _can_be_swept(state, one, how, target, value, given):
            return Sweep(f"{text}[{names[0]}]", container, target, value)
    return None


def _can_be_swept(
    state: State, container: Value, how: str, target: cst.Subscript, value: str, given: cst.BaseExpression
) -> bool:
    match container:
        case Ref():
            return isinstance(state.object(container), Items | Mapping)
        case Tensor(opaque=True):
            return True
        case Unknown():  # of something with indices, only a list can take what was moved out of it
            return how in ("keys", "items") or _made_of(given, target, value)
    return False


def _made_of(node: cst.BaseExpression, target: cst.Subscript, value: str) -> bool:
    """A chain of methods of the entry itself: ``xs[i].detach().cpu()``."""
    while isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        node = node.func.value
    if isinstance(node, cst.Name):
        return node.value == value
    return isinstance(node, cst.Subscript) and entry_name(node) == entry_name(target)


def begin(machine: Machine, sweep: Sweep, path: State) -> None:
    """A pass begins: the entry is what any entry is, and was not touched."""
    value = path.names.get(sweep.value) if sweep.value else None
    path.names[sweep.entry] = value if value is not None else evaluate(machine, sweep.target, path)
    path.names[sweep.untouched] = Constant(None)
    machine.frame.sweeps[sweep.entry] = sweep


def pass_ends(machine: Machine, sweep: Sweep, path: State) -> tuple[Value | None, bool]:
    """What the entry is when a pass has ended, and whether the pass may have left it as it was."""
    machine.frame.sweeps.pop(sweep.entry, None)
    value = path.names.pop(sweep.entry, None)
    untouched = path.names.pop(sweep.untouched, None) is not None
    return (value, untouched) if path.alive else (None, False)


def settle(machine: Machine, sweep: Sweep, state: State, value: Value, untouched: bool) -> None:
    """The loop is over: its entries are ``value``, all of them unless some may have been left untouched."""
    container = evaluate(machine, sweep.container, state)
    if not isinstance(container, Ref):
        if not untouched:
            _settle_unseen(machine, sweep, state, container, value)
        return
    if untouched:
        store_item(machine, state, container, Unknown(), value, sweep.target, dotted(sweep.container) or "")
        return
    match state.object(container):
        case Items() as items:
            state.heap[container.address] = replace(items, known=None, rest=value)
        case Mapping() as mapping:
            rest = None if mapping.rest is None else value
            entries = dict.fromkeys(mapping.entries, value)
            state.heap[container.address] = replace(mapping, entries=entries, rest=rest, source=None)


def _settle_unseen(machine: Machine, sweep: Sweep, state: State, container: Value, value: Value) -> None:
    """A batch, a model's output, a parameter: its tensors have the facts that the loop left them with."""
    tensors = join_values(item for item in alternatives(value) if isinstance(item, Tensor))
    if not isinstance(tensors, Tensor):
        return
    whole = container if isinstance(container, Tensor) else Tensor(opaque=True)
    changed = replace(
        whole, requires_grad=tensors.requires_grad, device=tensors.device, dtype=tensors.dtype, aliases=fresh(machine)
    )
    rebind(machine, sweep.container, changed, state)
