"""The repair of a conversion that raises: the chain ``.detach().cpu().numpy()``, keeping the links that are there.

Text is only inserted, so layout and comments stay. In the style ``full`` the chain is completed, in ``minimal`` only
the links are added that the conversion is known to miss, and in ``force`` ``.numpy(force=True)`` does it all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import libcst as cst

from tensorlint.finding import Applicability
from tensorlint.fixes.elements import each
from tensorlint.fixes.repair import Change, Repair, Replace, Tail
from tensorlint.fixes.syntax import arguments, called, calls_method, hands_on, string, with_suffix
from tensorlint.flow.events import Conversion, How

__all__ = ["STYLES", "Links", "complete_chain", "links_of"]

STYLES = ("full", "minimal", "force")
"""The values of the setting ``conversion-style``; the first is the default."""

_KEEP_LINKS = frozenset(
    {
        *("bfloat16", "bool", "byte", "char", "double", "float", "half", "int", "long", "short"),
        *("flatten", "movedim", "permute", "reshape", "squeeze", "t", "transpose", "unsqueeze", "view"),
        *("clone", "conj", "contiguous", "mean", "resolve_conj", "resolve_neg", "sum"),
    }
)
"""Tensor methods whose result is detached if the tensor was: they take no other tensor."""
_TAKES_DICTS = ("pd.", "pandas.", "sio.", "scipy.io", "savemat", "DataFrame")
"""Callers whose container may well be a dict, over which a comprehension would give the keys."""
_JOINS_ARRAYS = frozenset({"block", "column_stack", "concatenate", "dstack", "hstack", "row_stack", "stack", "vstack"})
"""Functions that are given vectors, matrices: those have no ``.item()``."""
_KEEP_LINKS_ATTRIBUTES = frozenset({"H", "T", "imag", "mH", "mT", "real"})


@dataclass(frozen=True, slots=True)
class Links:
    """The links that an expression ends in already."""

    detached: bool = False
    on_cpu: bool = False
    moved: cst.BaseExpression | None = None
    """The receiver of the link that moves to the CPU: ``.detach()`` belongs behind it."""


def links_of(operand: cst.BaseExpression) -> Links:
    """The links of ``x.detach().cpu()`` and the like, read from the end inwards as far as every method is known."""
    found, device_known, node = Links(), True, operand
    while True:
        receiver = calls_method(node)
        if receiver is not None and isinstance(node, cst.Call):
            name = called(node)
            if name in ("detach", "detach_"):
                found = replace(found, detached=True)
            elif name == "cpu" or (name == "to" and _names_cpu(node)):
                if device_known:
                    found = replace(found, on_cpu=True, moved=receiver)
            elif name in ("to", "type"):
                device_known = False  # it may move the tensor anywhere, or just change the dtype
            elif name not in _KEEP_LINKS:
                return found
            node = receiver
        elif isinstance(node, cst.Attribute) and node.attr.value == "data":
            found, node = replace(found, detached=True), node.value
        elif isinstance(node, cst.Subscript) or (
            isinstance(node, cst.Attribute) and node.attr.value in _KEEP_LINKS_ATTRIBUTES
        ):
            node = node.value
        else:
            return found


def complete_chain(event: Conversion) -> Repair | None:
    """The repair of a conversion, with its other styles; None where the text to write is not known.

    It depends on the event alone, so rules that blame one conversion for different reasons have one repair.
    """
    if event.mixed and event.how is not How.NUMPY:
        return None  # what is no tensor has none of these methods
    if hands_on(event.place.node):
        return None  # what is converted is not written out
    default, *others = (_in_style(event, style) for style in STYLES)
    if default is None:
        return None
    styles = tuple((style, repair) for style, repair in zip(STYLES[1:], others, strict=True) if repair is not None)
    return replace(default, styles=styles)


def _in_style(event: Conversion, style: str) -> Repair | None:
    if event.in_container:
        return _of_elements(event, style)
    changes, written = _of_value(event, event.operand, style)
    if not changes:
        return None
    reason = _risk(event, style)
    return Repair(
        event.place.path,
        Applicability.UNSAFE if reason else Applicability.SAFE,
        f"Convert with `{written}`" + (f"; unsafe: {reason}" if reason else ""),
        changes,
    )


def _of_value(event: Conversion, operand: cst.BaseExpression, style: str) -> tuple[tuple[Change, ...], str]:
    """The changes for one tensor, and the chain that they complete."""
    if style == "force" and event.how is not How.NUMPY:
        return with_suffix(operand, ".numpy(force=True)"), ".numpy(force=True)"
    if style == "force" and (change := _forced(event.place.node, operand)) is not None:
        return (change,), ".numpy(force=True)"
    there = links_of(operand)
    detach = not there.detached and (style != "minimal" or event.tensor.requires_grad.holds)
    cpu = not there.on_cpu and (style != "minimal" or event.tensor.device.holds)
    # an explicit conversion ends in it anyway
    numpy = event.how is How.REFUSED or (event.how is How.IMPLICIT and style != "minimal")
    behind = (".cpu()" if cpu else "") + (".numpy()" if numpy else "")
    changes: tuple[Change, ...] = ()
    if detach and there.moved is not None:
        changes = with_suffix(there.moved, ".detach()")
    elif detach:
        behind = ".detach()" + behind
    if behind:
        changes += with_suffix(operand, behind)
    written = (".detach()" if detach or there.detached else "") + (".cpu()" if cpu or there.on_cpu else "")
    return changes, written + (".numpy()" if numpy or event.how is How.NUMPY else "")


def _forced(call: cst.CSTNode, receiver: cst.BaseExpression) -> Change | None:
    """``.numpy()`` made ``.numpy(force=True)``."""
    if not isinstance(call, cst.Call) or calls_method(call, "numpy") is not receiver:
        return None
    positional, keywords = arguments(call)
    if not call.args:
        return Tail(call, receiver, ".numpy(force=True)")
    if not positional and list(keywords) == ["force"]:
        return Replace(keywords["force"], "True")
    return None


def _of_elements(event: Conversion, style: str) -> Repair | None:
    if _is_no_flat_list(event):
        return None

    def convert(element: cst.BaseExpression) -> tuple[Change, ...]:
        return _of_value(event, element, style)[0]

    suffix = {"full": ".detach().cpu()", "minimal": "", "force": ".numpy(force=True)"}[style]
    if style == "minimal":
        suffix = (".detach()" if event.tensor.requires_grad.holds else "") + (
            ".cpu()" if event.tensor.device.holds else ""
        )
    elif style == "full" and event.how is How.IMPLICIT:
        suffix += ".numpy()"
    changes = each(event.operand, suffix, convert, event.others) if suffix else ()
    if not changes:
        return None
    scalars = event.appended and event.by.rpartition(".")[2] not in _JOINS_ARRAYS
    advice = " (`.item()` where they are put in would also free their graphs)" if scalars else ""
    return Repair(
        event.place.path,
        Applicability.UNSAFE,
        f"Convert every element with `{suffix}`{advice}; unsafe: it takes all elements for tensors",
        changes,
    )


def _risk(event: Conversion, style: str) -> str:
    """What the repair changes where the program worked; empty if nothing."""
    if not event.always and event.how is not How.NUMPY:
        return f"`{event.operand_name}` may be something else than a tensor, without these methods"
    if event.how is How.REFUSED:
        return "the result is an ndarray, through which no gradient flows"
    if event.how is How.IMPLICIT and style != "minimal":
        return "an ndarray is given where a Tensor was, and what is returned may be of another type too"
    return ""


def _is_no_flat_list(event: Conversion) -> bool:
    """Whether something speaks against the operand being a list whose elements are tensors themselves."""
    displays = (cst.List, cst.Tuple, cst.Dict, cst.ListComp, cst.DictComp)
    if any(isinstance(place.node, displays) for place in event.appended):
        return True
    return event.by.startswith(_TAKES_DICTS) and not isinstance(event.operand, (cst.List, cst.Tuple, cst.ListComp))


def _names_cpu(call: cst.Call) -> bool:
    """``.to("cpu")``, ``.to(device="cpu")``, ``.to(torch.device("cpu"))``."""
    positional, keywords = arguments(call)
    for argument in (keywords.get("device"), *positional[:1]):
        if isinstance(argument, cst.Call) and called(argument) == "device":
            argument = next(iter(arguments(argument)[0]), None)
        text = string(argument)
        if text is not None and text.partition(":")[0] == "cpu":
            return True
    return False
