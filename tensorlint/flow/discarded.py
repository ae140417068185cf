"""Results that are dropped: ``x.to(device)`` as a statement changes nothing when ``x`` is a tensor."""

from __future__ import annotations

import libcst as cst

from tensorlint.flow.events import Discarded
from tensorlint.flow.machine import Machine, evaluate
from tensorlint.flow.names import short
from tensorlint.flow.state import State
from tensorlint.flow.values import Tensor, Value, alternatives

__all__ = ["discarded"]

METHODS = frozenset({
    "to", "cpu", "cuda", "detach", "float", "half", "double", "long", "int", "bool", "short", "byte", "bfloat16",
    "numpy", "clone", "contiguous", "resolve_conj", "resolve_neg", "type", "type_as", "to_dense", "to_sparse",
    "reshape", "view", "permute", "transpose", "squeeze", "unsqueeze", "flatten", "expand", "repeat", "conj",
    "dequantize", "abs", "clamp", "clip", "masked_fill", "index_fill", "scatter",
})  # fmt: skip
"""Methods without an effect but their result."""
UNAMBIGUOUS = frozenset({"detach", "resolve_conj", "resolve_neg"})
"""Of these even an object that is not surely a tensor has no method that works in place (``to`` may be a module's)."""


def discarded(machine: Machine, state: State, node: cst.Call, value: Value) -> None:
    """Report a statement whose only effect would be its result."""
    function = node.func
    if not isinstance(function, cst.Attribute) or function.attr.value not in METHODS:
        return
    if isinstance(function.value, cst.Call):
        return
    receiver = evaluate(machine, function.value, state)
    items = alternatives(receiver)
    tensors = [item for item in items if isinstance(item, Tensor)]
    if not tensors or len(tensors) != len(items):
        return
    if function.attr.value not in UNAMBIGUOUS and not all(item.kind.holds and not item.opaque for item in tensors):
        return
    machine.emit(
        Discarded(
            place=machine.place(node),
            calls=machine.calls(),
            call=node,
            receiver=function.value,
            receiver_name=short(function.value),
            method=function.attr.value,
            assignable=isinstance(function.value, cst.Name | cst.Attribute | cst.Subscript),
            fact=tensors[0].kind,
        )
    )
