"""How long linters take over real packages, side by side in one run: tensorlint cold and warm, ruff, flake8, TorchFix.

    python benchmarks/compare.py [--rounds N] [--once-above SECONDS] [--limit SECONDS] [--work FOLDER] [PACKAGE ...]

Wheels of pinned versions are downloaded and unpacked, each tool installed into an environment of its own. In each
round every tool runs once over each package; the median of a tool's rounds counts, and the largest process's peak
memory. A tool that takes long on a package is run there once, and one that does not end within the limit is stopped.
The table and the picture go to `docs/benchmarks.md` and `docs/benchmarks.svg`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "packages"))
from packages import PACKAGES  # noqa: E402 - the list of pinned packages is kept with the verdicts on them

TOOLS = {
    "ruff": ("ruff==0.17.6",),
    "tensorlint": (str(ROOT),),
    "flake8": ("flake8==7.5.0",),
    "bugbear": ("flake8==7.5.0", "flake8-bugbear==26.10.27"),
    "torchfix": ("torchfix==0.7.0",),
}
"""What is installed for each tool; every one has an environment of its own, since flake8 runs all plugins it finds."""
COMMANDS = {
    "ruff F,B,NPY": ("ruff", "ruff check --isolated --no-cache --quiet --select=F,B,NPY --exit-zero ."),
    "tensorlint, cold": ("tensorlint", "tensorlint check --isolated --cache-dir={cache} --exit-zero ."),
    "tensorlint, warm": ("tensorlint", "tensorlint check --isolated --cache-dir={cache} --exit-zero ."),
    "flake8 F": ("flake8", "flake8 --isolated --select=F --exit-zero ."),
    "flake8-bugbear": ("bugbear", "flake8 --isolated --select=B --exit-zero ."),
    "TorchFix": ("torchfix", "torchfix --show-stderr ."),
}
"""The tool's environment and its command. A cold run of tensorlint leaves the cache that the warm one finds."""
BASE = "ruff F,B,NPY"
MEASURE = """
import json, os, resource, subprocess, sys, time
started = time.perf_counter()
try:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    code = subprocess.run(sys.argv[2:], **quiet, timeout=float(sys.argv[1])).returncode
except subprocess.TimeoutExpired:
    code = None
used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps([code, time.perf_counter() - started, used // 1024]))
"""
"""Runs a command in a process that has had no other children, whose peak memory would count too."""


@dataclass
class Measured:
    """What the rounds of one tool over one package gave."""

    seconds: list[float] = field(default_factory=list)
    megabytes: int = 0
    """The peak of the largest process."""
    stopped: bool = False
    """It did not end within the limit."""

    def add(self, code: int | None, seconds: float, megabytes: int) -> None:
        """Take in a run.

        :param code: its exit code; None if it was stopped
        """
        if code is None:
            self.stopped = True
        elif code not in (0, 1, 2):
            raise SystemExit(f"a tool ended with {code}")
        else:
            self.seconds.append(seconds)
        self.megabytes = max(self.megabytes, megabytes)


def install(work: Path) -> Path:
    """An environment for every tool; gives the folder that they are in."""
    for tool, packages in TOOLS.items():
        folder = work / "tools" / tool
        if not (folder / "done").exists() or tool == "tensorlint":
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
            subprocess.run([str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *packages], check=True)
            (folder / "done").touch()
    return work / "tools"


