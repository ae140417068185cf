"""An array and a tensor in one memory: what is in it, whether torch has counted a write, and who is there to see it.

Nothing in here keeps the memory: a storage is held weakly, and the tensor that tells how many writes torch has counted
has no memory of its own.
"""

from __future__ import annotations

import functools
import sys
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.multiprocessing.reductions import StorageWeakRef

from tensorlint.observe.places import Place
from tensorlint.observe.samples import checksum, piece

__all__ = ["Look", "Pair", "nodes_made", "pair"]

_NOTHING = torch.empty(0)
_count_uses: Callable[[int], int] | None = getattr(torch._C, "_storage_Use_Count", None)
nodes_made: Callable[[], int] = getattr(torch._C._autograd, "_get_sequence_nr", lambda: 0)
"""The number that autograd gives to the next operation of this thread; 0 where torch does not tell."""


class Look(NamedTuple):
    """What a look at a pair saw."""

    checksum: int
    writes: int
    """As torch counts them, those to other memory with the same counter included; -1 where it does not count."""


@dataclass(slots=True, eq=False)
class Pair:
    """An array and a tensor that share memory since a conversion."""

    place: Place
    """Of the conversion."""
    low: int
    high: int
    last: Look
    since: Place
    """Where it was looked at last."""
    nodes: int
    """How many operations autograd had recorded by then."""
    _storage: StorageWeakRef
    _counter: torch.Tensor | None
    _array: Any = None
    """What the tensor was made of; the storage keeps it, too. None for an array that was made of a tensor."""
    holder: weakref.ref[Any] | None = None
    """What was made; None once it is gone."""
    sources: tuple[weakref.ref[Any], ...] = ()
    """The tensors that an array was made of, however that was; empty for a tensor that was made of an array."""
    surprises: int = 0
    """How often what was made has changed in another's hands."""
    _of_array: bool = False
    _seen_by_array: bool = True

    def storage(self) -> torch.UntypedStorage | None:
        """The memory, if it is still there and where it was."""
        found: torch.UntypedStorage | None = torch.UntypedStorage._new_with_weak_ptr(self._storage.cdata)
        if found is None:
            return None
        start = found.data_ptr()
        return found if start <= self.low and self.high <= start + found.nbytes() else None

    def look(self) -> Look:
        """See what is in it now. The caller holds the storage."""
        return Look(checksum(self.low, self.high), -1 if self._counter is None else self._counter._version)

    def is_seen_by_tensor(self, storage: torch.UntypedStorage) -> bool:
        """Whether a tensor uses the memory, besides the one that an array keeps for itself."""
        if self._of_array or _count_uses is None:
            return True
        is_there = self.holder is not None and self.holder() is not None
        return _count_uses(storage._cdata) > (_OWN_USES if is_there else _own_uses_at_the_end())

    def is_seen_by_array(self) -> bool:
        """Whether an array uses the memory, besides the one that a storage keeps for itself."""
        if self._array is not None:
            self._seen_by_array = _is_held(self)
        return self._seen_by_array

    def is_surprised(self, by_torch: bool) -> bool:
        """Whether a write is another's, to who has what was made: torch's in an array, NumPy's in a tensor."""
        return by_torch is not self._of_array

    def overlaps(self, low: int, high: int) -> bool:
        """Whether the pair has some of the memory from ``low`` to ``high``."""
        return self.low < high and low < self.high

    def is_over(self, storage: torch.UntypedStorage) -> bool:
        """Whether one side is gone, so that nobody can be surprised any more."""
        if self._of_array:
            return not self.is_seen_by_array()
        return self.is_gone() or not self.is_seen_by_tensor(storage)

    def is_gone(self) -> bool:
        """Whether it was an array that was made, and that is gone. (Of a tensor, there may still be views.)"""
        return self.holder is None and not self._of_array

    def let_go(self) -> None:
        """What was made is gone, or the pair is watched no longer: nothing is kept for it."""
        self.is_seen_by_array()
        self._array = self.holder = None
        self.sources = ()


def pair(given: Any, made: Any, sources: Iterable[Any], place: Place, gone: Callable[[Pair], None]) -> Pair | None:
    """A pair, right after the conversion that made it; None where its memory cannot be looked at.

    :param sources: the tensors that an array was made of
    :param gone: is called when what was made goes, or a source: as soon as that, while the memory is still there
    """
    of_array = isinstance(made, torch.Tensor)
    tensor = made if of_array else given
    found = piece(made)
    if found is None or _is_watched():
        return None
    with torch.no_grad():
        one = Pair(
            place,
            *found,
            Look(0, -1),
            place,
            nodes_made(),
            StorageWeakRef(tensor.untyped_storage()),
            _counter_of(tensor),
            given if of_array else None,
            _of_array=of_array,
        )
    one.last = one.look()
    one.holder = weakref.ref(made, lambda _: gone(one))
    one.sources = tuple(weakref.ref(source, lambda _: gone(one)) for source in sources)
    return one


def _counter_of(tensor: torch.Tensor) -> torch.Tensor | None:
    """A tensor without memory that counts the writes to another one."""
    if tensor.is_inference():
        return None
    counter = tensor.detach()
    counter.data = _NOTHING
    return counter


def _is_watched() -> bool:
    """Whether something follows each operation of the program, and would see those of a pair."""
    levels = getattr(getattr(torch._C, "_functorch", None), "maybe_current_level", lambda: None)
    return torch._C._len_torch_dispatch_stack() > 0 or torch._C._get_tracing_state() is not None or levels() is not None


_OWN_USES = 2
"""Uses of the memory of an array that was made of a tensor: the look's own, and that of a tensor that it keeps."""


@functools.cache
def _own_uses_at_the_end() -> int:
    """The same while the array goes: NumPy gives up what an array keeps before or after it tells of its end."""
    seen: list[int] = []
    tensor = torch.ones(1)
    storage = StorageWeakRef(tensor.untyped_storage())

    def look(_: Any) -> None:
        found = torch.UntypedStorage._new_with_weak_ptr(storage.cdata)
        seen.append(1 if found is None or _count_uses is None else _count_uses(found._cdata))

    array = np.asarray(tensor)
    told = weakref.ref(array, look)
    del tensor, array
    return seen[0] if told() is None else _OWN_USES


_own_uses_at_the_end()  # before anything is recorded or simulated


def _references(one: Any) -> int:
    return sys.getrefcount(one._array)


def _references_to_base(one: Any) -> int:
    return sys.getrefcount(one._array.base)


class _Example:
    """Has an array that nothing else has, as a pair may."""

    def __init__(self, array: Any) -> None:
        self._array = array


_ALONE = _references(_Example(np.zeros(1))) + 1  # and the storage
_BASE_ALONE = _references_to_base(_Example(np.zeros(2)[:1]))


def _is_held(one: Pair) -> bool:
    """Whether the array, or the one that it is a view of, is held by more than the pair and the storage."""
    if _references(one) > _ALONE:
        return True
    base = one._array.base
    if isinstance(base, np.ndarray):
        del base
        return _references_to_base(one) > _BASE_ALONE
    return base is not None
