"""Dtypes of one library that are given to the other, or compared with the other's, and the method `astype`."""

from __future__ import annotations

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.caught import is_caught
from tensorlint.flow.dtypes import NUMPY_NAMES, TORCH_NAMES
from tensorlint.flow.events import Foreign, ForeignDtype
from tensorlint.flow.facts import Fact, Truth, maybe, yes
from tensorlint.flow.library_call import Call
from tensorlint.flow.machine import Machine, evaluate
from tensorlint.flow.names import short
from tensorlint.flow.state import State
from tensorlint.flow.values import Constant, Dtype, External, Tensor, Value, alternatives

__all__ = ["astype_of_tensor", "compared_dtypes", "foreign_argument", "foreign_method"]

SAME: dict[type[cst.CSTNode], str] = {
    cst.Equal: "==",
    cst.NotEqual: "!=",
    cst.Is: "is",
    cst.IsNot: "is not",
    cst.In: "in",
    cst.NotIn: "not in",
}


def foreign_argument(machine: Machine, call: Call) -> None:
    """``torch.zeros(3, dtype=np.float32)``, ``array.astype(torch.float32)``, ``tensor.to(np.float32)``."""
    library = call.row.name.partition(".")[0]
    if library not in ("torch", "numpy") or call.row.attribute:
        return
    given = call.arguments.keywords.get("dtype")
    if given is None and call.row.dtype == "argument" and call.row.name != "torch.Tensor.type":
        given = next(iter(call.arguments.positional), None)
    if given is not None:
        _argument(machine, call.node, given, library, call.by, _surely(call, given[0]))


def _surely(call: Call, written: cst.BaseExpression) -> bool:
    """The dtype is written out, or comes to what is a tensor (not only where a test says so) for certain."""
    receiver = call.receiver
    literal = isinstance(written, cst.Attribute)
    return literal or not isinstance(receiver, Tensor) or receiver.kind.truth is not Truth.MAYBE


def foreign_method(machine: Machine, node: cst.BaseExpression, name: str, arguments: Arguments) -> None:
    """``x.astype(torch.float32)`` and ``x.to(np.float32)`` of anything: whatever has these methods refuses that."""
    given = arguments.keywords.get("dtype") or next(iter(arguments.positional), None)
    if given is not None and name in ("astype", "to"):
        _argument(machine, node, given, "numpy" if name == "astype" else "torch", f".{name}()", surely=False)


def _argument(
    machine: Machine,
    node: cst.BaseExpression,
    given: tuple[cst.BaseExpression, Value],
    library: str,
    by: str,
    surely: bool = True,
) -> None:
    written, value = given
    other, name = _library(value)
    if not other or other == library or is_caught(machine, "TypeError"):
        return
    place = machine.place(written)
    fact = (yes if surely else maybe)(place, f"`{short(written)}` is a dtype of {_NAMES[other]}")
    _emit(machine, Foreign.ARGUMENT, node, written, value, library, name, by, fact)


def astype_of_tensor(machine: Machine, node: cst.BaseExpression, tensor: Tensor, arguments: Arguments) -> None:
    """``tensor.astype(...)``, a method that tensors do not have."""
    if tensor.opaque or tensor.assumed or not tensor.kind.holds or is_caught(machine, "AttributeError"):
        return
    given = arguments.get(0, "dtype")
    if given is None or len(arguments.values()) != 1:
        return
    written, value = given
    other, name = _library(value)
    if other == "torch":
        name = TORCH_NAMES.get(name, "")
    _emit(machine, Foreign.METHOD, node, written, value, "torch", name, "astype", tensor.kind)


def compared_dtypes(
    machine: Machine,
    state: State,
    node: cst.Comparison,
    left_node: cst.BaseExpression,
    left: Value,
    operator: cst.CSTNode,
    right_node: cst.BaseExpression,
    right: Value,
) -> None:
    """``tensor.dtype == np.float32``: a dtype of one library never equals one of the other."""
    symbol = SAME.get(type(operator))
    if symbol is None:
        return
    pairs = [(left_node, left, right_node, right)]
    if symbol not in ("in", "not in"):
        pairs.append((right_node, right, left_node, left))
    for own_node, own, written, value in pairs:
        if not isinstance(own, Dtype) or not own.library:
            continue
        values = [value]
        if symbol in ("in", "not in"):
            if not isinstance(written, cst.Tuple | cst.List | cst.Set) or not written.elements:
                continue
            with machine.unread():
                values = [evaluate(machine, element.value, state) for element in written.elements]
        found = [_library(one) for one in values]
        if all(other and other != own.library for other, _ in found):
            fact = yes(machine.place(own_node), f"`{short(own_node)}` is a dtype of {_NAMES[own.library]}")
            name = found[0][1] if len(found) == 1 and symbol not in ("in", "not in") else ""
            _emit(machine, Foreign.COMPARISON, node, written, values[0], own.library, name, symbol, fact)
            return


_NAMES = {"torch": "torch", "numpy": "NumPy"}


def _library(value: Value) -> tuple[str, str]:
    """The library that a dtype is of, with its name there; empty where it is none, or not known for certain."""
    found = set()
    for item in alternatives(value):
        library, _, name = item.name.rpartition(".") if isinstance(item, External) else ("", "", "")
        if (library == "numpy" and name in NUMPY_NAMES) or (library == "torch" and name in TORCH_NAMES):
            found.add((library, name))
        elif isinstance(item, Dtype) and item.library:
            found.add((item.library, ""))
        else:
            return "", ""
    libraries = {library for library, _ in found}
    if len(libraries) != 1:
        return "", ""
    return libraries.pop(), next(iter(found))[1] if len(found) == 1 else ""


def _emit(
    machine: Machine,
    foreign: Foreign,
    node: cst.BaseExpression,
    written: cst.BaseExpression,
    value: Value,
    library: str,
    name: str,
    by: str,
    fact: Fact,
) -> None:
    literal = isinstance(written, cst.Attribute) and isinstance(value, External)
    mine = ""
    if literal and name:
        mine = (NUMPY_NAMES if library == "torch" else TORCH_NAMES).get(name, "")
    elif foreign is Foreign.METHOD and isinstance(value, Constant):
        mine = NUMPY_NAMES.get(str(value.value), "")
    machine.emit(
        ForeignDtype(
            place=machine.place(node),
            calls=machine.calls(),
            foreign=foreign,
            node=node,
            dtype=written,
            dtype_name=short(written),
            library=library,
            own=f"{library}.{mine}" if mine else "",
            by=by,
            fact=fact,
        )
    )
