"""Comparisons of a ``torch.device`` with text, which it never equals."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from tensorlint.flow.containers import items_at
from tensorlint.flow.events import Comparison
from tensorlint.flow.machine import Machine
from tensorlint.flow.names import literal
from tensorlint.flow.state import State
from tensorlint.flow.values import Constant, Device, Tuple, Unknown, Value, alternatives

__all__ = ["device_against_text"]

_OPERATORS = {cst.Equal: "==", cst.NotEqual: "!=", cst.In: "in", cst.NotIn: "not in"}


def device_against_text(
    machine: Machine,
    state: State,
    node: cst.Comparison,
    left_node: cst.BaseExpression,
    left: Value,
    target: cst.ComparisonTarget,
    right: Value,
) -> None:
    """Report ``left operator right`` where a device is compared with text, or looked for among texts."""
    operator = _OPERATORS.get(type(target.operator))
    if operator is None:
        return
    right_node = target.comparator
    pairs = [(left_node, left, right_node, right)]
    if operator in ("==", "!="):
        pairs.append((right_node, right, left_node, left))
    for device_node, device, text_node, text in pairs:
        devices = [item for item in alternatives(device) if isinstance(item, Device) and not item.text]
        texts = _texts(state, text, text_node, operator in ("in", "not in"))
        if not any(_is_device(one) for one in texts):
            continue
        if not devices:
            if any(isinstance(item, Unknown) for item in alternatives(device)):
                machine.ask_callers_nearby()
            continue
        if not all(item.made.holds for item in devices):
            machine.ask_callers()
        made = devices[0].made
        if len(alternatives(device)) > 1:
            made = made.weakened()
        machine.emit(
            Comparison(
                place=machine.place(node),
                calls=machine.calls(),
                node=node,
                device=device_node,
                text=text_node,
                literal=literal(text_node),
                operator=operator,
                fact=made,
                texts=texts,
            )
        )
        return


DEVICES = frozenset({"cpu", "cuda", "mps", "xpu", "xla", "hpu", "ipu", "mtia", "meta", "npu", "hip"})


def _texts(state: State, value: Value, node: cst.BaseExpression, several: bool) -> tuple[str, ...]:
    """The texts that a value is, or (``several``) that it holds; empty where it may be, or hold, anything else."""
    if not several:
        items: Sequence[Value] = alternatives(value)
    elif isinstance(node, cst.Tuple | cst.List | cst.Set):
        literals = [literal(element.value) for element in node.elements]
        return () if None in literals else tuple(text for text in literals if text is not None)
    elif isinstance(value, Tuple):
        items = value.items
    else:
        found = items_at(state, value)
        items = found.known if found is not None and found.known is not None else ()
    texts = [item.value for item in items if isinstance(item, Constant) and isinstance(item.value, str)]
    return tuple(texts) if len(texts) == len(items) else ()


def _is_device(text: str) -> bool:
    return text.partition(":")[0] in DEVICES
