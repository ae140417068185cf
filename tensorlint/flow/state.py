"""What holds at one point of a program: names, objects, grad mode, and which memory has been written to."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tensorlint.flow.conditions import WORD, free, freed, resolve, resolve_object
from tensorlint.flow.facts import NO, Fact, Guards, Place, Truth
from tensorlint.flow.heap import HeapObject
from tensorlint.flow.joining import join, join_objects
from tensorlint.flow.layers import Layers
from tensorlint.flow.values import NO_GUARDS, Alias, Ref, Value

__all__ = ["RECORDS", "State", "Write", "next_write"]

RECORDS = Fact(Truth.YES)
MOST_EARLIER = 12


@dataclass(frozen=True, slots=True)
class Write:
    """The last write to a storage."""

    place: Place
    text: str
    """What wrote, in words."""
    through: str
    """``array``, ``tensor`` or ``optimizer``."""
    version: int = 0
    """How many writes there were, this one included."""
    made: Place | None = None
    """Where the alias that was written through was made."""
    name: str = ""
    """What was written to, as it is written in the code."""
    condition: str = ""
    """When what was written to shares the storage at all; empty for always."""
    perhaps: Place | None = None
    """The call that decides whether it does."""
    meant: bool = False
    """It is written for the sake of the memory: what was written to has no name (``torch.from_numpy(a)[:] = 0``)."""
    at: tuple[int, int] = (0, 0)
    """The number of the frame, and how many of its loops were around it."""
    part: int = 0
    """Which part of the storage was written to, as in an alias; 0 where that is not known."""
    kept: Place | None = None
    """Where the alias was made that had been put away, and that what was written through was taken from."""
    rebound: int = 0
    """The version at which what lives in the storage was last given other memory before (``p.data = x``)."""
    earlier: tuple[Write, ...] = ()
    """The writes before this one, the last few of them, without what came before them."""


class State:
    """A program point. Mutable while a path is followed; ``fork`` before two paths part, ``join`` where they meet."""

    __slots__ = (
        "alive",
        "assumed",
        "autocast",
        "frames",
        "grad",
        "heap",
        "names",
        "rebound",
        "tested",
        "used_up",
        "written",
    )

    def __init__(self) -> None:
        self.names: dict[str, Value] = {}
        """The variables of the function that is executed."""
        self.frames: Layers[dict[str, Value]] = Layers()
        """The variables of the enclosing functions and of their modules, by frame number."""
        self.heap: Layers[HeapObject] = Layers()
        self.written: dict[int, Write] = {}
        self.rebound: dict[int, int] = {}
        """When what lives in a storage was given other memory (``p.data = x``), on the same scale as the writes."""
        self.used_up: frozenset[int] = frozenset()
        """The numbers of what is saved and a backward has gone through."""
        self.grad: Fact = RECORDS
        """Whether autograd records here; given the conditions that decide it, where they are known."""
        self.autocast: Fact = NO
        """Whether autocast is on here, to a dtype that NumPy does not have (bfloat16)."""
        self.assumed: dict[str, bool] = {}
        """Conditions whose outcome is known on this path."""
        self.tested: set[str] = set()
        """Words of all conditions that were ever assumed, on any path: what is assigned to one of them decides anew."""
        self.alive = True

    def fork(self) -> State:
        """The same point, from where another path can be followed."""
        other = State.__new__(State)
        other.names = dict(self.names)
        other.frames = self.frames.fork()
        other.heap = self.heap.fork()
        other.written = dict(self.written)
        other.rebound = dict(self.rebound)
        other.used_up = self.used_up
        other.grad = self.grad
        other.autocast = self.autocast
        other.assumed = dict(self.assumed)
        other.tested = self.tested
        other.alive = self.alive
        return other

    def become(self, other: State) -> None:
        """Be the point that ``other`` is."""
        self.names, self.frames, self.heap, self.written = other.names, other.frames, other.heap, other.written
        self.rebound, self.used_up, self.autocast = other.rebound, other.used_up, other.autocast
        self.grad, self.assumed, self.alive = other.grad, other.assumed, other.alive

    def join(self, other: State, mine: Guards = NO_GUARDS, others: Guards = NO_GUARDS) -> bool:
        """Let the path of ``other`` end here as well; True if that changed anything known."""
        if not other.alive or self is other:
            return False
        if not self.alive:
            self.become(other.fork())
            return True
        changed = self._join_names(self.names, other.names, other, mine, others)
        for number, names in self.frames.changes(other.frames):
            mine_names = self.frames.get(number)
            if mine_names is None:
                self.frames[number] = names
            elif mine_names is not names:
                merged = dict(mine_names)
                if self._join_names(merged, names, other, mine, others):
                    self.frames[number] = merged
                    changed = True
        for address, item in self.heap.changes(other.heap):
            present = self.heap.get(address)
            if present is None:
                self.heap[address] = item
                changed = True
            elif present is not item:
                a = resolve_object(present, self.assumed, item)
                b = resolve_object(item, other.assumed, present)
                if (merged_item := join_objects(a, b, mine, others)) is not present:
                    self.heap[address] = merged_item
                    changed = changed or merged_item != present
        for storage, write in other.written.items():
            last = self.written.get(storage)
            if last is None or last.version < write.version:
                self.written[storage] = write
        for storage, version in other.rebound.items():
            self.rebound[storage] = max(version, self.rebound.get(storage, 0))
        if self.used_up is not other.used_up:
            self.used_up |= other.used_up
        if self.grad != other.grad:
            self.grad = self.grad.join(other.grad, mine, others)
        self.autocast = self.autocast.join(other.autocast, mine, others)
        if self.assumed != other.assumed:
            self.assumed = {key: outcome for key, outcome in self.assumed.items() if other.assumed.get(key) is outcome}
        return changed

    def changed(self, before: State) -> set[int]:
        """The addresses of what was there before and is something else now."""
        found = set()
        for address, item in before.heap.changes(self.heap):
            present = before.heap.get(address)
            if present is not None and present is not item and present != item:
                found.add(address)
        return found

    def _join_names(
        self, names: dict[str, Value], theirs: dict[str, Value], other: State, mine: Guards, others: Guards
    ) -> bool:
        changed = False
        for name, value in theirs.items():
            present = names.get(name)
            if present is value:
                continue
            if present is None:
                names[name] = value
                changed = True
                continue
            a, b = resolve(present, self.assumed), resolve(value, other.assumed)
            if (merged := join(a, b, mine, others)) is not present:
                names[name] = merged
                changed = changed or merged != present
        return changed

    def assume(self, condition: str, outcome: bool) -> None:
        """A condition has this outcome on this path."""
        self.assumed[condition] = outcome
        self.watch(condition)

    def watch(self, condition: str) -> None:
        """Something known hangs on a condition: assigning to one of its words frees it."""
        self.tested.update(WORD.findall(condition))

    def forget(self, word: str) -> None:
        """A name or attribute holds something else from now on: what hung on its old value hangs on nothing."""
        if word not in self.tested:
            return
        self.assumed = {text: outcome for text, outcome in self.assumed.items() if word not in WORD.findall(text)}
        for name, value in self.names.items():
            self.names[name] = freed(value, word)
        self.grad = free(self.grad, word)

    def records(self) -> Truth:
        """Whether autograd records here, on this path."""
        return self.grad.assuming(self.assumed).truth

    def object(self, ref: Ref) -> HeapObject | None:
        """What is at a reference."""
        return self.heap.get(ref.address)

    def adopt(self, other: State) -> None:
        """What was made on the path of ``other``, which is left, may be reached from here."""
        for address, item in self.heap.changes(other.heap):
            if address not in self.heap:
                self.heap[address] = item

    def version(self, storage: int) -> int:
        """How often a storage has been written to, or what lives there was given other memory."""
        write = self.written.get(storage)
        return max(write.version if write is not None else 0, self.rebound.get(storage, 0))

    def rebind_memory(self, storage: int) -> None:
        """What lives in a storage gets other memory: aliases of the old stay as they are (observed: torch 2.13)."""
        self.rebound[storage] = self.version(storage) + 1

    def wrote(self, storage: int, write: Write) -> int:
        """A storage is written to; gives the version that it has afterwards."""
        last = self.written.get(storage)
        earlier = (*last.earlier, replace(last, earlier=()))[-MOST_EARLIER:] if last is not None else ()
        version = self.version(storage) + 1
        rebound = self.rebound.get(storage, 0)
        self.written[storage] = replace(write, version=version, rebound=rebound, earlier=earlier)
        return version

    def written_since(self, alias: Alias) -> Write | None:
        """The last write to what an alias shares its memory with, if there was one since it was made."""
        last = self.written.get(alias.storage)
        if last is None or last.version <= alias.version:
            return None
        return last if alias.version >= last.rebound else None


def next_write(alias: Alias, last: Write) -> Write:
    """Of the writes up to ``last`` the first that reached an alias, as far back as they are known."""
    made = alias.made.place if alias.made is not None else None
    for write in last.earlier:
        elsewhere = alias.part and write.part and alias.part != write.part
        through_itself = made is not None and write.made == made
        if write.version > max(alias.version, last.rebound) and not elsewhere and not through_itself:
            return write
    return last
