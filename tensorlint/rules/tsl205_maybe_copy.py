"""TSL205 maybe-copy."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.finding import Confidence
from tensorlint.flow.events import Event, WriteThrough
from tensorlint.rules.base import Rule, Verdict
from tensorlint.rules.judging import evidence

__all__ = ["MaybeCopy"]


class MaybeCopy(Rule):
    """What may be a copy is written to: it depends on the dtype or the layout whether that changes something else.

    What it does
    ------------
    Finds in-place writes to what `.float()`, `.to(dtype)`, `.contiguous()`, `torch.as_tensor(..., dtype=...)`,
    `torch.Tensor(array)` or `np.asarray(tensor, dtype=...)` gives, where what it was made of is still used afterwards,
    and neither the dtype nor the layout is known.

    Why is this bad?
    ----------------
    These copy only where they have to: `x.float()` is `x` itself where it is float32 already. A write to the result
    changes `x` for data of one dtype and leaves it alone for data of another. A test with integers passes, and the
    training with floats normalises its data set anew in every epoch.

    Example
    -------
    The values that the noise is compared with are noisy as well, where they are float64:

        import numpy as np
        import torch

        def error_of_noise(values: torch.Tensor):
            noisy = np.asarray(values, dtype=np.float64)
            noisy += np.random.randn(3)
            return abs(noisy - values.numpy()).mean()

    An array that is float32 already is scaled along:

        import numpy as np
        import torch

        def brightness(image: np.ndarray):
            tensor = torch.as_tensor(image, dtype=torch.float32)
            tensor.div_(255)
            return tensor.mean(), image.mean()

    Use instead
    -----------
    Copy in any case:

        import numpy as np
        import torch

        def error_of_noise(values: torch.Tensor):
            noisy = np.array(values, dtype=np.float64)
            noisy += np.random.randn(3)
            return abs(noisy - values.numpy()).mean()

    Or compute a new tensor:

        import numpy as np
        import torch

        def brightness(image: np.ndarray):
            tensor = torch.as_tensor(image, dtype=torch.float32) / 255
            return tensor.mean(), image.mean()

    Known limits
    ------------
    Where dtype and layout are known, memory is shared or it is not: then the write is `TSL201` or `TSL202`, or nothing.
    `.reshape()`, `.flatten()` and `.ravel()` are used for the view that they give, as a rule: a write to that is
    *possible*, and so is a write to what may be the caller's memory. Of two arrays nothing is said.

    Fix safety
    ----------
    Unsafe: the copy (`.clone()` of a tensor, `.copy()` of an array) takes time and memory, and where memory was shared
    the write no longer reaches the other one.

    Observed
    --------
    torch 2.13, NumPy 2.4: `x = torch.ones(3); x.float().add_(1)` leaves `x` as `tensor([2., 2., 2.])`; with
    `x = torch.ones(3, dtype=torch.int64)` it stays as it is. `x.t().contiguous()` is a copy of a 2 x 3 matrix, and
    `x.contiguous()` is `x`. `torch.Tensor(a)` shares the memory of `a` where that is float32.
    """

    code = "TSL205"
    name = "maybe-copy"
    events = (WriteThrough,)

    def judge(self, event: Event) -> Iterator[Verdict]:
        from tensorlint.fixes.copies import copy_of_shared  # here: pages need no parser

        assert isinstance(event, WriteThrough)
        if not event.condition or "GPU" in event.condition:
            return
        doubtful = event.as_view or (event.of_caller and not event.as_a_rule)
        other = f"`{event.other_name}`"
        if event.other_name == event.written_name:
            other = f"what {other} was made of"
        yield Verdict(
            event.place,
            f"this write to `{event.written_name}` also changes {other} {event.condition}",
            Confidence.POSSIBLE if doubtful else Confidence.LIKELY,
            evidence(event, event.sharing, event.seen),
            copy_of_shared(event),
        )
