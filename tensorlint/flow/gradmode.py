"""Where autograd records: ``no_grad`` and its kin as contexts and decorators, and Lightning's evaluation hooks."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from tensorlint.flow.definitions import FunctionDefinition
from tensorlint.flow.facts import NO, Fact, Guards, Truth
from tensorlint.flow.machine import Machine
from tensorlint.flow.names import code, dotted
from tensorlint.flow.state import RECORDS, State
from tensorlint.flow.toplevel import globals_of
from tensorlint.flow.values import NO_GUARDS, Bound, Constant, External, Function, GradMode, Unknown, Value

__all__ = ["LIGHTNING_EVALUATION", "mode_of_context", "mode_of_decorators", "under", "within"]

OFF = {
    "torch.no_grad",
    "torch.inference_mode",
    "torch.autograd.no_grad",
    "torch.autograd.grad_mode.no_grad",
    "torch.autograd.grad_mode.inference_mode",
    "torch.autograd.inference_mode",
}
INFERENCE = Fact(Truth.NO)
"""Inference mode: unlike ``no_grad()`` it cannot be switched off inside by switching grad on."""
LEAVES_INFERENCE = Fact(Truth.YES)
"""``inference_mode(False)``, which also records under ``no_grad()`` (observed: torch 2.13)."""
ON = {"torch.enable_grad", "torch.autograd.enable_grad", "torch.autograd.grad_mode.enable_grad"}
SET = {"torch.set_grad_enabled", "torch.autograd.set_grad_enabled", "torch.autograd.grad_mode.set_grad_enabled"}

LIGHTNING_EVALUATION = frozenset(
    f"{prefix}{stage}{suffix}"
    for stage in ("validation", "test", "predict")
    for prefix, suffix in (
        ("", "_step"),
        ("", "_step_end"),
        ("", "_epoch_end"),
        ("on_", "_start"),
        ("on_", "_end"),
        ("on_", "_epoch_start"),
        ("on_", "_epoch_end"),
        ("on_", "_batch_start"),
        ("on_", "_batch_end"),
    )
)
"""Lightning's Trainer calls these under ``no_grad`` (or ``inference_mode``)."""

PLAIN_DECORATORS = {"staticmethod", "classmethod", "property", "abstractmethod", "override"}


def mode_of_context(name: str, given: Value | None, holding: Guards = NO_GUARDS) -> Fact | None:
    """The grad mode that a library's context sets; None if it sets none.

    :param given: the argument of its call
    :param holding: conditions that hold when the argument is true
    """
    if name in SET:
        if isinstance(given, GradMode):
            return given.mode
        if isinstance(given, Constant) and isinstance(given.value, bool):
            return RECORDS if given.value else NO
        return Fact(Truth.MAYBE, None, holding)
    if name in OFF:
        if isinstance(given, Constant) and given.value is False:
            return LEAVES_INFERENCE
        return INFERENCE if name.endswith("inference_mode") else NO
    return RECORDS if name in ON else None


def within(before: Fact, mode: Fact) -> Fact:
    """The grad mode where ``mode`` is set while ``before`` holds."""
    return before if before is INFERENCE and mode is not LEAVES_INFERENCE else mode


def under(machine: Machine, mode: Fact, function: Value) -> Value:
    """``torch.no_grad()(function)``: the function, which runs in this mode whoever calls it."""
    inner = function.function if isinstance(function, Bound) else function
    if not isinstance(inner, Function):
        return Unknown()
    if mode.truth is Truth.NO:
        machine.called.setdefault(inner.definition, []).append(False)
    wrapped = replace(inner, mode=mode)
    return replace(function, function=wrapped) if isinstance(function, Bound) else wrapped


def mode_of_decorators(machine: Machine, definition: FunctionDefinition, state: State) -> Fact | None:
    """The grad mode that a function's decorators set; None if they set none."""
    node = definition.node
    if isinstance(node, cst.Lambda):
        return None
    for decorator in node.decorators:
        expression = decorator.decorator
        called = expression.func if isinstance(expression, cst.Call) else expression
        name = dotted(called)
        if name is None or name in PLAIN_DECORATORS:
            continue
        full = _full_name(definition, name, state)
        first: Value | None = None
        if isinstance(expression, cst.Call) and expression.args:
            text = code(expression.args[0].value)
            first = Constant(text == "True") if text in ("True", "False") else None
        mode = mode_of_context(full, first)
        if mode is not None:
            return mode
        if _switches_off(machine, definition, name, state):
            return NO
    return None


def _full_name(definition: FunctionDefinition, name: str, state: State) -> str:
    first, _, rest = name.partition(".")
    names = state.frames.get(definition.file.frame) or {}
    value = names.get(first, state.names.get(first, globals_of(definition.file).plain.get(first)))
    base = value.name if isinstance(value, External) else first
    return f"{base}.{rest}" if rest else base


def _switches_off(machine: Machine, definition: FunctionDefinition, name: str, state: State) -> bool:
    """A decorator that is not in sight, or one of the project, that by its text runs the function without grad."""
    last = name.rpartition(".")[2].lower()
    if "no_grad" in last or "inference_mode" in last or last in ("nograd", "inference", "without_grad"):
        return True
    if definition.nested:
        definition.file.whole()  # what decorates it may be inside a function, too
    for other in definition.file.functions:
        if other.name == name and other.nested <= definition.nested and not isinstance(other.node, cst.Lambda):
            text = code(other.node.body)
            return "no_grad" in text or "inference_mode" in text
    return False
