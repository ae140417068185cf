"""The repairs where arrays and tensors meet: one of them is converted to the other."""

from __future__ import annotations

from tensorlint.finding import Applicability
from tensorlint.fixes.chain import complete_chain
from tensorlint.fixes.repair import After, Before, Repair
from tensorlint.flow.events import Mixed, Mixing

__all__ = ["one_library"]


def one_library(event: Mixed) -> Repair | None:
    """The tensor made an array, or for a store into a tensor the array made a tensor."""
    if event.mixing is not Mixing.STORE:
        return complete_chain(event.conversion)
    if event.conversion.mixed:
        return None
    operand = event.conversion.operand
    return Repair(
        event.place.path,
        Applicability.UNSAFE,
        "Make a tensor of it with `torch.as_tensor`; unsafe: it is cast to the dtype of the tensor that stores it",
        (Before(operand, "{torch.as_tensor}("), After(operand, ")")),
        ("torch.as_tensor",),
    )
