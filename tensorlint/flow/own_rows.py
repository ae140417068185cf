"""What the settings say of the project's own functions goes before what their code says."""

from __future__ import annotations

from tensorlint.flow.definitions import ClassDefinition, FunctionDefinition
from tensorlint.flow.machine import Machine
from tensorlint.library.row import Row

__all__ = ["own_row"]


def own_row(machine: Machine, definition: FunctionDefinition | ClassDefinition) -> Row | None:
    """What the project's settings say of one of its functions or classes."""
    own = machine.library.own
    if not own:
        return None
    parts = [definition.file.name, definition.name]
    if isinstance(definition, FunctionDefinition) and definition.owner is not None:
        parts.insert(1, definition.owner.name)
    name = ".".join(parts)
    return own.get(name) or own.get(name.removeprefix("src."))
