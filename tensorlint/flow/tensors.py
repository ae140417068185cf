"""Facts of the tensors among a call's inputs, and the tensor that an operation on them gives."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

import libcst as cst

from tensorlint.flow.carried import Saved, carried
from tensorlint.flow.dtypes import INTEGRAL
from tensorlint.flow.facts import NO, UNKNOWN, Fact, Reason, Truth, either, maybe, yes
from tensorlint.flow.form import LACKING, PLAIN, Form, combined, promoted
from tensorlint.flow.heap import Instance, Items, Mapping
from tensorlint.flow.machine import Machine
from tensorlint.flow.names import condition_key
from tensorlint.flow.state import State
from tensorlint.flow.storage import fresh
from tensorlint.flow.values import (
    Alias,
    Array,
    Constant,
    Device,
    Number,
    Object,
    Ref,
    Single,
    Tensor,
    Tuple,
    Union,
    Unknown,
    Value,
    alternatives,
    union,
)

__all__ = [
    "Inputs",
    "accelerates",
    "computed_now",
    "device_of",
    "inputs_of",
    "inside",
    "recorded",
    "result_tensor",
]

DEEPEST = 3
ACCELERATORS = ("cuda", "mps", "xpu", "hip", "xla", "hpu", "npu", "mtia")


@dataclass(frozen=True, slots=True)
class Inputs:
    """What is known of all tensors among some values together."""

    requires_grad: Fact = NO
    device: Fact = NO
    tensor: Fact = NO
    """That there is a tensor among them: MAYBE where only some alternatives are."""
    unknown: bool = False
    """Something among them is not known."""
    dtype: str = ""
    form: Form = PLAIN
    """What NumPy refuses of them."""
    result: Form = PLAIN
    """The form of what is computed from all of them."""
    dtype_from: Reason | None = None
    """Why all of them have that dtype."""
    saves: frozenset[Saved] = frozenset()
    """What autograd has saved for their gradients."""


def inputs_of(state: State, values: Iterable[Value], depth: int = 0) -> Inputs:
    """Join the facts of the tensors in ``values`` and in the lists, tuples and dicts among them."""
    grads, devices, tensors, unknown, dtypes = [NO], [NO], [NO], False, []
    forms: list[tuple[str, Form]] = []
    parts: list[Form] = []
    reasons: list[Reason | None] = []
    saves: list[frozenset[Saved]] = []
    for value in values:
        several = isinstance(value, Union)
        for item in alternatives(value):
            found: Inputs | None = None
            if isinstance(item, Tensor):
                kind = item.kind if item.kind.holds else UNKNOWN
                found = Inputs(item.requires_grad, item.device, kind, False, item.dtype, item.form, item.form)
                saves.append(item.saves)
                dtypes.append(item.dtype)
                reasons.append(item.dtype_from)
            elif isinstance(item, Unknown):
                unknown = True
            elif isinstance(item, Object) and (item.requires_grad.holds or item.device.holds):
                found = Inputs(item.requires_grad, item.device, UNKNOWN)
            elif depth < DEEPEST and isinstance(item, Tuple | Ref):
                found = inputs_of(state, inside(state, item), depth + 1)
                unknown = unknown or found.unknown
                if found.tensor is not NO:
                    dtypes.append(found.dtype)
                    reasons.append(found.dtype_from)
            if found is None or found.tensor is NO:
                continue
            grads.append(found.requires_grad.weakened() if several else found.requires_grad)
            devices.append(found.device.weakened() if several else found.device)
            tensors.append(found.tensor.weakened() if several else found.tensor)
            parts.append(found.form.weakened() if several else found.form)
            forms.append((found.dtype, found.result.weakened() if several else found.result))
            if found.saves:
                saves.append(found.saves)
    dtype = dtypes[0] if dtypes and all(name == dtypes[0] for name in dtypes) else ""
    return Inputs(
        either(*grads),
        either(*devices),
        either(*tensors),
        unknown,
        dtype,
        combined(parts),
        promoted(forms, INTEGRAL),
        reasons[0] if dtype and reasons and None not in reasons else None,
        carried(*saves) if saves else frozenset(),
    )


def inside(state: State, value: Tuple | Ref) -> Iterable[Value]:
    """What is in a tuple, a list, a dict or a record."""
    if isinstance(value, Tuple):
        return value.items
    match state.object(value):
        case Items() as items:
            return items.known if items.known is not None else [items.rest] if items.rest is not None else []
        case Mapping() as mapping:
            return [*mapping.entries.values(), *([mapping.rest] if mapping.rest is not None else [])]
        case Instance(definition=definition) as instance if definition is not None and instance.module is None:
            return [value for name, value in instance.attributes.items() if not name.startswith("#")]
        case _:
            return []


def recorded(state: State, fact: Fact) -> Fact:
    """Whether a new result requires grad: not at all where autograd does not record."""
    records = state.records()
    if records is Truth.NO:
        return NO
    if records is Truth.MAYBE and fact.holds:
        return Fact(Truth.MAYBE, fact.reason, fact.given | state.grad.given)
    return fact


def computed_now(state: State, value: Value) -> Value:
    """What a generator gives is computed when it is asked for, in the grad mode that is set then."""
    if state.records() is Truth.YES:
        return value
    found: list[Single] = []
    for item in alternatives(value):
        if isinstance(item, Tensor):
            item = replace(item, requires_grad=recorded(state, item.requires_grad))
        elif isinstance(item, Tuple):
            item = replace(item, items=tuple(computed_now(state, part) for part in item.items))
        found.append(item)
    return union(found)


def result_tensor(
    machine: Machine,
    state: State,
    inputs: Inputs,
    *,
    requires_grad: Fact | None = None,
    device: Fact | None = None,
    dtype: str = "",
    aliases: frozenset[Alias] | None = None,
    opaque: bool = False,
    kind: Fact | None = None,
    ndim: int | None = None,
    form: Form | None = None,
    dtype_from: Reason | None = None,
) -> Tensor:
    """The tensor that an operation makes of ``inputs``; what is given explicitly holds instead."""
    grad = requires_grad if requires_grad is not None else recorded(state, inputs.requires_grad)
    if dtype in INTEGRAL:
        grad = NO
    if requires_grad is None and inputs.unknown and grad is NO:
        grad = UNKNOWN
    place = device if device is not None else inputs.device
    if device is None and inputs.unknown and place is NO:
        place = UNKNOWN
    return Tensor(
        grad,
        place,
        dtype,
        kind if kind is not None else inputs.tensor,
        opaque,
        fresh(machine) if aliases is None else aliases,
        form=_form_of(dtype, inputs) if form is None else form,
        ndim=ndim,
        dtype_from=dtype_from,
        saves=inputs.saves if grad is not NO else frozenset(),
    )


def _form_of(dtype: str, inputs: Inputs) -> Form:
    """The form of a new result; a dtype that is known decides."""
    return PLAIN if dtype and dtype not in LACKING else inputs.result


def device_of(machine: Machine, state: State, value: Value, node: cst.CSTNode) -> Fact | None:
    """Whether ``value``, given as a device, is an accelerator; None if it is no device (a dtype, say)."""
    facts: list[tuple[Fact, frozenset[tuple[str, bool]]]] = []
    place = machine.place(node)
    for item in alternatives(value):
        match item:
            case Device():
                facts.append((item.accelerator, item.guards))
            case Constant(value=str(text)):
                name = text.partition(":")[0]
                if name in ACCELERATORS:
                    known = condition_key(node) if isinstance(node, cst.Name | cst.Attribute) else None
                    written = f"`{known}`" if known else "the device"
                    words = "the device is" if item is value else f"{written} may be"
                    facts.append((yes(place, f"{words} {text!r}"), item.guards))
                else:
                    facts.append((NO, item.guards))
            case Constant(value=int(index)) if not isinstance(index, bool):
                facts.append((yes(place, f"the device is GPU number {index}"), item.guards))
            case Tensor():
                facts.append((item.device, item.guards))
            case Constant(value=None):
                facts.append((UNKNOWN, item.guards))
            case Unknown(variable=name, optional=False) if name:
                facts.append((_chosen_elsewhere(machine, node, name), item.guards))
            case Unknown() | Number():
                facts.append((UNKNOWN, item.guards))
            case Array():
                return None
            case _:
                continue
    if not facts:
        return None
    result, guards = facts[0]
    for fact, others in facts[1:]:
        result = result.join(fact, guards, others)
        guards = guards & others
    if result.truth is Truth.MAYBE and isinstance(node, cst.BaseExpression):
        conditions = accelerates(value, node)  # `if device != "cpu": x = x.cpu()` tells where x is
        for condition in conditions:
            state.watch(condition)
        result = replace(result, given=result.given | {(condition, True) for condition in conditions})
    return result


def accelerates(value: Value, node: cst.BaseExpression) -> list[str]:
    """The condition that a device is an accelerator, by how it is written and by the argument or call it came from."""
    keys = {condition_key(node)}
    if isinstance(value, Unknown):
        keys.add(value.variable)
    elif isinstance(value, Device) and value.made.reason is not None:
        *_, origin = value.made.reason.chain()
        keys.add(f"#{id(origin.place.node)}")
    return [f"{key}:accelerator" for key in sorted(filter(None, keys))]


RANK = re.compile(r"(?:local_|global_|process_)?rank|gpu(?:_?(?:id|index|idx|num))?")
"""What a process of a distributed program is called, and the GPU that is its own."""
HOLDERS = frozenset({
    "self", "args", "arg", "cfg", "conf", "config", "opt", "opts", "options", "hparams", "flags", "settings", "trainer",
    "agent", "state", "ctx", "context", "policy", "learner", "runner", "engine", "train",
})  # fmt: skip
"""What ``.device`` of is a choice that somebody made, rather than the place of a tensor."""


def _chosen_elsewhere(machine: Machine, node: cst.CSTNode, name: str) -> Fact:
    """A device that an argument or attribute names: written so that the program can run on a GPU.

    The name alone decides nothing; it is taken only for what is handed to ``.to()``, ``device=`` and the like.
    """
    believed = yes if machine.assumed == "cuda" else maybe
    if RANK.fullmatch(name.rpartition(".")[2]):
        return believed(machine.place(node), f"moved to `{name}`, the number of a GPU")
    if "device" not in name.lower() or name.endswith(".device"):
        # `x.to(other.device)` follows the other, wherever that is; where `other` is a model or a holder of settings,
        # what it holds is known from elsewhere or not at all
        base = name.rpartition(".")[0].rpartition(".")[2].lower()
        if base not in HOLDERS and not base.endswith(("config", "cfg", "args", "params", "opts", "model", "net")):
            return UNKNOWN
    return believed(machine.place(node), f"moved to `{name}`, which is chosen elsewhere and may be a GPU")
