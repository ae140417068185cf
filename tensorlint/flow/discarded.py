"""Results that are dropped: ``x.to(device)`` as a statement changes nothing when ``x`` is a tensor."""

from __future__ import annotations

import libcst as cst

from tensorlint.flow.caught import is_caught
from tensorlint.flow.containers import element
from tensorlint.flow.events import Discarded
from tensorlint.flow.liveness import entry_of_loop, is_read_later
from tensorlint.flow.machine import Machine, evaluate
from tensorlint.flow.names import short
from tensorlint.flow.state import State
from tensorlint.flow.targets import assign
from tensorlint.flow.values import Tensor, Unknown, alternatives

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


def discarded(machine: Machine, state: State, node: cst.BaseExpression) -> None:
    """Report a statement whose only effect would be its result: a call, a chain of them, or a list of such calls."""
    match node:
        case cst.ListComp(elt=cst.Call() as call, for_in=cst.CompFor(inner_for_in=None) as loop):
            if not (chain := _chain(call)):
                return
            iterated = evaluate(machine, loop.iter, state)
            state = state.fork()
            assign(machine, loop.target, element(machine, state, iterated, loop.iter), state, loop.iter)
            target = loop.iter if not loop.ifs else None
        case cst.Call() as call:
            if not (chain := _chain(call)):
                return
            target = chain[-1]
        case _:
            return
    if is_caught(machine, "RuntimeError") or is_caught(machine, "TypeError"):
        return  # it is called to see whether it raises
    items = alternatives(evaluate(machine, chain[-1], state))
    tensors = [item for item in items if isinstance(item, Tensor)]
    if any(isinstance(item, Unknown) and item.parameter for item in items):
        machine.ask_callers(of_memory=True)
    machine.ask_callers_nearby()
    if not tensors or len(tensors) != len(items):
        return
    methods = [link.attr.value for link in chain[:-1] if isinstance(link, cst.Attribute)]
    if not UNAMBIGUOUS & set(methods) and not all(item.kind.holds and not item.opaque for item in tensors):
        return
    assignable, entry = _assignable(machine, target, node)
    machine.emit(
        Discarded(
            place=machine.place(node),
            calls=machine.calls(),
            call=node,
            receiver=target or chain[-1],
            receiver_name=short(chain[-1]),
            method="().".join(reversed(methods)),
            assignable=assignable,
            fact=tensors[0].kind,
            entry=entry,
        )
    )


def _chain(call: cst.Call) -> list[cst.BaseExpression]:
    """What is called in ``x.cpu().double()`` (the last method first), then ``x``; empty where a call may do more."""
    found: list[cst.BaseExpression] = []
    node: cst.BaseExpression = call
    while isinstance(node, cst.Call):
        if not isinstance(node.func, cst.Attribute) or node.func.attr.value not in METHODS:
            return []
        found.append(node.func)
        node = node.func.value
    return [*found, node]


def _assignable(machine: Machine, target: cst.BaseExpression | None, statement: cst.BaseExpression) -> tuple[bool, str]:
    """Whether the result can be assigned to ``target``, or else the entry of a dict that it can be assigned to."""
    if not isinstance(target, cst.Name):
        return isinstance(target, cst.Attribute | cst.Subscript), ""
    frame = machine.frame
    scope = frame.definition.node if frame.definition is not None else frame.file.whole()
    if isinstance(scope, cst.Lambda) or is_read_later(scope, statement, target.value):
        return True, ""
    return False, entry_of_loop(scope, statement, target.value)
