"""Claims: what a fixture says happens at run time, written as comments above the statement where it happens.

A claim is one comment line, ``# claim: VERB ...`` for every device that computes, or ``# claim WHERE: VERB ...`` with
devices (``cpu``, ``cuda``, ``mps``, ``meta``, ``simulated-cuda``, or ``gpu`` for every one of the three GPUs) and
versions (``torch<2.2``, ``numpy>=2``), separated by commas. It is about the statement below it, "the line":

====================================  ==============================================================================
``raises TypeError: TEXT``            the line raises it; TEXT is part of the message, ``{device}`` is the device
``fails later TypeError: TEXT``       the line runs, and what it made brings the program to raise it in a later line
``warns UserWarning: TEXT``           the line warns
``shares A with B``                   after the line the two live in the same memory; ``copies A from B`` if they do not
``overwrites X``                      the line changes the value of X, which it does not assign; ``spares X`` if not
``stale X``                           what X is after the line has another value in the end; ``fresh X`` if it has not
``wrong gradient X, right is Y``      in the end ``X.grad`` is not Y; ``right gradient X, right is Y`` if it is
``no gradient X``                     in the end ``X.grad`` is None or zero everywhere
``always True``, ``always False``     the marked comparison has that value, on every device
``discards X``                        the line leaves X as it is although its value would be another
``holds EXPR``                        after the line EXPR is true
``slower than EXPR by 5``             the marked expression takes more than 5 times as long as EXPR
``nothing``                           the line does nothing worth a word
====================================  ==============================================================================

X, Y, A, B and EXPR are Python expressions over the names that the line sees (for gradients: that are there when its
function returns). Where no claim is made for a device, the
claim is ``nothing``. ``# not fixed: REASON`` above a statement says that its misbehaviour stays in the fixed program.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass

from tensorlint.verify.markers import comments
from tensorlint.versions import within

__all__ = ["DEVICES", "GPUS", "VERBS", "Claim", "claims", "of_versions", "parse_where"]

GPUS = ("cuda", "mps", "simulated-cuda")
DEVICES = ("cpu", "cuda", "mps", "meta", "simulated-cuda")

_CLAIM = re.compile(r"#\s*claim\b(?P<where>[^:]*):\s*(?P<text>.*\S)\s*$")
_NOT_FIXED = re.compile(r"#\s*not fixed:\s*\S")
_VERSION = re.compile(r"(torch|numpy)\s*(<|<=|>|>=|==)\s*([\d.]+)$")
VERBS = {
    "raises": r"(?P<subject>\w+)(?:: (?P<detail>.+))?",
    "fails later": r"(?P<subject>\w+)(?:: (?P<detail>.+))?",
    "warns": r"(?P<subject>\w+)(?:: (?P<detail>.+))?",
    "shares": r"(?P<subject>.+) with (?P<detail>.+)",
    "copies": r"(?P<subject>.+) from (?P<detail>.+)",
    "overwrites": r"(?P<subject>.+)",
    "spares": r"(?P<subject>.+)",
    "stale": r"(?P<subject>.+)",
    "fresh": r"(?P<subject>.+)",
    "wrong gradient": r"(?P<subject>.+), right is (?P<detail>.+)",
    "right gradient": r"(?P<subject>.+), right is (?P<detail>.+)",
    "no gradient": r"(?P<subject>.+)",
    "always": r"(?P<subject>True|False)",
    "discards": r"(?P<subject>.+)",
    "holds": r"(?P<subject>.+)",
    "slower than": r"(?P<subject>.+) by (?P<detail>\d+(?:\.\d+)?)",
    "nothing": r"(?P<subject>)",
}
GOOD = frozenset({"copies", "spares", "fresh", "right gradient", "nothing"})
_EXPRESSIONS = frozenset({"shares", "copies", "wrong gradient", "right gradient"})
_EXPRESSION = _EXPRESSIONS | {
    "overwrites",
    "spares",
    "stale",
    "fresh",
    "no gradient",
    "discards",
    "slower than",
    "holds",
}


@dataclass(frozen=True, slots=True)
class Claim:
    """What is claimed of one statement."""

    path: str
    """The file, relative to the fixture's root."""
    line: int
    """The statement's first line; ``end`` is the last line of it, or of its header where it has a body."""
    end: int
    verb: str
    subject: str
    detail: str
    text: str
    """The claim as it is written, without its devices."""
    devices: frozenset[str]
    """Empty for every device that computes: all but meta."""
    versions: tuple[tuple[str, str, str], ...] = ()
    fixed: bool = True
    """The fixed program no longer does it."""

    @property
    def good(self) -> bool:
        """It says that the line behaves; the fixed program still must."""
        return self.verb in GOOD

    def of_versions(self, versions: dict[str, str]) -> bool:
        """Whether the claim is about these versions of ``torch`` and ``numpy``."""
        return of_versions(self.versions, versions)

    def made_for(self, device: str, versions: dict[str, str]) -> bool:
        """Whether the claim is about ``device`` and these versions of ``torch`` and ``numpy``."""
        if device not in (self.devices or set(DEVICES) - {"meta"}):
            return False
        return self.of_versions(versions)


