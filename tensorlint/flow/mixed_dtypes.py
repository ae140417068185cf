"""Float64 tensors that meet float32 where torch promotes nothing: the parameters of a layer, a matrix product."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.caught import is_caught
from tensorlint.flow.events import MixedDtypes
from tensorlint.flow.facts import Reason, Truth
from tensorlint.flow.heap import Instance
from tensorlint.flow.library_call import Call
from tensorlint.flow.machine import Machine
from tensorlint.flow.module_dtypes import layers_of
from tensorlint.flow.names import short
from tensorlint.flow.state import State
from tensorlint.flow.values import Tensor, Value, alternatives

__all__ = ["meet", "meet_operands", "meet_parameters"]

Operand = tuple[cst.BaseExpression, Value]


def meet(machine: Machine, state: State, node: cst.BaseExpression, operands: Sequence[Operand], by: str) -> None:
    """The tensors among ``operands`` must have one dtype for what ``node`` does."""
    found = [(name, tensor, alone) for name, value in operands for tensor, alone in _tensors(value)]
    narrow = next(((name, one) for name, one, _ in found if one.dtype == "float32" and one.dtype_from), None)
    if narrow is None:
        return
    name, tensor = narrow
    text = f"`{short(node)}` needs one dtype, and `{short(name)}` is float32"
    met = Reason(machine.place(node), text, tensor.dtype_from)
    for _, other, alone in found:
        _emit(machine, other, met, alone)


def meet_operands(machine: Machine, state: State, call: Call) -> None:
    """The arguments that the row of a call names must have one dtype."""
    meet(machine, state, call.node, list(_named(call)), call.by)


def meet_parameters(
    machine: Machine, state: State, node: cst.BaseExpression, instance: Instance, arguments: Arguments, name: str
) -> None:
    """A layer of torch, or a ``Sequential`` of such, is called: its input must have the dtype of its parameters."""
    given = arguments.positional[:1] or list(arguments.keywords.values())[:1]
    wide = [(one, alone) for _, value in given for one, alone in _tensors(value) if _is_wide(one)]
    if not wide:
        return
    for layer in layers_of(state, instance):
        row = machine.library.row(layer.type) if layer is not None else None
        if layer is None or layer.module is None or row is None:
            return
        if "parameters" in row.same_dtype:
            if layer.module.dtype != "float32" or layer.module.trainable.truth is not Truth.YES:
                return
            what = layer.type.replace("torch.nn.", "nn.")
            met = Reason(machine.place(node), f"`{name}` ({what}) has float32 parameters, which it meets here")
            for tensor, alone in wide:
                _emit(machine, tensor, met, alone)
            return
        if row.parameters is not False:
            return


def _named(call: Call) -> Iterator[Operand]:
    if call.receiver is not None and call.receiver_node is not None:
        yield call.receiver_node, call.receiver
    for which in call.row.same_dtype:
        found = call.arguments.get(int(which)) if which.isdigit() else call.arguments.keywords.get(which)
        if found is not None:
            yield found


def _tensors(value: Value) -> Iterator[tuple[Tensor, bool]]:
    items = alternatives(value)
    for item in items:
        if isinstance(item, Tensor):
            yield item, len(items) == 1


def _is_wide(tensor: Tensor) -> bool:
    """It is float64, and was made of data that was."""
    return tensor.dtype == "float64" and tensor.dtype_from is not None and tensor.dtype_from.because is not None


def _emit(machine: Machine, tensor: Tensor, met: Reason, alone: bool) -> None:
    if not _is_wide(tensor) or is_caught(machine, "RuntimeError") or machine.sets_default_dtype():
        return
    assert tensor.dtype_from is not None
    machine.emit(
        MixedDtypes(
            place=tensor.dtype_from.place,
            calls=machine.calls(),
            tensor=tensor,
            made=tensor.dtype_from,
            met=met,
            certain=alone,
        )
    )
