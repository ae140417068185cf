"""Arguments that are arrays by what is done to them: `torch.from_numpy(x)`, `np.asarray(x)`."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from tensorlint.flow.facts import Truth
from tensorlint.flow.joining import join_values
from tensorlint.flow.library_call import Call
from tensorlint.flow.machine import Machine
from tensorlint.flow.rebinding import rebind
from tensorlint.flow.state import State
from tensorlint.flow.values import Alias, Array, Single, Unknown, alternatives

__all__ = ["take_for_array"]

PASS_ARRAYS_ON = frozenset({
    "numpy.asarray", "numpy.asanyarray", "numpy.asarray_chkfinite", "numpy.ascontiguousarray", "numpy.require",
})  # fmt: skip
"""What gives an array itself, and makes one of anything else."""


def take_for_array(machine: Machine, state: State, call: Call) -> None:
    """``torch.from_numpy`` takes nothing but arrays, NumPy's conversions are for arrays too: an argument of the
    function is one, and its caller's."""
    only_arrays = call.row.name == "torch.from_numpy"
    if not call.arguments.positional or not (only_arrays or call.row.name in PASS_ARRAYS_ON):
        return
    (node, value), *rest = call.arguments.positional
    items = alternatives(value)
    if not any(isinstance(item, Unknown) and _is_taken(item, only_arrays) for item in items):
        return
    taken = join_values([_taken(machine, item, call) for item in items])
    assert taken is not None
    if only_arrays:
        machine.ask_callers(of_memory=True)
        if isinstance(node, cst.Name):
            rebind(machine, node, taken, state)
    call.arguments = replace(call.arguments, positional=((node, taken), *rest))


def _is_taken(item: Unknown, only_arrays: bool) -> bool:
    return bool(item.argument) and (only_arrays or not item.optional) and item.recast.truth is not Truth.YES


def _taken(machine: Machine, item: Single, call: Call) -> Single:
    only_arrays = call.row.name == "torch.from_numpy"
    if not isinstance(item, Unknown) or not _is_taken(item, only_arrays):
        return item
    alias = Alias(machine.storage())
    aliases = {alias}
    machine.caller_arrays[alias.storage] = item.argument
    machine.any_dtype.add(alias.storage)
    if item.recast.holds or not only_arrays:
        copy = machine.storage()
        machine.copies_of_some.add(copy)
        aliases.add(Alias(copy))
    if "layout" in call.row.shares and not item.negative_stride.holds:
        machine.as_passed.add(alias.storage)
    return Array(item.negative_stride, aliases=frozenset(aliases), guards=item.guards)
