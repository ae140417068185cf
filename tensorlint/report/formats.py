"""The output formats: each is a module of this package with ``render``, imported when it is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from tensorlint.report.run import Run

__all__ = ["COUNTED", "FORMATS", "render"]

FORMATS = ("text", "concise", "grouped", "json", "json-lines", "github", "gitlab", "sarif", "junit", "html")
COUNTED = ("text", "concise", "grouped", "json", "json-lines")
"""The formats that ``--statistics`` has."""

_SUMMED_UP = ("text", "concise", "grouped", "github")
"""Those that people read, or that are a part of what they read: a summary ends them."""


class _Format(Protocol):
    def render(self, run: Run) -> Iterator[str]: ...


def render(form: str, run: Run, statistics: bool = False, quiet: bool = False) -> Iterator[str]:
    """The report in pieces, so that a long one need not be held as a whole.

    :param form: one of ``FORMATS``
    :param statistics: counts instead of findings; for ``COUNTED`` formats alone
    :param quiet: no summary
    """
    if statistics:
        from tensorlint.report.statistics import render as counts

        yield from counts(run, form)
    else:
        module = cast(_Format, importlib.import_module(f"tensorlint.report.{form.replace('-', '_')}"))
        yield from module.render(run)
    if form in _SUMMED_UP and not quiet:
        yield from (f"{line}\n" for line in run.summary.lines())
