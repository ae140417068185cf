"""One page that holds everything: findings by file, their source and the chain of evidence; it asks no network.

The page itself is in ``page/``: ``page.html`` with a place for each part, its style and its script. It can be read
without the script, which only filters. What comes from files and messages is escaped here, and a policy in the page
keeps browsers from running anything but that script.
"""

from __future__ import annotations

import base64
import hashlib
import inspect
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

from tensorlint import __version__
from tensorlint.finding import Confidence, Finding, Sight
from tensorlint.report.html_frames import frames
from tensorlint.report.html_text import attribute, broken, marked, plain
from tensorlint.report.place import named, place
from tensorlint.report.run import Run
from tensorlint.report.stops import Stop, stops

if TYPE_CHECKING:
    from tensorlint.rules.base import Rule

__all__ = ["render"]


def render(run: Run) -> Iterator[str]:
    """The page in pieces, a file each; ASCII alone, so that it means the same in whatever encoding it is printed."""
    for piece in _pieces(run):
        yield piece.encode("ascii", "xmlcharrefreplace").decode("ascii")


def _pieces(run: Run) -> Iterator[str]:
    style, script = _part("page.css"), _part("page.js")
    page = Template(_part("page.html")).substitute(
        policy=f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'",
        style=style,
        script=script,
        version=plain(__version__),
        summary="".join(f"<p>{plain(line)}</p>\n" for line in run.summary.lines()),
        rules="".join(_choices(run.findings)),
        confidences="".join(_boxes(run.findings)),
        sights=_sights(run.findings),
        files="".join(_contents(run)),
        pages="".join(_pages(run.findings)),
        findings="\0",
    )
    before, _, after = page.partition("\0")
    yield before
    number = 0
    for at, (path, found) in enumerate(run.by_file(), 1):
        sections = "".join(_finding(finding, each, run) for each, finding in enumerate(found, number + 1))
        yield f'<section class="file" id="file-{at}">\n<h2>{broken(path)}</h2>\n{sections}</section>\n'
        number += len(found)
    yield after


def _part(name: str) -> str:
    return (files("tensorlint.report") / "page" / name).read_text(encoding="ascii")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _choices(findings: Iterable[Finding]) -> Iterator[str]:
    counts = Counter((finding.code, finding.name) for finding in findings)
    for (code, name), count in sorted(counts.items()):
        yield f'<option value="{attribute(code)}">{plain(code)} {plain(name)} ({count})</option>\n'


def _boxes(findings: Iterable[Finding]) -> Iterator[str]:
    counts = Counter(finding.confidence for finding in findings)
    for level in sorted(Confidence, reverse=True):
        box = f'<input type="checkbox" name="confidence" value="{level}" checked>'
        yield f'<label class="level {level}">{box} {level} ({counts[level]})</label>\n'


def _sights(findings: Iterable[Finding]) -> str:
    """The choice of what a run has shown; nothing where none was looked at."""
    counts = Counter(finding.observed.sight for finding in findings if finding.observed is not None)
    boxes = "".join(
        f'<label class="sight {_kind(sight)}"><input type="checkbox" name="sight" value="{sight}" checked>'
        f" {sight} ({counts[sight]})</label>\n"
        for sight in Sight
    )
    return f"<fieldset>\n<legend>In a run</legend>\n{boxes}</fieldset>\n" if counts else ""


def _kind(sight: Sight) -> str:
    """The word that the style knows it by."""
    return "only" if sight is Sight.ONLY else str(sight).partition(" ")[0]


def _contents(run: Run) -> Iterator[str]:
    for at, (path, found) in enumerate(run.by_file(), 1):
        yield f'<li><a href="#file-{at}">{broken(path)}</a> <span class="count">{len(found)}</span></li>\n'


def _finding(finding: Finding, number: int, run: Run) -> str:
    name = f"finding-{number}"
    chain = stops(finding)
    sight = f' data-sight="{finding.observed.sight}"' if finding.observed is not None else ""
    return (
        f'<article class="finding {finding.confidence}" id="{name}" aria-labelledby="{name}-title"'
        f' data-code="{attribute(finding.code)}" data-confidence="{finding.confidence}"{sight}>\n'
        f'<h3 id="{name}-title"><a class="code" href="#rule-{attribute(finding.code)}">{plain(finding.code)}</a> '
        f'{plain(finding.name)} <span class="level {finding.confidence}">{finding.confidence}</span> '
        f'<a class="place" href="#{name}" title="Link to this finding">{place(finding)}</a></h3>\n'
        f'<p class="message">{marked(finding.message)}</p>\n'
        f'<div class="why{"" if len(chain) > 1 else " alone"}">\n'
        f"{''.join(_chain(chain, name))}{frames(chain, name, run.lines)}</div>\n"
        f"{_observed(finding)}{_fix(finding)}</article>\n"
    )


def _chain(chain: tuple[Stop, ...], name: str) -> Iterator[str]:
    """The steps as a list; the last is the finding's own place. Nothing where that is all."""
    if len(chain) == 1:
        return
    elsewhere = len({stop.part for stop in chain}) > 1
    yield '<ol class="chain">\n'
    for stop in chain:
        where = f"{broken(named(stop.part))}:{stop.line}" if elsewhere else f"line&nbsp;{stop.line}"
        kind = ' class="sink"' if stop.sink else ""
        link = f'<a href="#{name}-{stop.number}" data-step="{stop.number}">{where}</a>'
        yield f"<li{kind}>{marked(stop.text)} {link}</li>\n"
    yield "</ol>\n"


def _observed(finding: Finding) -> str:
    if finding.observed is None:
        return ""
    sight, text = finding.observed.sight, finding.observed.text
    return f'<p class="observed"><span class="sight {_kind(sight)}">{sight}</span> {marked(text)}</p>\n'


def _fix(finding: Finding) -> str:
    if finding.fix is None:
        return ""
    kind = finding.fix.applicability
    return f'<p class="fix"><span class="kind {kind}">{kind} fix</span> {marked(finding.fix.message)}</p>\n'


def _pages(findings: Iterable[Finding]) -> Iterator[str]:
    """What the rules that found something say of themselves."""
    from tensorlint.rules.registry import every_rule

    known = {rule.code: rule for rule in every_rule()}
    for code, name in sorted({(finding.code, finding.name) for finding in findings}):
        text = _docstring(known[code]) if code in known else f"tensorlint explain {code}"
        yield (
            f"<details>\n<summary>{plain(code)} {plain(name)}</summary>\n"
            f'<pre id="rule-{attribute(code)}">{plain(text, keep=chr(10))}</pre>\n</details>\n'
        )


def _docstring(rule: Rule) -> str:
    return inspect.cleandoc(rule.__doc__ or "").strip()
