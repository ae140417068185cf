"""The repairs of links: `.data`, links that are not needed, links in the wrong order, round trips."""

from __future__ import annotations

import libcst as cst

from tensorlint.finding import Applicability
from tensorlint.fixes.repair import Repair, Replace, Tail
from tensorlint.fixes.syntax import code, with_suffix
from tensorlint.flow.events import Chained, DataRead, Needless, RoundTrip

__all__ = ["detached", "detached_first", "straight", "without_link", "without_needless"]


def detached(event: DataRead) -> Repair:
    """``x.detach()`` for ``x.data``."""
    return Repair(
        event.place.path,
        Applicability.UNSAFE,
        "Write `.detach()`; unsafe: autograd then notices writes to the result, and backward() may raise",
        (Tail(event.node, event.owner, ".detach()"),),
    )


def without_link(event: Chained) -> Repair:
    """``x.numpy()`` for ``x.contiguous().numpy()``."""
    return Repair(
        event.place.path,
        Applicability.UNSAFE,
        f"Leave out `.{event.what}()`; unsafe: the array may have other strides, and share memory where it was a copy",
        (Tail(event.link, event.owner, ""),),
    )


def without_needless(event: Needless) -> Repair:
    """``x`` for ``x.detach()``."""
    return Repair(
        event.place.path,
        Applicability.UNSAFE,
        f"Leave out `.{event.method}()`; unsafe: the result is the very tensor, and callers out of sight may need it",
        (Tail(event.link, event.owner, ""),),
    )


def detached_first(event: Chained) -> Repair:
    """``x.detach().cpu()`` for ``x.cpu().detach()``."""
    return Repair(
        event.place.path,
        Applicability.SAFE,
        "Detach first",
        (*with_suffix(event.owner, ".detach()"), Tail(event.node, event.link, "")),
    )


def straight(event: RoundTrip) -> Repair | None:
    """``t`` for ``torch.from_numpy(t.numpy())``, ``t.clone()`` where the torch call copies."""
    if not event.direct or not event.plain:
        return None
    text = code(event.tensor).strip()
    if not isinstance(event.tensor, (cst.Name, cst.Attribute, cst.Call, cst.Subscript)) or "\n" in text:
        return None
    if event.copies:
        text += ".clone()"
    return Repair(
        event.place.path,
        Applicability.UNSAFE,
        f"Write `{text}`; unsafe: the conversion may raise on purpose, and the tensor may be on another device",
        (Replace(event.call, text),),
    )
