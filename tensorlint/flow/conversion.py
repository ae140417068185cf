"""Crossing the boundary: events for tensors that become arrays and for arrays that are given to torch."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from tensorlint.flow.caught import is_caught
from tensorlint.flow.events import Conversion, How, ToTorch
from tensorlint.flow.facts import NO, Place, Reason, Truth
from tensorlint.flow.heap import Instance, Items, Mapping
from tensorlint.flow.machine import Crossing, Machine
from tensorlint.flow.met import note
from tensorlint.flow.names import short
from tensorlint.flow.rebinding import rebind
from tensorlint.flow.state import State
from tensorlint.flow.storage import share
from tensorlint.flow.tensors import inputs_of, inside, recorded
from tensorlint.flow.values import Alias, Array, Constant, Number, Ref, Tensor, Tuple, Unknown, Value, alternatives

__all__ = ["UNLESS_ON_A_GPU", "array_of", "convert", "forced", "give_to_torch", "is_doubtful"]

UNLESS_ON_A_GPU = "unless on a GPU"


def convert(
    machine: Machine,
    state: State,
    node: cst.BaseExpression,
    operand: cst.BaseExpression,
    value: Value,
    how: How,
    by: str,
    *,
    elements_only: bool = False,
    containers: tuple[str, ...] = ("list",),
) -> None:
    """``operand`` (of this ``value``) is converted to an array by the expression ``node``.

    :param elements_only: a tensor given directly is not converted (``np.mean``); tensors in a list are
    :param containers: of which containers (``list``, ``dict``) the items are converted
    """
    if _depends_on_callers(state, value):
        machine.ask_callers()
    if how is not How.NUMPY:
        note(machine, state, operand, value)
    if how is not How.NUMPY and is_doubtful(value):
        return
    several = len([item for item in alternatives(value) if not _is_plain(item)]) > 1 or any(
        _is_plain(item) for item in alternatives(value)
    )
    for item in alternatives(value):
        if isinstance(item, Tensor):
            if elements_only:
                continue
            if item.opaque and how is not How.NUMPY and not item.kind.holds:
                continue  # a structure of some model is not known to be convertible at all
            if item.assumed and how is How.IMPLICIT:
                rebind(machine, operand, Unknown(short(operand), parameter=True), state)  # an array, by its use
                continue
            _emit(machine, state, node, operand, item, how, by, always=not several)
        elif isinstance(item, Tuple | Ref) and _kind(state, item) in containers:
            found = inputs_of(state, [part for part in inside(state, item) if not is_doubtful(part)])
            if found.tensor is NO:
                continue
            tensor = Tensor(found.requires_grad, found.device, found.dtype, found.tensor, form=found.form)
            _emit(
                machine,
                state,
                node,
                operand,
                tensor,
                how,
                by,
                always=not several,
                in_container=True,
                appended=_appended(state, item),
            )


def _depends_on_callers(state: State, value: Value, depth: int = 0) -> bool:
    """Facts are missing: the value comes from an argument, or from a model that callers may run without grad."""
    for item in alternatives(value):
        match item:
            case Unknown(parameter=True) | Unknown(from_caller=True):
                return True
            case Tensor():
                if item.requires_grad.truth is not Truth.NO or item.device.truth is Truth.UNKNOWN:
                    return True
            case Tuple(items=items) if depth < 2:
                if any(_depends_on_callers(state, part, depth + 1) for part in items):
                    return True
            case Ref() if depth < 2:
                found = state.object(item)
                if isinstance(found, Items):
                    parts = found.known if found.known is not None else (found.rest,) if found.rest is not None else ()
                    if not parts or any(_depends_on_callers(state, part, depth + 1) for part in parts):
                        return True  # what nothing in sight fills is filled by a subclass
            case _:
                pass
    return False


def is_doubtful(value: Value) -> bool:
    """On some path it is an array or something else altogether, and that may be the only path that leads here.

    Code for tensors and arrays alike converts only what is an array; what decides between them is not always in sight.
    """
    items = alternatives(value)
    return len(items) > 1 and any(isinstance(item, Unknown | Array) for item in items)


def _kind(state: State, value: Tuple | Ref) -> str:
    found = state.object(value) if isinstance(value, Ref) else None
    return "dict" if isinstance(found, Mapping) else "record" if isinstance(found, Instance) else "list"


def _is_plain(value: Value) -> bool:
    return isinstance(value, Number | Constant | Array | Unknown)


def _appended(state: State, value: Tuple | Ref) -> tuple[Place, ...]:
    if isinstance(value, Ref):
        found = state.object(value)
        if isinstance(found, Items):
            return found.put
    return ()


def _emit(
    machine: Machine,
    state: State,
    node: cst.BaseExpression,
    operand: cst.BaseExpression,
    tensor: Tensor,
    how: How,
    by: str,
    *,
    always: bool,
    in_container: bool = False,
    appended: tuple[Place, ...] = (),
) -> None:
    # grad mode at the moment of the conversion counts, not where the tensor was made (observed: torch 2.13 and 2.1)
    if not by.endswith("from_dlpack"):  # which refuses in any mode
        tensor = replace(tensor, requires_grad=recorded(state, tensor.requires_grad))
    tensor = _unless_caught(machine, tensor, by)
    if not (tensor.requires_grad.holds or tensor.device.holds or tensor.form.refused or tensor.kind.holds):
        return
    machine.emit(
        Conversion(
            place=machine.place(node),
            calls=machine.calls(),
            how=how,
            tensor=tensor,
            operand=operand,
            operand_name=short(operand),
            by=by,
            in_container=in_container,
            always=always,
            appended=appended,
        )
    )


def _unless_caught(machine: Machine, tensor: Tensor, by: str) -> Tensor:
    """The tensor without the facts whose errors the program catches: it asks whether the conversion works."""
    exports = by.endswith("from_dlpack")
    if is_caught(machine, "BufferError" if exports else "RuntimeError"):
        tensor = replace(tensor, requires_grad=NO, form=tensor.form.resolved())
    if is_caught(machine, "BufferError" if exports else "TypeError"):
        tensor = replace(tensor, device=NO, form=replace(tensor.form, dtype=NO, layout=NO))
    return tensor


def array_of(machine: Machine, state: State, tensor: Tensor, node: cst.BaseExpression, name: str) -> Array:
    """The array that shares a tensor's memory."""
    made = Reason(machine.place(node), f"`{short(node)}` shares the memory of `{name}`")
    machine.crossed[node] = Crossing("array", machine.at)
    array = Array(NO, tensor.dtype, share(state, tensor, made), guards=tensor.guards, dtype_from=tensor.dtype_from)
    return replace(array, spread=tensor.spread)


