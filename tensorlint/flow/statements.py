"""Statements: what they do to the state."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from tensorlint.flow import deletion, patterns  # noqa: F401  (they register executors)
from tensorlint.flow.caught import catching, caught_by_handlers
from tensorlint.flow.collecting import added_to, appended_to, collecting, kept_for_some_steps
from tensorlint.flow.containers import extend
from tensorlint.flow.decorators import decorated
from tensorlint.flow.definitions import ClassDefinition, FunctionDefinition
from tensorlint.flow.discarded import discarded
from tensorlint.flow.expanded_writes import expanded_written, item_of_expanded_written
from tensorlint.flow.facts import NO, Truth, yes
from tensorlint.flow.joining import join_values
from tensorlint.flow.links import writes_to_data
from tensorlint.flow.machine import Machine, evaluate, execute, execute_all, executes
from tensorlint.flow.missing import returned
from tensorlint.flow.names import bound_names, dotted, short
from tensorlint.flow.narrowing import narrow, outcomes
from tensorlint.flow.operators import arithmetic
from tensorlint.flow.rebinding import rebind
from tensorlint.flow.state import State
from tensorlint.flow.storage import write
from tensorlint.flow.targets import assign, assign_name
from tensorlint.flow.values import (
    Array,
    Class,
    Constant,
    External,
    Function,
    Ref,
    Tensor,
    Unknown,
    Value,
    alternatives,
)

__all__ = ["block"]


@executes(cst.IndentedBlock, cst.SimpleStatementSuite, cst.Module)
def block(machine: Machine, node: cst.IndentedBlock | cst.SimpleStatementSuite | cst.Module, state: State) -> None:
    """Statements one after the other, until a path ends."""
    execute_all(machine, node.body, state)


@executes(cst.Expr)
def expression(machine: Machine, node: cst.Expr, state: State) -> None:
    """An expression that stands alone."""
    machine.statement = node.value
    with collecting(machine, appended_to(node.value)):
        evaluate(machine, node.value, state)
    machine.statement = None
    discarded(machine, state, node.value)


@executes(cst.Assign)
def assignment(machine: Machine, node: cst.Assign, state: State) -> None:
    """``a = b = value``."""
    to_data = any(writes_to_data(target.target) for target in node.targets)
    with machine.in_place(to_data), collecting(machine, added_to(node), reads=2), kept_for_some_steps(machine, node):
        value = _surely_grad(machine, node, evaluate(machine, node.value, state))
        for target in node.targets:
            assign(machine, target.target, value, state, node.value)


def _surely_grad(machine: Machine, node: cst.Assign, value: Value) -> Value:
    """What ``backward()`` is called on later requires grad, whatever made it."""
    if id(node) not in machine.frame.leaving_backward:
        return value
    place = machine.place(node.value)
    fact = yes(place, f"`{short(node.value)}` requires grad: backward() is called on it below")
    if isinstance(value, Unknown):
        return Tensor(fact, kind=fact, ndim=0, lost=value.lost)
    if isinstance(value, Tensor) and not value.requires_grad.holds and value.requires_grad is not NO:
        return replace(value, requires_grad=fact, opaque=False)
    return value


@executes(cst.AnnAssign)
def annotated_assignment(machine: Machine, node: cst.AnnAssign, state: State) -> None:
    """``name: Type = value``."""
    from tensorlint.flow.annotations import annotated

    if node.value is None:
        return
    value = evaluate(machine, node.value, state)
    items = alternatives(value)
    sure = all(isinstance(item, Tensor) and item.kind.truth is Truth.YES for item in items)
    unsure = not sure and any(isinstance(item, Tensor) for item in items)
    if unsure or isinstance(value, Unknown):
        name = dotted(node.target) or ""
        found = annotated(machine, node.annotation.annotation, state, machine.frame.file, name)
        if isinstance(value, Unknown) or isinstance(found, Array):  # of several paths the author knows the one
            value = found if found is not None else value
    assign(machine, node.target, value, state, node.value)


@executes(cst.AugAssign)
def augmented(machine: Machine, node: cst.AugAssign, state: State) -> None:
    """``target += value``: in place for tensors, arrays and lists, a new object for numbers."""
    with machine.in_place(writes_to_data(node.target)):
        _augmented(machine, node, state)


def _augmented(machine: Machine, node: cst.AugAssign, state: State) -> None:
    target = node.target
    before = evaluate(machine, target, state)
    with collecting(machine, target if isinstance(node.operator, cst.AddAssign) else None):
        value = evaluate(machine, node.value, state)
    results: list[Value] = []
    name = short(target)
    meant = isinstance(target, cst.Subscript) and isinstance(target.value, cst.Call)
    if isinstance(target, cst.Subscript):
        item_of_expanded_written(machine, state, target, node)
    else:
        expanded_written(machine, before, node, name)
    for item in alternatives(before):
        after: Value
        if isinstance(item, Tensor | Array) and not (isinstance(item, Array) and item.scalar):
            operator: cst.CSTNode = node.operator
            computed = arithmetic(machine, state, node.value, target, item, node.value, value, operator, before is item)
            text = f"`{name} {_symbol(node)} ...` writes to it in place"
            changed = write(machine, state, item, node, name, text, meant)
            if isinstance(changed, Tensor) and isinstance(computed, Tensor):
                after = replace(
                    changed,
                    requires_grad=computed.requires_grad,
                    device=computed.device,
                    lost=computed.lost,
                    saves=computed.saves,
                )
            elif isinstance(changed, Array) and isinstance(computed, Array):
                after = replace(changed, dtype=changed.dtype or computed.dtype, lost=computed.lost)
            else:
                after = changed
        elif isinstance(item, Ref) and isinstance(node.operator, cst.AddAssign | cst.BitOrAssign):
            extend(machine, state, item, value, node.value, name, node.value)
            after = item
        else:
            if isinstance(item, Unknown) and item.parameter and not isinstance(node.operator, cst.AddAssign):
                machine.ask_callers(of_memory=True)
            after = arithmetic(
                machine, state, node.value, target, item, node.value, value, _plain(node.operator), before is item
            )
        results.append(after)
    joined = join_values(results) or Unknown()
    if id(node) in machine.frame.leaving_backward and isinstance(joined, Unknown):
        fact = yes(machine.place(node), f"`{name}` requires grad: backward() is called on it below")
        joined = Tensor(fact, kind=fact, ndim=0, lost=joined.lost)
    if isinstance(target, cst.Name):
        assign_name(machine, target.value, joined, state)
    elif isinstance(target, cst.Subscript):
        whole = evaluate(machine, target.value, state)
        if any(isinstance(item, Tensor | Array) for item in alternatives(whole)):
            assign(machine, target, joined, state, node)
        elif isinstance(joined, Ref):
            pass
        else:
            assign(machine, target, joined, state, node)
    else:
        rebind(machine, target, joined, state)


def _symbol(node: cst.AugAssign) -> str:
    return {cst.AddAssign: "+=", cst.SubtractAssign: "-=", cst.MultiplyAssign: "*=", cst.DivideAssign: "/="}.get(
        type(node.operator), "...="
    )


def _plain(operator: cst.BaseAugOp) -> cst.CSTNode:
    return cst.Add() if isinstance(operator, cst.AddAssign) else operator


@executes(cst.Return)
def return_(machine: Machine, node: cst.Return, state: State) -> None:
    """The path ends with a value."""
    value = evaluate(machine, node.value, state) if node.value is not None else Constant(None)
    returned(machine, state, node, value)
    machine.frame.returned.append((value, state.fork()))
    state.alive = False


@executes(cst.Raise)
def raise_(machine: Machine, node: cst.Raise, state: State) -> None:
    """The path ends."""
    if node.exc is not None:
        evaluate(machine, node.exc, state)
    state.alive = False


@executes(cst.Assert)
def assert_(machine: Machine, node: cst.Assert, state: State) -> None:
    """The path goes on where the test holds."""
    evaluate(machine, node.test, state)
    narrow(machine, node.test, state, True)


@executes(cst.Global)
def global_(machine: Machine, node: cst.Global, state: State) -> None:
    """Names of the module."""
    if len(machine.frames) > 1:
        machine.frame.globals.update(item.name.value for item in node.names)


@executes(cst.Nonlocal)
def nonlocal_(machine: Machine, node: cst.Nonlocal, state: State) -> None:
    """Names of an enclosing function."""
    machine.frame.nonlocals.update(item.name.value for item in node.names)


@executes(cst.Import, cst.ImportFrom)
def import_(machine: Machine, node: cst.Import, state: State) -> None:
    """Names of libraries and of the project's other files."""
    for name, full in bound_names(node, machine.frame.file.package):
        assign_name(machine, name, External(full), state)


