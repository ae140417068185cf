"""TSL107 foreign-dtype."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.finding import Confidence
from tensorlint.flow.events import Event, Foreign, ForeignDtype
from tensorlint.flow.facts import Truth
from tensorlint.rules.base import Rule, Verdict
from tensorlint.rules.judging import evidence

__all__ = ["ForeignDtypeGiven"]


class ForeignDtypeGiven(Rule):
    """A dtype of NumPy is given to torch, or the other way round, or the two are compared.

    What it does
    ------------
    Finds `arr.astype(torch.float32)`, `np.zeros(3, dtype=torch.int64)`, `t.to(np.float32)`,
    `torch.tensor(x, dtype=np.int64)` and `t.to(arr.dtype)`; the method `astype`, which tensors do not have; and
    comparisons such as `t.dtype == np.float32` or `arr.dtype in (torch.float32,)`.

    Why is this bad?
    ----------------
    Each library takes its own dtypes only: "TypeError: Cannot interpret 'torch.float32' as a data type" and "TypeError:
    tensor(): argument 'dtype' must be torch.dtype, not type". A comparison raises nothing: it is always False, so that
    a branch never runs.

    Example
    -------
    A dtype of torch given to NumPy:

        import numpy as np
        import torch

        labels = np.arange(3).astype(torch.float32)

    A dtype of NumPy given to torch:

        import numpy as np
        import torch

        labels = torch.arange(3).to(np.float32)

    Use instead
    -----------
    The library's own dtype:

        import numpy as np

        labels = np.arange(3).astype(np.float32)

    The tensor's own method:

        import torch

        labels = torch.arange(3).to(torch.float32)

    Known limits
    ------------
    A dtype that is given by position is seen only in `astype` and `to`. A dtype that is one library's on some paths
    and the other's on others is not reported. Python's own types (`float`, `int`, `bool`) serve both libraries.

    Fix safety
    ----------
    Safe where the call raised. Unsafe for a comparison, as code runs that never ran before. There is no fix for
    bfloat16, which NumPy does not have, nor for a dtype that is not written out in place.

    Observed
    --------
    torch 2.13, NumPy 2.4: `arr.astype(torch.float32)`, `np.zeros(3, dtype=torch.float32)` and `arr.astype(t.dtype)`
    raise "TypeError: Cannot interpret 'torch.float32' as a data type"; `t.to(np.float32)` and `t.to(arr.dtype)` raise
    "TypeError: to() received an invalid combination of arguments", `torch.zeros(3, dtype=np.float32)` "TypeError:
    zeros(): argument 'dtype' must be torch.dtype, not type"; `t.astype(np.float32)` raises "AttributeError: 'Tensor'
    object has no attribute 'astype'". `t.dtype == np.float32` and `arr.dtype == torch.float32` are False, always.
    """

    code = "TSL107"
    name = "foreign-dtype"
    events = (ForeignDtype,)

    def judge(self, event: Event) -> Iterator[Verdict]:
        from tensorlint.fixes.foreign import own_dtype  # here: pages need no parser

        assert isinstance(event, ForeignDtype)
        otherwise = Confidence.POSSIBLE if event.foreign is Foreign.METHOD else Confidence.LIKELY
        confidence = Confidence.CERTAIN if event.fact.truth is Truth.YES else otherwise
        yield Verdict(event.place, _message(event), confidence, evidence(event, event.fact.reason), own_dtype(event))


def _message(event: ForeignDtype) -> str:
    library, other = ("torch", "NumPy") if event.library == "torch" else ("NumPy", "torch")
    match event.foreign:
        case Foreign.METHOD:
            return "AttributeError: a tensor has no method `astype`, which is one of arrays"
        case Foreign.COMPARISON:
            outcome = "True" if event.by in ("!=", "is not", "not in") else "False"
            return f"`{event.by}` is always {outcome} here: no dtype of {library} equals one of {other}"
        case Foreign.ARGUMENT:
            return f"`{event.by}` raises TypeError: `{event.dtype_name}` is a dtype of {other}, not of {library}"
