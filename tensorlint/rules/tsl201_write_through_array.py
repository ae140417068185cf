"""TSL201 write-through-array."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.flow.events import Event, WriteThrough
from tensorlint.flow.values import Array
from tensorlint.rules.base import Rule, Verdict
from tensorlint.rules.judging import evidence, told_apart

__all__ = ["WriteThroughArray"]


class WriteThroughArray(Rule):
    """An in-place write to an array also changes the tensor that it shares memory with.

    What it does
    ------------
    Finds in-place writes (`+=`, `[...] =`, `out=`, `.sort()`, `.fill()`, `np.random.shuffle` ...) to an array that
    shares its memory with a tensor, where the tensor is still used afterwards or belongs to the caller.

    Why is this bad?
    ----------------
    `t.numpy()`, `np.asarray(t)` and `torch.from_numpy(a)` copy nothing: array and tensor are two views of one memory.
    What is written through the array appears in the tensor, in every other view of it, and in the data set that it was
    taken from. Nothing is raised, the numbers are merely wrong. Autograd does not notice either: a write by NumPy does
    not raise the version counter with which torch finds writes to what it has saved.

    Example
    -------
    The mean is that of the scaled values:

        import torch

        x = torch.tensor([2.0, 4.0, 6.0])
        a = x.numpy()
        a /= 2.0
        print(a, x.mean())

    The caller's tensor is changed:

        import torch

        def as_percent(fraction: torch.Tensor):
            a = fraction.numpy()
            a *= 100
            return a

    Use instead
    -----------
    Copy at the conversion:

        import torch

        x = torch.tensor([2.0, 4.0, 6.0])
        a = x.numpy().copy()
        a /= 2.0
        print(a, x.mean())

    Or compute a new array:

        import torch

        def as_percent(fraction: torch.Tensor):
            return fraction.numpy() * 100

    Known limits
    ------------
    A write in a function whose source is not in the project is known only for the calls in the library tables. Where it
    depends on the device, the dtype or the layout whether memory is shared, nothing is said.
    A write to new memory (`torch.zeros`, `ones`, `full`, `empty`) or to the parameters of a network is taken as meant
    for the tensor.

    Fix safety
    ----------
    Unsafe: `.copy()` at the conversion ends the sharing, and a program that writes to the tensor through the array on
    purpose no longer does. It takes time and memory for the copy.

    Observed
    --------
    torch 2.13, NumPy 2.4: `x = torch.ones(3); a = x.numpy(); a += 1` leaves `x` as `tensor([2., 2., 2.])`, and
    `x._version` as 0; with `.numpy().copy()` it stays `tensor([1., 1., 1.])`.
    """

    code = "TSL201"
    name = "write-through-array"
    events = (WriteThrough,)

    def judge(self, event: Event) -> Iterator[Verdict]:
        from tensorlint.fixes.copies import copy_of_shared  # here: pages need no parser

        assert isinstance(event, WriteThrough)
        if not isinstance(event.written, Array) or event.condition:
            return
        other = f"`{event.other_name}`"
        if event.other_name == event.written_name:
            other = f"the tensor {other}"
        yield Verdict(
            event.place,
            f"this write to `{event.written_name}` also changes {other}, which shares its memory",
            told_apart(event.certain),
            evidence(event, event.sharing, event.seen),
            copy_of_shared(event),
        )
