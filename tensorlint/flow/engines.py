"""Engines of PyTorch-Ignite: ``run`` calls a process function with every batch, and the handlers of events.

Observed (pytorch-ignite 0.5.5): ``engine.state.output`` is the very object that the process function returned, and
``run`` gives ``engine.state``; what ``create_supervised_trainer`` makes has the loss as a float there.
"""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.containers import element
from tensorlint.flow.heap import Instance
from tensorlint.flow.machine import Machine
from tensorlint.flow.special_calls import special
from tensorlint.flow.state import State
from tensorlint.flow.values import (
    Bound,
    Function,
    Number,
    Ref,
    Tensor,
    Tuple,
    Unknown,
    Value,
    alternatives,
    union,
)

__all__ = ["ENGINE", "call_engine_method", "takes_handler"]

ENGINE = "ignite.engine.Engine"
TAKES_HANDLER = "#on"
"""The method that ``engine.on(event)`` gives: it takes a handler."""
PROCESS = "#process"
HANDLERS = "#handlers"
MOST_HANDLERS = 8


@special(ENGINE, "ignite.engine.engine.Engine")
def _engine(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    return _made(machine, state, node, arguments.value(0, "process_function") or Unknown(), Unknown())


@special("ignite.engine.create_supervised_trainer")
def _trainer(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    transformed = "output_transform" in arguments.keywords or len(arguments.positional) > 6
    return _made(machine, state, node, Unknown(), Unknown() if transformed else Number(type="float"))


@special("ignite.engine.create_supervised_evaluator")
def _evaluator(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    return _made(machine, state, node, Unknown(), Unknown())


def _made(machine: Machine, state: State, node: cst.BaseExpression, process: Value, output: Value) -> Ref:
    inside = Ref(machine.address(node, "state"))
    state.heap[inside.address] = Instance(attributes={"output": output}, open=True)
    ref = Ref(machine.address(node, "engine"))
    attributes: dict[str, Value] = {PROCESS: process, HANDLERS: Tuple(()), "state": inside}
    state.heap[ref.address] = Instance(type=ENGINE, attributes=attributes)
    return ref


def call_engine_method(
    machine: Machine, state: State, node: cst.BaseExpression, ref: Ref, engine: Instance, name: str, given: Arguments
) -> Value:
    """``engine.on(event)``, ``engine.add_event_handler(event, handler)``, ``engine.run(data)``."""
    match name:
        case "on":
            rest = tuple(value for _, value in given.positional[1:])
            return Bound(Tuple((ref, *rest)), TAKES_HANDLER)
        case "add_event_handler" if len(given.positional) > 1:
            values = [value for _, value in given.positional[1:]]
            _add_handler(state, ref, values[0], values[1:])
        case "run":
            _run(machine, state, node, ref, engine, given)
            return engine.attributes["state"]
    return Unknown()


def takes_handler(state: State, decorator: Value, handler: Value) -> bool:
    """``@engine.on(event)`` above a function: whether that is what the decorator is, which keeps it."""
    if not isinstance(decorator, Bound) or decorator.name != TAKES_HANDLER or not isinstance(decorator.receiver, Tuple):
        return False
    ref, *rest = decorator.receiver.items
    if isinstance(ref, Ref):
        _add_handler(state, ref, handler, rest)
    return True


def _add_handler(state: State, ref: Ref, handler: Value, rest: list[Value]) -> None:
    engine = state.object(ref)
    if not isinstance(engine, Instance) or not any(isinstance(one, Function | Bound) for one in alternatives(handler)):
        return
    before = engine.attributes.get(HANDLERS)
    kept = (
        [one for one in before.items if isinstance(one, Tuple) and one.items[0] != handler]
        if isinstance(before, Tuple)
        else []
    )
    handlers = Tuple((*kept, Tuple((handler, *rest)))[-MOST_HANDLERS:])
    state.heap[ref.address] = replace(engine, attributes={**engine.attributes, HANDLERS: handlers})


def _run(
    machine: Machine, state: State, node: cst.BaseExpression, ref: Ref, engine: Instance, arguments: Arguments
) -> None:
    data = arguments.get(0, "data")
    batch = element(machine, state, data[1], data[0]) if data is not None else Unknown()
    process = engine.attributes[PROCESS]
    if not isinstance(process, Unknown):
        output = _called(machine, state, node, process, [ref, batch])
        _store(state, engine, {"output": _told(machine, node, process, output), "batch": batch})
    handlers = engine.attributes[HANDLERS]
    for handler in handlers.items if isinstance(handlers, Tuple) else ():
        if isinstance(handler, Tuple):
            _called(machine, state, node, handler.items[0], [ref, *handler.items[1:]])


def _called(machine: Machine, state: State, node: cst.BaseExpression, function: Value, given: list[Value]) -> Value:
    from tensorlint.flow.calls import call_value  # which calls methods

    return call_value(machine, state, node, function, None, Arguments(tuple((node, value) for value in given)))


def _store(state: State, engine: Instance, new: dict[str, Value]) -> None:
    inside = engine.attributes["state"]
    found = state.object(inside) if isinstance(inside, Ref) else None
    if isinstance(inside, Ref) and isinstance(found, Instance):
        state.heap[inside.address] = replace(found, attributes={**found.attributes, **new})


def _told(machine: Machine, node: cst.BaseExpression, process: Value, output: Value) -> Value:
    """The output with one more step of evidence."""
    place, text = machine.place(node), "kept as the `state.output` of the engine that runs here"
    return union(
        [
            replace(
                item, requires_grad=item.requires_grad.because(place, text), device=item.device.because(place, text)
            )
            if isinstance(item, Tensor)
            else item
            for item in alternatives(output)
        ]
    )
