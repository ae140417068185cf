"""What a cache holds, as JSON, and back; what is read is taken only if it has the form of what is written.

The findings come first and by themselves: they are all that a run needs in which nothing has changed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from tensorlint.cache.results import Result, Stored
from tensorlint.cache.state import Content, Watched
from tensorlint.dependencies import Dependencies, Question
from tensorlint.finding import Applicability, Confidence, Edit, Evidence, Finding, Fix
from tensorlint.flow.importers import Words

__all__ = ["Damaged", "Head", "body", "head", "read_body", "read_head"]

Value = TypeVar("Value")


class Damaged(Exception):
    """It is not what this version writes."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a project's results come to, without what they were made from."""

    watched: Watched
    stamp: str
    layout: str
    findings: dict[str, tuple[Finding, ...]]
    """By the absolute path of the file that was linted."""


def head(stored: Iterable[Stored]) -> bytes:
    """The findings about each project, and what tells whether they still hold."""
    return _json(
        [
            {
                "root": each.watched.root,
                "indexed": each.watched.indexed,
                "folders": sorted(each.watched.folders),
                "loose": sorted(each.watched.loose),
                "stamp": each.stamp,
                "layout": each.layout,
                "findings": {path: [_as_list(one) for one in result.findings] for path, result in each.results.items()},
            }
            for each in stored
        ]
    )


def read_head(data: bytes) -> dict[str, Head]:
    """The heads by the projects' roots.

    :raises Damaged: if it is not one
    """
    heads = {}
    for each in _list(_loads(data)):
        root, indexed, stamp, layout = (_get(each, key) for key in ("root", "indexed", "stamp", "layout"))
        watched = Watched(_str(root), indexed is True, {*_strings(_get(each, "folders"))})
        watched.loose.update(_strings(_get(each, "loose")))
        findings = {
            path: tuple(_finding(one) for one in _list(found)) for path, found in _dict(_get(each, "findings")).items()
        }
        heads[watched.root] = Head(watched, _str(stamp), _str(layout), findings)
    return heads


def body(stored: Iterable[Stored]) -> bytes:
    """What the results about each project were made from, in the order of the heads."""
    return _json([_body(each) for each in stored])


def _body(stored: Stored) -> dict[str, Any]:
    modules: dict[tuple[tuple[str, str], str | None], int] = {}
    files = {path: number for number, path in enumerate(stored.contents)}
    made = {}
    for path, result in stored.results.items():
        noted = result.noted
        made[path] = [
            [files[each] for each in noted.files],
            [modules.setdefault(each, len(modules)) for each in noted.modules.items()],
            [[*question, answer] for question, answer in noted.questions.items()],
            noted.versions,
        ]
    contents = [
        [path, each.stamp, each.digest, each.scanned, None if each.words is None else _words(each.words)]
        for path, each in stored.contents.items()
    ]
    return {"contents": contents, "modules": [[*wanted, found] for wanted, found in modules], "made": made}


def _words(words: Words) -> list[Any]:
    return [" ".join(words.names), words.torch, words.default]


def read_body(data: bytes, heads: dict[str, Head]) -> dict[str, Stored]:
    """All about each project, by the roots.

    :raises Damaged: if it is not what belongs to these heads
    """
    bodies = _list(_loads(data))
    if len(bodies) != len(heads):
        raise Damaged
    return {root: _read_body(each, head) for (root, head), each in zip(heads.items(), bodies, strict=True)}


