"""Lint every Python file of whole installations, and see that nothing breaks; run by hand, it takes an hour.

    python tests/packages/sweep.py [--every N] [--lint-every N] [FOLDER ...]

Without FOLDER: the standard library and the site-packages of the Python that runs this. Every file is parsed and
written out again, without a change of its bytes, and is linted as the command line does it. With ``--every`` only each
Nth file is done, with ``--lint-every`` each Nth of those is linted. Prints what breaks as it comes, and a table of

- files and lines; ``no Python``: files that Python itself refuses;
- ``LibCST``: files that Python's parser takes and LibCST does not, and how many of those that were linted are reported
  as TSL900 (the others hold nothing that a finding could come from, or the part in question was not looked at);
- ``trip``: files that LibCST does not write as they are (it loses white space before some colons; edits are made in the
  text, at places that are held against it); ``faults``: internal errors, and places that are lost;
- ``TSL900``: files that could not be linted for whatever reason; findings; seconds; the slowest file.

Exits with 1 where something breaks, and names the files.
"""

from __future__ import annotations

import argparse
import itertools
import os
import re
import sys
import sysconfig
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tensorlint.linter import FAULT
from tensorlint.session import Mode, Task, work
from tensorlint.settings import Settings
from tensorlint.source import Source, SourceError
from tensorlint.syntax import check_syntax

FORM_FEEDS = re.compile(r"(?:^|(?<=\r))[ \t]*\f[ \t\f]*", re.MULTILINE)
"""At the start of a line: taken out before LibCST sees the text, which would lose them."""


@dataclass
class Tally:
    """What became of the files below one folder."""

    folder: Path
    files: int = 0
    lines: int = 0
    no_python: int = 0
    beyond_libcst: list[str] = field(default_factory=list)
    reported: int = 0
    """Of ``beyond_libcst``, those that were linted and are TSL900."""
    changed: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    not_linted: int = 0
    linted: int = 0
    findings: int = 0
    seconds: float = 0.0
    slowest: tuple[float, str] = (0.0, "")


def python_files(folder: Path) -> Iterator[Path]:
    """Every regular ``*.py`` below a folder but those in a ``site-packages`` inside it, in one order."""
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(set(folders) - {"site-packages", "__pycache__"})
        for name in sorted(names):
            path = Path(here, name)
            if name.endswith(".py") and path.is_file():
                yield path


def round_trip(path: Path, tally: Tally) -> bool:
    """Parse a file and write it out again; whether Python's parser takes it and LibCST's does not."""
    data = path.read_bytes()
    tally.files += 1
    tally.lines += data.count(b"\n")
    try:
        source = Source(data, str(path))
        check_syntax(source, deeply=False)
    except SourceError:
        tally.no_python += 1
        return False
    try:
        code = source.module().code
    except SourceError as error:
        tally.beyond_libcst.append(f"{path}:{error.line}: {error.message}")
        return True
    except RecursionError:
        tally.beyond_libcst.append(f"{path}: nested too deeply to be written out again")
        return True
    text = FORM_FEEDS.sub(lambda match: match[0][match[0].rindex("\f") + 1 :], source.text)
    if source.edited([]) != data:
        raise AssertionError("no edit changes the file")
    if code != text:
        tally.changed.append(str(path))
        source.spans([])  # raises where the text cannot be told from the tree's any more
    return False


def lint(path: Path, tally: Tally, beyond_libcst: bool) -> None:
    """Lint a file as the command line does."""
    start = time.perf_counter()
    outcome = work(Task(str(path), Settings()), Mode(debug=True))
    tally.slowest = max(tally.slowest, (time.perf_counter() - start, str(path)))
    tally.linted += 1
    for finding in outcome.findings:
        if finding.code != FAULT:
            tally.findings += 1
        elif finding.message.startswith("internal error"):
            tally.faults.append(f"{path}: {finding.message}")
    tally.not_linted += outcome.failed
    tally.reported += outcome.failed and beyond_libcst


def sweep(folder: Path, every: int, lint_every: int) -> Tally:
    """Do the files below a folder."""
    os.chdir(folder)  # the project of files that no pyproject.toml is above
    tally, start = Tally(folder), time.perf_counter()
    for number, path in enumerate(itertools.islice(python_files(folder), 0, None, every)):
        try:
            beyond_libcst = round_trip(path, tally)
            if number % lint_every == 0:
                lint(path, tally, beyond_libcst)
        except Exception:
            tally.faults.append(f"{path}: {traceback.format_exc(limit=-3)}")
            print(tally.faults[-1], file=sys.stderr, flush=True)
    tally.seconds = time.perf_counter() - start
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--every", type=int, default=1, metavar="N")
    parser.add_argument("--lint-every", type=int, default=1, metavar="N")
    options = parser.parse_args()
    folders = options.folders or [Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib")]
    row = "{:>8}{:>10}{:>10}{:>8}{:>10}{:>6}{:>8}{:>8}{:>8}{:>10}{:>9}"
    titles = ("files", "lines", "no Python", "LibCST", "reported", "trip", "linted", "faults", "TSL900", "findings")
    print(row.format(*titles, "seconds"))
    good = True
    for tally in (sweep(folder.resolve(strict=True), options.every, options.lint_every) for folder in folders):
        counts = (tally.files, tally.lines, tally.no_python, len(tally.beyond_libcst), tally.reported)
        counts += (len(tally.changed), tally.linted, len(tally.faults), tally.not_linted, tally.findings)
        print(row.format(*counts, f"{tally.seconds:.0f}"), tally.folder)
        print(f"  slowest: {tally.slowest[0]:.1f} s: {tally.slowest[1]}")
        for kind, several in (
            ("beyond LibCST", tally.beyond_libcst),
            ("changed by a round trip", tally.changed),
            ("broken", tally.faults),
        ):
            for each in several:
                print(f"  {kind}: {each}")
        sys.stdout.flush()
        good = good and not tally.faults
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
