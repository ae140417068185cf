"""What an editor can do about findings: make their fixes, suppress them, or make all safe fixes of a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lsprotocol.types import CodeAction, CodeActionKind, Diagnostic

from tensorlint.finding import Applicability, Edit, Finding
from tensorlint.noqa_edits import silencing
from tensorlint.notebook import source_of
from tensorlint.source import SourceError, encoded

__all__ = ["FIX_ALL", "FIX_NOTEBOOK", "quick_fixes", "wanted"]

FIX_ALL = f"{CodeActionKind.SourceFixAll.value}.tensorlint"
"""In a notebook it is about one cell: editors ask for it cell by cell."""
FIX_NOTEBOOK = f"{CodeActionKind.Notebook.value}.{FIX_ALL}"


def wanted(kind: str, only: Sequence[str] | None) -> bool:
    """Whether an editor asks for actions of a kind: for these, for kinds that they belong to, or for all."""
    return only is None or any(kind == each or kind.startswith(f"{each}.") or not each for each in only)


def quick_fixes(finding: Finding, diagnostic: Diagnostic, text: str) -> Iterator[tuple[CodeAction, list[Edit]]]:
    """The actions for one finding, each with its edits.

    :param text: what it was found in
    """
    fix = finding.fix
    if fix is not None:
        safe = fix.applicability is Applicability.SAFE
        # A fix that a program must be looked at for is never the one that "fix this" stands for.
        yield _quick_fix(f"{fix.applicability} fix: {fix.message}", diagnostic, safe), list(fix.edits)
    try:
        source = source_of(encoded(text), finding.path)
        edits = [source.placed_edit(each) for each in silencing(source, [finding])]
    except SourceError:
        return
    if placed := [each for each in edits if each is not None]:
        yield _quick_fix(f"Suppress {finding.code} on this line (noqa)", diagnostic, False), placed


def _quick_fix(title: str, diagnostic: Diagnostic, preferred: bool) -> CodeAction:
    return CodeAction(title, CodeActionKind.QuickFix, [diagnostic], preferred or None)
