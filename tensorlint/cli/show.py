"""What a run of ``check`` or ``fix`` prints, and the code that it exits with."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tensorlint.cli.output import OutputFile, echo
from tensorlint.finding import FAULT, Finding
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
    findings = sorted(
        (*(each for outcome in outcomes for each in outcome.findings), *faults), key=lambda each: each.sort_key
    )
    failed = any(each.code == FAULT for each in findings)
    if options["diff"]:
        _print_diff(outcomes)
        _print_faults([each for each in findings if each.code == FAULT])
        return 2 if failed else int(any(each.diff for each in outcomes) and not options["exit_zero"])
    fixed_stdin = stdin is not None and options["fix"]
    if fixed_stdin:
        stream = sys.stdout.buffer
        stream.write(b"".join(each.data or b"" for each in outcomes))
        stream.flush()
    _report(findings, outcomes, options, stdin, err=fixed_stdin)
    wrong = bool(findings) or (options["exit_non_zero_on_fix"] and any(each.fixed for each in outcomes))
    return 2 if failed else int(wrong and not options["exit_zero"])


def _report(
    findings: list[Finding],
    outcomes: Sequence[Outcome],
    options: dict[str, Any],
    stdin: bytes | None,
    err: bool,
) -> None:
    from tensorlint.report.formats import render
    from tensorlint.report.lines import Lines
    from tensorlint.report.run import Run

    given = {each.path: each.data for each in outcomes if each.data is not None} if stdin is not None else {}
    output: OutputFile | None = options["output"]
    colour = wants_colour(sys.stderr if err else sys.stdout)
    run = Run(
        tuple(findings),
        tuple(sorted({each.path for each in outcomes} | {each.path for each in findings})),
        sum(each.fixed for each in outcomes),
        Lines(given),
        Paint(colour and output is None),
    )
    report = render(options["output_format"], run, options["statistics"], options["quiet"])
    if output is None:
        echo(report, err=err, colour=colour)
    else:
        output.write(report)
        if not options["quiet"]:
            echo((f"{line}\n" for line in run.summary.lines()), err=err)


def _print_faults(faults: list[Finding]) -> None:
    """What could not be linted, beside a patch."""
    from tensorlint.report.concise import render
    from tensorlint.report.run import Run

    colour = wants_colour(sys.stderr)
    echo(render(Run(tuple(faults), (), paint=Paint(colour))), err=True, colour=colour)


def _print_diff(outcomes: Sequence[Outcome]) -> None:
    """The patch, in the bytes of the files that it is for: it can be given to ``patch`` or ``git apply`` as it is."""
    stream = sys.stdout.buffer
    for each in outcomes:
        if each.diff:
            stream.write(each.diff.encode("utf-8", "surrogateescape"))
    stream.flush()
