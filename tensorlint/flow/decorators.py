"""Decorators: those of the project are called with the function, others leave it as it is."""

from __future__ import annotations

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.machine import Machine, evaluate
from tensorlint.flow.state import State
from tensorlint.flow.values import Function, Value

__all__ = ["PLAIN", "decorated"]

PLAIN = frozenset({"staticmethod", "classmethod", "property", "abstractmethod", "override", "torch.no_grad"})


def decorated(machine: Machine, node: cst.FunctionDef, value: Value, state: State) -> Value:
    """What a function's decorators make of it."""
    from tensorlint.flow.calls import call_value  # calls end in classes, whose methods are decorated

    outer, machine.decorating = machine.decorating, True
    try:
        for decorator in reversed(node.decorators):
            if isinstance(decorator.decorator, cst.Name) and decorator.decorator.value in PLAIN:
                continue
            found = evaluate(machine, decorator.decorator, state)
            if isinstance(found, Function):
                made = call_value(machine, state, decorator.decorator, found, None, Arguments(((node.name, value),)))
                if isinstance(made, Function):
                    value = made
    finally:
        machine.decorating = outer
    return value
