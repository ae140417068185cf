"""What is wrong with ``# noqa`` comments: codes that suppress nothing, and codes that there are not.

Only tensorlint's own codes are judged: what other tools would report is not known here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from tensorlint.finding import Applicability, Confidence, Finding, Fix
from tensorlint.noqa_edits import changed
from tensorlint.source import Source
from tensorlint.suppressions import UNSUPPRESSIBLE, Noqa, Suppressions

__all__ = ["ABOUT_COMMENTS", "judge"]

_OWN = "TSL"
"""What tensorlint's codes begin with."""

UNUSED = "TSL901"
UNKNOWN = "TSL902"
ABOUT_COMMENTS = {UNUSED: False, UNKNOWN: True}
"""The codes of what is said here, and whether it is said by default."""
_NAMES = {UNUSED: "unused-noqa", UNKNOWN: "unknown-noqa"}


def judge(
    source: Source, suppressions: Suppressions, findings: Iterable[Finding], known: Collection[str], on: Collection[str]
) -> Iterator[Finding]:
    """The findings about the comments of one file.

    :param findings: all that there is to suppress, whatever its confidence
    :param known: every code
    :param on: the codes of the rules that were applied
    """
    if suppressions.whole_file:
        return
    found = [(finding.line, finding.code) for finding in findings]
    for noqa in suppressions.all():
        if not noqa.in_comment:
            continue
        own = [code for code in dict.fromkeys(noqa.each) if code.upper().startswith(_OWN)]
        unknown = [code for code in own if not any(each.startswith(code) for each in known)]
        here = {code for line, code in found if noqa.first <= line <= noqa.last}
        unused = [code for code in own if code not in unknown and _is_unused(code, here, known, on)]
        if unknown and UNKNOWN in on:
            yield _about_unknown(source, noqa, unknown, known)
        if unused and UNUSED in on:
            message = f"{_nothing(unused)} here"
            fix = _fix(source, noqa, Applicability.SAFE, dict.fromkeys(unused))
            yield _finding(UNUSED, noqa, source, message, fix)


def _is_unused(code: str, here: Collection[str], known: Collection[str], on: Collection[str]) -> bool:
    """Whether nothing is found that a code suppresses, by any of the rules that it names."""
    if any(each.startswith(code) for each in here):
        return False
    named = [each for each in known if each.startswith(code) and each not in _NAMES]
    return bool(named) and all(each in on or each == UNSUPPRESSIBLE for each in named)


def _about_unknown(source: Source, noqa: Noqa, unknown: Sequence[str], known: Collection[str]) -> Finding:
    capitals = {code: code.upper() for code in unknown if any(each.startswith(code.upper()) for each in known)}
    if capitals:
        message = (
            f"codes are in capitals: {_listed(list(capitals))} suppress{'es' if len(capitals) == 1 else ''} nothing"
        )
        return _finding(UNKNOWN, noqa, source, message, _fix(source, noqa, Applicability.UNSAFE, capitals))
    message = f"there is no rule {_listed(unknown, 'or')}"
    return _finding(UNKNOWN, noqa, source, message, _fix(source, noqa, Applicability.SAFE, dict.fromkeys(unknown)))


def _nothing(codes: Sequence[str]) -> str:
    return f"{_listed(codes)} {'suppresses' if len(codes) == 1 else 'suppress'} nothing"


def _listed(codes: Sequence[str], last: str = "and") -> str:
    quoted = [f"`{code}`" for code in codes]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} {last} {quoted[-1]}"


def _fix(source: Source, noqa: Noqa, applicability: Applicability, instead: Mapping[str, str | None]) -> Fix:
    if applicability is Applicability.UNSAFE:
        message = "Write the codes in capitals; unsafe: it suppresses what is reported now"
    elif all(code in instead for code in noqa.each):
        message = "Take the comment away"
    else:
        message = "Take the codes out of the comment"
    return Fix(applicability, message, (changed(source, noqa, instead),))


def _finding(code: str, noqa: Noqa, source: Source, message: str, fix: Fix) -> Finding:
    line, column, end = noqa.line, noqa.column, noqa.end_column - (len(noqa.codes) - len(noqa.codes.rstrip(", \t\n")))
    return Finding(code, _NAMES[code], message, Confidence.CERTAIN, source.path, line, column, line, end, (), fix)
