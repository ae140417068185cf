"""Calls: who is called, and by whose knowledge the result is told."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from tensorlint.flow import (
    autocast,  # noqa: F401  (it registers what it knows)
    builtin_calls,  # noqa: F401  (they register what they know)
    data_calls,  # noqa: F401
    library_specials,
    method_calls,
    standard_calls,  # noqa: F401
)
from tensorlint.flow.arguments import Arguments, accepts, evaluate_arguments
from tensorlint.flow.attributes import attribute_of, only_describes
from tensorlint.flow.classes import instantiate
from tensorlint.flow.facts import NO, maybe
from tensorlint.flow.functions import call_function
from tensorlint.flow.gradmode import mode_of_context, under
from tensorlint.flow.heap import Instance
from tensorlint.flow.hooks import REGISTERS
from tensorlint.flow.joining import guarded, join_values
from tensorlint.flow.leaving import combined, is_loss
from tensorlint.flow.library_call import Call
from tensorlint.flow.links import may_write, works_in_place
from tensorlint.flow.machine import Machine, evaluate, evaluates
from tensorlint.flow.modules import cast, is_module, make_module
from tensorlint.flow.names import dotted, short
from tensorlint.flow.object_calls import call_instance, call_moved, call_unknown
from tensorlint.flow.own_rows import own_row
from tensorlint.flow.row_forms import lacking_form
from tensorlint.flow.rows import apply_row
from tensorlint.flow.special_calls import SPECIAL
from tensorlint.flow.state import State
from tensorlint.flow.tensors import inputs_of, result_tensor
from tensorlint.flow.unseen import called_out_of_sight
from tensorlint.flow.values import (
    Bound,
    Class,
    External,
    Function,
    GradMode,
    Ref,
    Single,
    Tensor,
    Unknown,
    Value,
    alternatives,
)

__all__ = ["call", "call_value"]

ALIASES = {"numpy": "np", "matplotlib.pyplot": "plt", "pandas": "pd", "seaborn": "sns", "torch.nn.functional": "F"}


ASKS = frozenset({"builtins.isinstance", "builtins.len", "builtins.type"})
"""Functions that look at no element of what they are given."""


@evaluates(cst.Call)
def call(machine: Machine, node: cst.Call, state: State) -> Value:
    """``function(arguments)``."""
    machine.step()
    if works_in_place(node.func) and not machine.operating:
        with machine.in_place():
            return call(machine, node, state)
    function = node.func
    receiver_node: cst.BaseExpression | None = None
    if isinstance(function, cst.Attribute):
        receiver_node = function.value
        with machine.unread(only_describes(function)):
            receiver = evaluate(machine, function.value, state)
        if _is_super(function.value):
            callee: Value = _super_method(machine, state, function.attr.value)
        else:
            callee = join_callees([_method(machine, state, function, item) for item in alternatives(receiver)])
    else:
        callee = evaluate(machine, function, state)
    asks = isinstance(callee, External) and callee.name in ASKS
    with machine.unread(asks), machine.in_place(may_write(callee)):
        arguments = evaluate_arguments(machine, node, state)
    return call_value(machine, state, node, callee, receiver_node, arguments)


def join_callees(found: list[Value]) -> Value:
    """Every alternative is called: none may be merged into another."""
    from tensorlint.flow.values import union

    flat = [item for value in found for item in alternatives(value)]
    if sum(isinstance(item, Bound) and isinstance(item.receiver, Unknown | Tensor) for item in flat) > 1:
        flat = [_weakened(item) for item in flat]
    return union(flat)


def _weakened(callee: Single) -> Single:
    """A method of one of several things that have it: what is known of the thing holds only perhaps."""
    if not isinstance(callee, Bound) or not isinstance(callee.receiver, Tensor):
        return callee
    tensor = callee.receiver
    grad, device = tensor.requires_grad.weakened(), tensor.device.weakened()
    return replace(callee, receiver=replace(tensor, requires_grad=grad, device=device))


def _method(machine: Machine, state: State, node: cst.Attribute, receiver: Single) -> Value:
    if isinstance(receiver, Unknown | Tensor):
        return Bound(receiver, node.attr.value)
    return attribute_of(machine, state, node, receiver, node.attr.value)


def _is_super(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value == "super"


def _super_method(machine: Machine, state: State, name: str) -> Value:
    definition = machine.frame.definition
    receiver = _self(machine, state)
    if definition is None or definition.owner is None or receiver is None:
        return Unknown()
    from tensorlint.flow.classes import ancestors
    from tensorlint.flow.definitions import ClassDefinition

    for base in list(ancestors(machine, definition.owner, state))[1:]:
        if isinstance(base, ClassDefinition) and name in base.methods:
            method = base.methods[name]
            return Bound(receiver, name, Function(method, (method.file.frame,)))
    instance = state.object(receiver) if isinstance(receiver, Ref) else None
    if isinstance(instance, Instance) and instance.module is not None:
        return Bound(receiver, name)
    return Unknown()


def _self(machine: Machine, state: State) -> Value | None:
    definition = machine.frame.definition
    if definition is None or isinstance(definition.node, cst.Lambda):
        return None
    parameters = [*definition.parameters.posonly_params, *definition.parameters.params]
    return state.names.get(parameters[0].name.value) if parameters else None


def call_value(
    machine: Machine,
    state: State,
    node: cst.BaseExpression,
    callee: Value,
    receiver_node: cst.BaseExpression | None,
    arguments: Arguments,
) -> Value:
    """Call each alternative of ``callee``."""
    if not all(isinstance(item, Function | Class) or _is_project_method(item) for item in alternatives(callee)):
        call_back(machine, state, node, callee, arguments)
    if not all(isinstance(item, Bound) and isinstance(item.receiver, Tensor) for item in alternatives(callee)):
        machine.needed.add(node)  # `x.cpu()` where `x` is a tensor on one path and something else on another
    meant = _meant(callee, arguments)
    for item in meant:
        called_out_of_sight(machine, state, node, item, arguments)
    results = [guarded(_call_one(machine, state, node, item, receiver_node, arguments), item.guards) for item in meant]
    return join_values(results) or Unknown()


def _meant(callee: Value, arguments: Arguments) -> tuple[Single, ...]:
    """The alternatives that take the arguments, where some do: the others would refuse them."""
    items = alternatives(callee)
    return (tuple(item for item in items if _takes(item, arguments)) or items) if len(items) > 1 else items


def _takes(callee: Single, arguments: Arguments) -> bool:
    function = callee.function if isinstance(callee, Bound) else callee
    if not isinstance(function, Function) or function.given:
        return True
    first = 1 if isinstance(callee, Bound) and not function.definition.is_static else 0
    return accepts(function.definition.parameters, arguments, first)


def _is_project_method(callee: Single) -> bool:
    return isinstance(callee, Bound) and callee.function is not None


HANDED_ON = frozenset({
    "partial", "wraps", "map", "lru_cache", "cache", "isinstance", "register_backward_hook", "no_grad",
    "inference_mode", "enable_grad", "contextmanager",
})  # fmt: skip


def call_back(machine: Machine, state: State, node: cst.BaseExpression, callee: Value, arguments: Arguments) -> None:
    """Functions of the project that are handed to a library (an objective, a hook) are called by it, some time."""
    if machine.decorating:
        return
    for item in alternatives(callee):
        if isinstance(item, GradMode):
            return
        if isinstance(item, External) and (
            item.name.rpartition(".")[2] in HANDED_ON or item.name.startswith(("inspect.", "typing."))
        ):
            return
        if isinstance(item, Bound) and (
            item.name in REGISTERS or (item.name == "apply" and is_module(state, item.receiver))
        ):
            return
    for value in arguments.values():
        for item in alternatives(value):
            function = item.function if isinstance(item, Bound) else item
            if not isinstance(function, Function):
                continue
            receiver = item.receiver if isinstance(item, Bound) else None
            path = state.fork()
            given = Arguments(rest=None, keyword_rest=(node, Unknown()))
            call_function(machine, function, given, path, node, receiver=receiver)
            state.join(path)


def _call_one(
    machine: Machine,
    state: State,
    node: cst.BaseExpression,
    callee: Single,
    receiver_node: cst.BaseExpression | None,
    arguments: Arguments,
) -> Value:
    match callee:
        case External():
            return _call_external(machine, state, node, callee, arguments.after(callee.given))
        case Function() | Class() if (row := own_row(machine, callee.definition)) is not None:
            return apply_row(
                machine, state, Call(row, node, arguments.after(callee.given), by=_as_written(machine, node, row.name))
            )
        case Function():
            return call_function(machine, callee, arguments, state, node)
        case Class():
            return instantiate(machine, callee.definition, arguments.after(callee.given), state, node)
        case Bound():
            if callee.function is not None and (row := own_row(machine, callee.function.definition)) is not None:
                receiver = None if callee.function.definition.is_static else callee.receiver
                return apply_row(machine, state, Call(row, node, arguments, receiver, receiver_node, f".{callee.name}"))
            if callee.function is not None:
                return call_function(machine, callee.function, arguments, state, node, receiver=callee.receiver)
            return method_calls.call_method(machine, state, node, callee, receiver_node or node, arguments)
        case Ref():
            return call_instance(machine, state, node, callee, arguments)
        case GradMode():
            return under(machine, callee.mode, arguments.value(0) or Unknown())
        case Tensor():
            return call_moved(machine, state, node, callee, arguments)
        case Unknown():
            return call_unknown(machine, state, node, callee, arguments)
        case _:
            return Unknown()


def _call_external(
    machine: Machine, state: State, node: cst.BaseExpression, callee: External, arguments: Arguments
) -> Value:
    name = callee.name
    special = SPECIAL.get(name)
    if special is not None:
        return special(machine, state, node, arguments)
    given = arguments.value(0, "mode")
    mode = mode_of_context(name, given)
    if mode is not None:
        return under(machine, mode, given) if isinstance(given, Function | Bound) else GradMode(mode)
    if name.startswith("torch.Tensor.") and isinstance(first := arguments.value(0), Tensor):
        rest = replace(arguments, positional=arguments.positional[1:])  # torch.Tensor.numpy(x)
        method = Bound(first, name.rpartition(".")[2])
        return method_calls.call_method(machine, state, node, method, arguments.positional[0][0], rest)
    row = machine.library.row(name)
    if row is None:
        return _unlisted(machine, state, node, name, arguments)
    if name in ("torch.optim.Optimizer",) or row.returns == "optimizer":
        return library_specials.make_optimizer(machine, state, node, name, arguments)
    by = _as_written(machine, node, name)
    return apply_row(machine, state, Call(row, node, arguments, by=by))


def _unlisted(machine: Machine, state: State, node: cst.BaseExpression, name: str, arguments: Arguments) -> Value:
    """A library call that the tables do not have."""
    if name.startswith(("torch.nn.functional.", "torch.linalg.", "torch.special.")):
        made = result_tensor(machine, state, inputs_of(state, arguments.values()))
        return replace(made, lost=combined(state, arguments.values(), first=is_loss(name)))
    if name.rpartition(".")[2] in ("from_pretrained", "create_model", "load_model_and_preprocess"):
        place = machine.place(node)
        fact = maybe(place, f"`{short(node)}` loads a model whose parameters require grad")
        if _loads_model(name):
            ref = make_module(machine, state, (node,), "", fact, NO)
            for keyword in ("dtype", "torch_dtype"):
                if (asked := arguments.keywords.get(keyword)) is not None:
                    cast(state, ref, lacking_form(machine, node, asked[1]))
            return ref
    return Unknown()


def _loads_model(name: str) -> bool:
    """``AutoModelForX.from_pretrained`` loads a module; tokenizers, processors and configs are loaded so too."""
    owner = name.rpartition(".")[0].rpartition(".")[2]
    return "Model" in owner or owner.endswith(("Net", "2D", "VAE")) or name.endswith("create_model")


def _as_written(machine: Machine, node: cst.BaseExpression, name: str) -> str:
    """What the call is called in messages: as the code writes it, with the usual abbreviation for a bare name."""
    if isinstance(node, cst.Call):
        written = dotted(node.func)
        if written is not None and "." in written:
            return written
        package, _, last = name.rpartition(".")
        if package in ALIASES:
            return f"{ALIASES[package]}.{last}"
    return name
