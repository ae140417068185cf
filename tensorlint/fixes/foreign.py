"""The repairs of dtypes of the other library: the same dtype of the library that asks for it."""

from __future__ import annotations

import libcst as cst

from tensorlint.finding import Applicability
from tensorlint.fixes.repair import Change, Repair, Replace, Tail
from tensorlint.fixes.syntax import calls_method
from tensorlint.flow.events import Foreign, ForeignDtype

__all__ = ["own_dtype"]


def own_dtype(event: ForeignDtype) -> Repair | None:
    """``torch.float32`` instead of ``np.float32`` or the other way round; None where the dtype is not written out."""
    if not event.own:
        return None
    text = f"{{{event.own}}}"
    change: Change = Replace(event.dtype, text)
    risk = "; unsafe: the comparison can then have another outcome" if event.foreign is Foreign.COMPARISON else ""
    if event.foreign is Foreign.METHOD:
        receiver = calls_method(event.node, "astype") if isinstance(event.node, cst.Call) else None
        if receiver is None:
            return None
        assert isinstance(event.node, cst.Call)
        change = Tail(event.node, receiver, f".to({text})")
    return Repair(
        event.place.path,
        Applicability.UNSAFE if risk else Applicability.SAFE,
        f"Write `{event.own}`{risk}",
        (change,),
        (event.own,),
    )
