"""TSL304 float64-leak."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.finding import Confidence
from tensorlint.flow.events import Event, MixedDtypes
from tensorlint.rules.base import Rule, Verdict
from tensorlint.rules.judging import evidence, told_apart

__all__ = ["Float64Leak"]


class Float64Leak(Rule):
    """A tensor keeps NumPy's float64 and meets float32 parameters, which raises.

    What it does
    ------------
    Finds tensors made of float64 arrays (`torch.from_numpy(np.random.rand(8, 4))`, `torch.tensor(array)`, the batches
    that a `DataLoader` makes of such arrays) that reach a layer, a matrix product or a loss with float32 on the other
    side. The finding stands where the tensor is made.

    Why is this bad?
    ----------------
    NumPy computes in float64 by default, torch's parameters are float32, and the operations that the work is done in
    promote nothing: "RuntimeError: mat1 and mat2 must have the same dtype, but got Double and Float", "expected scalar
    type Double but found Float", "Found dtype Double but expected Float". Element by element torch does promote, so
    that the float64 may travel far before it raises; on MPS it cannot exist at all.

    Example
    -------
    Most of NumPy's functions give float64:

        import numpy as np
        import torch

        net = torch.nn.Linear(4, 1)
        rows = np.random.rand(8, 4)
        out = net(torch.from_numpy(rows))

    A loss that compares dtypes:

        import numpy as np
        import torch

        net = torch.nn.Sequential(torch.nn.Linear(4, 1), torch.nn.Sigmoid())
        labels = torch.tensor(np.zeros((8, 1)))
        loss = torch.nn.BCELoss()(net(torch.rand(8, 4)), labels)

    Use instead
    -----------
    Ask for float32 where the tensor is made:

        import numpy as np
        import torch

        net = torch.nn.Linear(4, 1)
        rows = np.random.rand(8, 4)
        out = net(torch.as_tensor(rows, dtype=torch.float32))

    Or compute in float64 throughout:

        import numpy as np
        import torch

        net = torch.nn.Linear(4, 1).double()
        rows = np.random.rand(8, 4)
        out = net(torch.from_numpy(rows))

    Known limits
    ------------
    Arrays whose dtype is not in sight (an argument, a file, a column of a data frame) are not reported, nor is anything
    in a project that calls `torch.set_default_dtype`. `mse_loss`, `l1_loss` and `cross_entropy` promote on current
    versions of torch and are left alone.

    Fix safety
    ----------
    Unsafe: the values are rounded to float32, and a tensor that shared the array's memory no longer does.

    Observed
    --------
    torch 2.13: `nn.Linear`, `Conv2d`, `BatchNorm2d`, `LayerNorm`, `LSTM` (a ValueError), `@`, `F.linear`, `bmm` and
    `BCELoss` refuse float64 beside float32, under autocast too; `+`, `torch.cat`, `torch.where` and `mse_loss` (with
    its backward) accept it.
    """

    code = "TSL304"
    name = "float64-leak"
    events = (MixedDtypes,)

    def judge(self, event: Event) -> Iterator[Verdict]:
        from tensorlint.fixes.dtypes import in_float32  # here: pages need no parser

        assert isinstance(event, MixedDtypes)
        confidence = told_apart(event.certain)
        then = "which raises" if confidence is Confidence.CERTAIN else "which may raise"
        yield Verdict(
            event.place,
            f"this tensor is float64 and meets float32 later, {then} RuntimeError: the dtypes must be the same",
            confidence,
            evidence(event, event.made, event.met),
            in_float32(event),
        )
