"""What a row says that a call gives: arrays, devices, modules and the rest."""

from __future__ import annotations

from dataclasses import replace

from tensorlint.flow.containers import make_items
from tensorlint.flow.dtypes import dtype_name
from tensorlint.flow.expanded import spread_of
from tensorlint.flow.facts import NO, UNKNOWN, Fact, Place, Reason, Truth, maybe, yes
from tensorlint.flow.heap import Items
from tensorlint.flow.joining import join, join_values
from tensorlint.flow.library_call import Call
from tensorlint.flow.machine import Machine
from tensorlint.flow.module_dtypes import LAYERS, SEQUENTIAL
from tensorlint.flow.modules import CONTENTS, cast, make_module
from tensorlint.flow.names import short
from tensorlint.flow.read_only import backing_of, read_only_of
from tensorlint.flow.row_dtypes import array_dtype
from tensorlint.flow.row_forms import lacking_form
from tensorlint.flow.row_tensors import asks_for_dtype, shared_memory, tensor_device, tensor_of
from tensorlint.flow.state import State
from tensorlint.flow.storage import fresh
from tensorlint.flow.tensors import device_of, inputs_of, recorded
from tensorlint.flow.values import (
    Array,
    Constant,
    Device,
    Dtype,
    Number,
    Object,
    Ref,
    Single,
    Tensor,
    Tuple,
    Union,
    Unknown,
    Value,
    alternatives,
)

__all__ = ["result_of"]


def result_of(machine: Machine, state: State, call: Call) -> Value:
    row = call.row
    if row.returns == "tuple":
        items = []
        for index, kind in enumerate(row.items):
            grad = row.item_grad[index] if index < len(row.item_grad) else row.grad
            items.append(_one(machine, state, call, kind, grad))
        return Tuple(tuple(items))
    if row.returns == "tensor_or_pair":
        if "dim" in call.arguments.keywords or len(call.arguments.positional) > (0 if call.receiver is not None else 1):
            second = call.arguments.value(0 if call.receiver is not None else 1)
            if not isinstance(second, Tensor):
                pair = row.items or ("tensor", "tensor")
                grads = row.item_grad or ("inputs", "no")
                return Tuple(
                    tuple(_one(machine, state, call, kind, grad) for kind, grad in zip(pair, grads, strict=False))
                )
        return _one(machine, state, call, "tensor", row.grad)
    return _one(machine, state, call, row.returns, row.grad)


def _one(machine: Machine, state: State, call: Call, kind: str, grad: str) -> Value:
    row = call.row
    match kind:
        case "tensor":
            return tensor_of(machine, state, call, grad)
        case "tensors":
            one = tensor_of(machine, state, call, grad)
            return make_items(machine, state, (call.node, kind), rest=one, kind="tuple")
        case "array":
            return _array(machine, state, call)
        case "arrays":
            return make_items(machine, state, (call.node, kind), rest=_array(machine, state, call))
        case "scalar" if "axis" in call.arguments.keywords or (row.reduces and _along_axis(call)):
            return _array(machine, state, call)
        case "scalar":
            dtype, dtype_from = array_dtype(machine, state, call)
            reduced = row.reduces and isinstance(call.subject, Array) and call.arguments.keyword_rest is None
            return Array(scalar=True, dtype=dtype, ndim=0 if reduced else None, dtype_from=dtype_from)
        case "number" | "bool" | "str":
            return Number()
        case "none":
            return Constant(None)
        case "shape":
            return make_items(machine, state, (call.node, kind), rest=Number(), kind="tuple")
        case "device":
            return _device(machine, state, call)
        case "dtype":
            return _dtype(call)
        case "module" | "loss":
            return _module(machine, state, call)
        case "loader":
            return Object("torch.utils.data.DataLoader")
        case "self":
            return call.receiver if call.receiver is not None else Unknown()
        case "argument":
            return call.subject or Unknown()
        case "object" | "dataset" | "scheduler" | "optimizer":
            found = inputs_of(state, call.inputs())
            if row.name.startswith("torch.distributions."):
                return Object(row.type or row.name, recorded(state, found.requires_grad), found.device)
            placed = row.device == "keyword"  # what it computes later is there
            return Object(row.type or row.name, device=tensor_device(machine, state, call, found) if placed else NO)
        case _ if "." in kind:
            return Object(kind)
        case _:
            return Unknown()


def _along_axis(call: Call) -> bool:
    """A reduction of NumPy's is given an axis by its position, or keeps the dimensions."""
    axis = call.arguments.value(0 if call.receiver is not None else 1)
    given = axis is not None and not (isinstance(axis, Constant) and axis.value is None)
    return given or "keepdims" in call.arguments.keywords


