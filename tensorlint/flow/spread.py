"""Which elements of a tensor or an array stand at several of its places: what ``expand()`` makes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from tensorlint.flow.facts import NO, Fact, Guards

__all__ = ["EVEN", "Spread", "joined"]

Axes = frozenset[int]


@dataclass(frozen=True, slots=True)
class Spread:
    """What is known of the steps between a value's elements, as far as they may be zero."""

    expanded: Fact = NO
    """Several of its places are one element."""
    part: Fact = NO
    """Its elements also stand at other places of what it was taken from: a row of what was expanded."""
    axes: Axes | None = None
    """The axes along which one element is at every place (from the end where negative); None where not known."""
    ones: Axes = frozenset()
    """Axes of which it is known that their size is one."""
    rank: int | None = None
    """How many axes there are, where that was written out in ``expand``."""

    @property
    def shared(self) -> bool:
        """A write to one of its places changes others."""
        return self.expanded.holds or self.part.holds

    def join(self, other: Spread, mine: Guards = frozenset(), others: Guards = frozenset()) -> Spread:
        """What holds where two paths meet."""
        if self is other or self == other:
            return self
        axes = self.axes if self.axes == other.axes or not other.expanded.holds else None
        if not self.expanded.holds:
            axes = other.axes
        return Spread(
            self.expanded.join(other.expanded, mine, others),
            self.part.join(other.part, mine, others),
            axes,
            self.ones & other.ones,
        )

    @property
    def conditional(self) -> bool:
        """Some of it holds only under conditions that are known."""
        return bool(self.expanded.given or self.part.given)

    def with_each(self, change: Callable[[Fact], Fact]) -> Spread:
        """The same with both facts changed."""
        expanded, part = change(self.expanded), change(self.part)
        return self if expanded is self.expanded and part is self.part else replace(self, expanded=expanded, part=part)

    def moved(self) -> Spread:
        """The same where it is no longer known which axis is which."""
        return replace(self, axes=None, ones=frozenset()) if self is not EVEN else self

    def narrowed(self, axis: int | None, gone: bool, named: bool = True) -> Spread:
        """One stretch of an axis, or with ``gone`` one place along it, which is then no axis any more.

        :param axis: None where it is not known
        :param named: the whole has a name, through which the other places are still reached
        """
        known = self.axes
        ones = frozenset() if gone or axis is None else self.ones - {axis}
        if not self.expanded.holds:
            return replace(self, ones=ones)
        if known is None or axis is None or axis < 0 or any(one < 0 for one in known):
            fact = self.expanded.weakened()
            return Spread(fact, fact if named else self.part, None)
        part = self.expanded if axis in known and named else self.part
        if not gone:
            return Spread(self.expanded, part, known, ones)
        left = frozenset(one - (one > axis) for one in known if one != axis)
        return Spread(self.expanded if left else NO, part, left or None)

    def with_axis(self, axis: int) -> Spread:
        """The same with a new axis of size one."""
        return replace(
            self,
            axes=_shifted(self.axes, axis) if self.axes is not None else None,
            ones=_shifted(self.ones, axis) | {axis},
            rank=None,
        )


EVEN = Spread()


def _shifted(axes: Axes, new: int) -> Axes:
    if new >= 0:
        return frozenset(one + (one >= new) for one in axes)
    return frozenset(one if one >= 0 or one > new else one - 1 for one in axes)


def joined(found: Iterable[Spread]) -> Spread:
    """What is known of one of several values."""
    result: Spread | None = None
    for one in found:
        result = one if result is None else result.join(one)
    return result if result is not None else EVEN
