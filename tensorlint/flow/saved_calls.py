"""Which operations save what: calls by their rows, operators, and modules."""

from __future__ import annotations

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.facts import NO, UNKNOWN, Fact
from tensorlint.flow.heap import Instance
from tensorlint.flow.library_call import Call
from tensorlint.flow.machine import Machine
from tensorlint.flow.modules import CONTENTS, instance_of, trainable
from tensorlint.flow.names import short
from tensorlint.flow.saved import Memory, backward, memory_of, saving
from tensorlint.flow.state import State
from tensorlint.flow.values import Alias, Constant, Ref, Single, Tensor, Tuple, Value, alternatives

__all__ = [
    "backward_of_call",
    "keeps_graph",
    "saved_by_call",
    "saved_by_module",
    "saved_by_operator",
    "saved_in_place",
]

OPERATORS: dict[type[cst.CSTNode], str] = {
    cst.Multiply: "torch.mul",
    cst.MultiplyAssign: "torch.mul",
    cst.Divide: "torch.div",
    cst.DivideAssign: "torch.div",
    cst.Power: "torch.pow",
    cst.PowerAssign: "torch.pow",
    cst.MatrixMultiply: "torch.matmul",
    cst.MatrixMultiplyAssign: "torch.matmul",
    cst.Modulo: "torch.remainder",
    cst.ModuloAssign: "torch.remainder",
}
POSITIONS = {"input": "0", "other": "1", "target": "1"}
"""Where torch's functions take what they all call alike."""


def saved_by_call(machine: Machine, state: State, call: Call, result: Value) -> Value:
    """The result of a library call, with what the call has saved."""
    saves = call.row.saves
    if call.row.returns == "tensor_or_pair" and isinstance(result, Tuple):
        saves = tuple(word for word in saves if word[-1].isdigit() and "result" in word)  # values and where they were
    return saving(machine, state, call.node, saves, _operands(call), result)


def saved_in_place(machine: Machine, state: State, call: Call, changed: Tensor) -> Tensor:
    """The receiver of an in-place method, with what the method has saved."""
    value = saving(machine, state, call.node, call.row.saves, _operands(call), changed)
    assert isinstance(value, Tensor)
    return value


def _operands(call: Call) -> dict[str, Memory]:
    found: dict[str, Memory | None] = {}
    if call.receiver is not None and call.receiver_node is not None:
        found["self"] = memory_of(call.receiver, short(call.receiver_node))
    for at, (node, value) in enumerate(call.arguments.positional):
        found[str(at)] = memory_of(value, short(node))
    for name, (node, value) in call.arguments.keywords.items():
        if name in POSITIONS and call.receiver is None:
            found[POSITIONS[name]] = memory_of(value, short(node))
    return {word: memory for word, memory in found.items() if memory is not None}


def saved_by_operator(
    machine: Machine,
    state: State,
    node: cst.BaseExpression,
    operator: cst.CSTNode,
    left: tuple[cst.BaseExpression, Single],
    right: tuple[cst.BaseExpression, Single],
    result: Tensor,
) -> Tensor:
    """The result of an operator, with what it has saved."""
    name = OPERATORS.get(type(operator))
    row = machine.library.row(name) if name is not None and result.requires_grad is not NO else None
    if row is None:
        return result
    found = {str(at): memory_of(value, short(one)) for at, (one, value) in enumerate((left, right))}
    operands = {word: memory for word, memory in found.items() if memory is not None}
    value = saving(machine, state, node, row.saves, operands, result)
    assert isinstance(value, Tensor)
    return value


def saved_by_module(
    machine: Machine, state: State, node: cst.BaseExpression, ref: Ref, arguments: Arguments, result: Value
) -> Value:
    """The output of a module whose ``forward`` is not in sight, with what its layers have saved."""
    instance = instance_of(state, ref)
    if instance is None or instance.module is None or not isinstance(node, cst.Call):
        return result
    layers = _layers(state, ref, instance)
    for at, (layer, inside) in enumerate(layers):
        row = machine.library.row(inside.type)
        if row is None or not row.saves or inside.module is None:
            continue
        own = frozenset({Alias(inside.module.storage, state.version(inside.module.storage))})
        name = short(node.func)
        operands = {"parameters": Memory(own, trainable(state, layer), f"the parameters of {name}", weights=True)}
        if at == 0:
            for position, (argument, value) in enumerate(arguments.positional):
                memory = memory_of(value, short(argument))
                if memory is not None:
                    operands[str(position)] = memory
        else:
            operands["0"] = Memory(frozenset(), _before(state, layers[:at]))
        last = at == len(layers) - 1
        saves = [word for word in row.saves if last or not word.endswith("result")]
        result = saving(machine, state, node, saves, operands, result)
    return result


def _layers(state: State, ref: Ref, instance: Instance) -> list[tuple[Ref, Instance]]:
    """The layers that a call goes through: of a Sequential those that it was made of, else the module alone."""
    if instance.type != "torch.nn.Sequential":
        return [(ref, instance)] if instance.definition is None and instance.type else []
    contents = instance.attributes.get(CONTENTS)
    found: list[tuple[Ref, Instance]] = []
    for item in alternatives(contents) if contents is not None else ():
        inside = instance_of(state, item)
        if not isinstance(item, Ref) or inside is None or not inside.type.startswith("torch.nn."):
            return []
        found.append((item, inside))
    return found


def _before(state: State, layers: list[tuple[Ref, Instance]]) -> Fact:
    """Whether what comes out of some layers requires grad."""
    facts = [trainable(state, layer) for layer, _ in layers]
    return next((fact for fact in facts if fact.holds), UNKNOWN)


def keeps_graph(arguments: Arguments) -> bool:
    """A backward that leaves the graph for another one."""
    if arguments.is_true("retain_graph") or arguments.is_true("create_graph"):
        return True
    given = [arguments.keywords[name][1] for name in ("retain_graph", "create_graph") if name in arguments.keywords]
    return any(not isinstance(value, Constant) for value in given)


def backward_of_call(
    machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments, keyword: str
) -> None:
    """``torch.autograd.backward(loss)``, ``torch.autograd.grad(loss, inputs)``: what is given first goes backward."""
    given = arguments.get(0, keyword)
    if given is not None:
        backward(machine, state, [given[1]], node, short(given[0]), keeps_graph(arguments))
