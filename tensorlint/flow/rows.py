"""Library calls whose effect a table row tells: what they convert, write, share and give."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from tensorlint.flow.conversion import convert, give_to_torch
from tensorlint.flow.events import How
from tensorlint.flow.expanded_writes import written_by_call
from tensorlint.flow.foreign_dtypes import foreign_argument
from tensorlint.flow.given import give_data, meet_operation
from tensorlint.flow.leaving import through_call
from tensorlint.flow.library_call import Call
from tensorlint.flow.links import round_trip
from tensorlint.flow.machine import Machine
from tensorlint.flow.mixed_dtypes import meet_operands
from tensorlint.flow.mixing import reduced
from tensorlint.flow.names import short
from tensorlint.flow.rebinding import rebind
from tensorlint.flow.row_results import result_of
from tensorlint.flow.saved_calls import saved_by_call
from tensorlint.flow.state import State
from tensorlint.flow.storage import write
from tensorlint.flow.taken import take_for_array
from tensorlint.flow.values import Value

__all__ = ["apply_row"]


def apply_row(machine: Machine, state: State, call: Call) -> Value:
    """Let the call happen: its events, its writes, its result."""
    foreign_argument(machine, call)
    _conversions(machine, state, call)
    take_for_array(machine, state, call)
    if call.row.negative_stride == "refuse":
        warns = call.row.read_only == "warn" and not _copies_first(call)
        for node, value in [*call.arguments.positional[:1], *list(call.arguments.keywords.values())[:1]][:1]:
            give_to_torch(machine, state, call.node, node, value, call.by, warns=warns)
        give_data(machine, state, call)
    if call.row.same_dtype and call.row.returns not in ("module", "loss"):
        meet_operands(machine, state, call)
    meet_operation(machine, call)
    result = through_call(machine, state, call, result_of(machine, state, call))
    round_trip(machine, call)
    if call.row.saves and call.row.writes != ("self",):
        result = saved_by_call(machine, state, call, result)
    _writes(machine, state, call)
    return result


def _copies_first(call: Call) -> bool:
    """``torch.asarray`` looks at what it was asked for before it looks at the array; ``torch.as_tensor`` does not."""
    return call.row.name == "torch.asarray" and not call.arguments.keywords.keys().isdisjoint(("copy", "dtype"))


def _conversions(machine: Machine, state: State, call: Call) -> None:
    how = How.EXPLICIT if call.row.how == "explicit" else How.IMPLICIT
    for node, value in _converted(call):
        method = call.row.how == "method"
        containers = call.row.containers
        convert(machine, state, call.node, node, value, how, call.by, elements_only=method, containers=containers)
        if method and call.row.reduces:
            reduced(machine, call.node, node, value, call.by)


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
    writes = call.row.writes
    if call.row.name.startswith("torch.") and "out" in call.arguments.keywords and "out" not in writes:
        writes = (*writes, "out")
    for what in writes:
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
        written = _written(target[0])
        name = short(written)
        written_by_call(machine, call, target[1], name)
        meant = isinstance(written, cst.Call) and (what != "self" or _dropped(machine, call.node))
        changed = write(machine, state, target[1], call.node, name, f"`{short(call.node)}` writes to `{name}`", meant)
        if changed is not target[1]:
            rebind(machine, target[0], changed, state)


def _dropped(machine: Machine, node: cst.BaseExpression) -> bool:
    """A call, or what is called on it in turn, is a statement: nobody wants its result."""
    outer = machine.statement
    while outer is not node and isinstance(outer, cst.Call) and isinstance(outer.func, cst.Attribute):
        outer = outer.func.value
    return outer is node


def _written(node: cst.BaseExpression) -> cst.BaseExpression:
    """What is written to in a chain of methods that work in place: ``x`` in ``x.mul_(0.5).add_(y)``."""
    while isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value.endswith("_"):
        node = node.func.value
    return node
