"""Comprehensions: what one element's worth of them gives, or each element's where the elements are known."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from tensorlint.flow.containers import element, make_items, make_mapping
from tensorlint.flow.facts import Reason
from tensorlint.flow.heap import Key, Taken
from tensorlint.flow.joining import join_values
from tensorlint.flow.machine import Machine, evaluate, evaluates
from tensorlint.flow.names import short
from tensorlint.flow.narrowing import narrow
from tensorlint.flow.state import State
from tensorlint.flow.storage import keep
from tensorlint.flow.sweeps import steps_of
from tensorlint.flow.targets import assign
from tensorlint.flow.unseen import seen_so_far
from tensorlint.flow.values import Constant, Tensor, Value

__all__: list[str] = []

MOST_PASSES = 2
"""How often the inside of a comprehension that writes to memory is evaluated."""


def _comprehend(machine: Machine, part: cst.CompFor, state: State, inside: Callable[[State], None]) -> None:
    """Run one element's worth of a comprehension."""
    iterated = evaluate(machine, part.iter, state)
    _with_element(machine, part, element(machine, state, iterated, part.iter), state, inside)


def _with_element(
    machine: Machine, part: cst.CompFor, one: Value, state: State, inside: Callable[[State], None]
) -> None:
    assign(machine, part.target, one, state, part.iter)
    for test in part.ifs:
        evaluate(machine, test.test, state)
        narrow(machine, test.test, state, True)
    if not state.alive:
        return
    if part.inner_for_in is not None:
        _comprehend(machine, part.inner_for_in, state, inside)
    else:
        inside(state)


def _in_comprehension(machine: Machine, part: cst.CompFor, state: State, inside: Callable[[State], None]) -> None:
    """A comprehension's names are its own; what it does to objects stays."""
    names = dict(state.names)
    assumed = dict(state.assumed)
    machine.frame.loops += 1
    try:
        for _ in range(MOST_PASSES):
            written = dict(state.written)
            _comprehend(machine, part, state, inside)
            state.names, state.assumed, state.alive = dict(names), dict(assumed), True
            if state.written == written:
                break  # the next element would meet what this one met
    finally:
        machine.frame.loops -= 1
    state.names, state.assumed, state.alive = names, assumed, True


@evaluates(cst.ListComp, cst.SetComp, cst.GeneratorExp)
def comprehension(machine: Machine, node: cst.ListComp, state: State) -> Value:
    """``[f(x) for x in xs]``."""
    values: list[Value] = []
    _in_comprehension(machine, node.for_in, state, lambda inner: values.append(evaluate(machine, node.elt, inner)))
    place = machine.place(node.elt)
    one = join_values(values)
    rest = keep(one, Reason(place, f"kept in the list of `{short(node.elt)}`")) if one is not None else None
    put = (place,) if values else ()
    return make_items(machine, state, (node,), rest=rest, put=put)


@evaluates(cst.DictComp)
def dict_comprehension(machine: Machine, node: cst.DictComp, state: State) -> Value:
    """``{k: f(v) for k, v in d.items()}``."""
    place = machine.place(node.value)
    reason = Reason(place, f"kept in the dict of `{short(node.value)}`")
    entries: dict[Key, Value] = {}
    values: list[Value] = []

    def one(inner: State) -> None:
        key = evaluate(machine, node.key, inner)
        value = evaluate(machine, node.value, inner)
        values.append(value)
        if isinstance(key, Constant) and isinstance(key.value, str | int):
            entries[key.value] = keep(value, reason)

    if _each_of_the_known(machine, node.for_in, state, one):
        if len(entries) == len(values):
            return make_mapping(machine, state, (node,), entries)
    else:
        _in_comprehension(machine, node.for_in, state, one)
    every = join_values(values)
    rest = keep(every, reason) if every is not None else None
    source = _source(state, every) if every is not None else None
    return make_mapping(machine, state, (node,), rest=rest, source=source)


def _each_of_the_known(machine: Machine, part: cst.CompFor, state: State, inside: Callable[[State], None]) -> bool:
    """Evaluate the inside for each of the elements, if they are few and have known keys; False where they are not."""
    if part.inner_for_in is not None:
        return False
    names, assumed = dict(state.names), dict(state.assumed)
    steps = steps_of(machine, state, part.iter, evaluate(machine, part.iter, state))
    if steps is None:
        return False
    machine.frame.loops += 1
    machine.unrolled *= len(steps)
    try:
        for step in steps:
            _with_element(machine, part, step, state, inside)
            state.names, state.assumed, state.alive = dict(names), dict(assumed), True
    finally:
        machine.frame.loops -= 1
        machine.unrolled //= len(steps)
    return True


def _source(state: State, value: Value) -> Taken | None:
    """The storage that all values of a dict comprehension alias: it is a shallow copy of a ``state_dict()``."""
    if isinstance(value, Tensor):
        made = [alias for alias in value.aliases if alias.made is not None]
        if made:
            storage = min(alias.storage for alias in made)
            return Taken(storage, seen_so_far(state, storage))
    return None
