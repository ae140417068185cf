"""Holds rows against what is seen when their calls are run: ``python -m tensorlint.verify.rows.check``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence

from tensorlint.library.row import Row
from tensorlint.library.tables import Library, library
from tensorlint.verify.rows import array_trials, module_trials, tensor_trials
from tensorlint.verify.rows.observed import Seen, disagreements

__all__ = ["KNOWN", "check", "checkable", "main", "seen"]


KNOWN = {
    "numpy.float64": "converts arrays, but takes a 0-d tensor through __float__, which is its common use",
    "numpy.double": "is numpy.float64",
    "numpy.swapaxes": "a tensor's own swapaxes answers; only where that raises is the tensor converted",
}
"""Rows that say less than what is seen, and why."""


def checkable(tables: Library) -> Iterator[str]:
    """The names that have rows and that the trials can run here (what is not installed is left out)."""
    for name in (*tensor_trials.candidates(), *module_trials.names()):
        if tables.row(name) is not None:
            yield name
    for package in array_trials.MODULES:
        if array_trials.resolve(package) is not None:
            yield from (name for name in array_trials.candidates(package) if tables.row(name) is not None)


def seen(name: str, bases: slice = slice(None)) -> Seen:
    """What the trials see of a name. ``bases``: which of the first inputs to try."""
    if name.startswith("torch."):
        return tensor_trials.observe(name, bases)
    return array_trials.observe(name, bases=bases)


def check(names: Iterable[str], tables: Library, bases: slice = slice(None)) -> list[str]:
    """What the rows say that is seen to be otherwise, a line each; empty where everything agrees."""
    found = []
    for name in names:
        row = tables.row(name)
        if row is not None:
            if name in KNOWN:
                continue
            found += [f"{name}: {text}" for text in (*_module(row), *disagreements(row, seen(name, bases)))]
    return found


def _module(row: Row) -> list[str]:
    """A module class's row against an instance."""
    if row.returns not in {"module", "loss"} or row.parameters is None or not row.name.startswith("torch.nn."):
        return []
    module = module_trials.made(row.name)
    has = module is not None and any(parameter.requires_grad for parameter in module.parameters())
    return [] if module is None or has == row.parameters else [f"says parameters = {row.parameters}, it is not so"]


def main(libraries: Sequence[str] = ()) -> int:
    """Check every row that can be run; prints the disagreements. Exit code 1 if there are any."""
    tables = library()
    names = [name for name in checkable(tables) if not libraries or name.partition(".")[0] in libraries]
    found = check(names, tables)
    print("\n".join(found) or "every row that can be run agrees with what was seen")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
