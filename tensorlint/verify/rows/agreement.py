"""Holds a row against what was seen of its calls, aspect by aspect.

An aspect is compared only where the calls can show it: a result of Python numbers says nothing about memory, integer
inputs nothing about requires_grad. What was compared and what contradicts are told apart, so that a report can say how
much of a row is proven.
"""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.library.row import DTYPES, Row
from tensorlint.verify.rows.observed import Call, Placed, Seen
from tensorlint.verify.rows.resolving import resolve

__all__ = ["ASPECTS", "Comparison", "comparisons", "disagreements"]

ASPECTS = (
    "call",
    "kind",
    "sharing",
    "requires_grad",
    "device",
    "dtype",
    "in-place",
    "conversion",
    "strides",
    "parameters",
)
"""What of a row is compared, in the order of reports. ``call``: the row says no more than that there is such a call."""

Comparison = tuple[str, str]
"""An aspect, and what contradicts the row in words; empty where it agrees."""


def disagreements(row: Row, seen: Seen) -> list[str]:
    """What a row says that was seen to be otherwise, in words; empty where all that was seen agrees."""
    return sorted({text for _, text in comparisons(row, seen) if text})


def comparisons(row: Row, seen: Seen) -> Iterator[Comparison]:
    """Everything that the calls can show of the row."""
    for call in seen.calls:
        yield from _kind(row, call)
        yield from _sharing(row, call)
        yield from _grad(row, call)
        yield from _dtype(row, call)
        yield from _strides(row, call)
    if seen.calls and row.returns == "unknown" and not row.converts and not row.writes:
        yield "call", ""
    yield from _over_all(row, seen)
    yield from _converts(row, seen)
    for placed in sorted(seen.placed):
        yield from _device(row, placed)


_KINDS = {
    "tensor": {"tensor", "argument", "self"},
    "array": {"array", "argument", "self", "scalar", "number", "bool"},
    "scalar": {"scalar", "array", "number", "bool", "argument"},
    "tensors": {"tensors", "tuple"},
    "tensor_or_pair": {"tensor", "tuple", "argument"},
    "arrays": {"arrays", "tuple"},
    "number": {"number", "bool", "scalar"},
    "module": {"module", "self", "argument"},
    "loss": {"module"},
    "argument": {"argument", "self"},
    "parameters": {"parameters", "tensors"},
}
"""For a row's ``returns``, the kinds of results that agree with it; otherwise only the word itself does."""


def _kind(row: Row, call: Call) -> Iterator[Comparison]:
    if row.returns == "unknown":
        return
    if row.returns == "object":
        wanted = resolve(row.type)
        if call.type is not None and isinstance(wanted, type):
            right = issubclass(call.type, wanted)
            yield "kind", "" if right else f"says type = {row.type}, but a result was a {call.type.__name__}"
        elif call.type is None and call.returns != "unknown":
            yield "kind", f"says returns = object, but a result was {call.returns}"
        return
    if call.returns in _KINDS.get(row.returns, {row.returns}):
        yield "kind", ""
    elif not row.note or call.given:
        yield "kind", f"says returns = {row.returns}, but a result was {call.returns}"


def _sharing(row: Row, call: Call) -> Iterator[Comparison]:
    if call.shares is None or call.returns not in {"tensor", "array", "tensors", "arrays", "state_dict"}:
        return
    if row.shares == "view":
        yield "sharing", "" if call.shares else "says view, but a result did not share memory"
    elif not row.shares and row.returns in {"tensor", "array"}:
        if not call.shares:
            yield "sharing", ""
        elif not row.note or call.given:
            yield "sharing", "says copy, but a result shared memory"


def _grad(row: Row, call: Call) -> Iterator[Comparison]:
    if not call.grads:
        return
    if row.grad == "no":
        yield "requires_grad", "says grad = no, but a result required grad" if any(call.grads) else ""
    elif row.grad == "yes":
        yield "requires_grad", "" if all(call.grads) else "says grad = yes, but a result did not require grad"
    elif row.grad == "keyword" and call.asked_grad is not None:
        right = set(call.grads) == {call.asked_grad}
        yield "requires_grad", "" if right else f"says grad = keyword, but {call.asked_grad} gave {call.grads[0]}"
    if len(call.grads) == len(row.item_grad):
        for at, (word, requires_grad) in enumerate(zip(row.item_grad, call.grads, strict=True)):
            if word == "no":
                text = f"says item {at} does not require grad, but it did" if requires_grad else ""
                yield "requires_grad", text


_FIXED_DTYPES = DTYPES - {"inputs", "keyword", "argument", "keep_float", "unknown", "promote", "divide", "mean"}


