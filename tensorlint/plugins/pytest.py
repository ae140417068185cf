"""The pytest plugin: ``pytest --tensorlint-observe`` records what the tests convert, as ``tensorlint observe`` does."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from tensorlint.observe.command import environment, gather
from tensorlint.observe.recording import write
from tensorlint.observe.start import ENVIRONMENT, Plan, arm, tell
from tensorlint.observe.summary import summary

__all__: list[str] = []

_PARTS = pytest.StashKey["tempfile.TemporaryDirectory[str]"]()
_SAID = pytest.StashKey[list[str]]()
_BEFORE = pytest.StashKey[dict[str, "str | None"]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("tensorlint")
    group.addoption(
        "--tensorlint-observe",
        action="store_true",
        help="record what crosses between torch and NumPy, for `tensorlint check --observed`",
    )
    group.addoption(
        "--tensorlint-output",
        metavar="FILE",
        default="tensorlint-observed.json",
        help="where to write what was observed (default: %(default)s)",
    )
    group.addoption(
        "--tensorlint-no-check-sharing",
        action="store_true",
        help="with --tensorlint-observe: do not look at memory that arrays and tensors share",
    )
    group.addoption(
        "--tensorlint-simulate",
        choices=["cuda", "mps"],
        default="",
        help="with --tensorlint-observe: as if there were a GPU",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Before any of the user's files is imported."""
    options = early_config.known_args_namespace
    if not options.tensorlint_observe or os.environ.get(ENVIRONMENT):
        return  # or this is a worker of pytest-xdist, or all of pytest is observed
    output = Path(options.tensorlint_output).absolute()
    if not output.parent.is_dir():
        raise pytest.UsageError(f"cannot write {output}: there is no folder {output.parent}")
    parts = tempfile.TemporaryDirectory(prefix="tensorlint-observe-")
    early_config.stash[_PARTS] = parts
    plan = Plan(parts.name, options.tensorlint_simulate, not options.tensorlint_no_check_sharing)
    changed = environment(plan, os.environ)
    early_config.stash[_BEFORE] = {name: os.environ.get(name) for name in ("PYTHONPATH", ENVIRONMENT)}
    os.environ.update(changed)
    arm(plan)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write what this process and those that it has started have seen."""
    tell()
    parts = session.config.stash.get(_PARTS, None)
    if parts is None:
        return
    output = Path(session.config.getoption("--tensorlint-output")).absolute()
    recording = gather(Path(parts.name))
    try:
        write(recording, output, str(Path.cwd()))
    except OSError as error:
        session.config.stash[_SAID] = [f"cannot write {output}: {error.strerror}"]
        session.exitstatus = session.exitstatus or pytest.ExitCode.INTERNAL_ERROR
        return
    session.config.stash[_SAID] = list(summary(recording, str(output)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash.get(_SAID, []):
        terminalreporter.write_line(f"tensorlint: {line}")


def pytest_unconfigure(config: pytest.Config) -> None:
    for name, value in config.stash.get(_BEFORE, {}).items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    if (parts := config.stash.get(_PARTS, None)) is not None:
        parts.cleanup()
