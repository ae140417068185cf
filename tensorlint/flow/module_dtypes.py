"""The dtype of a module's parameters, and of what it gives where its ``forward`` is torch's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.dtypes import NOTHING, Dtyped, dtype_name
from tensorlint.flow.facts import Reason, Truth
from tensorlint.flow.heap import Instance
from tensorlint.flow.machine import Machine
from tensorlint.flow.modules import parts
from tensorlint.flow.names import short
from tensorlint.flow.state import State
from tensorlint.flow.tensor_types import tensor_type
from tensorlint.flow.tensors import Inputs
from tensorlint.flow.values import Constant, Dtype, External, Ref, Tensor, Tuple, Unknown, Value

__all__ = ["LAYERS", "SEQUENTIAL", "cast_module", "layers_of", "output_dtype"]

SEQUENTIAL = "torch.nn.Sequential"
LAYERS = "#layers"
"""The attribute for the parts of a ``Sequential`` in their order."""
CASTS = {"float": "float32", "double": "float64", "half": "float16", "bfloat16": "bfloat16"}
EMBEDDINGS = frozenset({"torch.nn.Embedding", "torch.nn.EmbeddingBag"})
MOST_LAYERS = 200


def cast_module(state: State, ref: Ref, name: str, arguments: Arguments) -> None:
    """``module.double()``, ``module.to(dtype)``: its floating parameters and buffers have that dtype from now on."""
    dtype = _asked(name, arguments)
    if dtype is None:
        return
    for part, instance in list(parts(state, ref)):
        assert instance.module is not None
        attributes = {
            key: replace(value, dtype="", dtype_from=None)
            if isinstance(value, Tensor) and (key in instance.registered or value.requires_grad.holds)
            else value
            for key, value in instance.attributes.items()
        }
        state.heap[part.address] = replace(
            instance, attributes=attributes, module=replace(instance.module, dtype=dtype)
        )


def _asked(name: str, arguments: Arguments) -> str | None:
    """The dtype that a method gives a module, empty where it is not known; None where it keeps its own."""
    if name in CASTS:
        return CASTS[name]
    if name not in ("to", "type"):
        return None
    if arguments.rest is not None or arguments.keyword_rest is not None:
        return ""
    for node, value in [*arguments.positional, *arguments.keywords.values()]:
        if (old := tensor_type(value)) is not None:
            return old[0]
        if isinstance(value, Dtype | External):
            return dtype_name(value)
        if isinstance(value, Tensor) or (isinstance(value, Unknown) and "type" in short(node).lower()):
            return ""
        if name == "type":
            return dtype_name(value) if isinstance(value, Constant) else ""
    asked = arguments.keywords.get("dtype")
    return dtype_name(asked[1]) if asked is not None else None


def layers_of(state: State, instance: Instance) -> Iterator[Instance | None]:
    """A layer of torch, or those of a ``Sequential`` in the order in which it calls them; None for what is not one."""
    todo: list[Value] = []
    found: Value | None = None
    first: Instance | None = instance
    for _ in range(MOST_LAYERS):
        current = first if first is not None else _at(state, found)
        first = None
        if current is None or not current.type.startswith("torch.nn.") or current.definition is not None:
            yield None
            return
        if current.type == SEQUENTIAL:
            layers = current.attributes.get(LAYERS)
            if not isinstance(layers, Tuple):
                yield None
                return
            todo = [*layers.items, *todo]
        else:
            yield current
        if not todo:
            return
        found = todo.pop(0)
    yield None


def _at(state: State, value: Value | None) -> Instance | None:
    found = state.object(value) if isinstance(value, Ref) else None
    return found if isinstance(found, Instance) and found.module is not None else None


def output_dtype(
    machine: Machine, state: State, node: cst.BaseExpression, instance: Instance, inputs: Inputs, name: str
) -> Dtyped:
    """The dtype of what a layer of torch (or a ``Sequential`` of such) gives."""
    if state.autocast.holds:
        return NOTHING
    result = Dtyped(inputs.dtype, inputs.dtype_from if not inputs.unknown else None)
    for layer in layers_of(state, instance):
        row = machine.library.row(layer.type) if layer is not None else None
        if layer is None or layer.module is None or row is None:
            return NOTHING
        if layer.type in EMBEDDINGS or "parameters" in row.same_dtype:
            dtype = layer.module.dtype
            if not dtype or machine.sets_default_dtype():
                return NOTHING
            if layer.module.trainable.truth is not Truth.YES:
                return NOTHING
            text = f"output of `{name}`, whose parameters are {dtype}"
            result = Dtyped(dtype, Reason(machine.place(node), text))
        elif row.parameters is not False or row.returns != "module":
            return NOTHING
    return result