def _dtype(row: Row, call: Call) -> Iterator[Comparison]:
    given, result = call.dtypes
    if not result:
        return
    wrong = ""
    if row.dtype == "inputs":
        if not given or row.returns not in {"tensor", "array"}:
            return
        wrong = f"says dtype = inputs, but {given} gave {result}" if given != result else ""
    elif row.dtype == "keep_float":
        if not given.startswith("float"):
            return
        wrong = f"says dtype = keep_float, but {given} gave {result}" if given != result else ""
    elif row.dtype == "mean":
        if not (given.startswith("float") or given in {"int32", "int64"}):
            return
        right = result == (given if given.startswith("float") else "float64")
        wrong = "" if right else f"says dtype = mean, but {given} gave {result}"
    elif row.dtype in {"promote", "divide"}:
        if given != "float64" or row.note:
            return
        right = result in {"float64", "complex128"}
        wrong = "" if right else f"says dtype = {row.dtype}, but {given} gave {result}"
    elif row.dtype in _FIXED_DTYPES:
        wrong = f"says dtype = {row.dtype}, but a result was {result}" if result != row.dtype else ""
        if wrong and row.note and not call.given:
            return
    elif row.dtype in {"keyword", "argument"} and call.asked_dtype:
        right = result == call.asked_dtype
        wrong = "" if right else f"says dtype = {row.dtype}, but {call.asked_dtype} gave {result}"
    else:
        return
    yield "dtype", wrong


def _strides(row: Row, call: Call) -> Iterator[Comparison]:
    if call.strides in {"keep", "make"}:
        wrong = row.negative_stride in {"drop", "refuse"}
        yield "strides", f"says negative strides {row.negative_stride}, but a result had some" if wrong else ""
    elif call.strides == "drop":
        yield "strides", ""


def _over_all(row: Row, seen: Seen) -> Iterator[Comparison]:
    """What no single call shows."""
    calls = seen.calls
    same_dtype = [call for call in calls if call.dtypes[0] == call.dtypes[1] and call.returns not in {"scalar"}]
    shared = {call.shares for call in same_dtype}
    if row.shares and row.returns in {"tensor", "array"} and shared & {True, False}:
        never = False in shared and True not in shared
        yield "sharing", f"says that it shares memory ({row.shares}), but no result did" if never else ""
    if row.shares == "unless the dtype changes" and any(call.shares and call.plain for call in calls):
        changed = [call for call in calls if call.dtypes[1] and call.dtypes[0] != call.dtypes[1]]
        if changed:
            wrong = any(call.shares for call in changed)
            yield "sharing", "says that it copies when the dtype changes, but it shared" if wrong else ""
    floating = any(call.grads and call.dtypes[0].startswith("float") for call in calls)
    if row.grad == "inputs" and row.returns in {"tensor", "tensor_or_pair", "tensors"} and floating:
        wrong = not any(any(call.grads) for call in calls)
        yield "requires_grad", "says grad = inputs, but no result required grad" if wrong else ""
    yield from _writes(row, seen)


def _writes(row: Row, seen: Seen) -> Iterator[Comparison]:
    written = frozenset().union(*(call.writes for call in seen.calls)) if seen.calls else frozenset()
    for name in sorted(written):
        wrong = name not in row.writes
        yield "in-place", f"does not say that it writes to {name}" if wrong else ""
    for name in row.writes:
        if name in written or name in seen.out_at:
            yield "in-place", ""
        elif name in {"self", "parameters"} and seen.calls:
            yield "in-place", f"says that it writes to {name}, but it never did"
        elif name == "out" and seen.kind == "array" and seen.calls and seen.out is not None:
            yield "in-place", "" if seen.out else "says that it writes to out, which it does not have"
    if not row.writes and not written and any(call.dtypes[0] for call in seen.calls):
        yield "in-place", ""


def _converts(row: Row, seen: Seen) -> Iterator[Comparison]:
    everything = {"*", "**"} & set(row.converts)
    for argument in seen.converts:
        if everything or argument in row.converts:
            yield "conversion", ""
        elif argument.isdigit() or row.converts == ():
            yield "conversion", f"does not say that it converts argument {argument}"
    for argument in seen.unconverted:
        wrong = argument in set(row.converts) - seen.converts
        yield "conversion", f"says that it converts argument {argument}, but it never did" if wrong else ""
    if row.how == "method" and (seen.converts or seen.refuses_tensors):
        wrong = not seen.refuses_tensors
        yield "conversion", "says how = method, but a tensor itself was not refused" if wrong else ""


def _device(row: Row, placed: Placed) -> Iterator[Comparison]:
    given, asked, result = placed
    wanted = {
        "inputs": given or "cpu",
        "owner": given or "cpu",
        "cpu": "cpu",
        "accelerator": "cuda",
        "keyword": asked or given or "cpu",
        "argument": asked or given or "cpu",
    }[row.device]
    if asked and row.device == "inputs":
        return
    said = f"given {given or 'nothing on a device'}" + (f" and asked for {asked}" if asked else "")
    if row.returns == "object" or (row.returns == "tuple" and "unknown" in row.items):
        return  # some of its tensors are elsewhere
    wrong = result != wanted
    yield "device", f"says device = {row.device}, but {said} the result was on {result}" if wrong else ""
