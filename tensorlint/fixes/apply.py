"""Fixes made in a file's text: round after round, until there is nothing left to fix."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tensorlint.finding import Applicability, Edit, Finding, Fix
from tensorlint.source import Source, SourceError

__all__ = ["FixResult", "fix_source", "select"]

MAX_ROUNDS = 50
"""More rounds than any file needs whose fixes do not undo each other: each round makes at least one of them."""


@dataclass(frozen=True, slots=True)
class FixResult:
    """What became of a file."""

    data: bytes
    """Its new content; the old one, byte for byte, where nothing was fixed."""
    findings: list[Finding]
    """What is still found in ``data``."""
    fixed: int
    """How many fixes were made (the same edits for two findings are one fix)."""
    diagnostic: str | None = None
    """Why the fixing stopped early, if it did."""


def fix_source(
    source: Source, lint: Callable[[Source], list[Finding]], unsafe: bool, cell: int | None = None
) -> FixResult:
    """Make every fix that may be made, and lint again, until nothing is left to fix.

    :param lint: gives the findings of a source; it is called once a round, on the text of that round
    :param unsafe: make unsafe fixes too
    :param cell: of a notebook, make only fixes that change this cell and no other
    :raises SourceError: if ``source`` itself cannot be linted
    """
    first = current = source
    found = before = lint(source)
    fixed = 0
    for _ in range(MAX_ROUNDS):
        fixes = select(found, unsafe, cell)
        if not fixes:
            return FixResult(current.data, found, fixed)
        try:
            edited = current.again(current.edited({edit for fix in fixes for edit in fix.edits}))
            _must_parse(edited, first)
            found = lint(edited)
        except (SourceError, ValueError) as error:
            reason = f"the fixed text would be broken ({error}); the file was left as it is"
            return FixResult(source.data, before, 0, reason)
        if edited.data == current.data:
            return FixResult(current.data, found, fixed, "a fix changes nothing; it was not made")
        current, fixed = edited, fixed + len(fixes)
    reason = f"the fixes did not come to an end in {MAX_ROUNDS} rounds; the file was left as it is"
    return FixResult(source.data, before, 0, reason)


def select(findings: Iterable[Finding], unsafe: bool, cell: int | None = None) -> list[Fix]:
    """The fixes to make in this round, each once; of those that overlap the first, while the others wait."""
    chosen: list[Fix] = []
    taken: list[Edit] = []
    for finding in sorted(findings, key=lambda finding: finding.sort_key):
        fix = finding.fix
        if fix is None or not fix.edits or (fix.applicability is Applicability.UNSAFE and not unsafe):
            continue
        if cell is not None and any(edit.cell != cell for edit in fix.edits):
            continue
        if any(fix.edits == other.edits for other in chosen):
            continue
        if any(_collide(edit, other) for edit in fix.edits for other in taken):
            continue
        chosen.append(fix)
        taken += fix.edits
    return chosen


def _collide(one: Edit, other: Edit) -> bool:
    """Whether two edits, of different fixes, touch the same text; an edit that is the same in both is made once."""
    if one == other:
        return not one.text.endswith(("\n", "\r"))  # whole lines, an import, can be shared
    starts, ends = (one.line, one.column), (one.end_line, one.end_column)
    same_text = one.cell == other.cell
    return same_text and starts <= (other.end_line, other.end_column) and (other.line, other.column) <= ends


def _must_parse(edited: Source, original: Source) -> None:
    """Check the new text with the parser of the linter, and with Python's own if that accepted the original.

    :raises SourceError: if it is not accepted
    """
    edited.module()
    if _compile_error(original) is None and (error := _compile_error(edited)) is not None:
        raise SourceError(f"syntax error: {error.msg}", error.lineno or 1, error.offset or 1)


def _compile_error(source: Source) -> SyntaxError | None:
    """What Python says of the text, as it also knows where ``:=`` and ``await`` may stand. Nothing is run."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes in the linted file are not our business
        try:
            compile(source.text, "<program>", "exec", dont_inherit=True)
        except SyntaxError as error:
            return error
        except (RecursionError, MemoryError, ValueError):
            return None  # too deep for the compiler: no verdict
    return None
