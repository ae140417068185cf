"""A dictionary that forks cheaply: what has long been there is shared, what is new is copied."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator
from typing import Generic, TypeVar

__all__ = ["Layers"]

V = TypeVar("V")
MOST_OWN = 48


class Layers(Generic[V]):
    """A mapping from numbers; two forks of one differ only in what was set since."""

    __slots__ = ("base", "own")

    def __init__(self) -> None:
        self.base: dict[int, V] = {}
        """Never changed once another one shares it."""
        self.own: dict[int, V] = {}

    def fork(self) -> Layers[V]:
        """A copy that can be changed apart from this one."""
        if len(self.own) > MOST_OWN:
            self.base = {**self.base, **self.own}
            self.own = {}
        other: Layers[V] = Layers()
        other.base = self.base
        other.own = dict(self.own)
        return other

    def get(self, number: int) -> V | None:
        """What is at a number; None where nothing is."""
        found = self.own.get(number)
        return found if found is not None else self.base.get(number)

    def changes(self, other: Layers[V]) -> ItemsView[int, V]:
        """What ``other`` has that this one may not have."""
        return other.own.items() if self.base is other.base else {**other.base, **other.own}.items()

    def add_all(self, other: Layers[V]) -> None:
        """Take what is missing from ``other``."""
        for number, item in {**other.base, **other.own}.items():
            if number not in self:
                self.own[number] = item

    def items(self) -> ItemsView[int, V]:
        """Everything in it, with its numbers."""
        return {**self.base, **self.own}.items()

    def values(self) -> Iterator[V]:
        """Everything in it."""
        yield from {**self.base, **self.own}.values()

    def __getitem__(self, number: int) -> V:
        return self.own[number] if number in self.own else self.base[number]

    def __setitem__(self, number: int, item: V) -> None:
        self.own[number] = item

    def __contains__(self, number: int) -> bool:
        return number in self.own or number in self.base
