"""A repair in terms of syntax nodes; the linter resolves it into edits of the text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tensorlint.finding import Applicability

if TYPE_CHECKING:
    import libcst as cst

__all__ = ["After", "Before", "Change", "Repair", "Replace"]


@dataclass(frozen=True, slots=True)
class Replace:
    """Write ``text`` instead of ``node`` (its own parentheses included when ``parentheses``)."""

    node: cst.CSTNode
    text: str
    parentheses: bool = True


@dataclass(frozen=True, slots=True)
class After:
    """Write ``text`` directly after ``node`` and its parentheses."""

    node: cst.CSTNode
    text: str


@dataclass(frozen=True, slots=True)
class Before:
    """Write ``text`` directly before ``node`` and its parentheses."""

    node: cst.CSTNode
    text: str


Change = Replace | After | Before


@dataclass(frozen=True, slots=True)
class Repair:
    """All the changes that mend one finding; every node is of the file ``path``."""

    path: str
    applicability: Applicability
    message: str
    """What is done, and for an unsafe repair why it is unsafe."""
    changes: tuple[Change, ...]
    imports: tuple[str, ...] = ()
    """Modules that must be importable by this name for the new text: ``copy``, ``torch``."""
