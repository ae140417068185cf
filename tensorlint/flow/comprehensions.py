"""Comprehensions: what one element's worth of them gives, or each element's where the elements are known."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from tensorlint.flow.collecting import collecting_in_list
from tensorlint.flow.containers import element, make_items, make_mapping
from tensorlint.flow.facts import Reason
from tensorlint.flow.heap import Key, Taken
from tensorlint.flow.joining import join_values
from tensorlint.flow.machine import Machine, evaluate, evaluates
from tensorlint.flow.names import short
from tensorlint.flow.narrowing import narrow
from tensorlint.flow.state import State
from tensorlint.flow.storage import keep
from tensorlint.flow.sweeps import known_items, known_keys
from tensorlint.flow.targets import assign
from tensorlint.flow.unseen import seen_so_far
from tensorlint.flow.values import Constant, Tensor, Value

__all__: list[str] = []

MOST_PASSES = 2
"""How often the inside of a comprehension that writes to memory is evaluated."""
Inside = Callable[[State], None]


def _comprehend(machine: Machine, part: cst.CompFor, one: Value, state: State, inside: Inside) -> None:
    """Run one element's worth of a comprehension."""
    assign(machine, part.target, one, state, part.iter)
    for test in part.ifs:
        evaluate(machine, test.test, state)
        narrow(machine, test.test, state, True)
    if not state.alive:
        return
    inner = part.inner_for_in
    if inner is None:
        inside(state)
        return
    iterated = evaluate(machine, inner.iter, state)
    _comprehend(machine, inner, element(machine, state, iterated, inner.iter), state, inside)


def _for_any(machine: Machine, part: cst.CompFor, iterated: Value, state: State, inside: Inside) -> None:
    """Evaluate the inside for what stands for any element."""
    with _Names(machine, state) as names:
        for _ in range(MOST_PASSES):
            written = dict(state.written)
            _comprehend(machine, part, element(machine, state, iterated, part.iter), state, inside)
            names.restore()
            if state.written == written:
                break  # the next element would meet what this one met


def _for_each(machine: Machine, part: cst.CompFor, steps: list[Value], state: State, inside: Inside) -> None:
    """Evaluate the inside for each of the elements, which are known and few."""
    machine.unrolled *= len(steps)
    with _Names(machine, state) as names:
        for step in steps:
            _comprehend(machine, part, step, state, inside)
            names.restore()
    machine.unrolled //= len(steps)


class _Names:
    """A comprehension's names are its own; what it does to objects stays."""

    def __init__(self, machine: Machine, state: State) -> None:
        self.machine = machine
        self.state = state
        self.names = dict(state.names)
        self.assumed = dict(state.assumed)

    def __enter__(self) -> _Names:
        self.machine.frame.loops += 1
        self.machine.aside.append(self.names)
        return self

    def restore(self) -> None:
        self.state.names, self.state.assumed, self.state.alive = dict(self.names), dict(self.assumed), True

    def __exit__(self, *_: object) -> None:
        self.machine.frame.loops -= 1
        self.machine.aside.pop()
        self.restore()


@evaluates(cst.ListComp, cst.SetComp, cst.GeneratorExp)
def comprehension(machine: Machine, node: cst.ListComp | cst.SetComp | cst.GeneratorExp, state: State) -> Value:
    """``[f(x) for x in xs]``."""
    part = node.for_in
    place = machine.place(node.elt)
    reason = Reason(place, f"kept in the list of `{short(node.elt)}`")
    values: list[Value] = []
    kind = "generator" if isinstance(node, cst.GeneratorExp) else "list"

    def one(inner: State) -> None:
        with collecting_in_list(machine):
            values.append(evaluate(machine, node.elt, inner))

    iterated = evaluate(machine, part.iter, state)
    plain = not part.ifs and part.inner_for_in is None and not isinstance(node, cst.SetComp)
    steps = known_items(machine, state, iterated) if plain else None
    if steps:
        _for_each(machine, part, steps, state, one)
        known = [keep(value, reason) for value in values]
        return make_items(machine, state, (node,), known=known, put=(place,), kind=kind)
    _for_any(machine, part, iterated, state, one)
    every = join_values(values)
    rest = keep(every, reason) if every is not None else None
    return make_items(machine, state, (node,), rest=rest, put=(place,) if values else (), kind=kind)


@evaluates(cst.DictComp)
def dict_comprehension(machine: Machine, node: cst.DictComp, state: State) -> Value:
    """``{k: f(v) for k, v in d.items()}``."""
    part = node.for_in
    reason = Reason(machine.place(node.value), f"kept in the dict of `{short(node.value)}`")
    entries: dict[Key, Value] = {}
    values: list[Value] = []

    def one(inner: State) -> None:
        key = evaluate(machine, node.key, inner)
        value = evaluate(machine, node.value, inner)
        values.append(value)
        if isinstance(key, Constant) and isinstance(key.value, str | int):
            entries[key.value] = keep(value, reason)

    iterated = evaluate(machine, part.iter, state)
    steps = known_keys(machine, state, part.iter, iterated) if part.inner_for_in is None else None
    if steps:
        _for_each(machine, part, steps, state, one)
        if len(entries) == len(values):
            return make_mapping(machine, state, (node,), entries)
    else:
        _for_any(machine, part, iterated, state, one)
    every = join_values(values)
    rest = keep(every, reason) if every is not None else None
    source = _source(state, every) if every is not None else None
    return make_mapping(machine, state, (node,), rest=rest, source=source)


def _source(state: State, value: Value) -> Taken | None:
    """The storage that all values of a dict comprehension alias: it is a shallow copy of a ``state_dict()``."""
    if isinstance(value, Tensor):
        made = [alias for alias in value.aliases if alias.made is not None]
        if made:
            storage = min(alias.storage for alias in made)
            return Taken(storage, seen_so_far(state, storage))
    return None
