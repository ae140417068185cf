"""The form of the tensor that a library call gives: what becomes of bits, of the dtype and of the layout."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.dtypes import INTEGRAL
from tensorlint.flow.facts import NO, UNKNOWN, Fact, Truth, maybe, yes
from tensorlint.flow.form import FLOATS, LACKING, PLAIN, Form
from tensorlint.flow.library_call import Call
from tensorlint.flow.machine import Machine
from tensorlint.flow.names import condition_key, short
from tensorlint.flow.narrowing_dtypes import same_dtype
from tensorlint.flow.state import State
from tensorlint.flow.tensor_types import tensor_type
from tensorlint.flow.tensors import Inputs
from tensorlint.flow.values import Constant, Dtype, External, Number, Single, Tensor, Unknown, Value, alternatives

__all__ = ["asked_dtype", "form_of", "form_of_operator", "lacking_dtype", "lacking_form", "module_dtype"]

CONJUGATES = frozenset({"conj", "adjoint", "H", "mH"})
MAKES_LAYOUT = {
    **dict.fromkeys(("to_sparse", "to_sparse_coo", "to_sparse_csr", "to_sparse_csc"), "sparse"),
    **dict.fromkeys(("to_sparse_bsr", "to_sparse_bsc", "sparse_coo_tensor", "sparse_csr_tensor"), "sparse"),
    **dict.fromkeys(("sparse_csc_tensor", "sparse_bsr_tensor", "sparse_bsc_tensor"), "sparse"),
    **dict.fromkeys(("sparse_compressed_tensor", "spdiags"), "sparse"),
    "to_mkldnn": "mkldnn",
    "nested_tensor": "nested",
    "as_nested_tensor": "nested",
    "nested_tensor_from_jagged": "nested",
}
KEEPS_LAYOUT = frozenset({"coalesce", "clone", "t", "transpose", "abs", "neg", "relu", "sqrt", "sin", "tanh", "square"})
"""Functions that give new memory in the layout of what they are given."""
OPENS_LAYOUT = frozenset({
    "values", "indices", "crow_indices", "col_indices", "ccol_indices", "row_indices", "unbind", "to_dense",
    "to_padded_tensor", "select",
})  # fmt: skip
"""What gives the strided tensors that others are made of."""
MULTIPLIES = frozenset({
    "matmul", "mm", "bmm", "mv", "addmm", "addbmm", "baddbmm", "addmv", "linear", "conv1d", "conv2d", "conv3d",
    "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "chain_matmul", "scaled_dot_product_attention",
})  # fmt: skip
"""Functions that autocast runs in the lower dtype (documented: torch.amp, op reference)."""
KEEPS_DTYPE = frozenset({"relu", "sigmoid", "tanh", "dropout", "leaky_relu", "mean", "max", "min", "amax", "amin"})
"""Functions that autocast runs in the dtype of their input."""


def form_of(machine: Machine, state: State, call: Call, inputs: Inputs, dtype: str) -> Form:
    """The form of the result; ``dtype`` is its dtype, where that is known."""
    name = call.row.name.rpartition(".")[2]
    fact, dtype_name = _dtype(machine, state, call, inputs, dtype, name)
    layout, layout_name = _layout(machine, call, inputs, name)
    conj, neg = _bits(machine, call, inputs, dtype, name)
    if fact is layout is conj is neg is NO:
        return PLAIN
    return Form(conj, neg, fact, layout, dtype_name, layout_name)


def _bits(machine: Machine, call: Call, inputs: Inputs, dtype: str, name: str) -> tuple[Fact, Fact]:
    """The conjugate and the negative bit (observed: torch 2.13)."""
    conj, neg = inputs.form.conj, inputs.form.neg
    if name in CONJUGATES:
        return _conjugated(machine, call, conj, inputs.dtype, name), NO
    if conj is neg is NO or not call.row.shares or call.arguments.is_true("copy"):
        return NO, NO  # what is computed has its bits resolved
    match name:
        case "resolve_conj":
            return NO, neg
        case "resolve_neg":
            return conj, NO
        case "real":
            return NO, NO
        case "imag":
            place = machine.place(call.node)
            return NO, conj.because(place, f"`{short(call.node)}` is the imaginary part of a conjugate")
        case "to_dense" | "dequantize":
            return NO, NO
    if "on a GPU" in call.row.shares and inputs.device.holds:  # a copy to another device resolves them
        if inputs.device.truth is Truth.YES:
            return NO, NO
        conj, neg = conj.weakened(), neg.weakened()
    if "layout" in call.row.shares:
        conj, neg = conj.weakened(), neg.weakened()
    if "dtype" in call.row.shares and dtype:
        if inputs.dtype and inputs.dtype != dtype:
            return NO, NO
        if not inputs.dtype:
            conj, neg = UNKNOWN, UNKNOWN
    return conj, neg


def _conjugated(machine: Machine, call: Call, before: Fact, dtype: str, name: str) -> Fact:
    """The bit after ``conj()``: it is lazy for complex tensors, and does nothing for real ones."""
    place = machine.place(call.node)
    if before.holds:
        return NO if before.truth is Truth.YES else UNKNOWN
    text = f"`{short(call.node)}` sets the conjugate bit"
    if dtype.startswith("complex"):
        return yes(place, text)
    if dtype or name != "conj":
        return NO  # `.mH` and `.adjoint()` serve real tensors as well
    return maybe(place, f"{text} of a complex tensor")


def _layout(machine: Machine, call: Call, inputs: Inputs, name: str) -> tuple[Fact, str]:
    if (made := MAKES_LAYOUT.get(name)) is not None:
        return yes(machine.place(call.node), f"`{short(call.node)}` is a {made} tensor"), made
    before = inputs.form.layout
    if before is NO or name in OPENS_LAYOUT:
        return (before, "nested") if name == "to_dense" and inputs.form.layout_name == "nested" else (NO, "")
    keeps = call.row.shares or name in KEEPS_LAYOUT
    return (before, inputs.form.layout_name) if keeps else (UNKNOWN, "")


def _dtype(machine: Machine, state: State, call: Call, inputs: Inputs, dtype: str, name: str) -> tuple[Fact, str]:
    asked = asked_dtype(call)
    if asked is not None:
        fact, lacking = lacking_dtype(machine, call.node, asked)
        return _hanging(state, call.arguments, asked, fact, lacking), lacking
    known, known_name = inputs.result.dtype, inputs.result.dtype_name
    if call.row.dtype in ("bfloat16", "complex32"):
        return yes(machine.place(call.node), f"`{short(call.node)}` has the dtype {call.row.dtype}"), call.row.dtype
    if name.startswith("quantize_per"):
        return yes(machine.place(call.node), f"`{short(call.node)}` is a quantized tensor"), "quantized"
    if name in ("int_repr", "dequantize") or (dtype and dtype not in LACKING):
        return NO, ""
    if state.autocast.holds and inputs.tensor is not NO:
        if name in MULTIPLIES:
            text = f"`{short(call.node)}` is computed in it"
            return state.autocast.because(machine.place(call.node), text).weakened(), "bfloat16"
        if not call.row.shares and name not in KEEPS_DTYPE:
            return (UNKNOWN if known.holds else NO), ""
    if call.row.dtype in ("inputs", "argument", "keep_float"):
        return known, known_name
    return NO, ""


def _hanging(state: State, arguments: Arguments, asked: Value, fact: Fact, name: str) -> Fact:
    """The fact that hangs on the name that holds one of several dtypes: later tests of that name tell of it."""
    several = [item for item in alternatives(asked) if isinstance(item, External) and _plain_name(item) in LACKING]
    if fact.truth is not Truth.MAYBE or len(several) != 1:
        return fact
    for node, value in (*arguments.positional, *arguments.keywords.values()):
        if value is asked and (key := condition_key(node)) is not None:
            given = several[0].guards | {(same_dtype(key, name), True)}
            for condition, _ in given:
                state.watch(condition)
            return replace(fact, given=fact.given | given)
    return fact


def form_of_operator(
    machine: Machine,
    state: State,
    node: cst.BaseExpression,
    operator: cst.CSTNode,
    a: Single,
    b: Single,
    computed: Form,
) -> Form:
    """The form of ``a operator b`` where one of them is a tensor: sparse stays sparse beside numbers."""
    if isinstance(operator, cst.MatrixMultiply | cst.MatrixMultiplyAssign):
        if state.autocast.holds:
            fact = state.autocast.because(machine.place(node), f"`{short(node)}` is computed in it").weakened()
            return Form(dtype=fact, dtype_name="bfloat16")
        return computed
    tensors = [item for item in (a, b) if isinstance(item, Tensor)]
    others = [item for item in (a, b) if not isinstance(item, Tensor | Number | Constant)]
    if not others and all(item.form.layout.holds for item in tensors):
        layout = tensors[0].form
        return replace(computed, layout=layout.layout, layout_name=layout.layout_name)
    return computed


def asked_dtype(call: Call) -> Value | None:
    """The dtype that a call asks for, or the tensor whose dtype it asks for; None where it asks for none."""
    if (given := call.arguments.keywords.get("dtype")) is not None:
        return given[1]
    if call.row.dtype != "argument":
        return None
    return _among_arguments(call.arguments)


def module_dtype(arguments: Arguments) -> Value | None:
    """The dtype that ``module.to(...)`` asks for; None where it asks for none."""
    if (given := arguments.keywords.get("dtype")) is not None:
        return given[1]
    return _among_arguments(arguments)


def lacking_form(machine: Machine, node: cst.BaseExpression, asked: Value) -> Form:
    """The form of tensors in a dtype that was asked for."""
    fact, name = lacking_dtype(machine, node, asked)
    return Form(dtype=fact, dtype_name=name) if fact is not NO else PLAIN


def _among_arguments(arguments: Arguments) -> Value | None:
    for value in arguments.values():
        for item in alternatives(value):
            if isinstance(item, Dtype | Tensor) or tensor_type(item) is not None or _names_dtype(item):
                return value
            if isinstance(item, Unknown) and "dtype" in item.variable.lower():
                return value
    return None


def _names_dtype(item: Value) -> bool:
    if isinstance(item, External):
        last = item.name.rpartition(".")[2].rstrip("_")
        return item.name.startswith(("torch.", "numpy.")) and (last in DTYPE_NAMES or last in LACKING)
    return isinstance(item, Constant) and isinstance(item.value, str) and item.value in DTYPE_NAMES


DTYPE_NAMES = INTEGRAL | FLOATS | {"float", "double", "half", "long", "int", "short", "cfloat", "cdouble", "chalf"}


def lacking_dtype(machine: Machine, node: cst.BaseExpression, asked: Value) -> tuple[Fact, str]:
    """Whether a dtype that was asked for is one that NumPy does not have, and which."""
    place = machine.place(node)
    found: list[tuple[Fact, str]] = []
    for item in alternatives(asked):
        if isinstance(item, Tensor):
            found.append((item.form.dtype, item.form.dtype_name))
        elif isinstance(item, Dtype) and item.lacking is not NO:
            found.append((item.lacking, item.name))
        elif (name := _plain_name(item)) is None:
            found.append((UNKNOWN, ""))
        elif name in LACKING:
            found.append((yes(place, f"`{short(node)}` has the dtype {name}"), name))
        else:
            found.append((NO, ""))
    lacking = [one for one in found if one[0].holds]
    if not lacking:
        return (UNKNOWN if any(fact is UNKNOWN for fact, _ in found) else NO), ""
    fact, name = lacking[0]
    return (fact if len(lacking) == len(found) else fact.weakened()), name


def _plain_name(item: Value) -> str | None:
    """The name of a dtype; empty for no dtype at all, None where it is not known."""
    if (old := tensor_type(item)) is not None:
        return old[0]
    match item:
        case Dtype(name=name):
            return name or None
        case External(name=name):
            last = name.rpartition(".")[2].rstrip("_")
            return {"chalf": "complex32"}.get(last, last)
        case Constant(value=str(text)):
            return text.removeprefix("torch.")
        case Constant():
            return ""
        case Unknown() | Number():
            return None
        case _:
            return ""
