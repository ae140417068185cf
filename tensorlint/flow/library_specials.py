"""Calls of libraries whose effect no table row can tell: copies, wrappers, parameters, gradients, optimizers."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from tensorlint.flow import copies  # noqa: F401  (it registers what it knows)
from tensorlint.flow.arguments import Arguments
from tensorlint.flow.containers import element, make_items, mapping_of
from tensorlint.flow.dtypes import Dtyped
from tensorlint.flow.facts import NO, UNKNOWN, maybe, yes
from tensorlint.flow.given import ask_for_grad
from tensorlint.flow.gradmode import mode_of_context, within
from tensorlint.flow.heap import Instance
from tensorlint.flow.iteration import LOADER, MOVED
from tensorlint.flow.machine import Machine
from tensorlint.flow.missing import back_propagated
from tensorlint.flow.modules import is_current, is_module, move
from tensorlint.flow.names import short
from tensorlint.flow.narrowing import outcomes
from tensorlint.flow.saved_calls import backward_of_call
from tensorlint.flow.special_calls import special
from tensorlint.flow.state import State
from tensorlint.flow.storage import aliases_of, without_aliases
from tensorlint.flow.tensors import inputs_of, result_tensor
from tensorlint.flow.values import (
    EXIT_STACK,
    NO_GUARDS,
    Bound,
    Class,
    Constant,
    Device,
    External,
    Function,
    GradMode,
    Object,
    Ref,
    Tensor,
    Tuple,
    Unknown,
    Value,
    alternatives,
)

__all__ = ["make_optimizer"]


@special("functools.partial")
def _partial(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    first = arguments.value(0)
    given = [("", one, value) for one, value in arguments.positional[1:]]
    given += [(name, one, value) for name, (one, value) in arguments.keywords.items()]
    if isinstance(first, Class | External):
        return replace(first, given=(*first.given, *given))
    function = first.function if isinstance(first, Bound) else first
    if not isinstance(first, Function | Bound) or not isinstance(function, Function):
        return first if isinstance(first, Bound) else Unknown()
    partly = replace(function, given=(*function.given, *given))
    return replace(first, function=partly) if isinstance(first, Bound) else partly


@special("functools.wraps", "functools.lru_cache", "functools.cache", "functools.update_wrapper")
def _same(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    return External("tensorlint.identity")


@special("tensorlint.identity", "torch.compile", "torch.jit.script", "torch.jit.trace")
def _identity(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    first = arguments.value(0)
    if first is None:
        return External("tensorlint.identity")
    return first


@special("typing.cast")
def _cast(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    return arguments.value(1) or Unknown()


@special("torch.nn.DataParallel", "torch.nn.parallel.DataParallel", "torch.nn.parallel.DistributedDataParallel")
def _wrapped(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    first = arguments.value(0, "module")
    return first if first is not None else Unknown()


@special("torch.set_grad_enabled", "torch.autograd.set_grad_enabled")
def _set_grad_enabled(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    """It holds from here on; as a context up to the end of the block, as a decorator not at all (observed: 2.13)."""
    argument, given = arguments.get(0, "mode") or (None, Unknown())
    mode = mode_of_context("torch.set_grad_enabled", given, outcomes(argument, True) if argument else NO_GUARDS)
    assert mode is not None
    if not machine.decorating:
        for condition, _ in mode.given:
            state.watch(condition)
        state.grad = within(state.grad, mode)
    return GradMode(mode)


@special("torch.is_grad_enabled")
def _is_grad_enabled(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    return GradMode(state.grad)


@special("contextlib.ExitStack", "contextlib.AsyncExitStack")
def _exit_stack(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    return Object(EXIT_STACK)


@special("torch.nn.Parameter", "torch.nn.parameter.Parameter")
def _parameter(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    place = machine.place(node)
    given_node, given = arguments.get(0, "data") or (None, None)
    off = arguments.value(1, "requires_grad")
    fact = NO if isinstance(off, Constant) and off.value is False else yes(place, f"`{short(node)}` is an nn.Parameter")
    base = next((item for item in alternatives(given or Unknown()) if isinstance(item, Tensor)), None)
    kind = yes(place, "an nn.Parameter")
    if base is not None:
        if fact is not NO and (off is None or isinstance(off, Constant)) and isinstance(given, Tensor):
            ask_for_grad(machine, node, Dtyped(base.dtype, base.dtype_from), given_node)
        return replace(base, requires_grad=fact, kind=kind, opaque=False, lost=None)
    return Tensor(fact, NO, kind=kind)


@special("torch.autograd.grad")
def _gradients(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    """A tuple of gradients, which require grad where the graph of them is asked for."""
    place = machine.place(node)
    backward_of_call(machine, state, node, arguments, "outputs")
    asked = arguments.keywords.get("create_graph")
    fact = NO
    if arguments.is_true("create_graph"):
        fact = yes(place, f"`{short(node)}` is computed with create_graph=True")
    elif asked is not None and not isinstance(asked[1], Constant):
        fact = UNKNOWN
    kind = yes(place, f"`{short(node)}` gives gradients")
    one = result_tensor(machine, state, inputs_of(state, arguments.values()[:2]), requires_grad=fact, kind=kind)
    if (outputs := arguments.value(0, "outputs")) is not None:
        back_propagated(machine, state, node, outputs, "torch.autograd.grad")
    return make_items(machine, state, (node,), rest=one, kind="tuple")


@special("torch.autograd.backward")
def _backward(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    backward_of_call(machine, state, node, arguments, "tensors")
    return Constant(None)


@special("torch.amp.GradScaler.scale")
def _scaled(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    """What is given, times the scale."""
    return without_aliases(machine, arguments.value(0, "outputs") or Unknown())


@special("accelerate.Accelerator.prepare")
def _prepare(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    """Modules are moved to the accelerator's device, loaders put their batches there; the rest comes back as it is."""
    place = machine.place(node)
    fact = maybe(place, f"`{short(node)}` puts it on the device of the process, a GPU where there is one")
    prepared: list[Value] = []
    for _, value in arguments.positional:
        if isinstance(value, Ref) and is_module(state, value):
            move(machine, state, value, fact)
        elif isinstance(value, Ref) and isinstance(loader := state.object(value), Instance) and loader.type == LOADER:
            value = Ref(machine.address(node, "prepared", value.address))
            state.heap[value.address] = replace(loader, attributes={**loader.attributes, MOVED: Device(fact)})
        prepared.append(value)
    return prepared[0] if len(prepared) == 1 else Tuple(tuple(prepared))


@special(*(f"accelerate.Accelerator.{name}" for name in ("gather", "gather_for_metrics", "reduce", "unwrap_model")))
def _gathered(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    """What is brought together from all processes stays on the device."""
    return arguments.value(0) or Unknown()


def make_optimizer(machine: Machine, state: State, node: cst.BaseExpression, name: str, arguments: Arguments) -> Value:
    """An optimizer over the parameters that it is given."""
    ref = Ref(machine.address(node))
    given = arguments.value(0, "params")
    storages: set[int] = set()
    if given is not None:
        storages = {alias.storage for alias in aliases_of(state, given)}
        first = element(machine, state, given, node)
        group = mapping_of(state, first)
        if group is not None:
            storages |= {alias.storage for value in group.entries.values() for alias in aliases_of(state, value)}
    before = machine.optimized.get(ref.address, set())  # others are made here, for modules that may still be there
    machine.optimized[ref.address] = storages | {number for number in before if is_current(machine, state, number)}
    state.heap[ref.address] = Instance(type="torch.optim.Optimizer")
    return ref
