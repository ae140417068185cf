"""Loops: the body is executed until nothing new is learnt, at most a few times."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from tensorlint.flow.containers import element
from tensorlint.flow.heap import Instance, Items
from tensorlint.flow.joining import join_values
from tensorlint.flow.machine import Machine, evaluate, execute, executes
from tensorlint.flow.modules import CONTENTS, is_module
from tensorlint.flow.narrowing import narrow
from tensorlint.flow.state import State
from tensorlint.flow.sweeps import begin, known_steps, pass_ends, settle, sweep_of
from tensorlint.flow.targets import assign
from tensorlint.flow.values import Ref, Tuple, Union, Value, alternatives

__all__ = ["for_", "while_"]

MOST_PASSES = 3
DEEPEST = 4
"""Bodies of loops nested deeper than this are executed once."""


@executes(cst.For)
def for_(machine: Machine, node: cst.For, state: State) -> None:
    """``for target in iterable``."""
    iterated = evaluate(machine, node.iter, state)
    steps = known_steps(machine, state, node, iterated)
    if steps is not None:
        _unrolled(machine, node, state, steps)
        return
    sweep = sweep_of(machine, state, node)
    entries: list[Value] = []
    untouched = False

    def start(path: State) -> None:
        assign(machine, node.target, element(machine, path, iterated, node.iter), path, node.iter)
        if sweep is not None:
            begin(machine, sweep, path)

    def end(path: State) -> None:
        nonlocal untouched
        if sweep is not None:
            value, left = pass_ends(machine, sweep, path)
            entries.extend([value] if value is not None else [])
            untouched = untouched or left

    _loop(machine, state, node.body, node.orelse, start, end, surely=_surely_runs(state, iterated))
    found = join_values(entries)
    if sweep is not None and found is not None and state.alive:
        settle(machine, sweep, state, found, untouched)


def _unrolled(machine: Machine, node: cst.For, state: State, steps: list[Value]) -> None:
    """Execute the body once for each known entry."""
    frame = machine.frame
    outer, frame.breaks, frame.continues = (frame.breaks, frame.continues, frame.branches, frame.body), [], []
    frame.body = node.body
    frame.loops, frame.branches = frame.loops + 1, 0
    machine.unrolled *= len(steps)
    for step in steps:
        if not state.alive:
            break
        frame.continues = []
        assign(machine, node.target, step, state, node.iter)
        execute(machine, node.body, state)
        for ended in frame.continues:
            state.join(ended)
    machine.unrolled //= len(steps)
    frame.loops -= 1
    if node.orelse is not None and state.alive:
        execute(machine, node.orelse.body, state)
    for ended in frame.breaks:
        state.join(ended)
    frame.breaks, frame.continues, frame.branches, frame.body = outer


def _surely_runs(state: State, iterated: Value) -> bool:
    """The iterable has an element: known items, a module's parameters, or modules (of which a program makes some)."""
    if isinstance(iterated, Union):
        return all(_surely_runs(state, item) for item in iterated.items)
    if isinstance(iterated, Tuple):
        return bool(iterated.items)
    found = state.object(iterated) if isinstance(iterated, Ref) else None
    if isinstance(found, Instance):
        return found.module is not None and CONTENTS in found.attributes
    if not isinstance(found, Items):
        return False
    return bool(found.known) or found.kind == "parameters" or _holds_modules(state, found.rest)


def _holds_modules(state: State, value: Value | None) -> bool:
    """Every alternative is a module, or a tuple with a module in it (``zip``, ``enumerate``)."""
    if value is None:
        return False
    return all(
        any(_holds_modules(state, part) for part in item.items) if isinstance(item, Tuple) else is_module(state, item)
        for item in alternatives(value)
    )


@executes(cst.While)
def while_(machine: Machine, node: cst.While, state: State) -> None:
    """``while test``."""

    def start(path: State) -> None:
        evaluate(machine, node.test, path)
        narrow(machine, node.test, path, True)

    endless = isinstance(node.test, cst.Name) and node.test.value == "True"
    _loop(machine, state, node.body, node.orelse, start, surely=endless, endless=endless)
    if state.alive and not endless:
        evaluate(machine, node.test, state)


def _loop(
    machine: Machine,
    state: State,
    body: cst.BaseSuite,
    orelse: cst.Else | None,
    start: Callable[[State], None],
    end: Callable[[State], None] | None = None,
    surely: bool = False,
    endless: bool = False,
) -> None:
    frame = machine.frame
    outer_breaks, outer_continues = frame.breaks, frame.continues
    outer_branches, frame.branches = frame.branches, 0
    outer_body, frame.body = frame.body, body
    frame.breaks = []
    frame.loops += 1
    passes = MOST_PASSES if frame.loops <= 2 else 2 if frame.loops <= DEEPEST else 1
    for number in range(passes):
        frame.continues = []
        path = state.fork()
        start(path)
        if path.alive:
            execute(machine, body, path)
        for ended in frame.continues:
            path.join(ended)
        if end is not None:
            end(path)
        if surely and path.alive:
            state.become(path)
            surely = False
            continue
        surely = False
        wrote = number == 0 and len(path.written) != len(state.written)
        if not state.join(path) and not wrote:
            break
    frame.loops -= 1
    frame.branches, frame.body = outer_branches, outer_body
    if endless:
        state.alive = False  # only a break leads out
    if orelse is not None and state.alive:
        execute(machine, orelse.body, state)
    for ended in frame.breaks:
        state.join(ended)
    frame.breaks, frame.continues = outer_breaks, outer_continues


@executes(cst.Break)
def break_(machine: Machine, node: cst.Break, state: State) -> None:
    """The path goes on after the loop."""
    machine.frame.breaks.append(state.fork())
    state.alive = False


@executes(cst.Continue)
def continue_(machine: Machine, node: cst.Continue, state: State) -> None:
    """The path goes on with the next pass."""
    machine.frame.continues.append(state.fork())
    state.alive = False
