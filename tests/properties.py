"""What holds of every program that compiles, however it is made: it is linted without a fault, and fixed without harm.

    python tests/properties.py [--programs N] [--first SEED]

is the long run: it makes N programs (20 000), tries every property on each, prints each that breaks one with its seed,
and how often each rule found and repaired something. ``--written`` tries programs of Hypothesmith instead, which hold
every syntax and hardly ever torch. ``tests/test_properties.py`` tries a fixed few in every test run.
"""

from __future__ import annotations

import argparse
import ast
import random
import re
import sys
import time
import warnings
from collections import Counter
from dataclasses import dataclass, field

from programs import made

from tensorlint.finding import Applicability, Confidence, Edit, Finding
from tensorlint.fixes.apply import fix_source, select
from tensorlint.linter import lint
from tensorlint.settings import Settings, parse
from tensorlint.source import Source, SourceError, Span

SETTINGS = parse(
    {"select": ["TSL"], "confidence": "possible", "target-torch": "newest", "target-numpy": "newest"}, "properties"
)
"""All that can be found; no program belongs to a project whose requirements would be looked for."""
LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")


@dataclass
class Seen:
    """How often what was done."""

    programs: int = 0
    found: Counter[str] = field(default_factory=Counter)
    fixed: Counter[str] = field(default_factory=Counter)
    with_findings: int = 0
    with_fixes: int = 0
    beyond_libcst: int = 0
    """Programs that LibCST cannot parse; they are reported as TSL900."""


class Broken(AssertionError):
    """A property does not hold of a program."""


def must(holds: object, what: str) -> None:
    if not holds:
        raise Broken(what)


def try_all(data: bytes, seen: Seen, settings: Settings = SETTINGS) -> None:
    """Try every property on one program that compiles.

    :raises Broken: naming the property
    :raises Exception: whatever linting raised, which it must not
    """

    def found_in(source: Source) -> list[Finding]:
        return lint(source, settings, noqa=False)

    source = Source(data, "program.py")
    must(source.edited([]) == data, "no edit changes nothing")
    findings = found_in(source)
    seen.programs += 1
    seen.found.update({each.code for each in findings})
    seen.with_findings += bool(findings)
    for finding in findings:
        _has_places(finding, source)
    for unsafe in (False, True):
        fixes = select(findings, unsafe)
        if not fixes:
            continue
        _changes_its_edits_alone(source, {edit for fix in fixes for edit in fix.edits})
        result = fix_source(source, found_in, unsafe)
        must(result.diagnostic is None, f"fixing comes to an end: {result.diagnostic}")
        must(result.fixed and result.data != data, "fixing changes something")
        must(_compiles(result.data), "what is fixed is Python")
        again = fix_source(Source(result.data, "program.py"), found_in, unsafe)
        must((again.data, again.fixed) == (result.data, 0), "fixing what is fixed changes nothing")
        before, after = (Counter(each.code for each in several) for several in (findings, result.findings))
        repaired = {each.code for each in findings if each.fix is not None and (unsafe or _is_safe(each))}
        for code in repaired:
            if after[code] > before[code]:  # what another rule's fix has uncovered does not count
                alone = fix_source(
                    source, lambda source, code=code: [x for x in found_in(source) if x.code == code], unsafe
                )
                # What is converted twice is reported once where it is merely possible that it raises.
                left = [each for each in alone.findings if each.confidence >= Confidence.LIKELY]
                must(len(left) <= before[code], f"fixing {code} makes no more of it")
        seen.fixed.update(repaired)
    seen.with_fixes += any(each.fix is not None for each in findings)


def _is_safe(finding: Finding) -> bool:
    return finding.fix is not None and finding.fix.applicability is Applicability.SAFE


def _has_places(finding: Finding, source: Source) -> None:
    """A finding and its evidence are of whole expressions or statements."""
    span = Span(finding.line, finding.column, finding.end_line, finding.end_column)
    must(_parses(source.slice(span)), f"{finding.code} is at {source.slice(span)!r}")
    for step in finding.evidence:
        span = Span(step.line, step.column, step.end_line, step.end_column)
        must(source.slice(span).strip(), f"{finding.code} has evidence at {span}")


