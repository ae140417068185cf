"""Edits of ``# noqa`` comments: codes that are put in, and codes that are taken out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from tensorlint.finding import Edit, Finding
from tensorlint.source import Source
from tensorlint.suppressions import CODE, Noqa, Suppressions

__all__ = ["changed", "silenced", "silencing"]

_BETWEEN = re.compile(r"[,\s]+")


def silenced(source: Source, findings: Iterable[Finding]) -> tuple[bytes, list[Finding]]:
    """The file with a comment for each finding, merged with those that are there; and the findings that this leaves.

    A finding is left where no comment can help: the words stand in a string already, with other codes.
    """
    findings = list(findings)
    data = source.edited(silencing(source, findings))
    now = source.again(data)
    suppressions = Suppressions(now)
    return data, [finding for finding in findings if not suppressions.covers(now.number(finding), finding.code)]


def silencing(source: Source, findings: Iterable[Finding]) -> list[Edit]:
    """The edits that put these comments in, one for each line that needs one."""
    wanted: dict[int, set[str]] = {}
    suppressions = Suppressions(source)
    for finding in findings:
        wanted.setdefault(suppressions.joined(source.number(finding))[1], set()).add(finding.code)
    edits = (_added(source, suppressions, last, sorted(codes)) for last, codes in wanted.items())
    return [edit for edit in edits if edit is not None]


def _added(source: Source, suppressions: Suppressions, last: int, codes: list[str]) -> Edit | None:
    """The edit that puts codes after the last of some joined lines, or to the codes that are there."""
    noqa = suppressions.at(last)
    if noqa is None:
        column = len(source.lines[last - 1].rstrip()) + 1
        return Edit(last, column, last, len(source.lines[last - 1]) + 1, f"  # noqa: {', '.join(codes)}")
    missing = [code for code in codes if not noqa.covers(code)]
    if not missing or not noqa.in_comment:
        return None
    separator = _separator(noqa)
    column = noqa.end_column - len(noqa.codes) + len(noqa.codes.rstrip(", \t"))
    return Edit(noqa.line, column, noqa.line, column, "".join(separator + code for code in missing))


def _separator(noqa: Noqa) -> str:
    """What stands between the codes that are there."""
    found = _BETWEEN.search(noqa.codes.strip(", \t"))
    return found[0] if found is not None else ", "


def changed(source: Source, noqa: Noqa, instead: Mapping[str, str | None]) -> Edit:
    """The edit that writes some codes in another way, or takes them out (None).

    Where no code is left the comment goes, but for what else it says.
    """
    line = source.lines[noqa.line - 1]
    kept = [new for code in CODE.findall(noqa.codes) if (new := instead.get(code, code)) is not None]
    if kept:
        start = noqa.end_column - len(noqa.codes)
        end = start + len(noqa.codes.rstrip(", \t"))
        return Edit(noqa.line, start, noqa.line, end, _separator(noqa).join(kept))
    rest = line[noqa.end_column - 1 :]
    if rest.strip():
        text = "" if rest.lstrip().startswith("#") else "# "
        end = noqa.end_column + len(rest) - len(rest.lstrip())
        return Edit(noqa.line, noqa.column, noqa.line, end, text)
    column = len(line[: noqa.column - 1].rstrip()) + 1
    return Edit(noqa.line, column, noqa.line, len(line) + 1, "")
