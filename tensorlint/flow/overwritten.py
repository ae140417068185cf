"""Writes that change something else as well: an array and a tensor that share memory, where they are both in use."""

from __future__ import annotations

import re
from dataclasses import dataclass

import libcst as cst

from tensorlint.flow.definitions import FunctionDefinition
from tensorlint.flow.events import Event, ExpandedWrite, StaleAlias, WriteBehindAutograd, WriteThrough
from tensorlint.flow.facts import Place, Reason
from tensorlint.flow.machine import Machine
from tensorlint.flow.names import short
from tensorlint.flow.state import Write
from tensorlint.flow.values import Alias, Array, Tensor

__all__ = ["gives_back", "gives_something", "one_code_a_write", "seen_behind", "seen_by_caller"]

Memory = Tensor | Array
VIEWS = frozenset({"reshape", "reshape_as", "ravel", "flatten", "unflatten", "view_as"})
"""Calls that are used for the view that they give, though they copy where there is none."""
RETURNED = re.compile(r"\b(?:return|yield)\b([^\n#]*)")
RETURNS = re.compile(r"\b(?:return|yield)[ \t]+(?!None\b)[^\s#]")

KEEPS = re.compile(
    r"\bopen\([^\n]*[\"'](?:[wax]b?\+?|[wax]\+b)[\"']"
    r"|\.(?:imwrite|imsave|savez|savez_compressed|savetxt|savemat|tofile)\("
)
"""A file that is opened to be written, or what the libraries write one with: no name of the project's own functions."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What of a write is seen through a value."""

    shared_at: Place
    condition: str = ""


def seen_behind(machine: Machine, value: Memory, alias: Alias, last: Write, node: cst.BaseExpression) -> None:
    """``value`` is read as ``node``, whose memory ``last`` wrote to through something else: report it."""
    if alias.condition or last.meant:
        return  # what is read is a copy perhaps
    there_to_be_written = machine.filled | machine.scratch if last.through == "tensor" else machine.filled
    if alias.storage in there_to_be_written and last.through != "optimizer":
        return
    if last.through == "tensor" and _is_given_back(machine, machine.caller_arrays.get(alias.storage)):
        return
    seen = _through_maybe_a_copy(value, last) if last.condition else _through_another(machine, value, alias, last)
    if seen is None:
        return
    used = Reason(machine.place(node), f"`{short(node)}` is read here")
    if _is_of(seen.shared_at.node, node):
        used = Reason(used.place, f"`{short(node)}` is read here again, the next time")
    name = last.name or short(node)
    words = f"may share its memory ({seen.condition})" if seen.condition else "shares its memory"
    aliases = frozenset({alias})
    machine.emit(
        WriteThrough(
            place=last.place,
            calls=machine.calls(),
            written=Array(aliases=aliases) if last.through == "array" else Tensor(aliases=aliases),
            written_name=name,
            other_name=short(node),
            shared_at=seen.shared_at,
            sharing=Reason(seen.shared_at, f"`{name}` {words}"),
            seen=used,
            certain=not seen.condition,
            condition=seen.condition,
            by="" if last.name else _code(last.place.node),
            as_view=last.perhaps is not None and _called(last.perhaps.node) in VIEWS,
        )
    )


def _through_another(machine: Machine, value: Memory, alias: Alias, last: Write) -> _Seen | None:
    """Memory that is shared for certain was written to from the other side of the boundary."""
    if isinstance(value, Tensor):
        return _Seen(last.made) if last.through == "array" and last.made is not None else None
    if value.scalar or last.through == "array":
        return None
    if alias.made is None:  # the array was there first
        where = last.place if last.through == "optimizer" else last.made
        return _Seen(where) if where is not None else None
    crossing = machine.crossed.get(last.made.node) if last.made is not None else None
    source = machine.crossed.get(alias.made.place.node)
    if source is None or source.to != "array" or (crossing is not None and crossing.to == "tensor"):
        return None
    # The array was made of the tensor: where a loop then writes to the tensor again and again, the array may be meant
    # to show how it stands; where the write comes once after the conversion, it is the earlier values that are read.
    return _Seen(alias.made.place) if source.at == last.at else None


def _through_maybe_a_copy(value: Memory, last: Write) -> _Seen | None:
    """What was written to is a copy under a condition; of two arrays NumPy's users take care themselves."""
    if last.perhaps is None or (isinstance(value, Array) and last.through == "array"):
        return None
    return _Seen(_copied_at(last.through, last.made, last.perhaps), last.condition)


def _copied_at(through: str, made: Place | None, perhaps: Place) -> Place:
    """Where a copy ends the sharing: the conversion to an array, or the call that decides."""
    return made if through == "array" and made is not None else perhaps


