"""The tensor that a row says a call gives: whether it requires grad, where it is, its dtype, whose memory it has."""

from __future__ import annotations

from dataclasses import replace

from tensorlint.flow.dtypes import NOTHING, Dtyped, dtype_name
from tensorlint.flow.expanded import spread_of
from tensorlint.flow.facts import NO, UNKNOWN, Fact, Reason, Truth, yes
from tensorlint.flow.form import PLAIN
from tensorlint.flow.given import ask_for_grad
from tensorlint.flow.library_call import Call
from tensorlint.flow.machine import Crossing, Machine
from tensorlint.flow.modules import instance_of
from tensorlint.flow.names import short
from tensorlint.flow.row_dtypes import tensor_dtype
from tensorlint.flow.row_forms import form_of
from tensorlint.flow.spread import EVEN
from tensorlint.flow.state import State
from tensorlint.flow.storage import fresh, share
from tensorlint.flow.tensor_types import tensor_type
from tensorlint.flow.tensors import Inputs, device_of, inputs_of, recorded, result_tensor
from tensorlint.flow.values import (
    Alias,
    Array,
    Constant,
    Device,
    Dtype,
    Number,
    Ref,
    Tensor,
    Tuple,
    Union,
    Unknown,
    Value,
    alternatives,
)

__all__ = ["asks_for_dtype", "shared_memory", "tensor_device", "tensor_of"]


def tensor_of(machine: Machine, state: State, call: Call, grad: str) -> Value:
    row = call.row
    values = call.inputs()
    if row.device == "argument" or row.dtype == "argument":
        values = [call.receiver] if call.receiver is not None else values[:1]
    inputs = inputs_of(state, values)
    place = machine.place(call.node)
    requires = _grad(machine, state, call, grad, inputs)
    device = tensor_device(machine, state, call, inputs)
    others = grad == "no" and row.grad != "no"  # the indices beside the values
    dtype, dtype_from = NOTHING if others else tensor_dtype(machine, state, call, inputs)
    if grad == "keyword" and call.arguments.is_true("requires_grad"):
        ask_for_grad(machine, call.node, Dtyped(dtype, dtype_from), None)
    aliases = shared_memory(machine, state, call, dtype, device, inputs)
    kind = inputs.tensor
    if not kind.holds:
        kind = yes(place, f"`{short(call.node)}` gives a tensor")
    opaque = any(isinstance(item, Tensor) and item.opaque for value in values for item in alternatives(value))
    ndim = 0 if _reduces(call) else 1 if row.name in ("torch.stack", "torch.cat", "torch.concat") else _of_data(call)
    result = result_tensor(
        machine,
        state,
        inputs,
        requires_grad=requires,
        device=device,
        dtype=dtype,
        aliases=aliases,
        kind=kind,
        opaque=opaque and row.shares != "" and row.device == "argument",
        ndim=ndim,
        form=PLAIN if others else form_of(machine, state, call, inputs, dtype),
        dtype_from=dtype_from,
    )
    no_graph, on_cpu = _no_graph(machine, state, call, grad, result), _on_cpu(machine, call, result)
    spread = EVEN if aliases is None else spread_of(machine, state, call, aliases)
    result = replace(result, no_graph=no_graph, on_cpu=on_cpu, spread=spread)
    if row.name.rpartition(".")[2] in _FILLERS and aliases is not None:
        machine.filled.update(alias.storage for alias in aliases)
    return result


def _no_graph(machine: Machine, state: State, call: Call, grad: str, result: Tensor) -> Reason | None:
    """Why a result has no graph: the call drops it, or none is recorded where it is computed."""
    if result.requires_grad.truth is not Truth.NO:
        return None
    place = machine.place(call.node)
    if grad in ("no", "keyword"):
        return Reason(place, f"`{short(call.node)}` has no graph")
    if isinstance(subject := call.subject, Tensor) and call.row.shares and subject.no_graph is not None:
        return subject.no_graph
    if state.records() is Truth.NO and not call.row.shares:
        return Reason(place, f"`{short(call.node)}` is computed where autograd does not record")
    return None


