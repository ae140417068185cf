"""What autograd saves for the backward, and writes that it cannot notice: by NumPy and through ``.data``.

A tensor carries what the operations that it was computed by have saved (``carried.py``), so that a backward knows what
it goes through. A write behind autograd's back spoils what is saved in the memory that it writes to, in every tensor
that carries it; a backward through something spoiled computes a wrong gradient, and uses up what it went through.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import libcst as cst

from tensorlint.flow.carried import Saved, Spoiled, carried
from tensorlint.flow.events import WriteBehindAutograd
from tensorlint.flow.facts import NO, Fact, Place, Reason, Truth
from tensorlint.flow.heap import Items
from tensorlint.flow.living import change_tensors
from tensorlint.flow.machine import Machine
from tensorlint.flow.names import short
from tensorlint.flow.state import State
from tensorlint.flow.values import Alias, Array, Ref, Single, Tensor, Tuple, Value, alternatives, union

__all__ = ["Memory", "backward", "by_rebinding", "by_write", "memory_of", "of_bias", "saving"]

NOTICED_ON_A_GPU = "unless on a GPU"


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory that an operation may save."""

    aliases: frozenset[Alias]
    requires_grad: Fact
    """Whether the gradient of what lives in it is wanted."""
    name: str = ""
    """What it is in the code; empty for the operation's result."""
    weights: bool = False
    """It is that of a module's parameters."""


def memory_of(value: Value | None, name: str) -> Memory | None:
    """The memory of an operand, where it is a tensor's."""
    tensors = [item for item in alternatives(value) if isinstance(item, Tensor)] if value is not None else []
    if len(tensors) != 1:
        return None
    return Memory(tensors[0].aliases, tensors[0].requires_grad, name)


def saving(
    machine: Machine,
    state: State,
    node: cst.CSTNode,
    saves: Iterable[str],
    operands: dict[str, Memory],
    result: Value,
) -> Value:
    """The result of an operation, which carries what the operation saves.

    :param saves: as in ``Row.saves``
    :param operands: the memory of the operands, by the words that ``saves`` has for them
    """
    several = isinstance(result, Tuple)
    parts = result.items if isinstance(result, Tuple) else (result,)
    known = dict(operands)
    for at, part in enumerate(parts):
        for item in alternatives(part):
            if isinstance(item, Tensor):
                known[f"result{at}" if several else "result"] = Memory(item.aliases, item.requires_grad)
    if state.records() is Truth.NO:
        return result
    made: dict[tuple[int, int], Saved] = {}
    for word in saves:
        gradient, _, memory = word.partition(":")
        wanted, kept = known.get(gradient), known.get(memory)
        if wanted is None or kept is None or wanted.requires_grad is NO:
            continue
        for one in _saved(machine, state, node, wanted, kept):
            before = made.get((one.storage, one.part))
            if before is None or (one.wanted.truth is Truth.YES and before.wanted.truth is not Truth.YES):
                made[one.storage, one.part] = one
    if not made:
        return result
    machine.saved.update(storage for storage, _ in made)
    found = frozenset(made.values())
    return _carrying(result, found)


def _saved(machine: Machine, state: State, node: cst.CSTNode, wanted: Memory, kept: Memory) -> Iterator[Saved]:
    what = f"`{kept.name}`" if kept.name else "its result"
    text = f"`{short(node)}` saves {what} for the backward"
    for alias in kept.aliases:
        if not alias.condition:
            part = WEIGHTS if kept.weights else alias.part
            reason = Reason(machine.place(node), text)
            version = state.version(alias.storage)
            yield Saved(machine.storage(), alias.storage, part, reason, wanted.requires_grad, not kept.name, version)


WEIGHTS, BIAS = -2, -1
"""Parts of the memory of a module's parameters: what multiplies is saved, what is added is not."""


def of_bias(parameter: Tensor) -> Tensor:
    """A parameter that is a bias."""
    return replace(parameter, aliases=frozenset(replace(alias, part=BIAS) for alias in parameter.aliases))


def _carrying(value: Value, found: frozenset[Saved]) -> Value:
    items: list[Single] = []
    for item in alternatives(value):
        if isinstance(item, Tensor) and item.requires_grad is not NO:
            item = replace(item, saves=carried(item.saves, found))
        elif isinstance(item, Tuple):
            item = replace(item, items=tuple(_carrying(part, found) for part in item.items))
        items.append(item)
    return union(items)


def by_write(machine: Machine, state: State, value: Tensor | Array, node: cst.CSTNode, name: str) -> None:
    """``value`` is written to in place: behind autograd's back if it is an array, or was made by ``.data``."""
    array = isinstance(value, Array)
    aliases = [one for one in value.aliases if (array or one.behind) and one.condition in ("", NOTICED_ON_A_GPU)]
    _spoil(machine, state, aliases, node, name, "array" if array else "tensor")