def _array(machine: Machine, state: State, call: Call) -> Value:
    row = call.row
    if (single := _elementwise(machine, state, call)) is not None:
        return single
    subject = call.subject or Unknown()
    negative = NO
    place = machine.place(call.node)
    arrays = [item for item in alternatives(subject) if isinstance(item, Array)]
    dtype, dtype_from = array_dtype(machine, state, call)
    if row.negative_stride == "make":
        negative = yes(place, f"`{short(call.node)}` is a view with a negative stride")
    elif row.negative_stride == "keep":
        found = [item.negative_stride for item in alternatives(subject) if isinstance(item, Array | Unknown)]
        for fact in found:
            negative = fact if negative is NO else negative.join(fact)
        if negative.holds and "unless the dtype changes" in row.shares and asks_for_dtype(call):
            known = {item.dtype for item in arrays}
            if not dtype or known != {dtype}:
                negative = UNKNOWN if not dtype or "" in known else NO
    inputs = inputs_of(state, [subject])
    aliases = shared_memory(machine, state, call, dtype, NO, inputs)
    memory = aliases if aliases is not None else fresh(machine)
    few = row.name.rpartition(".")[2] in FEW_DIMENSIONS
    if row.name in SCRATCH:
        machine.scratch.update(alias.storage for alias in memory)
    if row.name == "numpy.load":
        machine.any_dtype.update(alias.storage for alias in memory)
    read_only = read_only_of(machine, state, call, _recast(call, dtype, arrays))
    ndim, backing = _dimensions(state, call), backing_of(call)
    made = Array(negative, dtype, memory, False, few, ndim=ndim, read_only=read_only, backing=backing)
    return replace(made, dtype_from=dtype_from, spread=spread_of(machine, state, call, memory))


def _recast(call: Call, dtype: str, arrays: list[Array]) -> bool | None:
    """Whether a call that shares memory unless the dtype changes makes a copy for it; None where that is not known."""
    if "unless the dtype changes" not in call.row.shares or not asks_for_dtype(call):
        return False
    known = {item.dtype for item in arrays}
    if not arrays and dtype == "uint8":
        return False  # as the pixels of an image are
    return None if not dtype or not known or "" in known else known != {dtype}


SCRATCH = frozenset({
    *(f"numpy.{name}{suffix}" for name in ("empty", "full", "ones", "zeros") for suffix in ("", "_like")),
    "numpy.frombuffer", "numpy.lib.format.open_memmap", "numpy.memmap", "numpy.ndarray",
})  # fmt: skip
"""These give memory that is there to be written to."""
SHAPED = frozenset({"numpy.zeros", "numpy.ones", "numpy.empty", "numpy.full"})


def _dimensions(state: State, call: Call) -> int | None:
    """How many dimensions the shape has that a new array is made with."""
    shape = call.arguments.value(0, "shape") if call.row.name in SHAPED else None
    match shape:
        case Number() | Constant(value=int()):
            return 1
        case Tuple(items=items):
            return len(items)
        case Ref():
            found = state.object(shape)
            return len(found.known) if isinstance(found, Items) and found.known is not None else None
        case _:
            return None


REARRANGE = frozenset({
    "argsort", "sort", "cumsum", "cumprod", "argpartition", "partition", "take", "repeat", "ravel", "reshape", "choose",
    "linspace", "logspace", "geomspace", "transpose", "diagonal", "swapaxes", "compress", "nonzero", "searchsorted",
    "resize", "argmax", "argmin", "tile",
})  # fmt: skip
"""Functions that are for arrays, though they too give a tensor of a tensor."""
FEW_DIMENSIONS = frozenset({
    "dot", "vdot", "inner", "trace", "interp", "matmul", "det", "trapezoid", "tensordot", "einsum", "polyval",
    "squeeze", "item", "take", "cond", "quantile", "percentile", "average", "ptp",
})  # fmt: skip
"""Functions that give a scalar when their inputs have few enough dimensions."""


def _elementwise(machine: Machine, state: State, call: Call) -> Value | None:
    """What a call gives whose result has the shape of its inputs: a scalar of scalars, a tensor of a tensor.

    None where it gives an array.
    """
    row = call.row
    values = call.inputs()
    if row.name.startswith("numpy.random."):
        sized = {"size", "shape"} & call.arguments.keywords.keys() or call.arguments.rest is not None
        last = row.name.rpartition(".")[2]
        count = len(call.arguments.positional)
        if not sized and (count == 0 or (last in DRAWS and count <= DRAWS[last])):
            return Array(scalar=True)
        return None
    if not row.wraps or row.name.rpartition(".")[2] in REARRANGE:
        return None
    items = [item for value in values for item in alternatives(value)]
    if any(isinstance(item, Tensor) for item in items) and not any(isinstance(item, Array) for item in items):
        kind = yes(machine.place(call.node), f"`{short(call.node)}` gives a tensor back")
        assumed = all(item.assumed for item in items if isinstance(item, Tensor))
        tensor = Tensor(NO, NO, kind=kind, aliases=fresh(machine), assumed=assumed)
        surely = any(all(isinstance(item, Tensor) for item in alternatives(value)) for value in values)
        return tensor if surely else join(tensor, Unknown(from_caller=True))  # of a number it is a number
    if all(isinstance(item, Number | Constant) or (isinstance(item, Array) and item.scalar) for item in items):
        return _scalar(machine, call, items)
    if any(isinstance(item, Unknown) for item in items) and not any(isinstance(item, Array) for item in items):
        return Unknown(from_caller=True)  # of a number it is a number
    return None


