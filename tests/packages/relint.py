"""Lint the wheels of real packages again, and hold what is found against what was judged (``verdicts.jsonl``).

    python tests/packages/relint.py --wheels FOLDER [PACKAGE ...]

Wheels that are not in FOLDER are downloaded into it (``pip download --no-deps``) and unpacked beside themselves. Prints
a table and every finding that has no verdict, and every true one that is lost; exits with 1 if there is any.
``--reports FOLDER`` keeps the JSON reports there; with ``--reuse`` those that are there are not made again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from packages import PACKAGES, Comparison, compare, load


def unpacked(package: str, version: str, wheels: Path) -> Path:
    """The folder of a package's files, downloaded and unpacked if need be."""
    folder = wheels / f"{package}-{version}"
    if not folder.is_dir():
        name = package.replace("-", "_")
        if not list(wheels.glob(f"{name}-{version}-*.whl")):
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", f"{package}=={version}"]
            subprocess.run([*command, "--dest", str(wheels)], check=True)
        [wheel] = wheels.glob(f"{name}-{version}-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
    return folder


def lint(folder: Path, report: Path | None, reuse: bool) -> list[dict[str, object]]:
    """The findings of the default level, by the command line as a user has it."""
    if report is not None and reuse and report.is_file():
        return list(json.loads(report.read_text(encoding="utf-8")))
    command = [sys.executable, "-m", "tensorlint", "check", ".", "--isolated", "--output-format", "json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode not in (0, 1, 2):
        sys.exit(f"{folder.name}: exit code {done.returncode}\n{done.stderr}")
    if report is not None:
        report.write_text(done.stdout, encoding="utf-8")
    return list(json.loads(done.stdout))


def lines_of(folder: Path) -> int:
    """How many lines of Python the package has."""
    return sum(path.read_bytes().count(b"\n") for path in folder.rglob("*.py"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", nargs="*", choices=[*PACKAGES, []])
    parser.add_argument("--wheels", type=Path, required=True)
    parser.add_argument("--reports", type=Path)
    parser.add_argument("--reuse", action="store_true")
    options = parser.parse_args()
    for folder in filter(None, (options.wheels, options.reports)):
        folder.mkdir(parents=True, exist_ok=True)
    verdicts = load()
    good = True
    row = "{:<24}{:>9}{:>9}{:>6}{:>7}{:>9}{:>6}{:>7}{:>8}"
    print(row.format("package", "lines", "findings", "true", "false", "unjudged", "lost", "faults", "seconds"))
    totals = [0] * 7
    details = []
    for package in options.packages or PACKAGES:
        version = PACKAGES[package]
        folder = unpacked(package, version, options.wheels)
        report = options.reports / f"{package}-{version}.json" if options.reports else None
        start = time.perf_counter()
        result = compare(package, version, lint(folder, report, options.reuse), verdicts)
        seconds = time.perf_counter() - start
        judged = len(result.true) + len(result.false)
        counts = [lines_of(folder), judged + len(result.unjudged), len(result.true), len(result.false)]
        counts += [len(result.unjudged), len(result.lost), len(result.faults)]
        totals = [a + b for a, b in zip(totals, counts, strict=True)]
        print(row.format(f"{package} {version}", *counts, f"{seconds:.0f}"), flush=True)
        good = good and result.good
        details += told(package, result)
    print(row.format("all", *totals, ""))
    print(*details, sep="\n")
    sys.exit(0 if good else 1)


def told(package: str, result: Comparison) -> list[str]:
    """What has to be looked at."""
    lines = [f"{package} {f['path']}:{f['line']}: {f['code']} has no verdict: {f['message']}" for f in result.unjudged]
    lines += [f"{package} {v.path}:{v.line}: {v.code} is lost: {v.reason}" for v in result.lost]
    lines += [f"{package} {f['path']}: {f['message']}" for f in result.faults]
    return lines


if __name__ == "__main__":
    main()