def by_rebinding(machine: Machine, state: State, tensor: Tensor, node: cst.CSTNode, name: str) -> None:
    """``x.data = ...``: what saved ``x`` finds the new memory in it (a result is saved by its memory instead)."""
    _spoil(machine, state, [one for one in tensor.aliases if one.made is None], node, name, "rebinding")


RESTRICT = frozenset({
    "clamp_", "clamp_min_", "clamp_max_", "clip_", "masked_fill_", "renorm_", "relu_", "sign_", "mul_", "div_", "zero_",
    "fill_", "abs_", "floor_", "round_", "threshold_", "hardtanh_",
})  # fmt: skip
"""Methods that as a rule change nothing when they are called again: they clamp, mask, normalise."""


def _changes_nothing_again(node: cst.CSTNode) -> bool:
    """A write that restricts what is written to, or puts something made of itself in its place.

    A layer that clamps, masks or normalises its weights before each use does so again with the next use, while the
    first one waits for its backward: the weights are then what they were.
    """
    match node:
        case cst.Call(func=cst.Attribute(attr=cst.Name(value=name))):
            return name in RESTRICT
        case cst.AugAssign(operator=operator):
            return isinstance(operator, cst.MultiplyAssign | cst.DivideAssign)
        case _:
            return isinstance(node, cst.Attribute | cst.Subscript)  # w.data = normalised(w.data), w.data[mask] = 0


def _spoil(
    machine: Machine, state: State, aliases: Iterable[Alias], node: cst.CSTNode, name: str, through: str
) -> None:
    if through != "array":
        first = {one.storage: machine.behind.setdefault((one.storage, id(node)), machine.storages) for one in aliases}
    written = {alias.storage: alias for alias in aliases if alias.storage in machine.saved}
    if not written:
        return
    assumed = frozenset(state.assumed.items())

    def after(one: Saved) -> Saved:
        alias = written.get(one.storage)
        if alias is None or one.number in state.used_up or one.number <= machine.saved_before:
            return one
        if alias.part and one.part and alias.part != one.part:
            return one  # another part is written to
        if through != "array" and one.number > first[one.storage] and _changes_nothing_again(node):
            return one
        if one.of_result and (through == "rebinding" or state.rebound.get(one.storage, 0) > one.version):
            return one
        place, calls = machine.place(node), machine.calls()
        return replace(one, spoiled=Spoiled(place, name, through, alias.made, alias.condition, calls, assumed))

    def change(tensor: Tensor) -> Tensor:
        saves = frozenset(after(one) for one in tensor.saves)
        return tensor if saves == tensor.saves else replace(tensor, saves=saves)

    change_tensors(machine, state, change)


DEEPEST = 4


def backward(
    machine: Machine, state: State, values: Iterable[Value], node: cst.CSTNode, name: str, retained: bool = False
) -> None:
    """A backward goes through all that ``values`` carry.

    :param retained: the graph is kept for another backward
    """
    for tensor in _tensors(state, values):
        reported: set[Place] = set()
        for one in sorted(tensor.saves, key=lambda one: one.number):
            write = one.spoiled
            if write is None or write.place in reported or _contradicts(state, write):
                continue
            reported.add(write.place)
            text = f"the backward of `{name}` goes through it"
            machine.emit(
                WriteBehindAutograd(
                    place=write.place,
                    calls=write.calls,
                    written_name=write.name,
                    through=write.through,
                    alias=write.made,
                    condition=write.condition,
                    saved=one.reason,
                    of_result=one.of_result,
                    wanted=one.wanted,
                    backward=Reason(machine.place(node), text),
                )
            )
        if not retained:
            state.used_up |= {one.number for one in tensor.saves}


def _tensors(state: State, values: Iterable[Value], depth: int = 0) -> Iterator[Tensor]:
    for value in values:
        for item in alternatives(value):
            if isinstance(item, Tensor):
                yield item
            elif isinstance(item, Tuple) and depth < DEEPEST:
                yield from _tensors(state, item.items, depth + 1)
            elif isinstance(item, Ref) and depth < DEEPEST:
                found = state.object(item)
                if isinstance(found, Items):
                    inside = found.known if found.known is not None else () if found.rest is None else (found.rest,)
                    yield from _tensors(state, inside, depth + 1)


def _contradicts(state: State, write: Spoiled) -> bool:
    """The write was made under a condition whose outcome is another one here."""
    return any(state.assumed.get(text, outcome) is not outcome for text, outcome in write.assumed)
