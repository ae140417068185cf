"""Lost gradients: that a value was computed from one that required grad and had left the graph before."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace

from tensorlint.flow.facts import Place, Reason, Truth

__all__ = ["Lost", "Part", "Way", "both", "join_lost"]


class Way(enum.IntEnum):
    """How a value left the graph: the later, the less it looks like intention."""

    DETACH = 0
    """``.detach()`` alone, which is written to stop a gradient."""
    DATA = 1
    """``.data``"""
    NUMBER = 2
    """Through a number, an array, or a tensor that was made anew: ``.item()``, ``.numpy()``, ``torch.tensor(loss)``."""


class Part(enum.Enum):
    """What the lost gradient is of the value."""

    WHOLE = "whole"
    """Nothing else in it could have one."""
    LEAF = "leaf"
    """It was all, and then the value was told to require grad: a new leaf."""
    TERM = "term"
    """One term of a sum whose other terms have a gradient."""
    INPUT = "input"
    """All that a layer was given: its own parameters have a gradient, what came before it has none."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A gradient that was lost on the way to a value."""

    exit: Place
    """The expression that left the graph."""
    name: str
    """The same as it is written, shortened."""
    reason: Reason
    """The last step of the way from what required grad, through the exit, to the value."""
    truth: Truth
    """Whether what left the graph required grad; UNKNOWN where nothing says so."""
    way: Way
    part: Part = Part.WHOLE
    smooth: bool = True
    """Everything on the way has a derivative: an index or a comparison has none."""
    scalar: bool = False
    """It is a number, or a tensor or array of one element."""
    frame: int = 0
    """The number of the frame that was executed where the graph was left."""
    beside: tuple[Lost, ...] = ()
    """Other terms of the same sum that became constants."""

    def because(self, place: Place, text: str) -> Lost:
        """The same, one step further along the way."""
        if self.reason.place == place and self.reason.text == text:
            return self
        return replace(self, reason=Reason(place, text, self.reason))

    def weakened(self) -> Lost:
        """The same, but only perhaps."""
        return replace(self, truth=Truth.MAYBE) if self.truth is Truth.YES else self


_FIRMNESS = {Truth.YES: 3, Truth.MAYBE: 2, Truth.UNKNOWN: 1, Truth.NO: 0}
_WEIGHT = {Part.TERM: 3, Part.INPUT: 2, Part.LEAF: 1, Part.WHOLE: 0}


def both(a: Lost | None, b: Lost | None) -> Lost | None:
    """What is lost of a value that two others make: the firmer one is told of."""
    if a is None or b is None:
        return b if a is None else a
    first, second = (b, a) if _FIRMNESS[b.truth] > _FIRMNESS[a.truth] else (a, b)
    part = max(first.part, second.part, key=_WEIGHT.__getitem__)
    smooth, scalar = a.smooth and b.smooth, a.scalar and b.scalar
    return replace(first, part=part, way=max(a.way, b.way), smooth=smooth, scalar=scalar)


def join_lost(a: Lost | None, b: Lost | None) -> Lost | None:
    """What is lost where two paths meet; ``a`` itself where ``b`` adds nothing."""
    if a is None or b is None:
        one = b if a is None else a
        return one.weakened() if one is not None else None
    return a if a.part is b.part and _FIRMNESS[a.truth] <= _FIRMNESS[b.truth] else a.weakened()
