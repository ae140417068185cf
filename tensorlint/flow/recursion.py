"""Functions that call themselves for the parts of a structure: ``{k: move(v, device) for k, v in obj.items()}``."""

from __future__ import annotations

from functools import lru_cache

import libcst as cst

from tensorlint.flow.definitions import FunctionDefinition
from tensorlint.flow.heap import Items, Mapping
from tensorlint.flow.machine import Frame, Machine
from tensorlint.flow.state import State
from tensorlint.flow.values import Ref, Tensor, Tuple, Unknown, Value, alternatives

__all__ = ["calls_itself", "goes_deeper"]

MOST_LEVELS = 3
"""How often a function may be executed inside itself, the outermost time included."""
MOST_UNSEEN = 2
"""The same, where nothing is known of the structure."""


def calls_itself(machine: Machine, definition: FunctionDefinition) -> bool:
    """The innermost function that is executed, lambdas apart, is this one."""
    for frame in reversed(machine.frames):
        if frame.definition is None or not isinstance(frame.definition.node, cst.Lambda):
            return frame.definition is definition
    return False


def goes_deeper(machine: Machine, definition: FunctionDefinition, names: dict[str, Value], state: State) -> bool:
    """A function that calls itself is given a part of what it was given: another value in place of a structure."""
    levels = [frame for frame in machine.frames if frame.definition is definition]
    if len(levels) >= MOST_LEVELS:
        return False
    outer = levels[-1].arguments
    return any(
        _is_part(state, before, names[name], definition, levels) for name, before in outer.items() if name in names
    )


def _is_part(state: State, whole: Value, part: Value, definition: FunctionDefinition, levels: list[Frame]) -> bool:
    for item in alternatives(whole):
        match item:
            case Tuple():
                return part != whole
            case Ref() if isinstance(state.object(item), Items | Mapping):
                return part != whole
            case Unknown() | Tensor(opaque=True) if len(levels) < MOST_UNSEEN and _tells_apart(definition):
                return isinstance(part, Unknown | Tensor)
    return False


@lru_cache(maxsize=512)
def _tells_apart(definition: FunctionDefinition) -> bool:
    """The function asks what it is given."""
    text = cst.Module(body=()).code_for_node(definition.node)
    return "isinstance(" in text
