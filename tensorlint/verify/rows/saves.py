"""Writes the table of what torch's operations save for the backward: ``python -m tensorlint.verify.rows.saves``.

The result, ``library/torch_saves.toml``, is checked in with the version of torch that it was made with.
"""

from __future__ import annotations

import sys
from importlib.metadata import version

import torch

from tensorlint.library.row import Row
from tensorlint.library.tables import Library, library
from tensorlint.verify.rows.generate import FOLDER, rows_text
from tensorlint.verify.rows.saves_trials import candidates, observe

__all__ = ["disagreements", "main", "tried"]

HEAD = (
    "# Made by `python -m tensorlint.verify.rows.saves`; do not edit.\n"
    "# What each operation saves for the backward: GRADIENT:MEMORY, as in `Row.saves`.\n\n"
)


def tried(tables: Library) -> list[str]:
    """The names that have a row of their own and that the trials can run."""
    return [name for name in candidates() if (row := tables.row(name)) is not None and row.name == name]


def disagreements(row: Row, bases: slice = slice(None)) -> list[str]:
    """What is seen to be saved and a row does not say; with every input tried, what it says and is not seen as well."""
    seen = observe(row.name, bases)
    if seen is None:
        return []
    found = [f"does not say that it saves {word}" for word in sorted(seen - set(row.saves))]
    if bases == slice(None):
        found += [f"says that it saves {word}, which was not seen" for word in sorted(set(row.saves) - seen)]
    return found


def main() -> None:
    """Write the table. Takes some minutes."""
    torch.set_num_threads(1)
    made = f"torch {version('torch').partition('+')[0]}"
    rows = {name: {"saves": sorted(found)} for name in tried(library()) if (found := observe(name))}
    text = f'{HEAD}library = "torch"\nversion = "{made}"\nsource = "run: {made}"\n{rows_text(rows)}'
    (FOLDER / "torch_saves.toml").write_text(text, "utf-8", newline="\n")
    print(f"torch_saves.toml: {len(rows)} rows", file=sys.stderr)


if __name__ == "__main__":
    main()
