"""TSL306 list-of-arrays."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.flow.events import Event, Given
from tensorlint.rules.base import Rule, Verdict
from tensorlint.rules.judging import evidence, told_apart

__all__ = ["ListOfArrays"]


class ListOfArrays(Rule):
    """A tensor is made of a list of arrays, element by element.

    What it does
    ------------
    Finds lists and tuples of arrays that are given to `torch.tensor`, `as_tensor`, `asarray`, `Tensor` or
    `FloatTensor`: written out, filled by `append`, or made by a comprehension.

    Why is this bad?
    ----------------
    torch takes the list for a nested Python sequence and converts number by number, which is ten to some thousand times
    slower than one conversion of a whole array. It says so: "UserWarning: Creating a tensor from a list of
    numpy.ndarrays is extremely slow."

    Example
    -------
    A batch of observations:

        import numpy as np
        import torch

        observations = [np.zeros(3) for _ in range(4)]
        batch = torch.tensor(observations)

    Use instead
    -----------
    Make one array of the list first:

        import numpy as np
        import torch

        observations = [np.zeros(3) for _ in range(4)]
        batch = torch.tensor(np.stack(observations))

    Known limits
    ------------
    A list of NumPy scalars is as fast as one of Python's numbers and is left alone; so is a list of what may be either.

    Fix safety
    ----------
    Unsafe: `np.stack` wants arrays of one shape, and an empty list is an error for it.

    Observed
    --------
    torch 2.13, NumPy 2.4: `torch.tensor` of 1000 arrays of 10 float64 numbers takes some 200 times as long as
    `torch.tensor(np.stack(...))`, of 16 images of 3 x 64 x 64 some 10 times. The values are the same.
    """

    code = "TSL306"
    name = "list-of-arrays"
    events = (Given,)

    def judge(self, event: Event) -> Iterator[Verdict]:
        from tensorlint.fixes.dtypes import stacked  # here: pages need no parser

        assert isinstance(event, Given)
        if event.elements is None or event.function == "torch.from_numpy":
            return
        yield Verdict(
            event.place,
            f"`{event.operand_name}` is a list of arrays, which `{event.by}` converts number by number: "
            "make one array of it first",
            told_apart(event.always),
            evidence(event, event.reason),
            stacked(event),
        )
