"""Library calls whose effect a table row tells: what they convert, write, share and give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.containers import element, make_items
from tensorlint.flow.conversion import convert, give_to_torch
from tensorlint.flow.events import How
from tensorlint.flow.facts import NO, UNKNOWN, Fact, Reason, Truth, maybe, yes
from tensorlint.flow.joining import join_values
from tensorlint.flow.machine import Machine
from tensorlint.flow.modules import CONTENTS, make_module
from tensorlint.flow.names import short
from tensorlint.flow.rebinding import rebind
from tensorlint.flow.state import State
from tensorlint.flow.storage import fresh, share, write
from tensorlint.flow.tensors import INTEGRAL, Inputs, device_of, inputs_of, recorded, result_tensor
from tensorlint.flow.values import (
    Alias,
    Array,
    Constant,
    Device,
    Dtype,
    External,
    Number,
    Object,
    Ref,
    Tensor,
    Tuple,
    Union,
    Unknown,
    Value,
    alternatives,
)
from tensorlint.library.row import Row

__all__ = ["Call", "apply_row", "dtype_name"]


class Call:
    """A library call that is looked at: its row, its node, what it is called on and with."""

    __slots__ = ("arguments", "by", "node", "receiver", "receiver_node", "row")

    def __init__(
        self,
        row: Row,
        node: cst.BaseExpression,
        arguments: Arguments,
        receiver: Value | None = None,
        receiver_node: cst.BaseExpression | None = None,
        by: str = "",
    ) -> None:
        self.row = row
        self.node = node
        self.arguments = arguments
        self.receiver = receiver
        self.receiver_node = receiver_node
        self.by = by or row.name

    @property
    def subject(self) -> Value | None:
        """What the call works on: the receiver, or the first argument."""
        if self.receiver is not None:
            return self.receiver
        first = self.arguments.get(0)
        if first is None and self.arguments.keywords:
            first = next(iter(self.arguments.keywords.values()))
        return first[1] if first is not None else None

    @property
    def subject_node(self) -> cst.BaseExpression:
        if self.receiver_node is not None:
            return self.receiver_node
        first = self.arguments.get(0)
        return first[0] if first is not None else self.node

    def inputs(self) -> list[Value]:
        """Everything that the result may depend on."""
        values = self.arguments.values()
        return [self.receiver, *values] if self.receiver is not None else values


def apply_row(machine: Machine, state: State, call: Call) -> Value:
    """Let the call happen: its events, its writes, its result."""
    _conversions(machine, state, call)
    if call.row.negative_stride == "refuse":
        for node, value in [*call.arguments.positional[:1], *list(call.arguments.keywords.values())[:1]][:1]:
            if call.row.name.endswith("default_collate"):
                value = element(machine, state, value, node)  # it is given a list of samples
            give_to_torch(machine, state, call.node, node, value, call.by)
    result = _result(machine, state, call)
    _writes(machine, state, call)
    return result


def _conversions(machine: Machine, state: State, call: Call) -> None:
    how = How.EXPLICIT if call.row.how == "explicit" else How.IMPLICIT
    for node, value in _converted(call):
        method = call.row.how == "method"
        containers = call.row.containers
        convert(machine, state, call.node, node, value, how, call.by, elements_only=method, containers=containers)


def _converted(call: Call) -> Iterator[tuple[cst.BaseExpression, Value]]:
    seen: set[int] = set()
    for which in call.row.converts:
        found: list[tuple[cst.BaseExpression, Value]] = []
        if which == "*":
            found = list(call.arguments.positional)
            if call.arguments.rest is not None:
                found.append(call.arguments.rest)
        elif which == "**":
            found = list(call.arguments.keywords.values())
        elif which.isdigit():
            if int(which) < len(call.arguments.positional):
                found = [call.arguments.positional[int(which)]]
        elif which in call.arguments.keywords:
            found = [call.arguments.keywords[which]]
        for node, value in found:
            if id(node) not in seen:
                seen.add(id(node))
                yield node, value


def _writes(machine: Machine, state: State, call: Call) -> None:
    for what in call.row.writes:
        target: tuple[cst.BaseExpression, Value] | None = None
        if what == "self":
            if call.receiver is not None and call.receiver_node is not None:
                target = (call.receiver_node, call.receiver)
        elif what.isdigit():
            target = call.arguments.get(int(what))
        else:
            target = call.arguments.keywords.get(what)
        if target is None:
            continue
        name = short(target[0])
        changed = write(machine, state, target[1], call.node, name, f"`{short(call.node)}` writes to `{name}`")
        if changed is not target[1]:
            rebind(machine, target[0], changed, state)


def _result(machine: Machine, state: State, call: Call) -> Value:
    row = call.row
    if row.returns == "tuple":
        items = []
        for index, kind in enumerate(row.items):
            grad = row.item_grad[index] if index < len(row.item_grad) else row.grad
            items.append(_one(machine, state, call, kind, grad))
        return Tuple(tuple(items))
    if row.returns == "tensor_or_pair":
        if "dim" in call.arguments.keywords or len(call.arguments.positional) > (0 if call.receiver is not None else 1):
            second = call.arguments.value(0 if call.receiver is not None else 1)
            if not isinstance(second, Tensor):
                pair = row.items or ("tensor", "tensor")
                grads = row.item_grad or ("inputs", "no")
                return Tuple(
                    tuple(_one(machine, state, call, kind, grad) for kind, grad in zip(pair, grads, strict=False))
                )
        return _one(machine, state, call, "tensor", row.grad)
    return _one(machine, state, call, row.returns, row.grad)


def _one(machine: Machine, state: State, call: Call, kind: str, grad: str) -> Value:
    row = call.row
    match kind:
        case "tensor":
            return _tensor(machine, state, call, grad)
        case "tensors":
            one = _tensor(machine, state, call, grad)
            return make_items(machine, state, (call.node, kind), rest=one, kind="tuple")
        case "array":
            return _array(machine, state, call)
        case "arrays":
            return make_items(machine, state, (call.node, kind), rest=_array(machine, state, call))
        case "scalar" if "axis" in call.arguments.keywords:
            return _array(machine, state, call)
        case "scalar":
            return Array(scalar=True, dtype=row.dtype if row.dtype not in ("inputs", "keyword") else "")
        case "number" | "bool" | "str":
            return Number()
        case "none":
            return Constant(None)
        case "shape":
            return make_items(machine, state, (call.node, kind), rest=Number(), kind="tuple")
        case "device":
            return _device(machine, state, call)
        case "dtype":
            return Dtype()
        case "module" | "loss":
            return _module(machine, state, call)
        case "loader":
            return Object("torch.utils.data.DataLoader")
        case "self":
            return call.receiver if call.receiver is not None else Unknown()
        case "argument":
            return call.subject or Unknown()
        case "object" | "dataset" | "scheduler" | "optimizer":
            found = inputs_of(state, call.inputs())
            if row.name.startswith("torch.distributions."):
                return Object(row.type or row.name, recorded(state, found.requires_grad), found.device)
            return Object(row.type or row.name)
        case _ if "." in kind:
            return Object(kind)
        case _:
            return Unknown()


def _tensor(machine: Machine, state: State, call: Call, grad: str) -> Value:
    row = call.row
    values = call.inputs()
    if row.device == "argument" or row.dtype == "argument":
        values = [call.receiver] if call.receiver is not None else values[:1]
    inputs = inputs_of(state, values)
    place = machine.place(call.node)
    requires = _grad(machine, state, call, grad, inputs)
    device = _tensor_device(machine, state, call, inputs)
    dtype = _dtype(machine, call, inputs)
    if not dtype and row.dtype == "inputs" and inputs.tensor is NO and isinstance(call.subject, Array):
        dtype = call.subject.dtype  # from_numpy
    aliases = _shared(machine, state, call, dtype, device, inputs)
    kind = inputs.tensor
    if not kind.holds:
        kind = yes(place, f"`{short(call.node)}` gives a tensor")
    opaque = any(isinstance(item, Tensor) and item.opaque for value in values for item in alternatives(value))
    ndim = 0 if _reduces(call) else 1 if row.name in ("torch.stack", "torch.cat", "torch.concat") else None
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
    )
    if row.name.rpartition(".")[2] in _FILLERS and aliases is not None:
        machine.filled.update(alias.storage for alias in aliases)
    if row.name in ("torch.Tensor.conj", "torch.conj", "torch.Tensor.H", "torch.Tensor.mH", "torch.Tensor.adjoint"):
        result = replace(result, conj=maybe(place, f"`{short(call.node)}` sets the conjugate bit of a complex tensor"))
    elif row.shares == "view":
        result = replace(result, conj=inputs.conj)
    return result


NAMED_DTYPES = INTEGRAL | {"float16", "float32", "float64", "complex64", "complex128"}
"""What text is taken for a dtype where a device might be given as well."""
_FILLERS = frozenset(
    f"{prefix}{name}{suffix}"
    for name in ("zeros", "empty", "ones", "full")
    for prefix, suffix in (("", ""), ("", "_like"), ("new_", ""))
)
"""These make memory that is there to be written to."""
_REDUCTIONS = frozenset(["mean", "sum", "norm", "prod", "max", "min", "std", "var", "median", "logsumexp"])


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
            if call.row.shares and call.row.device in ("cpu", "argument", "accelerator"):
                return recorded(state, inputs.requires_grad) if not _same_object(call) else inputs.requires_grad
            return None


def _same_object(call: Call) -> bool:
    return "layout" in call.row.shares


def _tensor_device(machine: Machine, state: State, call: Call, inputs: Inputs) -> Fact:
    row = call.row
    place = machine.place(call.node)
    match row.device:
        case "cpu":
            return NO
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
        case _:
            return inputs.device if inputs.device is not NO or not inputs.unknown else UNKNOWN


def _moved(fact: Fact, machine: Machine, call: Call) -> Fact:
    if fact.reason is not None and fact.reason.place.node is call.node:
        return fact
    return fact.because(machine.place(call.node), f"`{short(call.node)}` puts it there")


def dtype_name(value: Value | None) -> str:
    """The name of a dtype given as a value, without its library; empty where it is not known."""
    match value:
        case Dtype(name=name):
            return name
        case External(name=name):
            last = name.rpartition(".")[2].rstrip("_")
            return (
                {
                    "float": "float64",
                    "int": "int64",
                    "double": "float64",
                    "long": "int64",
                    "half": "float16",
                    "bool": "bool",
                    "single": "float32",
                }.get(last, last)
                if "." in name
                else ""
            )
        case Constant(value=str(text)):
            return {"f4": "float32", "f8": "float64", "float": "float64", "int": "int64"}.get(text, text)
        case _:
            return ""


def _dtype(machine: Machine, call: Call, inputs: Inputs) -> str:
    match call.row.dtype:
        case "inputs":
            return inputs.dtype
        case "keyword":
            given = call.arguments.keywords.get("dtype")
            return dtype_name(given[1]) if given is not None else ""
        case "argument":
            for value in call.arguments.values():
                if isinstance(value, Dtype | External) and (name := dtype_name(value)):
                    return name
                if isinstance(value, Constant) and (name := dtype_name(value)) in NAMED_DTYPES:
                    return name
            return inputs.dtype
        case "keep_float":
            return inputs.dtype if inputs.dtype not in INTEGRAL else ""
        case "unknown":
            return ""
        case name:
            return name


def _shared(
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
            known = [item.dtype for item in alternatives(subject or Unknown()) if isinstance(item, Tensor | Array)]
            if dtype and known and all(one and one != dtype for one in known):
                return fresh(machine)
            if not _asks_for_dtype(call) or (dtype and all(one == dtype for one in known)):
                parts.remove("unless the dtype changes")
        if "unless on a GPU" in parts:
            if inputs.device is NO and device is NO:
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
    for item in alternatives(subject or Unknown()):
        if isinstance(item, Tensor | Array) and not (isinstance(item, Array) and item.scalar):
            made = None
            if crosses:
                words = "may share" if condition else "shares"
                extra = f" ({condition})" if condition else ""
                made = Reason(machine.place(call.node), f"`{short(call.node)}` {words} the memory of `{name}`{extra}")
            result |= share(state, item, made, condition)
    if condition and result:
        # whether or not it is a copy: what is made of it from here on shares with it
        own = machine.storage()
        if any(alias.storage in machine.filled for alias in result):
            machine.filled.add(own)
        result.add(Alias(own))
    return frozenset(result) if result else fresh(machine)


def _asks_for_dtype(call: Call) -> bool:
    name = call.row.name.rpartition(".")[2]
    if name in ("to", "as_tensor", "asarray", "ascontiguousarray", "type"):
        values = call.arguments.values() if call.receiver is not None else call.arguments.values()[1:]
        return (
            any(not isinstance(value, Constant | Device | Tensor) and dtype_name(value) for value in values)
            or any(isinstance(value, Unknown | Union) for value in values)
            or "dtype" in call.arguments.keywords
        )
    return True


def _array(machine: Machine, state: State, call: Call) -> Value:
    row = call.row
    subject = call.subject or Unknown()
    negative = NO
    place = machine.place(call.node)
    arrays = [item for item in alternatives(subject) if isinstance(item, Array)]
    dtype = _dtype(machine, call, Inputs(dtype=arrays[0].dtype if len(arrays) == 1 else ""))
    if row.negative_stride == "make":
        negative = yes(place, f"`{short(call.node)}` is a view with a negative stride")
    elif row.negative_stride == "keep":
        found = [item.negative_stride for item in alternatives(subject) if isinstance(item, Array | Unknown)]
        for fact in found:
            negative = fact if negative is NO else negative.join(fact)
        if negative.holds and "unless the dtype changes" in row.shares and _asks_for_dtype(call):
            known = {item.dtype for item in arrays}
            if not dtype or known != {dtype}:
                negative = UNKNOWN if not dtype or "" in known else NO
    inputs = inputs_of(state, [subject])
    aliases = _shared(machine, state, call, dtype, NO, inputs)
    return Array(negative, dtype, aliases if aliases is not None else fresh(machine))


def _device(machine: Machine, state: State, call: Call) -> Value:
    place = machine.place(call.node)
    made = yes(place, f"`{short(call.node)}` is a torch.device")
    if call.row.attribute:
        inputs = inputs_of(state, [call.receiver] if call.receiver is not None else [])
        return Device(inputs.device, False, made)
    given = call.arguments.get(0, "device") or call.arguments.get(0, "type")
    fact = device_of(machine, state, given[1], given[0]) if given is not None else UNKNOWN
    return Device(fact if fact is not None else UNKNOWN, False, made)


def _module(machine: Machine, state: State, call: Call) -> Value:
    row = call.row
    place = machine.place(call.node)
    if row.parameters is None:
        fact: Fact = NO
    elif row.parameters:
        fact = yes(place, f"`{short(call.node)}` has parameters that require grad")
    else:
        fact = NO
    device: Fact = NO
    given = call.arguments.keywords.get("device")
    if given is not None:
        found = device_of(machine, state, given[1], given[0])
        device = found if found is not None else NO
    ref = make_module(machine, state, (call.node,), row.type or row.name, fact, device)
    children = [value for value in call.arguments.values() if isinstance(value, Ref | Tuple | Union)]
    inside = join_values(children)
    if inside is not None and row.parameters is None:
        instance = state.heap[ref.address]
        state.heap[ref.address] = replace(instance, attributes={CONTENTS: inside})  # type: ignore[arg-type]
    elif row.parameters is None:
        instance = state.heap[ref.address]
        module = replace(instance.module, trainable=UNKNOWN)  # type: ignore[union-attr,type-var]
        state.heap[ref.address] = replace(instance, module=module)  # type: ignore[arg-type]
    return ref