@executes(cst.FunctionDef)
def function(machine: Machine, node: cst.FunctionDef, state: State) -> None:
    """A function is made; decorators of the project wrap it."""
    frame = machine.frame
    definition = frame.file.by_node.get(node)
    if not isinstance(definition, FunctionDefinition):
        return
    value: Value = Function(definition, (*frame.closure, frame.number))
    frame.nested.append(value)
    if frame.definition is None and not state.frames.get(frame.number):
        state.frames[frame.number] = state.names
    value = decorated(machine, node, value, state)
    assign_name(machine, node.name.value, value, state)


@executes(cst.ClassDef)
def class_(machine: Machine, node: cst.ClassDef, state: State) -> None:
    """A class is made."""
    definition = machine.frame.file.by_node.get(node)
    if isinstance(definition, ClassDefinition):
        value = decorated(machine, node, Class(definition), state) if node.decorators else Class(definition)
        assign_name(machine, node.name.value, value, state)


@executes(cst.If)
def if_(machine: Machine, node: cst.If, state: State) -> None:
    """Two paths."""
    evaluate(machine, node.test, state)
    other = state.fork()
    narrow(machine, node.test, state, True)
    narrow(machine, node.test, other, False)
    frame = machine.frame
    frame.branches += 1
    if state.alive:
        execute(machine, node.body, state)
    frame.branches -= 1
    if node.orelse is not None and other.alive:
        frame.branches += 1
        body = node.orelse if isinstance(node.orelse, cst.If) else node.orelse.body
        execute(machine, body, other)
        frame.branches -= 1
    state.join(other, outcomes(node.test, True), outcomes(node.test, False))


@executes(cst.Try, cst.TryStar)
def try_(machine: Machine, node: cst.Try, state: State) -> None:
    """The body may end anywhere: handlers start from what held before it or after it."""
    before = state.fork()
    with catching(machine, caught_by_handlers(machine, node.handlers, state)):
        execute(machine, node.body, state)
    failed = before
    failed.join(state)
    failed.alive = True
    if node.orelse is not None and state.alive:
        execute(machine, node.orelse.body, state)
    for handler in node.handlers:
        path = failed.fork()
        if handler.name is not None and isinstance(handler.name.name, cst.Name):
            path.names[handler.name.name.value] = Unknown()
        execute(machine, handler.body, path)
        state.join(path)
    if node.finalbody is not None:
        alive = state.alive
        state.alive = True
        execute(machine, node.finalbody.body, state)
        state.alive = state.alive and alive
