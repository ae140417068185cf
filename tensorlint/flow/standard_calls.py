"""Calls of the standard library that hand values on: ``functools.reduce``, ``operator``, ``itertools``."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.containers import element, make_items
from tensorlint.flow.joining import join_values
from tensorlint.flow.machine import Machine
from tensorlint.flow.operators import arithmetic
from tensorlint.flow.special_calls import Special, special
from tensorlint.flow.state import State
from tensorlint.flow.sweeps import known_items
from tensorlint.flow.values import Unknown, Value

__all__: list[str] = []


@special("functools.reduce")
def _reduce(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    """The function is called with what it gave last and the next item."""
    from tensorlint.flow.calls import call_value

    function, iterable, start = arguments.value(0), arguments.get(1), arguments.get(2)
    if function is None or iterable is None:
        return Unknown()
    one = element(machine, state, iterable[1], node)
    items = known_items(machine, state, iterable[1]) or [one, one]
    if start is not None:
        items = [start[1], *items]
    value = items[0]
    for item in items[1:]:
        given = Arguments(((iterable[0], value), (iterable[0], item)))
        value = call_value(machine, state, node, function, None, given)
    return value


def _operator(symbol: cst.BaseBinaryOp) -> Special:
    def call(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
        left, right = arguments.get(0), arguments.get(1)
        if left is None or right is None:
            return Unknown()
        return arithmetic(machine, state, node, left[0], left[1], right[0], right[1], symbol)

    return call


for _name, _symbol in {
    "add": cst.Add(),
    "sub": cst.Subtract(),
    "mul": cst.Multiply(),
    "truediv": cst.Divide(),
    "matmul": cst.MatrixMultiply(),
    "pow": cst.Power(),
}.items():
    special(f"operator.{_name}")(_operator(_symbol))


@special("itertools.chain")
def _chain(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    """The items of each argument, one after the other."""
    found = [element(machine, state, value, node) for _, value in arguments.positional]
    if arguments.rest is not None:
        found.append(element(machine, state, arguments.rest[1], node))
    return make_items(machine, state, (node,), rest=join_values(found), kind="chain")


@special("itertools.chain.from_iterable")
def _chained(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    one = element(machine, state, arguments.value(0) or Unknown(), node)
    return make_items(machine, state, (node,), rest=element(machine, state, one, node), kind="chain")


@special("itertools.islice", "itertools.cycle")
def _same_items(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    one = element(machine, state, arguments.value(0) or Unknown(), node)
    return make_items(machine, state, (node,), rest=one, kind="iterator")


@special("itertools.takewhile", "itertools.dropwhile")
def _filtered(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    return _same_items(machine, state, node, replace(arguments, positional=arguments.positional[1:]))
