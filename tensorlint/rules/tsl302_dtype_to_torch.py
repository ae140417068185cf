"""TSL302 dtype-to-torch."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.flow.events import Event, Given, Unsupported
from tensorlint.flow.values import Array
from tensorlint.rules.base import Rule, Verdict
from tensorlint.rules.judging import evidence, told_apart

__all__ = ["DtypeToTorch"]

KINDS = {
    "object": "holds Python objects",
    "str": "holds text",
    "bytes": "holds bytes",
    "datetime64": "holds dates",
    "timedelta64": "holds time differences",
    "longdouble": "has the dtype longdouble",
    "structured": "has a structured dtype",
    "non-native": "is in the byte order of another machine",
}


class DtypeToTorch(Rule):
    """An array whose dtype torch does not have is given to torch.

    What it does
    ------------
    Finds arrays of objects, text, dates, `longdouble`, structured dtypes and foreign byte orders (`">f4"`) that reach
    `torch.from_numpy`, `as_tensor`, `tensor`, `asarray`, `Tensor` or a collate function, and `uint16`, `uint32` and
    `uint64` arrays whose tensor is compared, added to or reduced (all of them if `target-torch` is older than 2.3).

    Why is this bad?
    ----------------
    torch refuses them: "TypeError: can't convert np.ndarray of type numpy.object_", "ValueError: given numpy array has
    byte order different from the native byte order". It takes the wider unsigned integers since version 2.3, but has
    hardly an operation for them: `+`, `>`, `max`, `mean` raise NotImplementedError or RuntimeError.

    Example
    -------
    Labels that are text:

        import numpy as np
        import torch

        labels = np.array(["cat", "dog", "cat"])
        targets = torch.tensor(labels)

    Numbers that became objects on the way:

        import numpy as np
        import torch

        rows = np.array([[1, 2], [3, None]])
        table = torch.as_tensor(rows)

    Use instead
    -----------
    Number the labels:

        import numpy as np
        import torch

        labels = np.array(["cat", "dog", "cat"])
        names, numbers = np.unique(labels, return_inverse=True)
        targets = torch.tensor(numbers)

    Convert to a dtype that torch has:

        import numpy as np
        import torch

        rows = np.array([[1, 2], [3, 4]], dtype=object)
        table = torch.as_tensor(rows.astype(np.float32))

    Known limits
    ------------
    The columns of a data frame are not followed: that one of them is text is not in sight.

    Fix safety
    ----------
    There is no fix, safe or unsafe: which numbers are meant is not in the program.

    Observed
    --------
    torch 2.13, NumPy 2.4: `from_numpy`, `as_tensor`, `tensor`, `asarray`, `Tensor` and `default_collate` raise
    TypeError for object, str, bytes, datetime64, timedelta64, longdouble and structured arrays (`dtype=torch.float32`
    does not help) and ValueError for `">f4"`. A uint16 tensor refuses `+`, `-`, `<`, `>`, `max`, `min`, `mean` and
    `clamp`; `/`, `*`, `==`, `sum`, indexing and `.float()` work. torch 2.1 refuses uint16, uint32 and uint64 arrays
    with a TypeError.
    """

    code = "TSL302"
    name = "dtype-to-torch"
    events = (Given, Unsupported)

    def judge(self, event: Event) -> Iterator[Verdict]:
        if isinstance(event, Unsupported):
            message = f"this tensor is {event.tensor.dtype}, for which torch does not implement what is done with it"
            yield Verdict(event.place, message, told_apart(event.certain), evidence(event, event.made, event.met))
            return
        assert isinstance(event, Given)
        array = event.value
        if event.caught or not isinstance(array, Array) or array.scalar or array.dtype_from is None:
            return
        kind = f"is {array.dtype}" if event.lacking else KINDS.get(array.dtype)
        if kind is None:
            return
        which = "which torch has no dtype for" + (" before 2.3" if event.lacking else "")
        error = "ValueError" if array.dtype == "non-native" else "TypeError"
        yield Verdict(
            event.place,
            f"`{event.operand_name}` {kind}, {which}: `{event.by}` raises {error}",
            told_apart(event.always),
            evidence(event, array.dtype_from),
        )
