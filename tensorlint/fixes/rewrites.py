"""The repairs of misleading expressions: comparisons of a device with text, results that are dropped."""

from __future__ import annotations

import re

import libcst as cst

from tensorlint.finding import Applicability
from tensorlint.fixes.repair import After, Before, Change, Rebind, Repair
from tensorlint.fixes.syntax import code, string, with_suffix
from tensorlint.flow.events import Comparison, Discarded

__all__ = ["assigned", "compared_by_type"]

_TYPE = re.compile(r"[a-z]+")
_TYPE_AND_INDEX = re.compile(r"[a-z]+:[0-9]+")


def compared_by_type(event: Comparison) -> Repair | None:
    """``t.device.type == "cuda"``, ``t.device == torch.device("cuda:0")``, or both types for unknown text."""
    imports: tuple[str, ...] = ()
    changes: tuple[Change, ...]
    texts = _texts(event)
    devices = _devices(event)
    if not devices:
        return None
    if texts and all(_TYPE.fullmatch(text) for text in texts):
        changes = tuple(change for device in devices for change in with_suffix(device, ".type"))
        what = "Compare the device's `.type`"
    elif len(devices) > 1 or event.text is None or event.operator not in ("==", "!="):
        return None
    elif event.literal is None:  # `torch.device("cuda")` would not equal the device of any tensor, which has an index
        imports = ("torch.device",)
        changes = (
            *with_suffix(event.device, ".type"),
            Before(event.text, "{torch.device}("),
            After(event.text, ").type"),
        )
        what = "Compare the devices' types"
    elif _TYPE_AND_INDEX.fullmatch(event.literal):
        imports = ("torch.device",)
        changes = (Before(event.text, "{torch.device}("), After(event.text, ")"))
        what = "Compare with a `torch.device`"
    else:
        return None
    outcome = "true" if event.operator in ("==", "in") else "false"
    return Repair(
        event.place.path,
        Applicability.UNSAFE,
        f"{what}; unsafe: the comparison can then be {outcome}, and code runs that never ran before",
        changes,
        imports,
    )


def assigned(event: Discarded) -> Repair | None:
    """``x = x.cpu()``, or ``d[k] = v.cpu()``; None where there is nothing that the result can be assigned to."""
    if not event.assignable and not event.entry:
        return None
    target = code(event.receiver).strip() if event.assignable else event.entry
    if "\n" in target or "\r" in target or "#" in target:
        return None
    name = target if isinstance(event.receiver, cst.Name) and event.assignable else ""
    return Repair(
        event.place.path,
        Applicability.UNSAFE,
        f"Assign the result to `{target}`; unsafe: what follows sees the result, which it never did before",
        (Before(event.call, f"{target} = "),),
        rebinds=(Rebind(event.call, name),) if name else (),
    )


def _devices(event: Comparison) -> tuple[cst.BaseExpression, ...]:
    """The sides whose types are compared: in ``a.device == b.device == "cpu"`` both, or neither would equal the other.

    Empty where a chain compares anything else.
    """
    if len(event.node.comparisons) == 1:
        return (event.device,)
    sides = [event.node.left, *(target.comparator for target in event.node.comparisons)]
    devices = tuple(side for side in sides if side is not event.text)
    equal = all(isinstance(target.operator, (cst.Equal, cst.NotEqual)) for target in event.node.comparisons)
    known = all(
        side is event.device or (isinstance(side, cst.Attribute) and side.attr.value == "device") for side in devices
    )
    return devices if equal and known else ()


def _texts(event: Comparison) -> tuple[str, ...]:
    """The texts that the device is compared with, where all of them are known."""
    if event.literal is not None:
        return (event.literal,)
    for target in event.node.comparisons:
        display = target.comparator
        if event.operator in ("in", "not in") and isinstance(display, (cst.Tuple, cst.List, cst.Set)):
            texts = [string(element.value) for element in display.elements]
            return tuple(text for text in texts if text is not None) if None not in texts else ()
    return event.texts if event.operator in ("in", "not in") else ()
