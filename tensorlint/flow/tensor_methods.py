"""Methods of tensors: by their rows, and those that change what is known of the receiver."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.carried import carried
from tensorlint.flow.collecting import sync
from tensorlint.flow.containers import make_items
from tensorlint.flow.conversion import array_of, convert, forced
from tensorlint.flow.dtypes import Dtyped
from tensorlint.flow.events import How
from tensorlint.flow.facts import NO, UNKNOWN, Truth, yes
from tensorlint.flow.foreign_dtypes import astype_of_tensor
from tensorlint.flow.form import PLAIN
from tensorlint.flow.given import ask_for_grad
from tensorlint.flow.leaving import leave, new_leaf
from tensorlint.flow.library_call import Call
from tensorlint.flow.links import detached_after_cpu, made_contiguous, needless
from tensorlint.flow.lost import Way
from tensorlint.flow.machine import Machine, evaluate
from tensorlint.flow.missing import back_propagated
from tensorlint.flow.names import short
from tensorlint.flow.rebinding import rebind
from tensorlint.flow.rows import apply_row
from tensorlint.flow.saved import backward
from tensorlint.flow.saved_calls import keeps_graph, saved_in_place
from tensorlint.flow.state import State
from tensorlint.flow.storage import fresh
from tensorlint.flow.tensors import inputs_of, result_tensor
from tensorlint.flow.values import (
    Constant,
    Ref,
    Tensor,
    Tuple,
    Unknown,
    Value,
    alternatives,
)

__all__ = ["call_tensor_method"]


def call_tensor_method(
    machine: Machine,
    state: State,
    node: cst.BaseExpression,
    tensor: Tensor,
    name: str,
    receiver_node: cst.BaseExpression,
    arguments: Arguments,
) -> Value:
    place = machine.place(node)
    if name == "numpy":
        made_contiguous(machine, node, tensor, receiver_node)
        if arguments.is_true("force") or (isinstance(arguments.value(0), Constant) and arguments.positional):
            form = tensor.form.resolved()  # the bits are resolved, but a dtype or layout that NumPy lacks is not
            if form.refused:
                refused = replace(tensor, requires_grad=NO, device=NO, form=form)
                convert(machine, state, node, receiver_node, refused, How.NUMPY, ".numpy(force=True)")
            array = forced(machine, state, tensor, node, short(receiver_node))
            return replace(array, lost=leave(machine, state, node, tensor, Way.NUMBER))
        convert(machine, state, node, receiver_node, tensor, How.NUMPY, ".numpy()")
        array = array_of(machine, state, tensor, node, short(receiver_node))
        return replace(array, lost=leave(machine, state, node, tensor, Way.NUMBER) if tensor.lost else None)
    if name == "backward":
        back_propagated(machine, state, node, tensor, short(node))
        grad = tensor.requires_grad
        backward(machine, state, [tensor], node, short(receiver_node), keeps_graph(arguments))
        if not grad.holds:
            known = yes(place, f"`backward()` is called on `{short(receiver_node)}`, so it requires grad")
            rebind(machine, receiver_node, replace(tensor, requires_grad=known, opaque=False), state, only=Tensor)
        return Constant(None)
    if name == "requires_grad_":
        off = arguments.value(0, "requires_grad")
        told = off is None or isinstance(off, Constant)
        switched_off = isinstance(off, Constant) and off.value is False if told else None
        fact = NO if switched_off else yes(place, f"`{short(node)}` makes it require grad")
        if switched_off is False:
            ask_for_grad(machine, node, Dtyped(tensor.dtype, tensor.dtype_from), receiver_node)
        if switched_off is None:
            fact = fact.weakened()
        addresses = [machine.modules.get(a.storage) for a in tensor.aliases if a.made is None]
        if any(address is not None for address in addresses):
            from tensorlint.flow.modules import freeze

            for address in addresses:
                if address is not None:
                    freeze(machine, state, Ref(address), switched_off, place)
        lost = tensor.lost if switched_off else new_leaf(tensor.lost, place, short(node))
        changed = replace(tensor, requires_grad=fact, lost=lost)
        rebind(machine, receiver_node, changed, state, only=Tensor)
        return changed
    if name == "detach_":
        changed = replace(tensor, requires_grad=NO, lost=leave(machine, state, node, tensor, Way.DETACH))
        rebind(machine, receiver_node, changed, state, only=Tensor)
        return changed
    if tensor.opaque and name in ("items", "values", "keys", "get", "pop", "to_tuple", "copy", "decode"):
        return _of_structure(machine, state, node, tensor, name)
    if name in ("detach", "cpu"):
        needless(machine, node, tensor, name, receiver_node)
    sync(machine, node, tensor, name, receiver_node, arguments)
    if name == "detach":
        detached_after_cpu(machine, node, tensor, receiver_node)
    row = machine.library.row(f"torch.Tensor.{name}")
    if row is None and name == "astype":
        with machine.unread():
            alone = len(alternatives(evaluate(machine, receiver_node, state))) == 1
        if alone:  # where it may be an array, that is what is meant
            astype_of_tensor(machine, node, tensor, arguments)
    if row is None:
        if tensor.opaque:
            found = inputs_of(state, arguments.values())
            if tensor.device.holds and found.tensor is not NO:
                # a method of a model that was moved, given tensors
                device = tensor.device.because(place, f"result of `{short(node)}`").weakened()
                return Tensor(UNKNOWN, device, opaque=True, aliases=fresh(machine))
            return Unknown()
        return tensor if name.endswith("_") else result_tensor(machine, state, inputs_of(state, [tensor]), form=PLAIN)
    value = apply_row(machine, state, Call(row, node, arguments, tensor, receiver_node, f".{name}()"))
    if row.writes == ("self",):
        changed = _after_write(machine, state, node, tensor, receiver_node, arguments)
        if row.saves:
            changed = saved_in_place(machine, state, Call(row, node, arguments, changed, receiver_node), changed)
            rebind(machine, receiver_node, changed, state, only=Tensor)
        return changed
    return value


def _after_write(
    machine: Machine,
    state: State,
    node: cst.BaseExpression,
    tensor: Tensor,
    receiver_node: cst.BaseExpression,
    arguments: Arguments,
) -> Tensor:
    """The receiver of an in-place method: it requires grad if what was written does."""
    found = inputs_of(state, arguments.values())
    versions = frozenset(replace(alias, version=state.version(alias.storage)) for alias in tensor.aliases)
    changed = replace(tensor, aliases=versions, lost=None)
    if found.saves and state.records() is not Truth.NO:
        changed = replace(changed, saves=carried(tensor.saves, found.saves))
    if found.requires_grad.holds and state.records() is not Truth.NO:
        place = machine.place(node)
        changed = replace(
            changed, requires_grad=found.requires_grad.because(place, f"`{short(node)}` computes it in place")
        )
    rebind(machine, receiver_node, changed, state, only=Tensor)
    return changed


def _of_structure(machine: Machine, state: State, node: cst.BaseExpression, tensor: Tensor, name: str) -> Value:
    if name == "items":
        return make_items(machine, state, (node,), rest=Tuple((Unknown(), tensor)))
    if name == "values":
        return make_items(machine, state, (node,), rest=tensor)
    return tensor if name in ("get", "pop", "to_tuple", "copy") else Unknown()
