"""What was seen of a library call when it was run on small inputs, and the row that follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tensorlint.library.row import DTYPES

__all__ = ["Call", "Placed", "Seen", "row_fields"]


@dataclass(frozen=True, slots=True)
class Call:
    """One call that worked."""

    returns: str
    """In the words of ``Row.returns``."""
    items: tuple[str, ...] = ()
    grads: tuple[bool, ...] = ()
    """For each tensor of the result: it requires grad (of inputs that do)."""
    dtypes: tuple[str, str] = ("", "")
    """Of the first input and of the result."""
    shares: bool | None = None
    """The result lives in the first input's memory; None where that cannot be."""
    plain: bool = True
    """The first input was contiguous."""
    strides: str = ""
    """``keep``/``drop`` where the first input had negative strides, ``make`` where only the result has some."""
    writes: frozenset[str] = frozenset()
    alone: bool = False
    """The only argument was an array with at least one dimension."""
    wraps: bool | None = None
    type: type | None = None
    """Of a result for which ``returns`` has no word."""
    given: bool = False
    """The call is an example of the row's own: its result is the kind that the row says, whatever a note adds."""
    asked_grad: bool | None = None
    """What ``requires_grad=`` was."""
    asked_dtype: str = ""
    """The dtype that was asked for."""


Placed = tuple[str, str, str]
"""Where tensors were: the inputs (empty without any), what ``device=`` asked for (empty if nothing), the result."""


@dataclass(slots=True)
class Seen:
    """All that was seen of one name."""

    calls: list[Call] = field(default_factory=list)
    converts: set[str] = field(default_factory=set)
    """Arguments whose ``__array__`` was called."""
    unconverted: set[str] = field(default_factory=set)
    """Positions at which tensors were taken, always without a conversion."""
    out: bool | None = False
    """There is an ``out`` argument."""
    out_at: set[str] = field(default_factory=set)
    """Positions at which ``out`` can be given."""
    refuses_tensors: bool = False
    """A tensor as the first argument is a TypeError of its own method; a list of them is converted."""
    refuses_strides: bool = False
    """Arrays are taken, the same with negative strides are not."""
    kind: str = "tensor"
    """What the inputs are: ``tensor`` or ``array``."""
    placed: set[Placed] = field(default_factory=set)
    """Devices, of calls on meta and on simulated CUDA too."""
    tensor_list: bool = False
    """By its schema the result is a list of tensors of any length."""


def row_fields(seen: Seen) -> dict[str, object]:
    """The fields of a Row that differ from its defaults; empty where nothing worked."""
    calls = seen.calls
    fields: dict[str, object] = {}
    if not calls and not seen.converts:
        return fields
    fields.update(_returns(seen))
    returns = fields["returns"]
    if any(call.grads for call in calls):
        fields.update(_grads(calls, returns))
    if returns in {"tensor", "array", "tensor_or_pair"} and (dtype := _dtype(calls)) != "inputs":
        fields["dtype"] = dtype
    if returns in {"tensor", "array", "tensors", "arrays"} and (shares := _shares(calls)):
        fields["shares"] = shares
    strides = {call.strides for call in calls if call.strides}
    stride = "make" if "make" in strides else "keep" if "keep" in strides else "drop"
    if seen.refuses_strides:
        stride = "refuse"
    if strides or seen.refuses_strides:
        default = "keep" if fields.get("shares") == "view" else "drop"
        if stride != default:
            fields["negative_stride"] = stride
    written = seen.out_at.union(*(call.writes for call in calls)) | ({"out"} if seen.out else set())
    if written:
        fields["writes"] = sorted(written)
    if seen.converts:
        fields["converts"] = sorted(seen.converts)
        if seen.refuses_tensors:
            fields["how"] = "method"
    if any(call.wraps for call in calls):
        fields["wraps"] = True
    return fields


def _returns(seen: Seen) -> dict[str, object]:
    kinds = {call.returns for call in seen.calls} or {"unknown"}
    if len(kinds) == 1 and kinds <= {"self", "argument"} and any(call.writes for call in seen.calls):
        return {"returns": kinds.pop()}
    kinds = {seen.kind if kind in {"self", "argument"} else kind for kind in kinds}
    if kinds == {"shape", "number"}:
        return {"returns": "shape"}
    tuples = {call.items for call in seen.calls if call.returns == "tuple"}
    lengths = {len(items) for items in tuples}
    if kinds == {"tensor", "tuple"} and lengths == {2}:
        return {"returns": "tensor_or_pair", "items": list(max(tuples))}
    if kinds == {"tuple"} and len(lengths) == 1 and not seen.tensor_list:
        return {"returns": "tuple", "items": [_joined(column) for column in zip(*tuples, strict=True)]}
    flat = {item for items in tuples for item in items}
    if kinds <= {"tuple", "tensors"} and flat <= {"tensor"}:
        return {"returns": "tensors"}
    if kinds <= {"tuple", "arrays"} and flat <= {"array"}:
        return {"returns": "arrays"}
    if kinds == {"array", "scalar"}:
        reduces = {call.returns for call in seen.calls if call.alone} == {"scalar"}
        return {"returns": "scalar", "reduces": True} if reduces else {"returns": "array"}
    alone = {call.returns for call in seen.calls if call.alone}
    if _joined(kinds) == "unknown" and alone and kinds - alone and "unknown" not in alone:
        plain = _returns(Seen(calls=[call for call in seen.calls if call.alone], kind=seen.kind))
        return {**plain, "note": "of one array; further arguments can give results of other kinds"}
    joined = _joined(kinds)
    return {"returns": "unknown" if joined == "tuple" else joined}


def _joined(kinds: Iterable[str]) -> str:
    found = set(kinds)
    if len(found) == 1:
        return found.pop()
    if found in ({"array", "scalar"}, {"array", "number"}):
        return "array"
    if found == {"bool", "number"}:
        return "number"
    return "unknown"


def _grads(calls: Sequence[Call], returns: object) -> dict[str, object]:
    if not any(any(call.grads) for call in calls):
        return {"grad": "no"}
    if returns in {"tuple", "tensor_or_pair"}:
        width = max(len(call.items) for call in calls)
        columns = [
            any(call.grads[at] for call in calls if len(call.items) == width and len(call.grads) == width)
            for at in range(width)
        ]
        if not all(columns):
            return {"item_grad": ["inputs" if column else "no" for column in columns]}
    return {}


def _dtype(calls: Sequence[Call]) -> str:
    pairs = {
        call.dtypes for call in calls if call.dtypes[1] and call.returns in {"tensor", "array", "argument", "self"}
    }
    if not pairs or all(given == result for given, result in pairs):
        return "inputs"
    results = {result for _, result in pairs}
    if len(results) == 1 and len({given for given, _ in pairs}) > 1:
        result = results.pop()
        return result if result in DTYPES else "unknown"
    if all(given == result for given, result in pairs if given.startswith("float")):
        return "keep_float"
    return "unknown"


def _shares(calls: Sequence[Call]) -> str:
    told = [call for call in calls if call.shares is not None and call.returns != "scalar"]
    if not told or not any(call.shares for call in told):
        return ""
    if all(call.shares for call in told):
        return "view"
    if all(call.shares for call in told if call.dtypes[0] == call.dtypes[1]):
        return "unless the dtype changes"
    return "unless the layout changes"
