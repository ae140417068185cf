"""The repair of a conversion that NumPy refuses for the form of the tensor: one more link before the conversion."""

from __future__ import annotations

import libcst as cst

from tensorlint.finding import Applicability
from tensorlint.fixes.elements import each
from tensorlint.fixes.repair import Change, Repair
from tensorlint.fixes.syntax import hands_on, with_suffix
from tensorlint.flow.events import Conversion, How

__all__ = ["with_link"]


def with_link(event: Conversion, link: str, risk: str = "") -> Repair | None:
    """``link`` (``.float()``) called on what is converted; None where that cannot be written by inserting text.

    :param risk: what the link changes where the program worked; empty if nothing
    """
    if hands_on(event.place.node) or (event.mixed and event.how is not How.NUMPY):
        return None
    if event.in_container:
        changes = each(event.operand, link, lambda element: _linked(element, link), event.others)
        risk = risk or "it takes all elements for tensors"
    else:
        changes = _linked(event.operand, link)
        if not event.always and event.how is not How.NUMPY:
            risk = risk or f"`{event.operand_name}` may be something else than a tensor, without this method"
    if not changes:
        return None
    return Repair(
        event.place.path,
        Applicability.UNSAFE if risk else Applicability.SAFE,
        f"Convert `{link}` first" + (f"; unsafe: {risk}" if risk else ""),
        changes,
    )


def _linked(node: cst.BaseExpression, link: str) -> tuple[Change, ...]:
    return with_suffix(node, link)