def _on_cpu(machine: Machine, call: Call, result: Tensor) -> Reason | None:
    """Why a result is on the CPU: the call puts it there, or gives the memory of what is there."""
    if result.device.truth is not Truth.NO:
        return None
    target = call.arguments.get(0, "device") if call.row.device == "argument" else None
    named = target is not None and isinstance(target[1], Constant) and target[1].value == "cpu"
    if named or (call.row.device == "cpu" and call.row.grad != "keyword"):
        return Reason(machine.place(call.node), f"`{short(call.node)}` is on the CPU")
    if isinstance(subject := call.subject, Tensor) and (call.row.shares == "view" or "layout" in call.row.shares):
        return subject.on_cpu
    return None


_FILLERS = frozenset(
    f"{prefix}{name}{suffix}"
    for name in ("zeros", "empty", "ones", "full")
    for prefix, suffix in (("", ""), ("", "_like"), ("new_", ""))
)
"""These make memory that is there to be written to."""


_REDUCTIONS = frozenset(["mean", "sum", "norm", "prod", "max", "min", "std", "var", "median", "logsumexp"])


def _of_data(call: Call) -> int | None:
    """How many dimensions, at least, the tensor has that is made of a list or of a number."""
    if call.row.default != "data":
        return None
    match call.subject:
        case Tuple() | Ref():
            return 1
        case Constant() | Number() | Array(scalar=True, ndim=0):
            return 0
        case _:
            return None


def _reduces(call: Call) -> bool:
    """The result is 0-d: a reduction over everything."""
    if call.row.name.rpartition(".")[2] not in _REDUCTIONS:
        return False
    count = len(call.arguments.positional) + (1 if call.receiver is not None else 0)
    return count == 1 and not call.arguments.keywords


def _grad(machine: Machine, state: State, call: Call, grad: str, inputs: Inputs) -> Fact | None:
    place = machine.place(call.node)
    match grad:
        case "no":
            return NO
        case "yes":
            return yes(place, f"`{short(call.node)}` requires grad")
        case "keyword":
            if call.arguments.is_true("requires_grad"):
                return yes(place, f"`{short(call.node)}` is made with requires_grad=True")
            given = call.arguments.keywords.get("requires_grad")
            if given is not None and not isinstance(given[1], Constant):
                return UNKNOWN
            return NO
        case _:
            asked = call.arguments.keywords.get("requires_grad")
            if asked is not None and isinstance(asked[1], Constant) and isinstance(asked[1].value, bool):
                # torch.asarray(x, requires_grad=False)
                return yes(place, f"`{short(call.node)}` asks for it") if asked[1].value else NO
            if call.row.shares and call.row.device in ("cpu", "argument", "accelerator"):
                return recorded(state, inputs.requires_grad) if not _same_object(call) else inputs.requires_grad
            return None


def _same_object(call: Call) -> bool:
    return "layout" in call.row.shares


def tensor_device(machine: Machine, state: State, call: Call, inputs: Inputs) -> Fact:
    row = call.row
    place = machine.place(call.node)
    match row.device:
        case "cpu":
            return NO
        case "owner":
            owner = instance_of(state, call.receiver) if call.receiver is not None else None
            if owner is not None and owner.module is not None and owner.module.device.holds:
                return owner.module.device.because(place, f"`{short(call.node)}` gives it where its object is")
            return inputs_of(state, call.arguments.values()).device
        case "accelerator":
            return yes(place, f"`{short(call.node)}` puts it on the GPU")
        case "keyword":
            given = call.arguments.keywords.get("device")
            if given is not None:
                fact = device_of(machine, state, given[1], given[0])
                if fact is not None:
                    return _moved(fact, machine, call)
            return inputs.device if inputs.tensor is not NO else NO
        case "argument":
            for node, value in [
                *call.arguments.positional[:1],
                *([call.arguments.keywords["device"]] if "device" in call.arguments.keywords else []),
            ]:
                if isinstance(value, Dtype):
                    continue
                fact = device_of(machine, state, value, node)
                if fact is not None:
                    if fact is UNKNOWN and inputs.device.holds:
                        return UNKNOWN
                    return _moved(fact, machine, call)
            return inputs.device
        case _ if row.name == "torch.Tensor.type" and (old := tensor_type(call.arguments.value(0))) is not None:
            return yes(place, f"`{short(call.node)}` puts it on the GPU") if old[1] else NO
        case _:
            return inputs.device if inputs.device is not NO or not inputs.unknown else UNKNOWN


