"""How long the parts of a run take: parsing, the flow analysis, the rules, fixing.

    python benchmarks/micro.py -o before.json
    git switch another-commit
    python benchmarks/micro.py -o after.json
    python -m pyperf compare_to before.json after.json --table

Needs pyperf, whose options it takes: ``--fast`` for a first look, ``--rigorous`` for small differences,
``--benchmarks flow,rules`` for some of them. Every time is for one fixture of each rule, each by itself; where the two
commits have other fixtures, give both runs the same ones with ``--fixtures FOLDER``.
"""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Callable
from pathlib import Path

import pyperf

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the package of this commit, whatever is installed

from tensorlint.fixes.apply import fix_source  # noqa: E402
from tensorlint.flow.analysis import analyse, forget  # noqa: E402
from tensorlint.flow.events import Event  # noqa: E402
from tensorlint.flow.project import Project  # noqa: E402
from tensorlint.linter import lint, worth_analysing  # noqa: E402
from tensorlint.outline import Outline  # noqa: E402
from tensorlint.rules.registry import rules  # noqa: E402
from tensorlint.settings import Settings  # noqa: E402
from tensorlint.source import Source  # noqa: E402
from tensorlint.syntax import check_syntax  # noqa: E402


def _sources(fixtures: Path) -> list[Source]:
    """The first fixture of each rule.

    :raises SystemExit: if there is none
    """
    found = [min(folder.glob("*.py"), default=None) for folder in sorted(fixtures.glob("TSL*"))]
    files = [path for path in found if path is not None]
    if not files:
        sys.exit(f"{fixtures}: no fixtures there")
    return [Source(path.read_bytes(), str(path)) for path in files]


def _fresh(source: Source) -> Source:
    """The same source, of which nothing is known yet."""
    return Source(source.data, source.path)


def _project(source: Source) -> Project:
    """A project of one file: what is measured must not depend on what was measured before."""
    return Project(Path(source.path).parent)


def prescreen(sources: list[Source]) -> None:
    """The first look at the bytes."""
    for source in sources:
        worth_analysing(source)


def syntax(sources: list[Source]) -> None:
    """Python's own parser."""
    for source in sources:
        check_syntax(_fresh(source), deeply=True)


def outline(sources: list[Source]) -> None:
    """The trees without the bodies of functions."""
    for source in sources:
        Outline(source.text)


def parse(sources: list[Source]) -> None:
    """The whole trees."""
    for source in sources:
        Outline(source.text).complete()


def flow(sources: list[Source]) -> None:
    """The analysis, parsing what it needs."""
    for source in sources:
        forget()
        analyse(_fresh(source), _project(source))


@functools.cache
def _events(fixtures: tuple[Source, ...]) -> list[Event]:
    return [event for source in fixtures for event in analyse(_fresh(source), _project(source))]


def judging(sources: list[Source]) -> None:
    """The rules alone: what happens is found out by the first run, which pyperf does not count."""
    for event in _events(tuple(sources)):
        for rule in rules():
            if isinstance(event, rule.events):
                list(rule.judge(event))


def linting(sources: list[Source]) -> None:
    """Findings, with their places and fixes."""
    for source in sources:
        forget()
        lint(_fresh(source), Settings(), _project(source))


def fixing(sources: list[Source]) -> None:
    """All fixes, unsafe ones too, until there are none left."""
    for source in sources:
        forget()
        fix_source(_fresh(source), lambda text, path=source: lint(text, Settings(), _project(path)), unsafe=True)


BENCHMARKS: dict[str, Callable[[list[Source]], None]] = {
    "prescreen": prescreen,
    "syntax": syntax,
    "outline": outline,
    "parse": parse,
    "flow": flow,
    "lint": linting,
    "fix": fixing,
    "rules": judging,
}


def main() -> None:
    names = list(BENCHMARKS)

    def chosen(text: str) -> list[str]:
        asked = text.split(",")
        if unknown := [name for name in asked if name not in names]:
            raise argparse.ArgumentTypeError(f"no benchmark {unknown[0]!r} (there are {', '.join(names)})")
        return asked

    def hand_on(command: list[str], options: argparse.Namespace) -> None:
        if options.benchmarks:
            command.append(f"--benchmarks={','.join(options.benchmarks)}")
        command.append(f"--fixtures={options.fixtures}")

    runner = pyperf.Runner(add_cmdline_args=hand_on, processes=5, values=3)
    runner.argparser.add_argument("--benchmarks", type=chosen, metavar="NAME,NAME", help="these alone")
    runner.argparser.add_argument("--fixtures", type=Path, default=ROOT / "fixtures", metavar="FOLDER")
    wanted = runner.parse_args().benchmarks or names
    sources = _sources(runner.args.fixtures)
    for name in wanted:
        runner.bench_func(name, BENCHMARKS[name], sources)


if __name__ == "__main__":
    main()
