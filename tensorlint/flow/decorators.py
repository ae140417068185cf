"""Decorators: those of the project are called with the function, others leave it as it is."""

from __future__ import annotations

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.engines import takes_handler
from tensorlint.flow.gradmode import under
from tensorlint.flow.machine import Machine, evaluate
from tensorlint.flow.state import State
from tensorlint.flow.values import Bound, Class, Function, Ref, Value

__all__ = ["PLAIN", "decorated"]

PLAIN = frozenset({"staticmethod", "classmethod", "property", "abstractmethod", "override", "torch.no_grad"})
MOST_STATEMENTS = 100
"""Statements that a decorator may execute: one that takes more reads or writes what is there to describe it."""


def decorated(machine: Machine, node: cst.FunctionDef | cst.ClassDef, value: Value, state: State) -> Value:
    """What the decorators of a function or class make of it."""
    from tensorlint.flow.calls import call_value  # calls end in classes, whose methods are decorated

    if node in machine.unchanged:
        return value
    plain, handled = value, False
    outer, machine.decorating = machine.decorating, True
    try:
        for decorator in reversed(node.decorators):
            if isinstance(decorator.decorator, cst.Name) and decorator.decorator.value in PLAIN:
                continue
            found = evaluate(machine, decorator.decorator, state)
            handled = takes_handler(state, found, value) or handled
            if isinstance(found, Ref):
                value = _inside(machine, state, decorator.decorator, found, value)
            function = found.function if isinstance(found, Bound) else found
            if isinstance(function, Function) and function.definition not in machine.describing:
                before = machine.inlined
                machine.inlined = min(before, MOST_STATEMENTS)
                made = call_value(machine, state, decorator.decorator, found, None, Arguments(((node.name, value),)))
                at_once, machine.inlined = machine.inlined > 0, before
                if isinstance(made, Function | Class) and made != value:
                    value = made
                elif not at_once:
                    machine.describing.add(function.definition)
    finally:
        machine.decorating = outer
    if value is plain and not handled:
        machine.unchanged.add(node)
    return value


def _inside(machine: Machine, state: State, node: cst.BaseExpression, context: Ref, function: Value) -> Value:
    """A context of the program as a decorator (``contextlib.ContextDecorator``): the function runs inside it."""
    from tensorlint.flow.contexts import enter_context

    path = state.fork()
    outer, machine.decorating = machine.decorating, False
    enter_context(machine, path, node, context)
    machine.decorating = outer
    return function if path.grad is state.grad else under(machine, path.grad, function)
