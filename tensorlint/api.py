"""tensorlint from Python. These names are also those of the package: ``tensorlint.check_source(...)``.

Nothing here keeps anything between calls that changes a result, writes a file, or prints. Threads may call it at the
same time; as they would wait for each other, processes are what makes it faster. Each call warns, with an
:class:`~tensorlint.extensions.ExtensionWarning`, of every rule and table of another package that is not used.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, AnyStr, Generic

from tensorlint.configuration import Configuration, Overrides
from tensorlint.discovery import discover, display_path, is_stub
from tensorlint.extensions import ExtensionWarning
from tensorlint.finding import Finding
from tensorlint.session import Mode, Outcome, Task, run, unreachable
from tensorlint.settings import Settings
from tensorlint.work import ONE_AT_A_TIME

if TYPE_CHECKING:
    from concurrent.futures import Executor

__all__ = ["FixedSource", "check_paths", "check_source", "fix_source"]

_UNNAMED = "<source>"


@dataclass(frozen=True, slots=True)
class FixedSource(Generic[AnyStr]):
    """What became of a text."""

    text: AnyStr = field(repr=False)
    """With the fixes made; the one that was given where there was nothing to fix."""
    findings: list[Finding]
    """What is found in it now."""
    fixed: int
    """How many fixes were made."""


def check_source(
    text: str | bytes,
    *,
    path: str | os.PathLike[str] = _UNNAMED,
    settings: Mapping[str, Any] | None = None,
    isolated: bool = False,
) -> list[Finding]:
    """The findings about one text, in the order of their places.

    :param text: a file's text, or its bytes in the encoding that they declare (PEP 263; UTF-8 without)
    :param path: where the file lies or would lie: findings are named after it, settings files and the files that the
        text imports are looked for from there. It is not read itself. A stub (``.pyi``) has no findings
    :param settings: keys of ``[tool.tensorlint]`` with their values as TOML has them, laid over the nearest settings
        file; paths in them are relative to the working folder
    :param isolated: use no settings file
    :returns: a single TSL900 where the text cannot be linted
    :raises SettingsError: if the settings cannot be used
    """
    _warn()
    return list(_one(text, path, settings, isolated, Mode()).findings)


def fix_source(
    text: AnyStr,
    *,
    path: str | os.PathLike[str] = _UNNAMED,
    unsafe: bool = False,
    cell: int | None = None,
    settings: Mapping[str, Any] | None = None,
    isolated: bool = False,
) -> FixedSource[AnyStr]:
    """A text with the safe fixes made, until there is none left to make. No file is changed.

    The parameters that :func:`check_source` has, too, are the same.

    :param unsafe: make the unsafe fixes, too
    :param cell: of a notebook, make only fixes that change this cell (from 1, in the order of the file) and no other
    :returns: the text as it was, with a TSL900 among the findings, if it cannot be linted or the fixes would break it
    :raises SettingsError: if the settings cannot be used
    """
    _warn()
    outcome = _one(text, path, settings, isolated, Mode(fix=True, unsafe=unsafe, cell=cell))
    if not outcome.fixed or outcome.data is None:
        return FixedSource(text, list(outcome.findings), 0)
    if isinstance(text, str):
        from tensorlint.source import declared_encoding

        # of a byte order mark only the codec named "-sig" would make nothing
        fixed = outcome.data.decode(declared_encoding(outcome.data).removesuffix("-sig"))
    else:
        fixed = outcome.data
    return FixedSource(fixed, list(outcome.findings), outcome.fixed)


def check_paths(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    settings: Mapping[str, Any] | None = None,
    isolated: bool = False,
    force_exclude: bool = False,
    jobs: int | None = 1,
    executor: Executor | None = None,
) -> list[Finding]:
    """The findings in files, and in the files below folders, in the order of their paths and places.

    The parameters that :func:`check_source` has, too, are the same; each file has the settings of its own folder.

    :param paths: files and folders, or a single one
    :param force_exclude: leave out what is excluded even where it is named
    :param jobs: how many processes; None: one a core where there are enough files to be worth it
    :param executor: does the files instead, any of ``concurrent.futures`` or what keeps to its interface
    :returns: among them a TSL900 for each file that could not be linted and each path that is not there
    :raises SettingsError: if the settings of some file cannot be used
    """
    _warn()
    configuration = _configuration(settings, isolated)
    named = [paths] if isinstance(paths, str | os.PathLike) else paths
    found = discover([os.fspath(path) for path in named], configuration.settings, force_exclude=force_exclude)
    tasks = [Task(path, _settings(configuration, os.path.dirname(path))) for path in found.files]
    outcomes = run(tasks, Mode(), jobs=jobs, executor=executor)
    findings = [finding for outcome in outcomes for finding in outcome.findings]
    return sorted([*findings, *map(unreachable, found.problems)], key=lambda each: each.sort_key)


def _warn() -> None:
    """Warn whoever called a function of this module."""
    from tensorlint.rules.unused import not_used

    with ONE_AT_A_TIME:
        problems = not_used()
    for problem in problems:
        warnings.warn(problem, ExtensionWarning, stacklevel=3)


def _one(
    text: str | bytes,
    path: str | os.PathLike[str],
    settings: Mapping[str, Any] | None,
    isolated: bool,
    mode: Mode,
) -> Outcome:
    """What becomes of one text."""
    from tensorlint.linter import fault
    from tensorlint.source import SourceError, encoded

    file = os.path.abspath(path)
    chosen = _settings(_configuration(settings, isolated), os.path.dirname(file))
    if is_stub(file):
        return Outcome(display_path(file))
    try:
        data = encoded(text) if isinstance(text, str) else text
    except SourceError as error:
        return Outcome(display_path(file), (fault(error, display_path(file)),))
    (outcome,) = run([Task(file, chosen, data)], mode, jobs=1)
    return outcome


def _configuration(settings: Mapping[str, Any] | None, isolated: bool) -> Configuration:
    from tensorlint.linter import check_settings

    return Configuration(Overrides((("settings", settings or {}),)), isolated=isolated, check=check_settings)


def _settings(configuration: Configuration, folder: str) -> Settings:
    """The settings of a folder, with a baseline that can be read."""
    chosen = configuration.settings(folder)
    if chosen.baseline:
        from tensorlint.baseline import check

        check(chosen)
    return chosen
