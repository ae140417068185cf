"""TSL206 write-to-expanded."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.finding import Confidence
from tensorlint.flow.events import Event, ExpandedWrite
from tensorlint.rules.base import Rule, Verdict
from tensorlint.rules.judging import evidence

__all__ = ["WriteToExpanded"]


class WriteToExpanded(Rule):
    """What `expand()` gives is written to: one element stands at many places, and all of them change.

    What it does
    ------------
    Finds in-place writes to what `.expand()`, `.expand_as()`, `torch.broadcast_to()`, `torch.meshgrid()` and the like
    give, and to NumPy's views of it.

    Why is this bad?
    ----------------
    An expanded tensor has many rows and the memory of one. A write to a single row, head or sample is therefore seen in
    all of them, and in the tensor that was expanded: `mask[0] = ...` fills the masks of the whole batch, and nothing is
    raised. Arithmetic in place (`x += 1`, `x.mul_(2)`) and stores to slices that leave the expanded axis whole raise
    `RuntimeError: unsupported operation: more than one element of the written-to tensor refers to a single memory
    location`. Through NumPy nothing raises at all.

    Example
    -------
    The first sample's padding is every sample's:

        import torch

        def padded(length, batch):
            mask = torch.zeros(1, length).expand(batch, length)
            mask[0, -1] = 1
            return mask

    Every row is moved by all the offsets:

        import torch

        def moved(positions: torch.Tensor, offsets):
            rows = positions.unsqueeze(0).expand(len(offsets), -1)
            for row, offset in zip(rows, offsets):
                row += offset
            return rows

    Use instead
    -----------
    Give every place its own element, before the write:

        import torch

        def padded(length, batch):
            mask = torch.zeros(1, length).expand(batch, length).clone()
            mask[0, -1] = 1
            return mask

    Or compute a new tensor:

        import torch

        def moved(positions: torch.Tensor, offsets):
            rows = positions.unsqueeze(0).expand(len(offsets), -1)
            return rows + torch.as_tensor(offsets).unsqueeze(1)

    Known limits
    ------------
    Shapes are followed only as far as they are written out: where nothing tells that an axis has size one, a write to
    the whole is *possible*, and one by an index or a mask is reported. `fill_()` and `zero_()` of the whole are taken
    as meant: every place gets the value. What overlaps without a step of zero (`unfold`, most of `as_strided`) is not
    followed, nor is what `np.broadcast_to` gives until it is made writable: NumPy refuses the write. After a move to
    another device or a cast nothing is said.

    Fix safety
    ----------
    Unsafe: the copy (`.clone()` of a tensor, `.copy()` of an array) takes the memory that `expand()` saved, and the
    write no longer reaches what was expanded.

    Observed
    --------
    torch 2.13, `x = torch.zeros(1, 3).expand(2, 3)`: after `x[0] = 1` all six places are 1; `x[:, 0] = 1`, `x += 1`,
    `x.copy_(y)` and `x.scatter_(...)` raise the RuntimeError; `x[mask] = 1`, `x.masked_fill_(mask, 1)` and
    `x.index_fill_(0, i, 1)` warn once that this is deprecated and change both rows; `x.numpy()[0] = 1` is silent.
    """

    code = "TSL206"
    name = "write-to-expanded"
    events = (ExpandedWrite,)

    def judge(self, event: Event) -> Iterator[Verdict]:
        from tensorlint.fixes.copies import copy_of_expanded  # here: pages need no parser

        assert isinstance(event, ExpandedWrite)
        yield Verdict(
            event.place,
            f"`{event.written_name}` is expanded, one element stands at many places: {_what_happens(event)}",
            Confidence.POSSIBLE if event.doubtful else Confidence.LIKELY,
            evidence(event, event.expanded.reason),
            copy_of_expanded(event),
        )


def _what_happens(event: ExpandedWrite) -> str:
    if event.raises:
        return "this write in place raises RuntimeError"
    if event.raises is None:
        return "this write changes them all, or raises RuntimeError"
    return "this write changes them all"