def unpack(work: Path, package: str) -> Path:
    """The package's files."""
    folder = work / f"{package}-{PACKAGES[package]}"
    if not folder.is_dir():
        name = f"{package}=={PACKAGES[package]}"
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(work / "wheels")]
        subprocess.run([*download, "--only-binary=:all:", name], check=True)
        (wheel,) = (work / "wheels").glob(f"{package.replace('-', '_')}-{PACKAGES[package]}-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
        # an empty project: the folders above, and what they say of settings, are none of its business
        (folder / "pyproject.toml").touch()
    return folder


def measure(
    tools: Path, folder: Path, cache: Path, rounds: int, limit: float, once_above: float
) -> dict[str, Measured]:
    """Run every tool over a package, round after round; one that takes longer than ``once_above`` seconds, once."""
    found = {tool: Measured() for tool in COMMANDS}
    for _ in range(rounds):
        for tool, (environment, command) in COMMANDS.items():
            if found[tool].stopped or any(seconds > once_above for seconds in found[tool].seconds):
                continue
            if tool.endswith("cold"):
                shutil.rmtree(cache, ignore_errors=True)
            program, *arguments = command.split()
            line = [str(tools / environment / "bin" / program), *(part.format(cache=cache) for part in arguments)]
            run = [sys.executable, "-c", MEASURE, str(limit), *line]
            done = subprocess.run(run, cwd=folder, stdout=subprocess.PIPE, text=True, check=True)
            result = json.loads(done.stdout)
            found[tool].add(*result)
            print(f"  {tool}: {result[1]:.2f} s, {result[2]} MB", file=sys.stderr, flush=True)
    return found


def table(results: Mapping[str, Mapping[str, Measured]], sizes: Mapping[str, tuple[int, int]], limit: float) -> str:
    """The figures in Markdown."""
    lines = []
    for package, tools in results.items():
        files, count = sizes[package]
        lines += [f"## {package} {PACKAGES[package]}", "", f"{files} files, {count} lines.", ""]
        lines += ["| | seconds | runs | times ruff's | peak memory |", "| --- | --- | --- | --- | --- |"]
        base = statistics.median(tools[BASE].seconds)
        for tool, measured in tools.items():
            if measured.stopped:
                lines.append(f"| {tool} | more than {limit:.0f} | 1 | more than {limit / base:.0f} | |")
                continue
            seconds = statistics.median(measured.seconds)
            runs = len(measured.seconds)
            lines.append(f"| {tool} | {seconds:.2f} | {runs} | {seconds / base:.1f} | {measured.megabytes} MB |")
        lines.append("")
    return "\n".join(lines)


def picture(results: Mapping[str, Mapping[str, Measured]], path: Path) -> None:
    """The medians as bars, each package's beside each other, the time on a logarithmic scale."""
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 1 + 0.9 * len(results)), layout="constrained")
    height = 0.8 / len(COMMANDS)
    for number, tool in enumerate(COMMANDS):
        ended = [(at, tools[tool]) for at, tools in enumerate(results.values()) if not tools[tool].stopped]
        at = [position + number * height for position, _ in ended]
        axes.barh(at, [statistics.median(one.seconds) for _, one in ended], height, label=tool)
    axes.set_yticks([at + 0.4 - height / 2 for at in range(len(results))], list(results))
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlabel("seconds (median, logarithmic)")
    axes.legend(fontsize="small")
    figure.savefig(path, metadata={"Date": None})


def write(results: Mapping[str, Mapping[str, Measured]], work: Path, limit: float, asked: str) -> None:
    """The page and its picture.

    :param asked: the arguments that the figures depend on
    """
    sizes = {}
    for package in results:
        texts = [path.read_bytes() for path in unpack(work, package).rglob("*.py")]
        sizes[package] = len(texts), sum(text.count(b"\n") for text in texts)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    pinned = [package.replace("==", " ") for packages in TOOLS.values() for package in packages if "==" in package]
    python = ".".join(map(str, sys.version_info[:3]))
    page = (
        f"# Benchmarks\n\nMade by `python benchmarks/compare.py {asked}`.\n\n"
        f"Each figure is the median of its runs, all tools in turn on one machine with {cores} cores, Python {python}; "
        f"{', '.join(dict.fromkeys(pinned))}. The memory is that of a tool's largest process. "
        "Look at the ratios: the seconds are those of one machine.\n\n"
        "![Seconds by tool and package](benchmarks.svg)\n\n" + table(results, sizes, limit)
    )
    (ROOT / "docs" / "benchmarks.md").write_text(page.rstrip("\n") + "\n", encoding="utf-8")
    picture(results, ROOT / "docs" / "benchmarks.svg")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", nargs="*", choices=[*PACKAGES, []], metavar="PACKAGE")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--once-above", type=float, default=60.0, metavar="SECONDS", help="such tools are run once")
    parser.add_argument("--limit", type=float, default=900.0, help="seconds after which a tool is stopped")
    parser.add_argument("--work", type=Path, help="where wheels and tools are kept for the next time")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        work = (options.work or Path(temporary)).resolve()
        work.mkdir(parents=True, exist_ok=True)
        tools = install(work)
        results = {}
        for package in options.packages or PACKAGES:
            print(package, file=sys.stderr, flush=True)
            cache = Path(temporary) / f"cache-{package}"
            limits = options.limit, options.once_above
            results[package] = measure(tools, unpack(work, package), cache, options.rounds, *limits)
        asked = f"--rounds {options.rounds} --once-above {options.once_above:g} --limit {options.limit:g}"
        write(results, work, options.limit, " ".join([asked, *results]))


if __name__ == "__main__":
    main()
