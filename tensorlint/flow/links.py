"""Links of a chain of conversions that are not needed, stand in the wrong place, or stop a gradient by the old name."""

from __future__ import annotations

import re

import libcst as cst

from tensorlint.flow.events import Chained, DataRead, Needless, RoundTrip
from tensorlint.flow.facts import Truth
from tensorlint.flow.library_call import Call
from tensorlint.flow.machine import Machine
from tensorlint.flow.names import dotted, literal, mentions, short
from tensorlint.flow.values import Array, Bound, Function, Tensor, Value, alternatives

__all__ = [
    "data_read",
    "detached_after_cpu",
    "made_contiguous",
    "may_write",
    "needless",
    "round_trip",
    "works_in_place",
    "writes_to_data",
]

BETWEEN = frozenset({"cpu", "detach", "detach_", "resolve_conj", "resolve_neg"})
"""Links between ``.contiguous()`` and ``.numpy()`` that keep the layout."""
WRITES = re.compile(r"\w_\(|[-+*/]=")
TO_TORCH = frozenset({"torch.from_numpy", "torch.as_tensor", "torch.tensor", "torch.asarray"})


def data_read(machine: Machine, node: cst.Attribute, tensor: Tensor) -> None:
    """``x.data`` is read for its value: not to write to the memory of ``x``."""
    if machine.operating or tensor.opaque or not tensor.kind.holds:
        return
    machine.emit(
        DataRead(
            place=machine.place(node),
            calls=machine.calls(),
            node=node,
            owner=node.value,
            owner_name=short(node.value),
            fact=tensor.kind,
        )
    )


def works_in_place(function: cst.BaseExpression) -> bool:
    """A call of a method or function that writes to what it is called on or with (``add_``, ``nn.init.normal_``), or
    that brings tensors of several processes together in place."""
    name = dotted(function) if not isinstance(function, cst.Attribute) else function.attr.value
    if name is None:
        return False
    return (name.endswith("_") and not name.endswith("__")) or name in ("all_reduce", "broadcast", "reduce")


def may_write(callee: Value) -> bool:
    """A function of the project is called that works in place on something."""
    for item in alternatives(callee):
        function = item.function if isinstance(item, Bound) else item
        if isinstance(function, Function) and WRITES.search(function.definition.text) is not None:
            return True
    return False


def writes_to_data(target: cst.BaseExpression) -> bool:
    """``p.data``, ``p.data[i]``, ``p.grad.data`` as what is assigned to."""
    while isinstance(target, cst.Subscript):
        target = target.value
    return isinstance(target, cst.Attribute) and target.attr.value == "data"


def made_contiguous(machine: Machine, node: cst.BaseExpression, tensor: Tensor, receiver: cst.BaseExpression) -> None:
    """``x.contiguous().numpy()``: an array may have any strides."""
    link = receiver
    while isinstance(link, cst.Call) and isinstance(link.func, cst.Attribute):
        name = link.func.attr.value
        if name == "contiguous" and not link.args:
            _chained(machine, node, tensor, link, link.func.value, "contiguous")
            return
        if name not in BETWEEN:
            return
        link = link.func.value


def detached_after_cpu(
    machine: Machine, node: cst.BaseExpression, tensor: Tensor, receiver: cst.BaseExpression
) -> None:
    """``x.cpu().detach()``: autograd records the copy first."""
    match receiver:
        case cst.Call(func=cst.Attribute(value=owner, attr=cst.Name(value="cpu")), args=[]):
            pass
        case cst.Call(func=cst.Attribute(value=owner, attr=cst.Name(value="to")), args=[argument]) if (
            literal(argument.value) == "cpu"
        ):
            pass
        case _:
            return
    if tensor.requires_grad.truth is not Truth.NO:
        _chained(machine, node, tensor, receiver, owner, "cpu")


def needless(
    machine: Machine, node: cst.BaseExpression, tensor: Tensor, name: str, receiver: cst.BaseExpression
) -> None:
    """``x.detach()`` of what has no graph, ``x.cpu()`` of what is on the CPU: unless it is something else elsewhere."""
    if not isinstance(node, cst.Call) or node.args:
        return
    known = tensor.no_graph if name == "detach" else tensor.on_cpu
    fact = tensor.requires_grad if name == "detach" else tensor.device
    if known is None or fact.truth is not Truth.NO:
        machine.needed.add(node)
        return
    machine.emit(
        Needless(
            place=machine.place(node),
            calls=machine.calls(),
            link=node,
            owner=receiver,
            owner_name=short(receiver),
            method=name,
            known=known,
        )
    )


def _chained(
    machine: Machine,
    node: cst.BaseExpression,
    tensor: Tensor,
    link: cst.Call,
    owner: cst.BaseExpression,
    what: str,
) -> None:
    machine.emit(
        Chained(
            place=machine.place(node),
            calls=machine.calls(),
            what=what,
            node=node,
            link=link,
            owner=owner,
            owner_name=short(owner),
            fact=tensor.kind,
            requires_grad=tensor.requires_grad,
        )
    )


def round_trip(machine: Machine, call: Call) -> None:
    """``torch.from_numpy(t.numpy())``: the array is made to be made a tensor again, and for nothing else."""
    given = call.arguments.get(0)
    if call.row.name not in TO_TORCH or given is None:
        return
    argument, value = given
    made = _made_by(value)
    if len(made) != 1:
        return
    (conversion,) = made
    match conversion:
        case cst.Call(func=cst.Attribute(value=tensor, attr=cst.Name(value="numpy")), args=[]):
            pass
        case _:
            return
    if conversion is not argument and not _is_only_use(machine, argument, conversion):
        return
    machine.emit(
        RoundTrip(
            place=machine.place(call.node),
            calls=machine.calls(),
            call=call.node,
            tensor=tensor,
            tensor_name=short(tensor),
            by=call.by,
            direct=conversion is argument,
            plain=len(call.arguments.positional) == 1 and not call.arguments.keywords,
            copies=call.row.name == "torch.tensor",
        )
    )


def _made_by(value: Value) -> set[cst.CSTNode]:
    """The conversions that made the arrays that a value is; none where it may be something else."""
    found: set[cst.CSTNode] = set()
    for item in alternatives(value):
        if not isinstance(item, Array) or any(alias.made is None for alias in item.aliases):
            return set()
        found.update(alias.made.place.node for alias in item.aliases if alias.made is not None)
    return found


def _is_only_use(machine: Machine, argument: cst.BaseExpression, conversion: cst.CSTNode) -> bool:
    """The array is assigned to a name, given to torch by that name, and mentioned nowhere else in the function."""
    definition = machine.frame.definition
    if not isinstance(argument, cst.Name) or definition is None:
        return False
    found = 0
    assigned = False
    todo: list[cst.CSTNode] = [definition.node.body]
    while todo:
        node = todo.pop()
        if isinstance(node, cst.Assign) and node.value is conversion:
            assigned = len(node.targets) == 1 and mentions(node.targets[0].target, argument.value)
        if isinstance(node, cst.Name) and node.value == argument.value:
            found += 1
        todo.extend(node.children)
    return assigned and found == 2