def _read_body(value: Any, head: Head) -> Stored:
    contents = {}
    for each in _list(_get(value, "contents")):
        path, written, content, scanned, known = _row(each, 5)
        if written is not None:
            written = tuple(_int(part) for part in _row(written, 4))
        if known is not None:
            names, torch, default = _row(known, 3)
            known = Words(tuple(_str(names).split()), torch is True, default is True)
        contents[_str(path)] = Content(written, _str(content), scanned is True, known)
    files = list(contents.items())
    modules = []
    for each in _list(_get(value, "modules")):
        folder, module, found = _row(each, 3)
        modules.append(((_str(folder), _str(module)), None if found is None else _str(found)))
    made = _dict(_get(value, "made"))
    if made.keys() != head.findings.keys():
        raise Damaged
    results = {}
    for path, findings in head.findings.items():
        read, wanted, questions, versions = _row(made[path], 4)
        noted = Dependencies(
            {name: content.digest for name, content in (_at(files, number) for number in _list(read))},
            dict(_at(modules, number) for number in _list(wanted)),
            dict(_question(each) for each in _list(questions)),
        )
        if versions is not None:
            torch, numpy = _row(versions, 2)
            noted.versions = _str(torch), _str(numpy)
        results[path] = Result(findings, noted)
    return Stored(head.watched, head.stamp, head.layout, contents, results)


def _question(value: Any) -> tuple[Question, tuple[str, ...]]:
    kind, path, names, most, of_torch, answer = _row(value, 6)
    question = Question(_str(kind), _str(path), _strings(names), _int(most), of_torch is True)
    return question, _strings(answer)


def _as_list(finding: Finding) -> list[Any]:
    evidence = [[e.path, e.line, e.column, e.message, e.end_line, e.end_column, e.cell] for e in finding.evidence]
    fix = finding.fix
    edits = [] if fix is None else [[e.line, e.column, e.end_line, e.end_column, e.text, e.cell] for e in fix.edits]
    return [
        *(finding.code, finding.name, finding.message, int(finding.confidence), finding.path),
        *(finding.line, finding.column, finding.end_line, finding.end_column),
        evidence,
        None if fix is None else [str(fix.applicability), fix.message, edits],
        finding.cell,
    ]


def _finding(value: Any) -> Finding:
    code, name, message, confidence, path, line, column, end_line, end_column, evidence, fix, cell = _row(value, 12)
    return Finding(
        code=_str(code),
        name=_str(name),
        message=_str(message),
        confidence=_known(Confidence, _int(confidence)),
        path=_str(path),
        line=_int(line),
        column=_int(column),
        end_line=_int(end_line),
        end_column=_int(end_column),
        evidence=tuple(_evidence(each) for each in _list(evidence)),
        fix=None if fix is None else _fix(fix),
        cell=_cell(cell),
    )


def _evidence(value: Any) -> Evidence:
    path, line, column, message, end_line, end_column, cell = _row(value, 7)
    return Evidence(_str(path), _int(line), _int(column), _str(message), _int(end_line), _int(end_column), _cell(cell))


def _fix(value: Any) -> Fix:
    applicability, message, edits = _row(value, 3)
    return Fix(_known(Applicability, _str(applicability)), _str(message), tuple(_edit(each) for each in _list(edits)))


def _edit(value: Any) -> Edit:
    line, column, end_line, end_column, text, cell = _row(value, 6)
    return Edit(_int(line), _int(column), _int(end_line), _int(end_column), _str(text), _cell(cell))


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def _loads(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise Damaged from None


def _known(kind: Callable[[Any], Value], value: Any) -> Value:
    try:
        return kind(value)
    except ValueError:
        raise Damaged from None


def _str(value: Any) -> str:
    if not isinstance(value, str):
        raise Damaged
    return value


def _int(value: Any) -> int:
    if type(value) is not int:  # not True
        raise Damaged
    return value


def _cell(value: Any) -> int | None:
    return None if value is None else _int(value)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Damaged
    return value


def _row(value: Any, length: int) -> list[Any]:
    if not isinstance(value, list) or len(value) != length:
        raise Damaged
    return value


def _dict(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Damaged
    return value


def _get(value: Any, key: str) -> Any:
    return _dict(value).get(key)


def _strings(value: Any) -> tuple[str, ...]:
    return tuple(_str(each) for each in _list(value))


def _at(values: list[Value], number: Any) -> Value:
    at = _int(number)
    if not 0 <= at < len(values):
        raise Damaged
    return values[at]
