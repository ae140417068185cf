"""The flake8 plugin: tensorlint's findings as flake8's.

flake8 keeps what is its own: which files, syntax errors (E999), ``noqa`` and the choice of codes by its ``select`` and
``ignore``. What is on by itself is tensorlint's to say, since a user's ``ignore =`` wipes what flake8 keeps off by
default: an opt-in code is never yielded unless ``--tensorlint-extend-select`` or ``[tool.tensorlint]`` switches it on.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from tensorlint import __version__
from tensorlint.extensions import RULES, TABLES, extensions

if TYPE_CHECKING:
    import argparse
    import ast

    from flake8.options.manager import OptionManager

    from tensorlint.configuration import Configuration
    from tensorlint.finding import Finding

__all__ = ["Plugin"]

Problem = tuple[int, int, str, type[Any]]
"""Line from 1, column from 0 (flake8 adds one), code and message, and a type that flake8 ignores."""


class Plugin:
    """What flake8 makes for each file and runs."""

    name = "tensorlint"
    version = __version__
    configuration: ClassVar[Configuration | None] = None
    """The settings of every folder, with flake8's options laid over them; one for each of flake8's processes."""

    def __init__(self, tree: ast.AST, filename: str, lines: Sequence[str]) -> None:
        self.filename = filename
        self.lines = lines

    @classmethod
    def add_options(cls, manager: OptionManager) -> None:
        """Declare tensorlint's own options, for the command line and flake8's configuration file."""
        manager.add_option(
            "--tensorlint-extend-select",
            default="",
            metavar="codes",
            parse_from_config=True,
            comma_separated_list=True,
            help="tensorlint's codes or prefixes of codes to switch on besides those of [tool.tensorlint]",
        )
        manager.add_option(
            "--tensorlint-confidence",
            default=None,
            metavar="level",
            parse_from_config=True,
            help="report findings from this confidence on: possible, likely or certain (default: likely)",
        )
        # flake8 reports by itself only codes that begin as an entry point of its own is called
        manager.extended_default_select += [each.name for each in extensions(RULES)]

    @classmethod
    def parse_options(cls, manager: OptionManager, options: argparse.Namespace, filenames: Sequence[str]) -> None:
        """Take over the options; what makes no sense ends flake8 as any other bad option does, with exit code 2."""
        from tensorlint.configuration import Configuration, Overrides
        from tensorlint.linter import check_settings
        from tensorlint.settings import Settings, SettingsError

        tables: list[tuple[str, dict[str, Any]]] = []
        if options.tensorlint_extend_select:
            tables.append(("--tensorlint-extend-select", {"extend-select": options.tensorlint_extend_select}))
        if options.tensorlint_confidence is not None:
            tables.append(("--tensorlint-confidence", {"confidence": options.tensorlint_confidence}))
        overrides = Overrides(tuple(tables))
        try:
            check_settings(overrides.applied(Settings()))
        except SettingsError as error:
            manager.parser.error(f"tensorlint: {error}")
        cls.configuration = Configuration(overrides, check=check_settings)
        if extensions(RULES) or extensions(TABLES):
            from tensorlint.rules.registry import problems

            for problem in problems():
                print(f"tensorlint: warning: {problem}", file=sys.stderr)

    def run(self) -> Iterator[Problem]:
        """The file's findings. Whatever goes wrong is a finding too: an exception would end the whole flake8 run.

        flake8 does not come here when the file has a syntax error.
        """
        from tensorlint.settings import SettingsError
        from tensorlint.source import SourceError

        try:
            for finding in self._findings():
                yield finding.line, finding.column - 1, f"{finding.code} {finding.message}", Plugin
        except SourceError as error:
            yield error.line, error.column - 1, f"TSL900 {error.message}", Plugin
        except SettingsError as error:
            yield 1, 0, f"TSL900 {error}", Plugin
        except Exception as error:
            yield 1, 0, f"TSL900 internal error: {type(error).__name__}: {' '.join(str(error).split())}", Plugin

    def _findings(self) -> list[Finding]:
        from tensorlint.baseline import unknown
        from tensorlint.configuration import Configuration
        from tensorlint.discovery import display_path
        from tensorlint.linter import lint
        from tensorlint.source import Source, encoded
        from tensorlint.suppressions import unsuppressed

        folder = os.path.dirname(os.path.abspath(self.filename))
        settings = (self.configuration or Configuration()).settings(folder)
        source = Source(encoded("".join(self.lines)), display_path(self.filename))
        findings = lint(source, settings, noqa=False, parsed=True)
        if not settings.baseline:
            return findings
        visible = unsuppressed(findings, source)  # what a comment suppresses is not in the baseline
        known = set(visible).difference(unknown(visible, source, settings)[0])
        return [each for each in findings if each not in known]