def claims(text: str, path: str) -> tuple[Claim, ...]:
    """The claims of a fixture's text, in order.

    :raises ValueError: if a claim cannot be read, or no statement follows it; SyntaxError if the text is not Python
    """
    lines = text.splitlines()
    starts = _statements(ast.parse(text))
    noted = {line: comment for line, comment in comments(text).items() if lines[line - 1].lstrip().startswith("#")}
    found: list[Claim] = []
    for line, comment in sorted(noted.items()):
        match = _CLAIM.match(comment)
        if match is None:
            if re.match(r"#\s*claim\b", comment):
                raise ValueError(f"{path}:{line}: {comment!r} is no claim")
            continue
        block = [line]
        while block[-1] + 1 in noted:
            block.append(block[-1] + 1)
        start = block[-1] + 1
        if start not in starts:
            raise ValueError(f"{path}:{line}: no statement follows the claim")
        fixed = not any(_NOT_FIXED.match(noted[number]) for number in _block(noted, line))
        devices, versions = parse_where(match["where"], f"{path}:{line}")
        verb, subject, detail = _parse(match["text"], f"{path}:{line}")
        found.append(Claim(path, start, starts[start], verb, subject, detail, match["text"], devices, versions, fixed))
    return tuple(found)


def of_versions(wanted: Iterable[tuple[str, str, str]], versions: dict[str, str]) -> bool:
    """Whether ``versions`` of torch and NumPy are within what :func:`parse_where` has read."""
    return all(within(versions[library], operator + number) for library, operator, number in wanted)


def parse_where(where: str, place: str) -> tuple[frozenset[str], tuple[tuple[str, str, str], ...]]:
    """The devices and versions that a claim (or ``# devices:``) names; ``place`` is for the error.

    :raises ValueError: if one of them is unknown
    """
    devices: set[str] = set()
    versions: list[tuple[str, str, str]] = []
    for word in filter(None, (part.strip() for part in where.split(","))):
        if word == "gpu":
            devices.update(GPUS)
        elif word in DEVICES:
            devices.add(word)
        elif match := _VERSION.match(word):
            versions.append((match[1], match[2], match[3]))
        else:
            raise ValueError(f"{place}: unknown device {word!r} (known: gpu, {', '.join(DEVICES)})")
    return frozenset(devices), tuple(versions)


def _parse(text: str, place: str) -> tuple[str, str, str]:
    for verb, pattern in VERBS.items():
        if match := re.fullmatch(rf"{verb}\s*{pattern}", text):
            parts = match.groupdict()
            subject, detail = parts["subject"] or "", parts.get("detail") or ""
            for expression in ([subject] if verb in _EXPRESSION else []) + ([detail] if verb in _EXPRESSIONS else []):
                try:
                    compile(expression, place, "eval")
                except SyntaxError:
                    raise ValueError(f"{place}: {expression!r} is no expression") from None
            return verb, subject, detail
    raise ValueError(f"{place}: cannot read the claim {text!r} (known: {', '.join(VERBS)})")


def _statements(module: ast.Module) -> dict[int, int]:
    """First line to last line of every statement, or of its header."""
    found: dict[int, int] = {}
    for node in ast.walk(module):
        if not isinstance(node, ast.stmt):
            continue
        body = getattr(node, "body", None)
        end = max(node.lineno, body[0].lineno - 1) if body else (node.end_lineno or node.lineno)
        found.setdefault(node.lineno, end)
    return found


def _block(noted: dict[int, str], line: int) -> list[int]:
    """The lines of the comment block around ``line``."""
    first = last = line
    while first - 1 in noted:
        first -= 1
    while last + 1 in noted:
        last += 1
    return list(range(first, last + 1))
