"""Boundary events: what the interpreter saw happen, for the rules to judge.

Every event names the ``place`` where a finding about it stands, and carries the values concerned with their facts.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tensorlint.flow.facts import Fact, Place, Reason

if TYPE_CHECKING:
    import libcst as cst

    from tensorlint.flow.lost import Lost
    from tensorlint.flow.values import Array, Tensor, Value

__all__ = [
    "Chained",
    "Comparison",
    "Conversion",
    "DataRead",
    "Discarded",
    "Event",
    "ExpandedWrite",
    "Foreign",
    "ForeignDtype",
    "Given",
    "GradientLost",
    "How",
    "IntegerGrad",
    "Missed",
    "Mixed",
    "MixedDtypes",
    "Mixing",
    "Needless",
    "RoundTrip",
    "StaleAlias",
    "Sync",
    "ToTorch",
    "Unsupported",
    "WriteBehindAutograd",
    "WriteThrough",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened at a place."""

    place: Place
    calls: tuple[Reason, ...] = ()
    """The calls through which the interpreter came here, the outermost first."""


class How(enum.Enum):
    """How a tensor is asked to become an array."""

    NUMPY = ".numpy()"
    """The explicit method, without ``force=True``."""
    EXPLICIT = "asarray"
    """``np.asarray``, ``np.array`` and the like, called for the conversion's sake."""
    IMPLICIT = "implicit"
    """A NumPy, SciPy, scikit-learn, pandas or Matplotlib call, a store or an operator that calls ``__array__``."""
    REFUSED = "refused"
    """It is not converted, but refused: only an array would do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion(Event):
    """A tensor becomes an array. ``place`` is the converting expression."""

    how: How
    tensor: Tensor
    operand: cst.BaseExpression
    """The expression whose value is converted: the receiver of ``.numpy()``, or the argument."""
    operand_name: str
    """The operand as it is written, shortened."""
    by: str
    """What converts, as a reader knows it: ``.numpy()``, ``np.mean``, ``plt.plot``."""
    in_container: bool = False
    """The operand is a list, tuple or dict whose elements are converted."""
    always: bool = True
    """Every alternative value of the operand is such a tensor."""
    appended: tuple[Place, ...] = ()
    """Where the elements were put into the container, when that is known: arguments of ``append`` and the like."""
    mixed: bool = False
    """On some path, or at another call, the operand is something else than tensors, or holds something else."""
    others: frozenset[cst.BaseExpression] = frozenset()
    """Of a list that is written out, the elements that are never tensors."""


class Foreign(enum.Enum):
    """How a dtype meets the library that it is not of."""

    ARGUMENT = "argument"
    METHOD = "method"
    """``astype`` of a tensor, which has no such method."""
    COMPARISON = "comparison"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignDtype(Event):
    """A dtype of one library is given to the other. ``place`` is the call or the comparison."""

    foreign: Foreign
    node: cst.BaseExpression
    dtype: cst.BaseExpression
    """The dtype, or the dtypes, as they are written."""
    dtype_name: str
    library: str
    """The library that it is given to: ``torch`` or ``numpy``."""
    own: str
    """The same dtype of that library by its full name, where the dtype is written out; else empty."""
    by: str
    """What it is given to, or the operator."""
    fact: Fact
    """That it is a dtype of the other library, or that a tensor has the method called."""


class Mixing(enum.Enum):
    """How an array and a tensor meet where neither library takes the other's."""

    REDUCTION = "reduction"
    """A reduction of NumPy, of a tensor."""
    OPERATOR = "operator"
    """An operator, with the array on its left."""
    COMPARISON = "comparison"
    STORE = "store"
    """An array is stored into a tensor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixed(Event):
    """An array and a tensor meet. ``place`` is the call, the operation or the store."""

    mixing: Mixing
    by: str
    """What refuses: ``np.mean``, ``*``, the tensor that is stored into."""
    conversion: Conversion
    """The operand that another library's value would have to be, and the tensor that it is or is stored into."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToTorch(Event):
    """An array is given to torch. ``place`` is the torch call (or the index expression)."""

    array: Array
    operand: cst.BaseExpression
    operand_name: str
    by: str
    always: bool = True
    warns: bool = False
    """The call warns of an array that is read-only: it makes a tensor of the array's own memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given(Event):
    """Data is given to a call that makes a tensor of it. ``place`` is the call."""

    function: str
    """The call's full name: ``torch.from_numpy``."""
    value: Value
    """What it is given, or one alternative of it."""
    operand: cst.BaseExpression
    operand_name: str
    by: str
    other: str = ""
    """What it is, where it is no array: ``a list``, ``a NumPy scalar``."""
    elements: Array | None = None
    """Of a list all of whose elements are arrays: one of them."""
    reason: Reason | None = None
    """How the value is known to be what it is."""
    always: bool = True
    """It is the only alternative."""
    surely: bool = True
    """What it is does not rest on an assumption."""
    caught: bool = False
    """The program goes on after a refusal."""
    lacking: bool = False
    """It is of wider unsigned integers, which the torch that the program is for does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegerGrad(Event):
    """A tensor of integers is made to require grad. ``place`` is the call."""

    dtype: str
    reason: Reason | None
    """Why it is of integers."""
    tensor: cst.BaseExpression | None
    """The expression of the tensor, where there is one; else the call makes it."""
    certain: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsupported(Event):
    """A tensor of a dtype that torch hardly supports (uint16) meets an operation that it does not have.

    ``place`` is where the tensor was made of an array.
    """

    tensor: Tensor
    made: Reason
    met: Reason
    certain: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedDtypes(Event):
    """A float64 tensor that was made of NumPy's data meets float32 where torch promotes nothing.

    ``place`` is where the tensor was made.
    """

    tensor: Tensor
    made: Reason
    """That the tensor was made of float64 data."""
    met: Reason
    """What it met, and where."""
    certain: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteThrough(Event):
    """Memory that a tensor and an array share was written to through one of them, and the other is still looked at.

    ``place`` is the write.
    """

    written: Array | Tensor
    written_name: str
    other_name: str
    """The one that also changes, as a reader knows it."""
    shared_at: Place
    """Where the sharing began: the conversion."""
    sharing: Reason
    seen: Reason
    """Why the other still matters: it is read again, or it belongs to the caller."""
    certain: bool = True
    condition: str = ""
    """When memory is shared at all; empty for always."""
    of_caller: bool = False
    """The other is the caller's, who may never look at it again."""
    by: str = ""
    """What writes, where that is not seen from what is written to: ``optimizer.step()``."""
    as_view: bool = False
    """The call that decides is used for its view as a rule (``reshape``), and copies only where it has to."""
    as_a_rule: bool = False
    """The condition holds for what callers pass as a rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteBehindAutograd(Event):
    """A write that autograd cannot notice, to memory that an operation has saved, before the backward that needs it.

    ``place`` is the write.
    """

    written_name: str
    through: str
    """``array``; ``tensor`` for one that ``.data`` made; ``rebinding`` for ``x.data = ...``."""
    alias: Reason | None
    """Where what is written to came to share the memory."""
    condition: str
    """When it shares it at all; empty for always."""
    saved: Reason
    """The operation that saved it."""
    of_result: bool
    """It has saved its result, not an operand."""
    wanted: Fact
    """Whether the gradient is wanted that becomes wrong."""
    backward: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpandedWrite(Event):
    """Memory is written to in which one element stands at several places. ``place`` is the write."""

    written: Array | Tensor
    written_name: str
    expanded: Fact
    """That it is expanded, or a part of what is: where that was done."""
    raises: bool | None = False
    """torch refuses the write; None where it may refuse it, or change every place of an element."""
    doubtful: bool = False
    """It may not be expanded at all, or the places of an element may be changed alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleAlias(Event):
    """An alias that was kept is looked at after its source has changed. ``place`` is where the alias was made."""

    alias: Value
    kept: Reason
    changed: Reason
    """What changed the source afterwards."""
    used: Reason | None
    what: str
    """What the alias is of: ``the parameters of net``, ``the array that env.step() returns``."""
    certain: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(Event):
    """A ``torch.device`` is compared with text. ``place`` is the comparison."""

    node: cst.Comparison
    device: cst.BaseExpression
    """The side that is a ``torch.device``."""
    text: cst.BaseExpression | None
    """The side that is text, where it is one expression."""
    literal: str | None
    """The text, where it is known."""
    operator: str
    """``==``, ``!=``, ``in`` or ``not in``."""
    fact: Fact
    """That the device side is a ``torch.device``."""
    texts: tuple[str, ...] = ()
    """What the text is or may be, or what the texts are among which the device is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discarded(Event):
    """A statement computes a new tensor (or array) and drops it. ``place`` is the expression."""

    call: cst.BaseExpression
    """The statement's expression: a call, or a list of calls for each item."""
    receiver: cst.BaseExpression
    """What the result can be assigned to: what the method is called on, or the list of those."""
    receiver_name: str
    method: str
    assignable: bool
    """The result can be assigned to the receiver: an attribute, a subscript, or a name that is read later."""
    fact: Fact
    """That the receiver is a tensor."""
    entry: str = ""
    """The entry of a dict that the receiver was taken from, which can be assigned to instead."""


