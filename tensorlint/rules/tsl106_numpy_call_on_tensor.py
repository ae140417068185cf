"""TSL106 numpy-call-on-tensor."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.finding import Confidence
from tensorlint.flow.events import Event, Mixed, Mixing
from tensorlint.flow.facts import Truth
from tensorlint.rules.base import Rule, Verdict
from tensorlint.rules.judging import evidence

__all__ = ["NumpyCallOnTensor"]


class NumpyCallOnTensor(Rule):
    """A tensor is given to NumPy, or an array to a tensor, where neither takes the other.

    What it does
    ------------
    Finds NumPy's reductions of a tensor (`np.mean(t)`, `np.sum`, `max`, `min`, `amax`, `amin`, `std`, `var`, `prod`,
    `all`, `any`), operators with an array on the left of a tensor (`arr * t`), comparisons of the two (`arr < t`), and
    `t[...] = arr`.

    Why is this bad?
    ----------------
    They raise a TypeError for every tensor, on the CPU and without a gradient as well: NumPy's reductions call the
    method of the tensor with NumPy's keywords, which it does not take; an array leaves operators with a tensor on its
    right to the tensor, which declines; and a tensor stores numbers and tensors only. `arr != t` raises nothing, and
    is True whatever is in them.

    Example
    -------
    A reduction:

        import numpy as np
        import torch

        errors = torch.rand(8)
        print(np.mean(errors))

    An array on the left of a tensor:

        import numpy as np
        import torch

        weights = np.linspace(0, 1, 8)
        errors = torch.rand(8)
        print(weights * errors)

    Use instead
    -----------
    The tensor's own method:

        import torch

        errors = torch.rand(8)
        print(errors.mean())

    Or one library on both sides:

        import numpy as np
        import torch

        weights = np.linspace(0, 1, 8)
        errors = torch.rand(8)
        print(weights * errors.numpy(), torch.as_tensor(weights) * errors)

    Known limits
    ------------
    Both sides must be known for certain: code that serves arrays and tensors alike is full of places where they seem to
    meet and never do. A NumPy scalar on the left of a tensor works, and is not reported.

    Fix safety
    ----------
    Unsafe: `.detach().cpu().numpy()` on the tensor makes the result an array, through which no gradient flows; where
    one is wanted, write the tensor's method instead. For a store the array becomes a tensor by `torch.as_tensor`.

    Observed
    --------
    torch 2.13, NumPy 2.4: `np.mean(t)` raises "TypeError: mean() got an unexpected keyword argument 'axis'", the other
    reductions likewise, with `axis=` too; `arr * t` raises "TypeError: unsupported operand type(s) for *:
    'numpy.ndarray' and 'Tensor'", `+` a TypeError about concatenation; `t[:] = arr` raises "TypeError: can't assign a
    numpy.ndarray to a torch.FloatTensor". `arr / t`, `arr == t`, `t * arr`, `np.float32(2) * t`, `np.argmax(t)`,
    `np.median(t)` and `np.mean([t, t])` work.
    """

    code = "TSL106"
    name = "numpy-call-on-tensor"
    events = (Mixed,)

    def judge(self, event: Event) -> Iterator[Verdict]:
        from tensorlint.fixes.mixing import one_library  # here: pages need no parser

        assert isinstance(event, Mixed)
        kind = event.conversion.tensor.kind
        confidence = Confidence.CERTAIN if kind.truth is Truth.YES else Confidence.LIKELY
        yield Verdict(event.place, _message(event), confidence, evidence(event, kind.reason), one_library(event))


def _message(event: Mixed) -> str:
    name = event.conversion.operand_name
    match event.mixing:
        case Mixing.REDUCTION:
            return f"`{event.by}` raises TypeError for every tensor, and `{name}` is one: it passes keywords of NumPy's"
        case Mixing.OPERATOR:
            return f"`{event.by}` with an ndarray on its left raises TypeError for every tensor, and `{name}` is one"
        case Mixing.COMPARISON if event.by == "!=":
            return f"`!=` is always True here: `{name}` is a tensor and the other side an ndarray"
        case Mixing.COMPARISON:
            return f"`{event.by}` between an ndarray and a tensor raises TypeError, and `{name}` is a tensor"
        case Mixing.STORE:
            return f"`{name}` is an ndarray, which `{event.by}`, a tensor, cannot store: TypeError"
