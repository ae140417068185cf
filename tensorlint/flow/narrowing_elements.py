"""What tests of a container tell: of its first element for all of them, ``all(...)``, ``any(...)``, ``len(x) > 0``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import libcst as cst

from tensorlint.flow.containers import element, items_at
from tensorlint.flow.heap import Items
from tensorlint.flow.machine import Machine, evaluate
from tensorlint.flow.state import State
from tensorlint.flow.values import Array, Ref, Single, Tensor, Tuple, Value, alternatives, union

__all__ = [
    "Change",
    "changed",
    "each",
    "emptiness",
    "holds_something",
    "in_container",
    "part_of_container",
]

Change: TypeAlias = "Callable[[Single], Value | None]"
"""What an alternative is from now on; None where it cannot be."""
Narrow: TypeAlias = "Callable[[Machine, cst.BaseExpression, State, bool], None]"
LENGTHS = ("list", "tuple", "deque", "set")
"""The kinds of containers that have a length."""


def changed(value: Value, change: Change) -> Value | None:
    """The value after a change of its alternatives: itself where nothing changed, None where none is left."""
    kept: list[Single] = []
    same = True
    for item in alternatives(value):
        new = change(item)
        same = same and new is item
        kept.extend(alternatives(new) if new is not None else ())
    return value if same else union(kept) if kept else None


def part_of_container(
    machine: Machine, state: State, node: cst.BaseExpression
) -> tuple[cst.BaseExpression, int] | None:
    """The list or tuple and the index of ``values[0]``, ``values[-1]``, ``next(iter(values))``."""
    match node:
        case cst.Subscript(value=container, slice=[cst.SubscriptElement(slice=cst.Index(value=written))]):
            index = _integer(written)
        case cst.Call(func=cst.Name("next"), args=[cst.Arg(value=cst.Call(func=cst.Name("iter"), args=[inner]))]):
            container, index = inner.value, 0
        case _:
            return None
    if index is None:
        return None
    found = alternatives(evaluate(machine, container, state))
    holds = any(isinstance(item, Tuple) or items_at(state, item) is not None for item in found)
    return (container, index) if holds else None


def _integer(node: cst.BaseExpression) -> int | None:
    match node:
        case cst.Integer(value=text):
            return int(text, 0)
        case cst.UnaryOperation(operator=cst.Minus(), expression=cst.Integer(value=text)):
            return -int(text, 0)
    return None


def in_container(
    machine: Machine, state: State, node: cst.BaseExpression, index: int, change: Change, of_all: bool
) -> Change:
    """The change of a container of which one element changes; ``of_all``: what stands for all of them changes too.

    Lists hold things of one type, so that a test of the type of the first one is meant for all.
    """

    def change_container(container: Single) -> Value | None:
        if isinstance(container, Tensor | Array):
            return container if changed(element(machine, state, container, node), change) is not None else None
        known = _known(state, container)
        if known is not None and -len(known) <= index < len(known):
            one = changed(known[index], change)
            new = list(known)
            new[index] = one if one is not None else known[index]
            return None if one is None else _holding(state, container, new)
        items = items_at(state, container)
        if known is not None or items is None or items.rest is None:
            return container
        rest = changed(items.rest, change)
        if rest is None:
            return None
        return _holding_some(state, container, items, rest) if of_all else container

    return change_container


def _known(state: State, container: Single) -> tuple[Value, ...] | None:
    """The elements of a tuple or list, where each of them is known."""
    if isinstance(container, Tuple):
        return container.items
    items = items_at(state, container)
    return items.known if items is not None else None


def _holding(state: State, container: Single, known: list[Value]) -> Single:
    """The container with these elements."""
    if isinstance(container, Tuple):
        same = all(a is b for a, b in zip(container.items, known, strict=True))
        return container if same else replace(container, items=tuple(known))
    items = items_at(state, container)
    if isinstance(container, Ref) and items is not None and items.kind in LENGTHS:
        state.heap[container.address] = replace(items, known=tuple(known), rest=None)
    return container


def _holding_some(state: State, container: Single, items: Items, rest: Value) -> Single:
    if isinstance(container, Ref) and rest is not items.rest:
        state.heap[container.address] = replace(items, rest=rest)
    return container


def each(
    machine: Machine, test: cst.Call, state: State, outcome: bool, narrow: Narrow
) -> tuple[cst.BaseExpression, Change] | None:
    """What the outcome of ``all(f(v) for v in values)`` or ``any(...)`` makes of ``values``, and where that stands.

    A list that something was put into in a loop is taken to have elements.
    """
    match test:
        case cst.Call(
            func=cst.Name(value="all" | "any" as name),
            args=[
                cst.Arg(
                    value=cst.GeneratorExp(elt=asked, for_in=loop) | cst.ListComp(elt=asked, for_in=loop),
                    star="",
                )
            ],
        ) if isinstance(loop.target, cst.Name) and not loop.ifs and loop.inner_for_in is None:
            target = loop.target.value
        case _:
            return None

    def tested(value: Value) -> Value | None:
        inner = state.fork()
        inner.names[target] = value
        narrow(machine, asked, inner, outcome)
        state.adopt(inner)
        return inner.names.get(target, value) if inner.alive else None

    def change_container(container: Single) -> Value | None:
        known, items = _known(state, container), items_at(state, container)
        if known is not None:
            new = [tested(value) for value in known]
            if (name == "all") is not outcome:
                return container if any(one is not None for one in new) else None
            kept = [one for one in new if one is not None]
            return _holding(state, container, kept) if len(kept) == len(known) else None
        if items is None or items.rest is None:
            return container
        rest = tested(items.rest)
        if (name == "all") is not outcome:
            return container if rest is not None else None
        return _holding_some(state, container, items, rest) if rest is not None else None

    return loop.iter, change_container


def emptiness(test: cst.BaseExpression, outcome: bool, state: State) -> tuple[cst.BaseExpression, Change] | None:
    """What the outcome of ``values``, ``len(values) > 0``, ``len(values) == 0`` makes of a list that it tells to be
    empty, and where that stands."""
    tested: cst.BaseExpression
    match test:
        case cst.Name() | cst.Attribute() | cst.Subscript():
            tested, empty = test, not outcome
        case cst.Call(func=cst.Name("len"), args=[argument]):
            tested, empty = argument.value, not outcome
        case cst.Comparison(
            left=cst.Call(func=cst.Name("len"), args=[argument]),
            comparisons=[cst.ComparisonTarget(operator=operator, comparator=cst.Integer(value=number))],
        ):
            says = _says_empty(operator, number)
            if says is None:
                return None
            tested, empty = argument.value, says is outcome
        case _:
            return None
    if not empty:
        return None

    def change(container: Single) -> Value | None:
        known, items = _known(state, container), items_at(state, container)
        if items is not None and items.kind not in LENGTHS:
            return container
        if known is not None:
            return None if known else container
        return _holding(state, container, []) if items is not None else container

    return tested, change


def holds_something(machine: Machine, node: cst.BaseExpression, state: State) -> bool:
    """Whether something was put, at least in some pass of a loop, into the lists that ``node`` may be."""
    lists = [items_at(state, item) for item in alternatives(evaluate(machine, node, state))]
    return all(one is not None and one.kind in LENGTHS and bool(one.known or one.rest) for one in lists)


def _says_empty(operator: cst.BaseCompOp, number: str) -> bool | None:
    """Whether ``len(values) OPERATOR NUMBER`` says that there are none, or (False) that there are some."""
    match operator, number:
        case (cst.Equal() | cst.LessThanEqual(), "0") | (cst.LessThan(), "1"):
            return True
        case (cst.NotEqual() | cst.GreaterThan(), "0") | (cst.GreaterThanEqual(), "1"):
            return False
    return None
