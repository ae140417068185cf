"""The dtype that a row says a call gives, with the reason where it is known for sure."""

from __future__ import annotations

import libcst as cst

from tensorlint.flow.dtypes import INTEGRAL, NOTHING, Dtyped, dtype_name, of_data, with_floats
from tensorlint.flow.facts import NO, Reason
from tensorlint.flow.heap import Items
from tensorlint.flow.library_call import Call
from tensorlint.flow.machine import Machine
from tensorlint.flow.names import short
from tensorlint.flow.promotion import of_arrays
from tensorlint.flow.state import State
from tensorlint.flow.tensor_types import tensor_type
from tensorlint.flow.tensors import Inputs
from tensorlint.flow.values import (
    Array,
    Constant,
    Device,
    Dtype,
    External,
    Number,
    Ref,
    Tensor,
    Unknown,
    Value,
    alternatives,
)

__all__ = ["array_dtype", "tensor_dtype"]

NAMED_DTYPES = INTEGRAL | {"float16", "float32", "float64", "complex64", "complex128"}
"""What text is taken for a dtype where a device might be given as well."""

COMPLEX = frozenset({
    "fft", "fft2", "fftn", "ifft", "ifft2", "ifftn", "rfft", "rfft2", "rfftn", "ihfft", "ihfft2", "ihfftn", "complex",
    "polar", "view_as_complex",
})  # fmt: skip
"""Functions that give complex tensors; of which width, their input's dtype tells."""
REAL = frozenset({"abs", "absolute", "angle", "real", "imag", "norm", "vector_norm", "var", "std", "view_as_real"})
"""Functions that give real tensors of complex ones."""
COMPLEX_OF = {
    **dict.fromkeys(("float32", "complex64"), "complex64"),
    "float64": "complex128",
    "complex128": "complex128",
}


def array_dtype(machine: Machine, state: State, call: Call) -> Dtyped:
    """The dtype of the array (or NumPy scalar) that a call gives."""
    row = call.row
    asked = _asked(call)
    if isinstance(asked, Ref) and isinstance(state.object(asked), Items):
        return _made(machine, call, "structured")
    if asked is not None and row.dtype != "argument":
        return _made(machine, call, dtype_name(asked)) if not isinstance(asked, Constant) or asked.value else NOTHING
    match row.dtype:
        case "keyword":
            return _by_default(machine, state, call)
        case "argument":
            return _made(machine, call, _argument(call))
        case "inputs" | "keep_float" | "mean":
            return _kept(machine, state, call)
        case "promote" | "divide":
            items = [item for value in _operands(call) for item in alternatives(value)]
            place = machine.place(call.node)
            return of_arrays(state, items, place, call.node, divides=row.dtype == "divide")
        case "unknown":
            return NOTHING
        case name:
            return _made(machine, call, name)


def tensor_dtype(machine: Machine, state: State, call: Call, inputs: Inputs) -> Dtyped:
    """The dtype of the tensor that a call gives."""
    row = call.row
    match row.dtype:
        case "keyword":
            asked = _asked(call)
            if asked is not None and not (isinstance(asked, Constant) and asked.value is None):
                return _made(machine, call, dtype_name(asked))
            return _by_default(machine, state, call)
        case "argument":
            return _cast(machine, call, inputs)
        case "inputs" if inputs.tensor is NO and isinstance(call.subject, Array):
            return _crossed(machine, call, Dtyped(call.subject.dtype, call.subject.dtype_from))
        case "inputs" | "keep_float":
            if (row.dtype == "keep_float" and inputs.dtype in INTEGRAL) or _real_of_complex(call, inputs):
                return NOTHING
            if state.autocast.holds and inputs.dtype != "float64":
                return Dtyped(inputs.dtype if row.shares else "")
            wide = inputs.dtype == "float64" and isinstance(call.subject, Tensor)
            if (given := call.arguments.keywords.get("dtype")) is not None:
                return _made(machine, call, dtype_name(given[1]))
            return Dtyped(inputs.dtype, inputs.dtype_from if wide or not inputs.unknown else None)
        case "unknown" if row.name.rpartition(".")[2] in COMPLEX:
            return Dtyped(COMPLEX_OF.get(inputs.dtype, "complex"))
        case "unknown" | "promote" | "divide" | "mean":
            return NOTHING
        case name:
            return _made(machine, call, name)


def _real_of_complex(call: Call, inputs: Inputs) -> bool:
    return inputs.dtype.startswith("complex") and call.row.name.rpartition(".")[2] in REAL


def _asked(call: Call) -> Value | None:
    """What is given as the dtype."""
    found = call.arguments.keywords.get("dtype")
    if found is not None:
        return found[1]
    at = call.row.dtype_at
    if at and (call.arguments.rest is not None or call.arguments.keyword_rest is not None):
        return Unknown()
    return call.arguments.value(int(at)) if at else None