def seen_by_caller(machine: Machine, written: Memory, alias: Alias, place: Place, name: str) -> None:
    """A value is written to whose memory belongs to the caller, who has it as an array or a tensor: report it."""
    owner = machine.caller_owned.get(alias.storage)
    shared_at = alias.made.place if alias.made is not None else None
    of_array = isinstance(written, Tensor) and (not alias.condition or alias.storage in machine.as_passed)
    if of_array:
        owner = machine.caller_arrays.get(alias.storage)
        crossing = machine.crossed.get(shared_at.node) if shared_at is not None else None
        if crossing is None or crossing.to != "tensor" or not _is_called_for_a_result(machine):
            return  # a function that gives nothing is called for what it writes
        if _copied_on_demand(machine, written) or _is_given_back(machine, owner):
            return
    sharing = alias.perhaps if alias.condition else alias.made
    if owner is None or sharing is None:
        return
    if (alias.condition or isinstance(written, Tensor)) and not _is_argument(machine, owner):
        return
    if alias.condition and alias.perhaps is not None:
        if not _is_called_for_a_result(machine):
            return
        through = "array" if isinstance(written, Array) else "tensor"
        shared_at = _copied_at(through, shared_at, alias.perhaps.place)
    assert shared_at is not None
    machine.emit(
        WriteThrough(
            place=place,
            calls=machine.calls(),
            written=written,
            written_name=name,
            other_name=owner,
            shared_at=shared_at,
            sharing=sharing,
            seen=Reason(place, f"`{owner}` belongs to the caller, who sees the change"),
            certain=not alias.condition and not (of_array and _others(written, alias)),
            condition=alias.condition,
            of_caller=True,
            as_a_rule=alias.storage in machine.as_passed and "dtype" not in alias.condition,
            as_view=alias.perhaps is not None and _called(alias.perhaps.place.node) in VIEWS,
        )
    )


def _others(written: Memory, alias: Alias) -> bool:
    """It lives in other memory on some path, or where the caller gives something else."""
    return any(one.storage != alias.storage for one in written.aliases)


def _copied_on_demand(machine: Machine, written: Memory) -> bool:
    """It is a copy on some path, and there is an option by which the caller may have chosen: ``copy=True``."""
    certainly = {one.storage for one in written.aliases if not one.condition} - machine.copies_of_some
    definition = _entered(machine)
    if len(certainly) < 2 or definition is None:
        return False
    parameters = (*definition.parameters.params, *definition.parameters.kwonly_params)
    return any(isinstance(one.default, cst.Name) and one.default.value in ("True", "False") for one in parameters)


def one_code_a_write(events: list[Event]) -> list[Event]:
    """The events, of which a write keeps those of the most specific kind; none if what is stale is reported itself."""
    stale = {event.place for event in events if isinstance(event, StaleAlias)}
    saved = {event.place for event in events if isinstance(event, WriteBehindAutograd) and event.wanted.holds}
    best: dict[Place, int] = {}
    for event in events:
        if isinstance(event, WriteThrough | ExpandedWrite):
            best[event.place] = max(best.get(event.place, -1), _rank(event))
    return [
        event
        for event in events
        if not isinstance(event, WriteThrough | ExpandedWrite)
        or (
            event.place not in saved
            and (isinstance(event, ExpandedWrite) or _rank(event) == best[event.place])
            and (isinstance(event, ExpandedWrite) or event.shared_at not in stale or event.shared_at == event.place)
        )
    ]


def _rank(event: WriteThrough | ExpandedWrite) -> int:
    if isinstance(event, ExpandedWrite):
        return -1 if event.doubtful else 4
    if not event.condition:
        return 1
    return 3 if "GPU" in event.condition else 0 if event.as_view else 2


def gives_something(definition: FunctionDefinition) -> bool:
    """Whether a function returns or yields anything."""
    return isinstance(definition.node, cst.Lambda) or RETURNS.search(definition.text) is not None


def gives_back(definition: FunctionDefinition, parameter: str) -> bool:
    """Whether a function returns the argument that it was given, and nothing else."""
    if isinstance(definition.node, cst.Lambda):
        return False
    given = {found.strip() for found in RETURNED.findall(definition.text)}
    assigned = rf"^[ \t]+(?:\w+[ \t]*,[ \t]*)*{re.escape(parameter)}[ \t]*(?:[,:][^=\n]*)?=(?!=)"
    return given == {parameter} and re.search(assigned, definition.text, re.MULTILINE) is None


def _is_given_back(machine: Machine, owner: str | None) -> bool:
    definition = _entered(machine)
    return owner is not None and definition is not None and gives_back(definition, owner)


def _entered(machine: Machine) -> FunctionDefinition | None:
    """The function that is looked at: the outermost one."""
    return next((frame.definition for frame in machine.frames if frame.definition is not None), None)


def _is_called_for_a_result(machine: Machine) -> bool:
    """The function that is looked at returns something, or what it makes of its arguments is kept elsewhere."""
    definition = _entered(machine)
    return definition is None or gives_something(definition) or KEEPS.search(definition.text) is not None


def _is_argument(machine: Machine, owner: str) -> bool:
    """Whether the caller passes it, rather than the caller of another method, who gave it to the object."""
    definition = _entered(machine)
    if definition is None:
        return False
    parameters = definition.parameters
    return any(
        owner == one.name.value for one in (*parameters.posonly_params, *parameters.params, *parameters.kwonly_params)
    )


def _called(node: cst.CSTNode) -> str:
    match node:
        case cst.Call(func=cst.Attribute(attr=cst.Name(value=name)) | cst.Name(value=name)):
            return name
        case _:
            return ""


def _code(node: cst.CSTNode) -> str:
    return short(node) if isinstance(node, cst.BaseExpression) else ""


def _is_of(conversion: cst.CSTNode, node: cst.BaseExpression) -> bool:
    """``node`` is what a conversion is made of: ``x`` in ``x.numpy()``."""
    while conversion is not node:
        match conversion:
            case cst.Call(args=[cst.Arg(value=inner), *_]) if inner is node:
                return True
            case cst.Call(func=inner) | cst.Attribute(value=inner) | cst.Subscript(value=inner):
                conversion = inner
            case _:
                return False
    return True
