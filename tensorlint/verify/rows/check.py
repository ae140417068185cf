"""Holds the rows of the tables against the libraries that are installed, by running the calls that they are about.

Three sources of calls: menus of small inputs on which every public function of torch and NumPy (SciPy, scikit-learn)
is tried (``tensor_trials``, ``array_trials``), instances of torch's modules (``module_trials``), and examples, written
down for what none of these reaches (``examples``). ``python -m tensorlint.verify.rows.check`` prints the result, as
``tensorlint verify --tables`` does.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

from tensorlint.library.row import Row
from tensorlint.library.tables import Library
from tensorlint.verify.rows import array_trials, example_trials, module_trials, saves, tensor_trials
from tensorlint.verify.rows.agreement import Comparison, comparisons
from tensorlint.verify.rows.observed import Seen
from tensorlint.verify.rows.reasons import KNOWN, reason
from tensorlint.verify.rows.resolving import resolve

__all__ = ["Checked", "check", "check_row", "checkable", "has_a_call", "names", "seen"]


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of one row."""

    name: str
    aspects: tuple[str, ...] = ()
    """What of it was compared."""
    contradictions: tuple[str, ...] = ()
    reason: str = ""
    """Why nothing of it was compared."""

    @property
    def verdict(self) -> str:
        if self.contradictions:
            return "contradicted"
        return "confirmed" if self.aspects else "not checked"


@lru_cache(maxsize=1)
def _tried() -> frozenset[str]:
    """The names that the menus are tried on."""
    found = {*tensor_trials.candidates()}
    for package in array_trials.MODULES:
        if resolve(package) is not None:
            found.update(array_trials.candidates(package))
    return frozenset(found)


def names(tables: Library) -> Iterator[str]:
    """Every row's name, library by library; of rows for many names, those that the examples name."""
    for package in tables.packages():
        own = list(tables.names(package))
        yield from own
        more = (name for name in example_trials.examples() if name.partition(".")[0] == package)
        yield from (name for name in more if tables.row(name) is not None and name not in set(own))


def checkable(tables: Library) -> Iterator[str]:
    """The names that have rows and that the menus can run here."""
    for name in (*sorted(_tried()), *module_trials.names()):
        if tables.row(name) is not None:
            yield name


def seen(name: str, bases: slice = slice(None)) -> Seen:
    """What the menus see of a name. ``bases``: which of the first inputs to try."""
    with _elsewhere():
        if name.startswith("torch."):
            return tensor_trials.observe(name, bases)
        return array_trials.observe(name, bases=bases)


@contextmanager
def _elsewhere() -> Iterator[None]:
    """In a folder that is thrown away: some of what is tried takes its arguments for the names of files to write."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory(prefix="tensorlint-") as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


def check_row(name: str, tables: Library, bases: slice = slice(None)) -> Checked:
    """Run the calls that a row is about and compare."""
    row = tables.row(name)
    assert row is not None, name
    if name in KNOWN:
        return Checked(name, reason=KNOWN[name])
    if resolve(name.partition(".")[0]) is None:
        return Checked(name, reason=f"{name.partition('.')[0]} is not installed, or cannot be imported")
    compared: set[Comparison] = set(_module(row))
    if name in _tried():
        compared.update(comparisons(row, seen(name, bases)))
    if row.saves and row.name == name and bases == slice(None):
        compared.update(("saves", text) for text in saves.disagreements(row) or [""])
    failed = ""
    if name in example_trials.examples():
        try:
            compared.update(comparisons(row, example_trials.observe(name)))
        except Exception as error:  # the example is of another version of the library
            failed = f"its example raises {type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
    return Checked(
        name,
        tuple(sorted({aspect for aspect, _ in compared})),
        tuple(sorted({text for _, text in compared if text})),
        "" if compared else reason(row, failed),
    )


def has_a_call(name: str) -> bool:
    """Whether there is a call to run for a row, or a reason why not; a row for many names stands for its examples."""
    several = "*" in name or "[" in name
    return several or name in KNOWN or name in example_trials.examples() or name in {*_tried(), *module_trials.names()}


def check(names: Iterable[str], tables: Library, bases: slice = slice(None)) -> list[str]:
    """What the rows say that is seen to be otherwise, a line each; empty where everything agrees."""
    rows = (check_row(name, tables, bases) for name in names if tables.row(name) is not None)
    return [f"{row.name}: {text}" for row in rows for text in row.contradictions]


def _module(row: Row) -> Iterator[Comparison]:
    """A module class's row against an instance."""
    if row.returns not in {"module", "loss"} or not row.name.startswith("torch.nn."):
        return
    module = module_trials.made(row.name) if row.name in set(module_trials.names()) else None
    if module is None:
        return
    yield "kind", ""
    if row.parameters is not None:
        has = any(parameter.requires_grad for parameter in module.parameters())
        yield "parameters", "" if has == row.parameters else f"says parameters = {row.parameters}, it is not so"


if __name__ == "__main__":
    from tensorlint.verify.rows.report import command

    sys.exit(command(libraries=sys.argv[1:]))