def _scalar(machine: Machine, call: Call, items: list[Single]) -> Array:
    """What a function of numbers gives: of Python's, NumPy's float64 where it computes with floats."""
    floats = call.row.dtype == "mean" and not call.arguments.keywords and bool(items)
    if not floats or not all(_is_real(item) for item in items):
        return Array(scalar=True)
    made = Reason(machine.place(call.node), f"`{short(call.node)}` is a float64 of NumPy's")
    return Array(scalar=True, dtype="float64", ndim=0, dtype_from=made)


def _is_real(item: Single) -> bool:
    """A number of Python's, or a float64 of NumPy's."""
    match item:
        case Constant(value=bool()):
            return False
        case Constant(value=int() | float()) | Number(type="float" | "int"):
            return True
        case Array(dtype="float64", dtype_from=reason):
            return reason is not None
        case _:
            return False


DRAWS = {
    "uniform": 2,
    "normal": 2,
    "randint": 2,
    "beta": 2,
    "gamma": 2,
    "lognormal": 2,
    "laplace": 2,
    "binomial": 2,
    "poisson": 1,
    "exponential": 1,
    "geometric": 1,
    "choice": 1,
    "integers": 2,
    "triangular": 3,
    "power": 1,
}
"""Distributions that give one number unless a size is given, with how many arguments come before the size."""


def _device(machine: Machine, state: State, call: Call) -> Value:
    place = machine.place(call.node)
    made = yes(place, f"`{short(call.node)}` is a torch.device")
    if call.row.device == "accelerator":
        place = machine.place(call.node)
        believed = yes if machine.assumed == "cuda" else maybe
        return Device(believed(place, f"`{short(call.node)}` is a GPU where there is one"), False, made)
    if call.row.attribute:
        inputs = inputs_of(state, [call.receiver] if call.receiver is not None else [])
        return Device(inputs.device, False, made)
    given = call.arguments.get(0, "device") or call.arguments.get(0, "type")
    fact = device_of(machine, state, given[1], given[0]) if given is not None else UNKNOWN
    return Device(fact if fact is not None else UNKNOWN, False, made)


def _dtype(call: Call) -> Value:
    """What ``x.dtype`` is."""
    if not call.row.attribute:
        name = dtype_name(call.arguments.value(0, "dtype")) if call.row.name == "numpy.dtype" else ""
        return Dtype(name, "numpy" if call.row.name.startswith("numpy.") else "")
    match call.receiver:
        case Tensor() as tensor:
            surely = tensor.kind.truth is Truth.YES and not tensor.opaque
            return Dtype(tensor.dtype, "torch" if surely else "", tensor.form.dtype)
        case Array() as array:
            return Dtype(array.dtype, "numpy")
        case _:
            return Dtype()


def _trainable(call: Call, place: Place) -> Fact:
    """Whether a new module has parameters that require grad: as its row says, or an argument (``affine``)."""
    row = call.row
    learns = row.parameters
    for names, outcome in ((row.parameters_if, True), (row.parameters_unless, False)):
        for name in names:
            given = call.arguments.given(name)
            if given is None:
                continue
            if not isinstance(given, Constant):
                return UNKNOWN
            learns = bool(given.value) is outcome
    return yes(place, f"`{short(call.node)}` has parameters that require grad") if learns else NO


def _module(machine: Machine, state: State, call: Call) -> Value:
    row = call.row
    place = machine.place(call.node)
    fact = _trainable(call, place)
    device: Fact = NO
    given = call.arguments.keywords.get("device")
    if given is not None:
        found = device_of(machine, state, given[1], given[0])
        device = found if found is not None else NO
    given_dtype = call.arguments.keywords.get("dtype")
    dtype = dtype_name(given_dtype[1]) if given_dtype is not None else "float32"
    if given_dtype is None and call.arguments.keyword_rest is not None:
        dtype = ""
    ref = make_module(machine, state, (call.node,), row.type or row.name, fact, device, dtype)
    for name in ("dtype", "torch_dtype"):
        if (asked := call.arguments.keywords.get(name)) is not None:
            cast(state, ref, lacking_form(machine, call.node, asked[1]))
    children = [value for value in call.arguments.values() if isinstance(value, Ref | Tuple | Union)]
    inside = join_values(children)
    if inside is not None and row.parameters is None:
        instance = state.heap[ref.address]
        attributes = {CONTENTS: inside}
        if row.name == SEQUENTIAL and call.arguments.rest is None:
            attributes[LAYERS] = Tuple(tuple(call.arguments.values()))
        state.heap[ref.address] = replace(instance, attributes=attributes)  # type: ignore[arg-type]
    elif row.parameters is None:
        instance = state.heap[ref.address]
        module = replace(instance.module, trainable=UNKNOWN)  # type: ignore[union-attr,type-var]
        state.heap[ref.address] = replace(instance, module=module)  # type: ignore[arg-type]
    return ref