def _parses(text: str) -> bool:
    for written in (f"({text}\n)", f"f({text}\n)", f"{text}\n", f"async def f():\n {text}\n", f"{text}\n pass"):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ast.parse(written)
        except SyntaxError:
            continue
        return True
    return False


def _changes_its_edits_alone(source: Source, edits: set[Edit]) -> None:
    """The bytes before, between and after the edits are those of the file; told apart from ``Source.edited``."""
    after, lines, at, rest = source.edited(edits), LINE.findall(source.text) or [""], (1, 1), b""
    for edit in sorted(edits):
        rest += _text(lines, at, (edit.line, edit.column)).encode(source.encoding.removesuffix("-sig"))
        rest += edit.text.encode(source.encoding.removesuffix("-sig"))
        at = (edit.end_line, edit.end_column)
    rest += _text(lines, at, (len(lines) + 1, 1)).encode(source.encoding.removesuffix("-sig"))
    must(after == (b"\xef\xbb\xbf" if source.bom else b"") + rest, "nothing changes outside the edits")


def _text(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    if start[0] == end[0]:
        return lines[start[0] - 1][start[1] - 1 : end[1] - 1] if start[0] <= len(lines) else ""
    last = lines[end[0] - 1][: end[1] - 1] if end[0] <= len(lines) else ""
    return lines[start[0] - 1][start[1] - 1 :] + "".join(lines[start[0] : end[0] - 1]) + last


def _compiles(data: bytes) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(data, "program.py", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


def try_written(text: str, seen: Seen) -> None:
    """The same for a program of any syntax, behind an import that has it analysed."""
    data = text.encode("utf-8", "surrogatepass")
    if _compiles(data):
        head = b"import torch\ntorch.ones(1, requires_grad=True).numpy()\n"
        # docstrings and `from __future__` want to be first
        future = re.search(rb"\bfrom\s+__future__\b|^\s*['\"]", data) is not None
        try:
            try_all(data + b"\n" + head if future else head + data, seen)
        except SourceError as error:
            if not error.message.startswith("LibCST "):  # ... cannot parse this, or reads it otherwise than Python does
                raise
            seen.beyond_libcst += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=20_000, metavar="N")
    parser.add_argument("--first", type=int, default=0, metavar="SEED")
    parser.add_argument("--written", action="store_true", help="programs of Hypothesmith")
    options = parser.parse_args()
    seen, start = Seen(), time.perf_counter()
    broken = try_hypothesmith(options.programs, seen) if options.written else try_seeds(options, seen)
    print(f"{seen.programs} programs in {time.perf_counter() - start:.0f} s: {broken} broken, ", end="")
    print(f"{seen.with_findings} with findings, {seen.with_fixes} with fixes, {seen.beyond_libcst} beyond LibCST")
    print("found in: " + ", ".join(f"{code} {number}" for code, number in sorted(seen.found.items())))
    print("fixed in: " + ", ".join(f"{code} {number}" for code, number in sorted(seen.fixed.items())))
    sys.exit(1 if broken else 0)


def try_seeds(options: argparse.Namespace, seen: Seen) -> int:
    """Try the programs of a row of seeds; how many break a property."""
    broken = 0
    for seed in range(options.first, options.first + options.programs):
        try:
            try_all(made(random.Random(seed)), seen)
        except Exception as error:
            broken += 1
            print(f"seed {seed}: {type(error).__name__}: {error}", flush=True)
    return broken


def try_hypothesmith(programs: int, seen: Seen) -> int:
    """Try what Hypothesmith writes; 1 if one breaks a property (it is shown, made as small as can be)."""
    import hypothesmith
    from hypothesis import HealthCheck, given, settings

    @settings(max_examples=programs, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(hypothesmith.from_grammar(auto_target=False))
    def trial(text: str) -> None:
        try_written(text, seen)

    try:
        trial()
    except Exception as error:
        print(f"{type(error).__name__}: {error}", *getattr(error, "__notes__", ()), sep="\n", flush=True)
        return 1
    return 0


if __name__ == "__main__":
    main()
