"""A library call that is looked at: its row, its node, what it is called on and with."""

from __future__ import annotations

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.values import (
    Value,
)
from tensorlint.library.row import Row

__all__ = ["Call"]


class Call:
    """A library call that is looked at: its row, its node, what it is called on and with."""

    __slots__ = ("arguments", "by", "node", "receiver", "receiver_node", "row")

    def __init__(
        self,
        row: Row,
        node: cst.BaseExpression,
        arguments: Arguments,
        receiver: Value | None = None,
        receiver_node: cst.BaseExpression | None = None,
        by: str = "",
    ) -> None:
        self.row = row
        self.node = node
        self.arguments = arguments
        self.receiver = receiver
        self.receiver_node = receiver_node
        self.by = by or row.name

    @property
    def subject(self) -> Value | None:
        """What the call works on: the receiver, or the first argument."""
        if self.receiver is not None:
            return self.receiver
        first = self.arguments.get(0)
        if first is None and self.arguments.keywords:
            first = next(iter(self.arguments.keywords.values()))
        return first[1] if first is not None else None

    @property
    def subject_node(self) -> cst.BaseExpression:
        if self.receiver_node is not None:
            return self.receiver_node
        first = self.arguments.get(0)
        return first[0] if first is not None else self.node

    def inputs(self) -> list[Value]:
        """Everything that the result may depend on."""
        values = self.arguments.values()
        return [self.receiver, *values] if self.receiver is not None else values
