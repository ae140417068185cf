"""Arrays that are not writable, and what makes them so (observed: NumPy 2.4, pandas 3.1, Pillow 13)."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.facts import NO, UNKNOWN, Fact, maybe, yes
from tensorlint.flow.joining import join_values
from tensorlint.flow.library_call import Call
from tensorlint.flow.machine import Machine
from tensorlint.flow.names import short
from tensorlint.flow.rebinding import rebind
from tensorlint.flow.special_calls import special
from tensorlint.flow.state import State
from tensorlint.flow.values import Array, Constant, Object, Unknown, Value, alternatives

__all__ = ["as_bytes", "backing_of", "read_only_of", "set_flags", "set_writeable", "slice_of_bytes"]

MODES = {"numpy.memmap": (2, "mode"), "numpy.load": (1, "mmap_mode"), "numpy.lib.format.open_memmap": (1, "mode")}
"""What maps a file, with the argument that says whether it may be written to."""
GIVES_BYTES = frozenset({"getvalue", "read", "read_bytes", "readall", "recv", "recv_bytes", "tobytes"})
"""Methods that give ``bytes``, where they give something that has a buffer at all."""
COPIES_TO_ORDER = frozenset({"ascontiguousarray", "asfortranarray", "require", "asarray_chkfinite"})
"""These copy as soon as the layout asks for it."""


def read_only_of(machine: Machine, state: State, call: Call, recast: bool | None) -> Fact:
    """Whether the array that a call gives is read-only.

    :param recast: whether it is copied for its dtype; None where that is not known
    """
    row = call.row
    place = machine.place(call.node)
    if row.name in MODES:
        position, keyword = MODES[row.name]
        mode = call.arguments.value(position, keyword)
        if isinstance(mode, Constant):
            return yes(place, f"`{short(call.node)}` maps a file that is only read") if mode.value == "r" else NO
        return NO if mode is None else UNKNOWN
    if row.name == "numpy.frombuffer":
        return _of_buffer(machine, call)
    if (asked := call.arguments.keywords.get("writeable")) is not None:
        if not isinstance(asked[1], Constant):
            return UNKNOWN
        return NO if asked[1].value else yes(place, f"`{short(call.node)}` is a read-only view")
    if not row.shares or recast or _copies(call):
        return NO
    if row.read_only == "make" or _exports_bytes(machine, call):
        fact = yes(place, f"`{short(call.node)}` is read-only")
        if row.name.startswith("pandas."):
            fact = maybe(place, f"`{short(call.node)}` is read-only from pandas 3 on")
        return UNKNOWN if recast is None else fact
    facts = [item.read_only for item in alternatives(call.subject or Unknown()) if isinstance(item, Array)]
    fact = facts[0] if facts else NO
    for other in facts[1:]:
        fact = fact.join(other)
    if not fact.holds or row.shares == "view":
        return fact
    if recast is None or row.name.rpartition(".")[2] in COPIES_TO_ORDER:
        return UNKNOWN
    return fact.weakened() if "layout" in row.shares else fact


def _copies(call: Call) -> bool:
    asked = call.arguments.keywords.get("copy")
    return asked is not None and not (isinstance(asked[1], Constant) and not asked[1].value)


def _of_buffer(machine: Machine, call: Call) -> Fact:
    place = machine.place(call.node)
    match call.arguments.value(0, "buffer"):
        case Constant(value=bytes()):
            return yes(place, f"`{short(call.node)}` is an array over bytes, which cannot be written to")
        case Unknown(immutable=fact) if fact.holds:
            return fact.because(place, f"`{short(call.node)}` is an array over them, which cannot be written to")
        case Array(read_only=fact):
            return fact
        case _:
            return UNKNOWN


def _exports_bytes(machine: Machine, call: Call) -> bool:
    """What the array is made of hands out its memory as bytes: ``np.asarray`` of a PIL image."""
    items = alternatives(call.subject or Unknown())
    for item in items:
        row = machine.library.row(f"{item.type}.__array_interface__") if isinstance(item, Object) else None
        if row is None or row.read_only != "make":
            return False
    return "layout" not in call.row.shares or call.row.name.endswith(".ascontiguousarray")


def backing_of(call: Call) -> str:
    """Where the memory is of the array that a call gives: see ``Array``."""
    if call.row.name in MODES:
        return "file"
    known = [item for item in alternatives(call.subject or Unknown()) if isinstance(item, Array)]
    if not call.row.shares or not known:
        return ""
    return next((item.backing for item in known if item.backing), "array" if call.row.read_only == "make" else "")


def slice_of_bytes(machine: Machine, node: cst.Subscript, receiver: Unknown) -> Fact:
    """Whether a subscript is ``bytes``: a slice of bytes, and as a rule one of an argument if it is a buffer at all."""
    if len(node.slice) != 1 or not isinstance(node.slice[0].slice, cst.Slice):
        return NO
    if receiver.argument and receiver.immutable is NO:
        return maybe(machine.place(node), f"`{short(node)}` is bytes as a rule, if it is a buffer")
    return receiver.immutable


TAKES_BYTES = {
    **dict.fromkeys(("struct.unpack", "struct.unpack_from", "struct.iter_unpack"), 1),
    **dict.fromkeys(("zlib.crc32", "zlib.adler32", "binascii.crc32", "binascii.hexlify"), 0),
    **dict.fromkeys((f"hashlib.{name}" for name in ("md5", "sha1", "sha256", "sha512", "blake2b")), 0),
}
"""Functions of the strings of bytes that messages and files are made of, with the position of these."""


@special(*TAKES_BYTES)
def _taken_for_bytes(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    position = 1 if _is_struct(node) else 0
    match arguments.get(position):
        case (cst.Name() as name, Unknown(immutable=fact) as value) if value.argument and fact is NO:
            known = maybe(machine.place(node), f"`{short(node)}` takes `{short(name)}` for bytes")
            rebind(machine, name, replace(value, immutable=known), state)
    return Unknown()


def _is_struct(node: cst.BaseExpression) -> bool:
    """``unpack(format, data)``, whatever the module is called."""
    return isinstance(node, cst.Call) and "unpack" in short(node.func)


def as_bytes(machine: Machine, node: cst.BaseExpression, name: str, value: Value) -> Value:
    """What a method of this ``name`` gives, which is ``bytes`` if it is a buffer at all."""
    if name not in GIVES_BYTES or not isinstance(value, Unknown):
        return value
    fact = (yes if name == "tobytes" else maybe)(machine.place(node), f"`{short(node)}` gives bytes")
    return replace(value, immutable=fact)


@special(
    *("builtins.bytes", "base64.b64decode", "os.read", "pickle.dumps", "struct.pack"),
    *(f"{name}.decompress" for name in ("bz2", "gzip", "lzma", "zlib")),
)
def _bytes(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    return Unknown(immutable=yes(machine.place(node), f"`{short(node)}` gives bytes"))


def set_flags(machine: Machine, state: State, node: cst.BaseExpression, array: Array, arguments: Arguments) -> None:
    """``array.setflags(write=...)``."""
    given = arguments.value(0, "write")
    if given is not None and isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        set_writeable(machine, state, node, node.func.value, given)


def set_writeable(
    machine: Machine, state: State, node: cst.BaseExpression, owner: cst.BaseExpression, value: Value
) -> None:
    """``owner.flags.writeable = value``."""
    from tensorlint.flow.machine import evaluate

    with machine.unread():
        before = evaluate(machine, owner, state)
    fact = UNKNOWN
    if isinstance(value, Constant):
        fact = NO if value.value else yes(machine.place(node), f"`{short(owner)}` is made read-only")
    changed = [replace(item, read_only=fact) if isinstance(item, Array) else item for item in alternatives(before)]
    rebind(machine, owner, join_values(changed) or before, state)