def _made(machine: Machine, call: Call, name: str) -> Dtyped:
    text = f"`{short(call.node)}` is {name}"
    return Dtyped(name, Reason(machine.place(call.node), text)) if name else NOTHING


def _by_default(machine: Machine, state: State, call: Call) -> Dtyped:
    """The dtype where none is asked for."""
    if call.arguments.keyword_rest is not None:
        return NOTHING
    of_torch = call.row.name.startswith("torch.")
    match call.row.default:
        case "data":
            subject = call.subject
            found = of_data(state, subject, for_torch=of_torch) if subject is not None else NOTHING
            if found.reason is None and not isinstance(subject, Array | Tensor):
                found = _made(machine, call, found.name)
            return _crossed(machine, call, found) if of_torch else found
        case "numbers":
            return _of_numbers(machine, call, "float32" if of_torch else "float64")
        case "float64":
            text = f"`{short(call.node)}` is float64, as NumPy makes it by default"
            return Dtyped("float64", Reason(machine.place(call.node), text))
        case name:
            return _made(machine, call, name)


def _of_numbers(machine: Machine, call: Call, floating: str) -> Dtyped:
    values = [value for _, value in call.arguments.positional]
    if call.arguments.rest is not None or not values:
        return NOTHING
    types = [value.type if isinstance(value, Number) else "" for value in values]
    integers = [kind == "int" or _is_int(value) for kind, value in zip(types, values, strict=True)]
    if "float" in types and all(kind == "float" or whole for kind, whole in zip(types, integers, strict=True)):
        return _made(machine, call, floating)
    if all(integers):
        return _made(machine, call, "int64")
    return NOTHING


def _is_int(value: Value) -> bool:
    return isinstance(value, Constant) and isinstance(value.value, int)


def _crossed(machine: Machine, call: Call, data: Dtyped) -> Dtyped:
    """The dtype of a tensor that is made of data, and keeps its dtype."""
    if data.reason is None or data.reason.place.node is call.node:
        return data
    text = f"`{short(call.node)}` keeps {data.name}"
    return Dtyped(data.name, Reason(machine.place(call.node), text, data.reason))


def _kept(machine: Machine, state: State, call: Call) -> Dtyped:
    """The dtype of the first input, where the call keeps it."""
    subject = call.subject
    found = of_data(state, subject, for_torch=False) if subject is not None else NOTHING
    if call.row.dtype == "inputs":
        return found
    if found.name in INTEGRAL:
        if call.row.dtype == "keep_float":
            return NOTHING
        made = Reason(machine.place(call.node), f"`{short(call.node)}` of integers is float64, as NumPy computes it")
        return Dtyped(with_floats(found.name), made) if with_floats(found.name) else NOTHING
    return found


def _operands(call: Call) -> list[Value]:
    """What a promoting call computes with: every positional argument (but the condition of ``np.where``)."""
    values = [value for _, value in call.arguments.positional]
    if call.arguments.rest is not None:
        values.append(Unknown())
    if call.receiver is not None:
        values = [call.receiver, *values]
    return values[1:] if call.row.name.rpartition(".")[2] == "where" else values


def _argument(call: Call) -> str:
    """The dtype that ``astype`` is given."""
    return dtype_name(call.arguments.value(0, "dtype"))


def _cast(machine: Machine, call: Call, inputs: Inputs) -> Dtyped:
    """The dtype that ``.to(...)`` is given, else that of the receiver; what may be a dtype leaves nothing sure."""
    surely = inputs.dtype_from
    for node, value in [*call.arguments.positional, *call.arguments.keywords.values()]:
        if (old := tensor_type(value)) is not None:
            return _made(machine, call, old[0])
        if isinstance(value, Dtype | External) and (name := dtype_name(value)):
            return _made(machine, call, name)
        if isinstance(value, Constant):
            if (name := dtype_name(value)) in NAMED_DTYPES:
                return _made(machine, call, name)
        elif not all(isinstance(item, Device) or _is_text(item) for item in alternatives(value)) and (
            isinstance(value, Dtype | Tensor) or not _names_device(node)
        ):
            surely = None
    if call.arguments.rest is not None or call.arguments.keyword_rest is not None:
        surely = None
    return Dtyped(inputs.dtype, surely)


def _is_text(value: Value) -> bool:
    return isinstance(value, Constant) and isinstance(value.value, str | bool)


def _names_device(node: cst.BaseExpression) -> bool:
    """What is not known is written as a device: where it is the dtype that counts, that is enough to rule one out."""
    text = short(node).lower()
    return "dtype" not in text and any(word in text for word in ("dev", "gpu", "cuda", "rank"))
