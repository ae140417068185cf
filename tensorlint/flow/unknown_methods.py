"""Methods of what is not known: what only tensors, modules or optimizers have tells what it is."""

from __future__ import annotations

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.conversion import UNLESS_ON_A_GPU
from tensorlint.flow.facts import NO, UNKNOWN, Place, Reason, maybe, yes
from tensorlint.flow.foreign_dtypes import foreign_method
from tensorlint.flow.heap import Instance
from tensorlint.flow.machine import Machine
from tensorlint.flow.module_calls import call_module_method
from tensorlint.flow.modules import make_module
from tensorlint.flow.names import dotted, short
from tensorlint.flow.rebinding import rebind
from tensorlint.flow.state import State
from tensorlint.flow.storage import fresh
from tensorlint.flow.tensor_methods import call_tensor_method
from tensorlint.flow.tensors import device_of
from tensorlint.flow.values import (
    Alias,
    Constant,
    Dtype,
    External,
    Ref,
    Tensor,
    Tuple,
    Unknown,
    Value,
)

__all__ = ["call_unknown_method"]


TENSOR_ONLY = frozenset({
    "permute", "unsqueeze", "unsqueeze_", "contiguous", "masked_fill", "masked_fill_", "masked_select", "index_select",
    "expand_as", "view_as", "type_as", "logsumexp", "log_softmax", "unbind", "scatter_", "scatter_add_", "narrow",
    "clamp_", "mul_", "add_", "sub_", "div_", "zero_", "fill_", "copy_", "numel", "retain_grad", "new_zeros",
    "new_tensor", "broadcast_to",
})  # fmt: skip
"""Methods that of all that is common only tensors have."""


def call_unknown_method(
    machine: Machine,
    state: State,
    node: cst.BaseExpression,
    receiver: Unknown,
    name: str,
    receiver_node: cst.BaseExpression,
    arguments: Arguments,
) -> Value:
    """A method of something that is not known: what only tensors or modules have tells what it is."""
    place = machine.place(node)
    written = short(receiver_node)
    name_of_receiver = dotted(receiver_node)
    if name_of_receiver is not None and name_of_receiver in machine.modules_by_use(machine.frame):
        fact = maybe(place, f"`{written}` is used as an nn.Module (its parameters, eval() or train())")
        ref = make_module(machine, state, (machine.frame.file.path, name_of_receiver, "used"), "", fact, UNKNOWN)
        rebind(machine, receiver_node, ref, state)
        instance = state.object(ref)
        assert isinstance(instance, Instance)
        return call_module_method(machine, state, node, ref, instance, name, receiver_node, arguments)
    foreign_method(machine, node, name, arguments)
    match name:
        case "numpy" | "detach" | "backward" | "requires_grad_" | "detach_":
            if name == "numpy" and arguments.values():
                return Unknown()
            if name in ("requires_grad_", "detach_") or not arguments.values() or name == "backward":
                if name == "backward" and arguments.positional:
                    return Unknown()  # accelerator.backward(loss)
                kind = maybe(place, f"`.{name}()` is called on `{written}`")
                alias = Alias(machine.storage())
                if receiver.parameter and name_of_receiver is not None and "." not in name_of_receiver:
                    machine.caller_owned[alias.storage] = receiver.variable or written
                tensor = Tensor(UNKNOWN, UNKNOWN, kind=kind, aliases=frozenset({alias}))
                if receiver.parameter and name == "numpy":
                    machine.ask_callers()
                if name != "numpy" or receiver.parameter:
                    rebind(machine, receiver_node, tensor, state)
                return call_tensor_method(machine, state, node, tensor, name, receiver_node, arguments)
        case _ if name in TENSOR_ONLY or (name == "expand" and len(arguments.positional) > 1):
            kind = maybe(place, f"`.{name}()` is called on `{written}`")
            alias = Alias(machine.storage())
            if receiver.parameter:
                machine.caller_owned[alias.storage] = receiver.variable or written
            tensor = Tensor(UNKNOWN, UNKNOWN, kind=kind, aliases=frozenset({alias}))
            rebind(machine, receiver_node, tensor, state)
            return call_tensor_method(machine, state, node, tensor, name, receiver_node, arguments)
        case "cpu":
            if receiver.parameter:
                machine.ask_callers()
            kind = maybe(place, f"`.cpu()` is called on `{written}`")
            aliases = fresh(machine)
            if receiver.parameter and isinstance(receiver_node, cst.Name):
                aliases |= _of_caller(machine, place, receiver.variable or written, f"`{short(node)}`")
            return Tensor(UNKNOWN, NO, kind=kind, opaque=True, aliases=aliases)
        case "cuda":
            device = yes(place, f"`{short(node)}` puts it on the GPU")
            return Tensor(UNKNOWN, device, opaque=True, aliases=fresh(machine))
        case "to":
            return _moved(machine, state, node, arguments)
        case "step" | "zero_grad" if not arguments.positional and receiver.variable:
            return _unknown_optimizer(machine, state, node, name, receiver_node)
        case "sort" | "fill" | "partition" | "put" if receiver.parameter:
            machine.ask_callers(of_memory=True)  # it is written to, if it is an array
        case "astype" if receiver.argument:
            return _recast(machine, node, receiver, arguments)
        case "parse_args" | "parse_known_args":
            ref = Ref(machine.address(node))
            state.heap[ref.address] = Instance(open=True)
            return ref if name == "parse_args" else Tuple((ref, Unknown()))
        case _:
            pass
    if name in ("items", "values", "get", "pop", "copy"):
        return Unknown(receiver.variable, parameter=receiver.parameter, from_caller=receiver.from_caller)
    return Unknown(from_caller=receiver.parameter or receiver.from_caller)


