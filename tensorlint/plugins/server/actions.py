"""What an editor can do about findings: make their fixes, suppress them, or make all safe fixes of a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lsprotocol.types import CodeAction, CodeActionKind, Diagnostic, TextEdit

from tensorlint.finding import Applicability, Finding
from tensorlint.noqa_edits import silencing
from tensorlint.plugins.server.text import Text
from tensorlint.source import Source, SourceError, encoded

__all__ = ["FIX_ALL", "quick_fixes", "wanted"]

FIX_ALL = f"{CodeActionKind.SourceFixAll.value}.tensorlint"


def wanted(kind: str, only: Sequence[str] | None) -> bool:
    """Whether an editor asks for actions of a kind: for these, for kinds that they belong to, or for all."""
    return only is None or any(kind == each or kind.startswith(f"{each}.") or not each for each in only)


def quick_fixes(
    finding: Finding, diagnostic: Diagnostic, source: str, text: Text
) -> Iterator[tuple[CodeAction, list[TextEdit]]]:
    """The actions for one finding, each with its edits.

    :param source: the text that it was found in
    """
    fix = finding.fix
    if fix is not None:
        safe = fix.applicability is Applicability.SAFE
        # A fix that a program must be looked at for is never the one that "fix this" stands for.
        yield (
            _quick_fix(f"{fix.applicability} fix: {fix.message}", diagnostic, safe),
            [text.edit(each) for each in fix.edits],
        )
    try:
        edits = silencing(Source(encoded(source), finding.path), [finding])
    except SourceError:
        return
    if edits:
        action = _quick_fix(f"Suppress {finding.code} on this line (noqa)", diagnostic, False)
        yield action, [text.edit(each) for each in edits]


def _quick_fix(title: str, diagnostic: Diagnostic, preferred: bool) -> CodeAction:
    return CodeAction(title, CodeActionKind.QuickFix, [diagnostic], preferred or None)
