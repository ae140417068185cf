"""A repair in terms of syntax nodes; ``edits.resolve`` turns it into edits of the text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tensorlint.finding import Applicability

if TYPE_CHECKING:
    import libcst as cst

__all__ = ["After", "Before", "Change", "Rebind", "Repair", "Replace", "Tail"]


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


@dataclass(frozen=True, slots=True)
class Tail:
    """Write ``text`` instead of what follows ``head`` in ``node``, of which it is the start (``x`` in ``x.f()``)."""

    node: cst.CSTNode
    head: cst.CSTNode
    text: str


Change = Replace | After | Before | Tail


@dataclass(frozen=True, slots=True)
class Rebind:
    """The new text assigns to ``name`` at ``node``: a repair only where that is the name's own scope."""

    node: cst.CSTNode
    name: str


@dataclass(frozen=True, slots=True)
class Repair:
    """All the changes that mend one finding; every node is of the file ``path``."""

    path: str
    applicability: Applicability
    message: str
    """What is done, and for an unsafe repair why it is unsafe."""
    changes: tuple[Change, ...]
    imports: tuple[str, ...] = ()
    """What the new text uses, by its full name: ``copy.deepcopy``, ``torch.device``. ``{copy.deepcopy}`` in a text
    stands for what the file calls it; a module of the standard library that is not imported yet is imported."""
    rebinds: tuple[Rebind, ...] = ()
    styles: tuple[tuple[str, Repair], ...] = ()
    """The same repair in the other values of ``conversion-style``."""

    @property
    def nodes(self) -> tuple[cst.CSTNode, ...]:
        """The nodes whose places ``edits.resolve`` needs (without those of the other styles)."""
        found: list[cst.CSTNode] = []
        for change in self.changes:
            found.append(change.node)
            if isinstance(change, Tail):
                found.append(change.head)
        return (*found, *(rebind.node for rebind in self.rebinds))

    def in_style(self, style: str) -> Repair:
        """The repair for a ``conversion-style`` (itself, where the style makes no difference)."""
        return dict(self.styles).get(style, self)