def _recast(machine: Machine, node: cst.BaseExpression, receiver: Unknown, arguments: Arguments) -> Value:
    """``x.astype(dtype)`` of an argument: a copy, unless none is wanted."""
    copy = arguments.keywords.get("copy")
    always = copy is None or (isinstance(copy[1], Constant) and bool(copy[1].value))
    fact = (yes if always else maybe)(machine.place(node), f"`{short(node)}` is a copy in another dtype")
    return Unknown(from_caller=True, argument=receiver.argument, recast=fact)


def _of_caller(machine: Machine, place: Place, owner: str, call: str) -> frozenset[Alias]:
    """The memory of the caller's tensor, which is that of what ``.cpu()`` gives unless the tensor is on a GPU."""
    storage = machine.storage()
    machine.caller_owned[storage] = owner
    reason = Reason(place, f"{call} may share the memory of `{owner}` ({UNLESS_ON_A_GPU})")
    return frozenset({Alias(storage, 0, reason, UNLESS_ON_A_GPU, reason)})


def _moved(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    for argument, value in [
        *arguments.positional[:1],
        *([arguments.keywords["device"]] if "device" in arguments.keywords else []),
    ]:
        if isinstance(value, Dtype) or (isinstance(value, External) and value.name.startswith("torch.")):
            return Unknown()
        fact = device_of(machine, state, value, argument)
        if fact is None or fact is UNKNOWN:
            return Unknown()
        if fact.holds and fact.reason is not None and fact.reason.place.node is not node:
            fact = fact.because(machine.place(node), f"`{short(node)}` puts it there")
        return Tensor(UNKNOWN, fact, opaque=True, aliases=fresh(machine))
    return Unknown()


def _unknown_optimizer(
    machine: Machine, state: State, node: cst.BaseExpression, name: str, receiver_node: cst.BaseExpression
) -> Value:
    """``optimizer.zero_grad()`` and ``optimizer.step()`` of something that is not known: an optimizer by its use."""
    key = dotted(receiver_node)
    if key is None:
        return Unknown()
    seen = machine.optimizer_use.setdefault((id(machine.frame.definition), key), set())
    seen.add(name)
    if seen == {"step", "zero_grad"} and name == "step":
        from tensorlint.flow.modules import change_parameters

        storages = frozenset(
            found.module.storage
            for found in state.heap.values()
            if isinstance(found, Instance) and found.module is not None
        )
        change_parameters(machine, state, storages, node, f"`{short(node)}` updates the parameters", "optimizer")
    return Unknown()