class Missed(enum.Enum):
    """Where a lost gradient is missed."""

    BACKWARD = "backward"
    FORWARD = "forward"


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientLost(Event):
    """What had left the graph came back into a loss, or into what a module gives. ``place`` is where it left."""

    lost: Lost
    missed: Missed
    what: str
    """What is back-propagated: a tensor, an array, a number."""
    always: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DataRead(Event):
    """``x.data`` is read for its value. ``place`` is the expression."""

    node: cst.Attribute
    owner: cst.BaseExpression
    owner_name: str
    fact: Fact
    """That the owner is a tensor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chained(Event):
    """A link of a chain of conversions is not needed, or stands before one that belongs in front of it.

    ``place`` is the chain.
    """

    what: str
    """The link: ``contiguous`` (before ``.numpy()``) or ``cpu`` (before ``.detach()``)."""
    node: cst.BaseExpression
    link: cst.Call
    owner: cst.BaseExpression
    """What the link is called on."""
    owner_name: str
    fact: Fact
    """That it is a tensor."""
    requires_grad: Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTrip(Event):
    """A tensor becomes an array only to become a tensor again. ``place`` is the torch call."""

    call: cst.BaseExpression
    tensor: cst.BaseExpression
    """What ``.numpy()`` is called on."""
    tensor_name: str
    by: str
    direct: bool
    """The conversion is the argument itself, not the value of a name."""
    plain: bool
    """Nothing else is given to the torch call."""
    copies: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync(Event):
    """In each step of a loop the program waits for a GPU, for what is read after the loop at the earliest, or seldom.

    ``place`` is what waits.
    """

    by: str
    """What waits, as a reader knows it: ``.item()``, ``.cpu()``."""
    tensor_name: str
    into: str
    """What collects."""
    device: Fact
    under: str = ""
    """The test of the step, as it is written, under which alone the loop reads it; empty if it is not read in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needless(Event):
    """A link that gives what it is called on. ``place`` is the link."""

    link: cst.Call
    owner: cst.BaseExpression
    owner_name: str
    method: str
    known: Reason
    """How it is known that there is nothing to do."""