def forced(machine: Machine, state: State, tensor: Tensor, node: cst.BaseExpression, name: str) -> Array:
    """What ``.numpy(force=True)`` gives: the tensor's memory, or a copy of it where it is on a GPU."""
    if machine.assumed == "cpu" or tensor.device is NO:
        return array_of(machine, state, tensor, node, name)
    own = Alias(machine.storage())
    if tensor.device.truth is Truth.YES:
        return Array(NO, tensor.dtype, frozenset({own}), dtype_from=tensor.dtype_from)
    reason = Reason(machine.place(node), f"`{short(node)}` may share the memory of `{name}` ({UNLESS_ON_A_GPU})")
    machine.crossed[node] = Crossing("array", machine.at)
    aliases = share(state, tensor, reason, UNLESS_ON_A_GPU, perhaps=reason)
    return Array(NO, tensor.dtype, aliases | {own}, guards=tensor.guards, dtype_from=tensor.dtype_from)


def give_to_torch(
    machine: Machine,
    state: State,
    node: cst.BaseExpression,
    operand: cst.BaseExpression,
    value: Value,
    by: str,
    *,
    warns: bool = True,
) -> None:
    """``operand`` is given to torch, which refuses negative strides and ``warns`` of what is read-only."""
    items = alternatives(value)
    for item in items:
        array: Array | None = None
        if isinstance(item, Unknown) and item.parameter and by.endswith("from_numpy"):
            machine.ask_callers(of_memory=True)
        if isinstance(item, Array) and not item.scalar:
            array = item
        elif isinstance(item, Unknown) and item.negative_stride.holds and by.endswith("from_numpy"):
            array = Array(item.negative_stride)  # it takes nothing but arrays
        if array is None:
            continue
        if is_caught(machine, "ValueError"):
            array = replace(array, negative_stride=NO)
        if array.negative_stride.holds or (warns and array.read_only.holds):
            machine.emit(
                ToTorch(
                    place=machine.place(node),
                    calls=machine.calls(),
                    array=array,
                    operand=operand,
                    operand_name=short(operand),
                    by=by,
                    always=len(items) == 1,
                    warns=warns,
                )
            )
