"""Following lost gradients: where values leave the graph, and what is computed of them afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import libcst as cst

from tensorlint.flow.dtypes import INTEGRAL
from tensorlint.flow.facts import Place, Reason, Truth
from tensorlint.flow.library_call import Call
from tensorlint.flow.lost import Lost, Part, Way, both
from tensorlint.flow.machine import Machine
from tensorlint.flow.names import short
from tensorlint.flow.state import State
from tensorlint.flow.tensors import inside
from tensorlint.flow.values import Array, Number, Object, Ref, Tensor, Tuple, Unknown, Value, alternatives, union

__all__ = [
    "combined",
    "each_of",
    "is_loss",
    "layer_output",
    "leave",
    "lives",
    "lost_of",
    "new_leaf",
    "through_call",
    "through_operator",
    "with_lost",
]

DEEPEST = 2
MOST_TERMS = 3
STAYS = (Part.WHOLE, Part.INPUT)
"""Whatever is computed of these is so too."""
BESIDE_A_LEAF = cst.Multiply | cst.Divide | cst.Add | cst.Subtract | cst.MatrixMultiply
"""What a layer computes of its input and a parameter."""
Carrier = Tensor | Array | Number | Unknown

NUMBERS = frozenset({"item", "tolist", "__float__", "__int__", "__complex__", "__index__"})
REMAKING = frozenset({
    "torch.tensor", "torch.Tensor", "torch.FloatTensor", "torch.DoubleTensor", "torch.HalfTensor", "torch.as_tensor",
    "torch.asarray", "torch.from_numpy", "torch.full", "torch.scalar_tensor", "torch.Tensor.new_tensor",
    "torch.Tensor.new_full", "torch.autograd.variable.Variable",
})  # fmt: skip
"""These make a tensor of numbers and arrays; of a list of tensors they take the numbers, without the graph."""
KEEPS_TENSORS = frozenset({"torch.as_tensor", "torch.asarray"})
"""Of these, those that give a tensor back with its graph."""
LINEAR = frozenset({
    "mean", "sum", "add", "sub", "mul", "div", "neg", "clone", "contiguous", "to", "cpu", "cuda", "float", "double",
    "half", "reshape", "view", "squeeze", "unsqueeze", "stack", "cat", "concat", "ravel", "flatten", "item", "tensor",
    "as_tensor", "from_numpy", "array", "asarray", "type", "type_as", "detach", "data", "nanmean", "nansum", "Variable",
    "astype", "copy", "append",
})  # fmt: skip
"""Of a sum they make a sum: a constant term of what they are given is one of what they give."""
WITHOUT_DERIVATIVE = frozenset({
    "argmax", "argmin", "argsort", "gt", "lt", "ge", "le", "eq", "ne", "long", "int", "bool", "byte",
})  # fmt: skip
"""These leave the graph by what they compute."""
SAME_IN_NUMPY = frozenset({
    "array", "asarray", "ascontiguousarray", "copy", "astype", "concatenate", "power", "absolute", "average",
    "expand_dims", "float32", "float64", "asfarray", "append", "full",
})  # fmt: skip
"""What has a derivative in NumPy and no namesake in torch."""
LOSSES = ("_loss", "cross_entropy", "cross_entropy_with_logits", "kl_div")
SMOOTH_IN_SCIPY = ("scipy.special.", "scipy.ndimage.", "scipy.signal.", "scipy.fft.", "scipy.linalg.")


def leave(
    machine: Machine, state: State, node: cst.BaseExpression, value: Value, way: Way, *, scalar: bool = False
) -> Lost | None:
    """``node`` takes a tensor out of the graph."""
    if not isinstance(value, Tensor):
        return None
    known = value.lost
    if known is not None and known.part in (Part.WHOLE, Part.LEAF):
        return replace(known, part=Part.WHOLE, way=max(way, known.way), scalar=known.scalar or scalar)
    fact = value.requires_grad
    if fact.truth is Truth.NO or state.records() is not Truth.YES or state.assumed.get("self.training") is False:
        return None
    written = short(node)
    place = machine.place(node)
    reason = Reason(place, f"`{written}` leaves the graph: no gradient flows back through it", fact.reason)
    return Lost(place, written, reason, fact.truth, way, scalar=scalar or value.ndim == 0, frame=machine.frame.number)


def with_lost(value: Value, lost: Lost | None) -> Value:
    """The value of which this is lost."""
    items = alternatives(value)
    if all(not isinstance(item, Carrier) or item.lost is lost for item in items):
        return value
    return union([replace(item, lost=lost) if isinstance(item, Carrier) else item for item in items])


def each_of(state: State, values: Iterable[Value], depth: int = 0) -> Iterable[tuple[Value, bool]]:
    """Each single value, those in lists and tuples too, and whether others may stand in its place."""
    for value in values:
        items = alternatives(value)
        for item in items:
            if isinstance(item, Tuple | Ref) and depth < DEEPEST:
                yield from each_of(state, inside(state, item), depth + 1)
            else:
                yield item, len(items) > 1


def lost_of(value: Value) -> Lost | None:
    return value.lost if isinstance(value, Carrier) else None


def lives(value: Value) -> Truth:
    """Whether a value is in the graph itself."""
    match value:
        case Tensor(requires_grad=fact) | Object(requires_grad=fact):
            return fact.truth
        case Unknown():
            return Truth.UNKNOWN
        case _:
            return Truth.NO


def combined(state: State, values: Iterable[Value], *, linear: bool = False, first: bool = False) -> Lost | None:
    """What is lost of a value that has a derivative with respect to each of ``values``.

    :param linear: it is a sum of multiples of them
    :param first: only the first is differentiated, as in a loss: the others are targets, weights and settings
    """
    found: Lost | None = None
    settled = True
    for item, several in each_of(state, values):
        lost = lost_of(item)
        if lost is not None and lost.part in (Part.LEAF, Part.TERM) and not linear:
            return None
        if lost is not None:
            found = both(found, lost.weakened() if several else lost)
            continue
        alive = lives(item)
        if alive in (Truth.YES, Truth.MAYBE):
            if not linear:
                return None
            settled = False
        elif alive is Truth.UNKNOWN:
            if not first or found is None or found.way is not Way.NUMBER:
                settled = False
            else:
                found = found.weakened()
    return found if settled or (found is not None and found.part is Part.TERM) else None


def through_operator(
    machine: Machine, node: cst.BaseExpression, a: Value, b: Value, operator: cst.CSTNode, result: Value
) -> Value:
    """The result of an arithmetic operator, with what is lost of it."""
    mine, others = lost_of(a), lost_of(b)
    if mine is None and others is None:
        return result
    if mine is not None and others is not None:
        return with_lost(result, _both_lost(mine, others, operator))
    one = mine or others
    assert one is not None
    other = a if mine is None else b
    alive = lives(other)
    if _is_leaf(other) and isinstance(operator, BESIDE_A_LEAF) and not one.scalar:
        return with_lost(result, layer_output(one))
    match operator:
        case cst.Add() | cst.Subtract() | cst.AddAssign() | cst.SubtractAssign():
            lost = _added(machine, node, one, alive)
        case cst.Multiply() | cst.MultiplyAssign():
            lost = _scaled(one, alive)
        case cst.Divide() | cst.DivideAssign() if mine is not None or one.part is Part.WHOLE:
            lost = _scaled(one, alive)
        case _:
            lost = one if alive is Truth.NO and one.part in STAYS else None
    return with_lost(result, lost)


def _is_leaf(value: Value) -> bool:
    """A parameter, or another tensor that was made to require grad: no other tensor reaches the result through it."""
    if not isinstance(value, Tensor) or value.requires_grad.truth is not Truth.YES or value.kind.reason is None:
        return False
    reason = value.requires_grad.reason
    return reason is not None and list(reason.chain())[-1].place == value.kind.reason.place


def _both_lost(a: Lost, b: Lost, operator: cst.CSTNode) -> Lost | None:
    joined = both(a, b)
    assert joined is not None
    sums = isinstance(operator, cst.Add | cst.Subtract | cst.AddAssign | cst.SubtractAssign)
    if sums and joined.part is Part.TERM:
        terms = {one.exit: replace(one, part=Part.TERM, beside=()) for each in (a, b) for one in (each, *each.beside)}
        kept = [one for one in terms.values() if one.exit != joined.exit and _is_constant_term(one)]
        return replace(joined, beside=tuple(kept[:MOST_TERMS]))
    linear = sums or isinstance(operator, cst.Multiply | cst.Divide)
    return joined if linear or joined.part in STAYS else None


def _added(machine: Machine, node: cst.BaseExpression, one: Lost, lives: Truth) -> Lost | None:
    """A sum of what lost its gradient and something else."""
    if one.part is Part.TERM or lives is Truth.NO:
        return one
    if one.part is Part.INPUT:
        return None
    if _is_constant_term(one):
        text = f"`{short(node)}` adds it as a constant, which changes no gradient"
        return replace(one.because(machine.place(node), text), part=Part.TERM)
    return None


def _is_constant_term(one: Lost) -> bool:
    """Added to a loss it is a mistake: it is a number that could have had a gradient."""
    return one.scalar and one.smooth and one.way is not Way.DETACH and one.truth is not Truth.UNKNOWN


def _scaled(one: Lost, lives: Truth) -> Lost | None:
    if lives is Truth.NO:
        return one
    return one.weakened() if lives is Truth.UNKNOWN else None


def through_call(machine: Machine, state: State, call: Call, result: Value) -> Value:
    """The result of a library call, with what is lost of it."""
    row = call.row
    name = row.name
    library, _, last = name.rpartition(".")
    lost: Lost | None = None
    if library in ("torch.Tensor", "torch") and last in ("detach", "data", "detach_"):
        way = Way.DATA if last == "data" else Way.DETACH
        lost = leave(machine, state, call.node, call.subject or Unknown(), way)
    elif library == "torch.Tensor" and last in NUMBERS:
        lost = leave(machine, state, call.node, call.subject or Unknown(), Way.NUMBER, scalar=last != "tolist")
    elif library in ("torch.Tensor", "torch") and last in WITHOUT_DERIVATIVE:
        lost = leave(machine, state, call.node, call.subject or Unknown(), Way.DETACH)
        lost = replace(lost, smooth=False) if lost is not None else None
    elif name in REMAKING:
        lost = _remade(machine, state, call)
    elif row.returns in ("tensor", "array", "scalar", "tensor_or_pair") or not library.startswith("torch"):
        lost = combined(state, call.inputs(), linear=last in LINEAR, first=is_loss(name))
        if lost is not None:
            if not _has_derivative(machine, call, library, last):
                lost = replace(lost, smooth=False)
            if lost.way is not Way.NUMBER and library.startswith("numpy"):
                lost = replace(lost, way=Way.NUMBER)
            if _is_scalar(result):
                lost = replace(lost, scalar=True)
    if isinstance(result, Tuple):
        return replace(result, items=(with_lost(result.items[0], lost), *result.items[1:])) if result.items else result
    return with_lost(result, lost)


def is_loss(name: str) -> bool:
    """A loss function of torch: what it is given first is differentiated."""
    return name.startswith("torch.") and name.endswith(LOSSES)


def _is_scalar(value: Value) -> bool:
    return any(
        item.scalar if isinstance(item, Array) else isinstance(item, Tensor) and item.ndim == 0
        for item in alternatives(value)
    )


def _has_derivative(machine: Machine, call: Call, library: str, last: str) -> bool:
    """The call's result would require grad if what it is given did; NumPy's are judged by their namesakes in torch."""
    if library.startswith("torch"):
        return call.row.grad == "inputs" and call.row.dtype not in INTEGRAL
    if library.startswith("numpy"):
        namesake = machine.library.row(f"torch.{last}") or machine.library.row(f"torch.Tensor.{last}")
        return last in SAME_IN_NUMPY or (namesake is not None and namesake.grad == "inputs")
    return call.row.name.startswith(SMOOTH_IN_SCIPY)


def _remade(machine: Machine, state: State, call: Call) -> Lost | None:
    """A tensor that is made of tensors, numbers and arrays has no part in their graph."""
    given = call.subject
    if call.row.name in ("torch.full", "torch.Tensor.new_full"):
        given = call.arguments.value(1, "fill_value")
    elif call.receiver is not None:
        given = call.arguments.value(0, "data")
    if given is None:
        return None
    lost: Lost | None = None
    for item, several in each_of(state, [given]):
        one = lost_of(item)
        if isinstance(item, Tensor):
            if item is given and call.row.name in KEEPS_TENSORS:
                return item.lost
            one = leave(machine, state, call.node, item, Way.NUMBER, scalar=item is given and item.ndim == 0)
            if one is None and not several:
                continue
        elif isinstance(item, Unknown) and one is None:
            return None
        if one is not None:
            lost = both(lost, one.weakened() if several else one)
    if lost is None:
        return None
    if lost.part is Part.TERM:
        lost = replace(lost, part=Part.WHOLE)
    place = machine.place(call.node)
    if lost.exit != place:
        lost = lost.because(place, f"`{short(call.node)}` makes a tensor of it again, outside the graph")
    return new_leaf(lost, place, short(call.node)) if call.arguments.is_true("requires_grad") else lost


def new_leaf(lost: Lost | None, place: Place, written: str) -> Lost | None:
    """What has left the graph is made to require grad."""
    if lost is None or lost.part is not Part.WHOLE:
        return lost
    text = f"`{written}` makes it require grad: a new leaf, with no way back"
    return replace(lost.because(place, text), part=Part.LEAF)


def layer_output(lost: Lost | None) -> Lost | None:
    """What is lost of the output of a layer with parameters (or of a parameter's product), of all that it is given."""
    if lost is None or lost.part not in STAYS or lost.way is not Way.NUMBER or not lost.smooth:
        return None
    return replace(lost, part=Part.INPUT, scalar=False)
