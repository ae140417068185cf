"""Repairs that end sharing: a copy where an alias was made."""

from __future__ import annotations

import libcst as cst

from tensorlint.finding import Applicability
from tensorlint.fixes.repair import After, Before, Change, Repair
from tensorlint.fixes.syntax import called, hands_on, with_suffix
from tensorlint.flow.events import ExpandedWrite, StaleAlias, ToTorch, WriteThrough
from tensorlint.flow.facts import Truth
from tensorlint.flow.values import Array, Ref, Tensor, Tuple, Unknown, Value, alternatives

__all__ = ["copy_before_torch", "copy_of_expanded", "copy_of_shared", "copy_of_snapshot", "writable_copy"]

_GIVES_ARRAY = frozenset({"numpy", "__array__"})
_GIVES_TENSOR = frozenset({"as_tensor", "default_convert", "detach", "from_numpy"})
_GIVES_EITHER = frozenset({"asanyarray", "array", "asarray", "ascontiguousarray", "from_dlpack", "require"})
"""Functions that NumPy has, and partly torch too."""
_GIVES_SEVERAL = frozenset(
    {
        *("buffers", "named_buffers", "named_parameters", "parameters", "state_dict"),
        *("array_split", "chunk", "dsplit", "hsplit", "split", "tensor_split", "unbind", "vsplit"),
    }
)
"""Methods and functions that give a container of aliases, which has no method that copies what is in it."""
_COPIES_ANYWAY = "tensor"
"""``torch.tensor`` never shares memory with the array: one more copy before it cannot be observed."""


def copy_of_shared(event: WriteThrough) -> Repair | None:
    """A copy at the conversion where the sharing began; None where that is in another file or no conversion call."""
    call, method = event.shared_at.node, ""
    if isinstance(call, cst.Call):
        name = called(call)
        of_torch = isinstance(call.func, cst.Attribute) and _root(call.func) in ("torch", "th")
        if name in _GIVES_TENSOR or name.endswith("Tensor") or (name in _GIVES_EITHER and of_torch):
            method = ".clone()"
        elif name in _GIVES_ARRAY or name in _GIVES_EITHER:
            method = ".copy()"
        elif event.condition:
            method = ".copy()" if isinstance(event.written, Array) and not event.as_view else ".clone()"
    if not method or event.shared_at.path != event.place.path or not isinstance(call, cst.BaseExpression):
        return None
    return Repair(
        event.place.path,
        Applicability.UNSAFE,
        f"Copy at the conversion with `{method}`; unsafe: the write no longer reaches `{event.other_name}`",
        with_suffix(call, method),
    )


def copy_of_snapshot(event: StaleAlias) -> Repair | None:
    """A copy of the alias where it is made; None where it is not known how its kind of value is copied."""
    node = event.place.node
    if not isinstance(node, cst.BaseExpression):
        return None
    imports: tuple[str, ...] = ()
    changes: tuple[Change, ...]
    if isinstance(node, (cst.ListComp, cst.DictComp)):
        element = node.value if isinstance(node, cst.DictComp) else node.elt
        method = ".copy()" if called(element) in _GIVES_ARRAY else ".clone()"
        changes = with_suffix(element, method)
    elif (method := _copy_method(event.alias)) and called(node) not in _GIVES_SEVERAL:
        changes = with_suffix(node, method)
    elif method == ".detach().clone()":
        return None  # `deepcopy` refuses what is computed from parameters
    elif method or all(isinstance(value, (Ref, Tuple, Unknown)) for value in alternatives(event.alias)):
        method, imports = "copy.deepcopy", ("copy.deepcopy",)
        changes = (Before(node, "{copy.deepcopy}("), After(node, ")"))
    else:
        return None
    return Repair(
        event.place.path,
        Applicability.UNSAFE,
        f"Keep a copy, with `{method}`; unsafe: it takes time and memory, and later changes do not reach it",
        changes,
        imports,
    )


def copy_of_expanded(event: ExpandedWrite) -> Repair | None:
    """A copy where it was expanded; None where that is in another file, or gives several tensors."""
    reason = event.expanded.reason
    call = reason.place.node if reason is not None else None
    if reason is None or not isinstance(call, cst.Call) or reason.place.path != event.place.path:
        return None
    name = called(call)
    if name not in ("expand", "expand_as", "broadcast_to", "as_strided") or not isinstance(call.func, cst.Attribute):
        return None
    root = _root(call.func)
    if root in ("np", "numpy", "stride_tricks"):
        method = ".copy()"
    elif name.startswith("expand") or root in ("", "torch", "th") or isinstance(event.written, Tensor):
        method = ".clone()"
    else:
        return None
    return Repair(
        event.place.path,
        Applicability.UNSAFE,
        f"Copy what is expanded with `{method}`; unsafe: it takes the memory that was saved, and the write no longer "
        "reaches what was expanded",
        with_suffix(call, method),
    )


def copy_before_torch(event: ToTorch) -> Repair | None:
    """A copy of the array, which has positive strides, before torch is given it."""
    operand = _array_expression(event)
    if operand is None:
        return None
    refused = event.always and event.array.negative_stride.truth is Truth.YES
    safe = refused or event.by.rpartition(".")[2] == _COPIES_ANYWAY
    return Repair(
        event.place.path,
        Applicability.SAFE if safe else Applicability.UNSAFE,
        "Copy the array with `.copy()`"
        + ("" if safe else "; unsafe: where no stride is negative the tensor no longer shares the array's memory"),
        with_suffix(operand, ".copy()"),
    )


def writable_copy(event: ToTorch) -> Repair | None:
    """A copy of the array, which is writable, before torch is given it."""
    operand = _array_expression(event)
    if operand is None:
        return None
    reason = {
        "file": "; unsafe: of a mapped file everything is read",
        "array": "; unsafe: what is written to the other array later no longer reaches the tensor",
    }.get(event.array.backing, "")
    if not reason and not (event.always and event.array.read_only.truth is Truth.YES):
        reason = "; unsafe: where the array is writable the tensor no longer shares its memory"
    return Repair(
        event.place.path,
        Applicability.UNSAFE if reason else Applicability.SAFE,
        f"Copy the array with `.copy()`{reason}",
        with_suffix(operand, ".copy()"),
    )


def _array_expression(event: ToTorch) -> cst.BaseExpression | None:
    """What is written for the array that torch is given; None where it is not written out."""
    operand = event.operand
    if hands_on(event.place.node):
        return None
    if isinstance(operand, (cst.ListComp, cst.GeneratorExp)):
        return operand.elt
    if isinstance(operand, (cst.List, cst.Tuple, cst.Set, cst.Dict, cst.DictComp)) or "collate" in event.by:
        return None  # a container's `.copy()` does not copy the arrays
    return operand


def _copy_method(alias: Value) -> str:
    """The method that copies every alternative of ``alias``; empty if there is none."""
    values = tuple(alternatives(alias))
    if all(isinstance(value, Array) for value in values):
        return ".copy()"
    tensors = [value for value in values if isinstance(value, Tensor)]
    if len(tensors) < len(values) or any(value.opaque for value in tensors):
        return ""
    detached = all(value.requires_grad.truth is Truth.NO for value in tensors)
    return ".clone()" if detached else ".detach().clone()"


def _root(node: cst.BaseExpression) -> str:
    while isinstance(node, cst.Attribute):
        node = node.value
    return node.value if isinstance(node, cst.Name) else ""
