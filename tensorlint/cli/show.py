"""What a run of ``check`` or ``fix`` prints, and the code that it exits with."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from tensorlint.finding import Finding
from tensorlint.report.paint import Paint, wants_colour

if TYPE_CHECKING:
    from tensorlint.session import Outcome

__all__ = ["show"]


def show(
    outcomes: Sequence[Outcome], faults: Sequence[Finding], options: dict[str, Any], stdin: bytes | None = None
) -> int:
    """Print the report (or the patch), and say what to exit with.

    :param faults: what kept paths from being linted at all
    :param stdin: what was read from standard input; fixed, it goes to standard output, and the report to standard error
    """
    from tensorlint.linter import FAULT

    findings = sorted(
        (*(each for outcome in outcomes for each in outcome.findings), *faults), key=lambda each: each.sort_key
    )
    failed = any(each.code == FAULT for each in findings)
    if options["diff"]:
        _print_diff(outcomes)
        _report([each for each in findings if each.code == FAULT], outcomes, options, stdin, err=True, brief=True)
        return 2 if failed else int(any(each.diff for each in outcomes) and not options["exit_zero"])
    fixed_stdin = stdin is not None and options["fix"]
    if fixed_stdin:
        stream = sys.stdout.buffer
        stream.write(b"".join(each.data or b"" for each in outcomes))
        stream.flush()
    _report(findings, outcomes, options, stdin, err=fixed_stdin)
    return 2 if failed else int(bool(findings) and not options["exit_zero"])


def _report(
    findings: list[Finding],
    outcomes: Sequence[Outcome],
    options: dict[str, Any],
    stdin: bytes | None,
    err: bool,
    brief: bool = False,
) -> None:
    """``brief``: faults beside a patch, without a summary, and nothing where there are none."""
    if brief and not findings:
        return
    colour = wants_colour(sys.stderr if err else sys.stdout)
    paint = Paint(colour)
    form = options["output_format"]
    if form == "json":
        from tensorlint.report import json

        text = json.render(findings)
    elif form == "concise" or brief:
        from tensorlint.report import concise

        text = concise.render(findings, paint)
    else:
        from tensorlint.report import text as full
        from tensorlint.report.lines import Lines

        given = {each.path: each.data for each in outcomes if each.data is not None} if stdin is not None else {}
        text = full.render(findings, Lines(given), paint)
    if form != "json" and not brief:
        from tensorlint.report.summary import summarise

        count = len({each.path for each in outcomes} | {each.path for each in findings})
        summary = summarise(findings, count, sum(each.fixed for each in outcomes))
        text += "".join(f"{line}\n" for line in summary.lines())
    click.echo(text, nl=False, err=err, color=colour)


def _print_diff(outcomes: Sequence[Outcome]) -> None:
    """The patch, in the bytes of the files that it is for: it can be given to ``patch`` or ``git apply`` as it is."""
    stream = sys.stdout.buffer
    for each in outcomes:
        if each.diff:
            stream.write(each.diff.encode("utf-8", "surrogateescape"))
    stream.flush()
