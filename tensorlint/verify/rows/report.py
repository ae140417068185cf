"""``tensorlint verify --tables``: every row against the libraries that are installed, counted and printed."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch

from tensorlint.library.tables import Library, library
from tensorlint.verify.rows.agreement import ASPECTS
from tensorlint.verify.rows.check import Checked, check_row, names
from tensorlint.versions import Targets

__all__ = ["checked", "command", "print_report"]

_HEADINGS = ("library", "rows", "confirmed", "contradicted", "not checked", "seconds")


def command(
    libraries: Sequence[str] = (),
    *,
    details: bool = False,
    quiet: bool = False,
    tables: Library | None = None,
    say: Callable[[str], object] = print,
) -> int:
    """Check the rows of all tables, or of those of some libraries, and print the result.

    :param details: name every row that is not checked, with the reason
    :param quiet: print only what is contradicted, and the count
    :return: the exit code: 1 if a row is contradicted
    :raises ValueError: if there is no table for one of ``libraries``
    """
    tables = (tables or library()).at(installed())
    if unknown := [name for name in libraries if name not in tables.packages()]:
        raise ValueError(f"no table for {', '.join(unknown)} (tables: {', '.join(tables.packages())})")
    by_library: dict[str, list[str]] = {}
    for name in names(tables):
        if not libraries or name.partition(".")[0] in libraries:
            by_library.setdefault(name.partition(".")[0], []).append(name)
    rows: list[Checked] = []
    seconds: dict[str, float] = {}
    for package, several in by_library.items():
        started = time.monotonic()
        rows += checked(several, tables)
        seconds[package] = time.monotonic() - started
    print_report(rows, seconds, say, details=details, quiet=quiet)
    return int(any(row.contradictions for row in rows))


def installed() -> Targets:
    """The versions of torch and NumPy that are here."""
    return Targets(str(torch.__version__), str(np.__version__))


def checked(several: Sequence[str], tables: Library) -> list[Checked]:
    """The rows of some names, checked; what the libraries print meanwhile is dropped."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with _silence():
            return [check_row(name, tables) for name in several]
    finally:
        torch.set_num_threads(threads)


def print_report(
    rows: Sequence[Checked],
    seconds: dict[str, float],
    say: Callable[[str], object] = print,
    *,
    details: bool = False,
    quiet: bool = False,
) -> None:
    """A line for each library, each contradiction, the reasons for what is not checked, and the count."""
    if not quiet:
        lines = [_HEADINGS, *(_cells(package, rows, seconds[package]) for package in seconds)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        for cells in lines:
            say("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
        say("")
        aspects = Counter(aspect for row in rows for aspect in row.aspects)
        say("compared: " + ", ".join(f"{aspect} {aspects[aspect]}" for aspect in ASPECTS if aspects[aspect]))
    for row in rows:
        for text in row.contradictions:
            say(f"contradicted: {row.name} {text}")
    if not quiet:
        _reasons(rows, say, details)
    verdicts = Counter(row.verdict for row in rows)
    say(
        f"{len(rows)} rows: {verdicts['confirmed']} confirmed, {verdicts['contradicted']} contradicted, "
        f"{verdicts['not checked']} not checked, {sum(seconds.values()):.0f} seconds"
    )


def _cells(package: str, rows: Sequence[Checked], seconds: float) -> tuple[str, ...]:
    own = [row for row in rows if row.name.startswith(f"{package}.")]
    verdicts = Counter(row.verdict for row in own)
    counts = (str(verdicts[word]) for word in ("confirmed", "contradicted", "not checked"))
    return (package, str(len(own)), *counts, f"{seconds:.1f}")


def _reasons(rows: Sequence[Checked], say: Callable[[str], object], details: bool) -> None:
    left = [row for row in rows if row.verdict == "not checked"]
    if details:
        for row in left:
            say(f"not checked: {row.name}: {row.reason}")
        return
    for reason, count in Counter(row.reason for row in left).most_common():
        names_of = [row.name for row in left if row.reason == reason]
        say(f"not checked: {names_of[0] if count == 1 else f'{count} rows'}: {reason}")


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Nothing is printed inside the with block, neither by Python nor by compiled libraries."""
    sys.stdout.flush()
    sys.stderr.flush()
    with contextlib.ExitStack() as stack, open(os.devnull, "w") as nowhere:
        stack.enter_context(contextlib.redirect_stdout(nowhere))
        stack.enter_context(contextlib.redirect_stderr(nowhere))
        for number in (1, 2):
            kept = os.dup(number)
            stack.callback(os.close, kept)
            stack.callback(os.dup2, kept, number)
            os.dup2(nowhere.fileno(), number)
        yield
