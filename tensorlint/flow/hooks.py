"""Forward hooks: functions that torch calls with a module's inputs and output whenever the module is called."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.heap import Instance
from tensorlint.flow.machine import Machine, evaluate
from tensorlint.flow.modules import instance_of, is_module, output_of, parts
from tensorlint.flow.state import State
from tensorlint.flow.tensors import inputs_of
from tensorlint.flow.values import Bound, Function, Ref, Single, Tuple, Value, alternatives

__all__ = ["REGISTERS", "call_hooks", "register_hook"]

REGISTERS = frozenset({"register_forward_hook"})
HOOKS = "#hooks"
"""The attribute that holds the hooks of a module."""
MOST = 4


def register_hook(machine: Machine, state: State, receiver_node: cst.BaseExpression, arguments: Arguments) -> None:
    """``net.layer.register_forward_hook(f)``; a layer out of sight is a part of what it is read from."""
    hook = arguments.value(0, "hook")
    if hook is None:
        return
    kept = tuple(item for item in alternatives(hook) if isinstance(item, Function | Bound))
    for owner in _modules_of(machine, state, receiver_node) if kept else ():
        instance = instance_of(state, owner)
        assert instance is not None
        new = {_definition(item) for item in kept}
        known = [item for item in _hooks(instance) if _definition(item) not in new]
        hooks = Tuple((*known, *kept)[:MOST])
        state.heap[owner.address] = replace(instance, attributes={**instance.attributes, HOOKS: hooks})


def _hooks(instance: Instance) -> list[Single]:
    found = [item for item in alternatives(instance.attributes.get(HOOKS, Tuple(()))) if isinstance(item, Tuple)]
    return list(dict.fromkeys(hook for item in found for each in item.items for hook in alternatives(each)))


def _definition(hook: Single) -> object:
    function = hook.function if isinstance(hook, Bound) else hook
    return function.definition if isinstance(function, Function) else function


def _modules_of(machine: Machine, state: State, node: cst.BaseExpression) -> list[Ref]:
    while True:
        found = [item for item in alternatives(evaluate(machine, node, state)) if isinstance(item, Ref)]
        if modules := [item for item in found if is_module(state, item)]:
            return modules
        if not isinstance(node, cst.Attribute | cst.Subscript):
            return []
        node = node.value


def call_hooks(
    machine: Machine,
    state: State,
    node: cst.BaseExpression,
    ref: Ref,
    arguments: Arguments,
    output: Value,
    name: str,
    seen: bool,
) -> None:
    """Call the hooks of a module that has given ``output``, and those of its parts if its forward was not ``seen``."""
    from tensorlint.flow.calls import call_value  # which calls modules

    inputs = tuple(value for _, value in arguments.positional)
    for part, instance in [*parts(state, ref)]:
        hooks = _hooks(instance)
        if not hooks or (seen and part != ref):
            continue
        given = output
        if part != ref:
            given = output_of(machine, state, part, inputs_of(state, inputs), node, name)
        for hook in hooks[-MOST:]:
            passed = tuple((node, value) for value in (part, Tuple(inputs), given))
            call_value(machine, state, node, hook, None, Arguments(passed))
        if seen:
            return