def _moved(fact: Fact, machine: Machine, call: Call) -> Fact:
    if fact.reason is not None and fact.reason.place.node is call.node:
        return fact
    return fact.because(machine.place(call.node), f"`{short(call.node)}` puts it there")


def shared_memory(
    machine: Machine, state: State, call: Call, dtype: str, device: Fact, inputs: Inputs
) -> frozenset[Alias] | None:
    """The memory that the result shares with what it was made of; None for memory of its own."""
    row = call.row
    if not row.shares or call.arguments.is_true("copy"):
        return fresh(machine)
    result: set[Alias] = set()
    subject = call.subject
    name = short(call.subject_node)
    condition = "" if row.shares == "view" else row.shares
    if condition:
        parts = condition.split(" or ")
        if "unless the dtype changes" in parts:
            items = [item for item in alternatives(subject or Unknown()) if isinstance(item, Tensor | Array)]
            known = ["" if item.dtype == "complex" else item.dtype for item in items]
            if dtype and known and all(one and one != dtype for one in known):
                return fresh(machine)
            if not asks_for_dtype(call) or (dtype and all(one == dtype for one in known)):
                parts.remove("unless the dtype changes")
        if "unless on a GPU" in parts:
            if machine.assumed == "cpu" or (inputs.device is NO and device is NO):
                parts.remove("unless on a GPU")
            elif (device.holds and not inputs.device.holds) or (device is NO and inputs.device.truth is Truth.YES):
                return fresh(machine)
        condition = " or ".join(parts)
    crosses = row.name.rpartition(".")[2] in (
        "numpy",
        "detach",
        "data",
        "from_numpy",
        "as_tensor",
        "asarray",
        "cpu",
        "__array__",
        "array",
    )
    words = f"may share the memory of `{name}` ({condition})" if condition else f"shares the memory of `{name}`"
    reason = Reason(machine.place(call.node), f"`{short(call.node)}` {words}")
    behind = row.name.endswith((".data", "from_dlpack"))
    for item in alternatives(subject or Unknown()):
        if isinstance(item, Tensor | Array) and not (isinstance(item, Array) and item.scalar):
            to = row.returns if row.returns == ("array" if isinstance(item, Tensor) else "tensor") else ""
            made = reason if crosses or to else None
            if made is not None:
                machine.crossed[call.node] = Crossing(to, machine.at)
            decides = condition and ("dtype" not in condition or _may_have_any_dtype(machine, item))
            result |= share(state, item, made, condition, perhaps=reason if decides else None, behind=behind)
    if condition and result:
        # whether or not it is a copy: what is made of it from here on shares with it
        own = machine.storage()
        if any(alias.storage in machine.filled for alias in result):
            machine.filled.add(own)
        result.add(Alias(own))
    return frozenset(result) if result else fresh(machine)


def _may_have_any_dtype(machine: Machine, value: Tensor | Array) -> bool:
    """The dtype is not merely not followed: it is decided by who calls, or by what is in a file."""
    return not value.dtype and any(alias.storage in machine.any_dtype for alias in value.aliases)


ARRAYS_PASSED_ON = frozenset({
    "asarray", "asanyarray", "asarray_chkfinite", "ascontiguousarray", "asfortranarray", "require",
})  # fmt: skip
"""What gives an array as it is where no dtype is asked for."""


def asks_for_dtype(call: Call) -> bool:
    name = call.row.name.rpartition(".")[2]
    if name in ("to", "as_tensor", "to_numpy", "type") or name in ARRAYS_PASSED_ON:
        values = call.arguments.values() if call.receiver is not None else call.arguments.values()[1:]
        return (
            any(tensor_type(value) is not None for value in values)
            or any(not isinstance(value, Constant | Device | Tensor) and dtype_name(value) for value in values)
            or any(isinstance(value, Unknown | Union) for value in values)
            or "dtype" in call.arguments.keywords
        )
    return True
