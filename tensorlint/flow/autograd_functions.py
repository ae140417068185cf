"""``Function.apply`` of ``torch.autograd``: ``forward`` runs without a graph, and what comes out requires grad."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.carried import Saved
from tensorlint.flow.classes import ancestors, method_of
from tensorlint.flow.definitions import ClassDefinition
from tensorlint.flow.dtypes import INTEGRAL
from tensorlint.flow.facts import NO, Fact
from tensorlint.flow.functions import call_function
from tensorlint.flow.machine import Machine
from tensorlint.flow.names import code, short
from tensorlint.flow.state import State
from tensorlint.flow.tensors import inputs_of, recorded, result_tensor
from tensorlint.flow.values import Tensor, Tuple, Unknown, Value, alternatives, union

__all__ = ["apply_function", "is_autograd_function"]

FUNCTIONS = ("autograd.Function", "autograd.function.Function")


def is_autograd_function(machine: Machine, definition: ClassDefinition, state: State) -> bool:
    """The class inherits from ``torch.autograd.Function``."""
    return any(isinstance(base, str) and base.endswith(FUNCTIONS) for base in ancestors(machine, definition, state))


def apply_function(
    machine: Machine, state: State, node: cst.BaseExpression, definition: ClassDefinition, arguments: Arguments
) -> Value:
    """What ``apply`` gives: of floating tensors such as require grad if an input does (observed: torch 2.13)."""
    inputs = inputs_of(state, arguments.values())
    grad = recorded(state, inputs.requires_grad.because(machine.place(node), f"`{short(node)}` is computed from it"))
    if "mark_non_differentiable" in code(definition.node.body):
        grad = grad.weakened()
    value: Value = Unknown()
    forward = method_of(machine, definition, "forward", state)
    if forward is not None:
        if method_of(machine, definition, "setup_context", state) is None:
            arguments = replace(arguments, positional=((node, Unknown("ctx")), *arguments.positional))
        before, state.grad = state.grad, NO
        value = call_function(machine, forward, arguments, state, node)
        state.grad = before
    if isinstance(value, Unknown):
        return result_tensor(machine, state, inputs, requires_grad=grad)
    return _in_the_graph(value, grad, inputs.saves)


def _in_the_graph(value: Value, grad: Fact, saves: frozenset[Saved]) -> Value:
    found: list[Value] = []
    for item in alternatives(value):
        if isinstance(item, Tensor):
            integral = item.dtype in INTEGRAL
            kept = frozenset() if integral or grad is NO else saves
            found.append(replace(item, requires_grad=NO if integral else grad, lost=None, saves=kept))
        elif isinstance(item, Tuple):
            found.append(replace(item, items=tuple(_in_the_graph(part, grad, saves) for part in item.items)))
        else:
            found.append(item)
    return union([single for one in found for single in alternatives(one)])
