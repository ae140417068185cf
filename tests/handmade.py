"""Events made by hand: code is parsed, expressions in it are picked by their text, and facts are stated."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from tensorlint.finding import Fix
from tensorlint.fixes.edits import resolve
from tensorlint.fixes.repair import Repair
from tensorlint.flow.events import Comparison, Conversion, Discarded, How, StaleAlias, ToTorch, WriteThrough
from tensorlint.flow.facts import NO, UNKNOWN, Fact, Place, Reason, Truth, maybe, yes
from tensorlint.flow.values import Array, Tensor, Value
from tensorlint.source import Source

PATH = "program.py"


class Program:
    """A file whose expressions are picked by how they are written."""

    def __init__(self, text: str | bytes, path: str = PATH) -> None:
        self.source = Source(text if isinstance(text, bytes) else text.encode(), path)
        self.path = path

    def pick(self, text: str, nth: int = 0) -> cst.BaseExpression:
        """The expression written as ``text`` (its own parentheses left out), the ``nth`` such one in the file."""
        found = [node for node in _expressions(self.source.module()) if _bare(node) == text]
        if nth >= len(found):
            raise LookupError(f"{len(found)} expressions are written {text!r}")
        return found[nth]

    def place(self, text: str, nth: int = 0) -> Place:
        return Place(self.path, self.pick(text, nth))

    def fact(self, truth: Truth, text: str, why: str = "it is so") -> Fact:
        if truth is Truth.YES:
            return yes(self.place(text), why)
        if truth is Truth.MAYBE:
            return maybe(self.place(text), why)
        return NO if truth is Truth.NO else UNKNOWN

    def conversion(
        self,
        converting: str,
        operand: str,
        how: How = How.NUMPY,
        *,
        grad: Truth = Truth.YES,
        device: Truth = Truth.NO,
        by: str = "",
        always: bool = True,
        in_container: bool = False,
        kind: Truth = Truth.YES,
        appended: tuple[Place, ...] = (),
        nth: int = 0,
    ) -> Conversion:
        return Conversion(
            place=self.place(converting),
            how=how,
            tensor=Tensor(
                requires_grad=self.fact(grad, operand, "requires grad"),
                device=self.fact(device, operand, "is on a GPU"),
                kind=self.fact(kind, operand, "is a tensor"),
            ),
            operand=self.pick(operand, nth),
            operand_name=operand,
            by=by or {How.NUMPY: ".numpy()", How.EXPLICIT: "np.asarray", How.IMPLICIT: "np.exp"}[how],
            always=always,
            in_container=in_container,
            appended=appended,
        )

    def to_torch(
        self, call: str, operand: str, *, truth: Truth = Truth.YES, always: bool = True, by: str = "torch.from_numpy"
    ) -> ToTorch:
        return ToTorch(
            place=self.place(call),
            array=Array(negative_stride=self.fact(truth, operand, "a negative step")),
            operand=self.pick(operand),
            operand_name=operand,
            by=by,
            always=always,
        )

    def write(
        self, write: str, shared: str, value: Array | Tensor | None = None, *, certain: bool = True
    ) -> WriteThrough:
        return WriteThrough(
            place=self.place(write),
            written=Array() if value is None else value,
            written_name=write,
            other_name="t",
            shared_at=self.place(shared),
            sharing=Reason(self.place(shared), "shares memory from here on"),
            seen=Reason(self.place(write), "`t` is read again"),
            certain=certain,
        )

    def stale(self, alias_at: str, alias: Value, *, certain: bool = True) -> StaleAlias:
        return StaleAlias(
            place=self.place(alias_at),
            alias=alias,
            kept=Reason(self.place(alias_at), "kept here"),
            changed=Reason(self.place(alias_at), "the optimizer steps"),
            used=None,
            what="the state of `net`",
            certain=certain,
        )

    def comparison(
        self,
        comparison: str,
        device: str,
        text: str | None,
        literal: str | None,
        operator: str = "==",
        truth: Truth = Truth.YES,
    ) -> Comparison:
        node = self.pick(comparison)
        assert isinstance(node, cst.Comparison)
        return Comparison(
            place=Place(self.path, node),
            node=node,
            device=self.pick(device),
            text=self.pick(text) if text is not None else None,
            literal=literal,
            operator=operator,
            fact=self.fact(truth, device, "the device of a tensor"),
        )

    def discarded(
        self, call: str, receiver: str, method: str, *, assignable: bool = True, truth: Truth = Truth.YES
    ) -> Discarded:
        node = self.pick(call)
        assert isinstance(node, cst.Call)
        return Discarded(
            place=Place(self.path, node),
            call=node,
            receiver=self.pick(receiver),
            receiver_name=receiver,
            method=method,
            assignable=assignable,
            fact=self.fact(truth, receiver, "a tensor"),
        )

    def fix(self, repair: Repair | None) -> Fix | None:
        """What the repair comes to in this file."""
        if repair is None:
            return None
        return resolve(repair, self.source, self.source.spans(repair.nodes))

    def fixed(self, repair: Repair | None) -> str:
        """The file's text after the repair, with its encoding and line ends as they are in the bytes."""
        fix = self.fix(repair)
        assert fix is not None, "there is no fix"
        data = self.source.edited(fix.edits)
        again = Source(data, self.path)
        again.module()  # what is written must be Python
        return again.text


def _expressions(node: cst.CSTNode) -> Iterator[cst.BaseExpression]:
    if isinstance(node, cst.BaseExpression):
        yield node
    for child in node.children:
        yield from _expressions(child)


def _bare(node: cst.BaseExpression) -> str:
    if isinstance(node, cst.BaseExpression) and node.lpar:
        node = node.with_changes(lpar=(), rpar=())
    return cst.Module([]).code_for_node(node).strip()
