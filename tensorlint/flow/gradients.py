"""Gradients: the memory of ``p.grad``, and what ``zero_grad()`` does to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import libcst as cst

from tensorlint.flow.machine import Machine
from tensorlint.flow.names import short
from tensorlint.flow.state import State, Write
from tensorlint.flow.values import Alias, Tensor, Value, alternatives, union

__all__ = ["gradient_of", "zero_gradients"]


def gradient_of(machine: Machine, state: State, tensor: Tensor, gradient: Value) -> Value:
    """``tensor.grad``, which is the same memory whenever it is read."""
    owners = sorted(alias.storage for alias in tensor.aliases if alias.made is None)
    numbers = [machine.gradients.get(owner) or _new(machine, owner) for owner in owners]
    if not numbers:
        return gradient
    aliases = frozenset(Alias(number, state.version(number)) for number in numbers)
    return union(
        [replace(item, aliases=aliases) if isinstance(item, Tensor) else item for item in alternatives(gradient)]
    )


def _new(machine: Machine, owner: int) -> int:
    number = machine.gradients[owner] = machine.storage()
    return number


def zero_gradients(machine: Machine, state: State, owners: Iterable[int], node: cst.BaseExpression) -> None:
    """``zero_grad()`` drops the gradients, so that a backward makes new ones; told to, it empties them in place.

    Source: torch's documentation of ``Optimizer.zero_grad`` and ``Module.zero_grad``, whose ``set_to_none`` is True by
    default since torch 2.0.
    """
    in_place = isinstance(node, cst.Call) and any(
        argument.keyword is not None
        and argument.keyword.value == "set_to_none"
        and isinstance(argument.value, cst.Name)
        and argument.value.value == "False"
        for argument in node.args
    )
    for owner in owners:
        number = machine.gradients.get(owner)
        if number is None:
            continue
        if in_place:
            text = f"`{short(node)}` empties the gradients in place"
            state.wrote(number, Write(machine.place(node), text, "tensor"))
        else:
            del machine.gradients[owner]
