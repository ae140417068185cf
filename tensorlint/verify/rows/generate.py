"""Writes the table rows that trials can tell: ``python -m tensorlint.verify.rows.generate``.

What has a row by hand (``library/<name>.toml``) is left out. The result is checked in, with the versions that it was
made with; run it again when one of these libraries gains functions.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from textwrap import wrap
from typing import Any

import torch

from tensorlint.library.tables import Library
from tensorlint.verify.rows import array_trials, module_trials, tensor_trials
from tensorlint.verify.rows.observed import row_fields

__all__ = ["main", "rows_text"]

FOLDER = Path(__file__).parents[2] / "library"


def main(libraries: Sequence[str] = ()) -> None:
    """Write ``<library>_generated.toml`` for torch, NumPy, SciPy and scikit-learn, or those that are named.

    Takes a few minutes.
    """
    torch.manual_seed(0)
    torch.set_num_threads(1)
    made_with = {name: version(name) for name in ("torch", "numpy", "scipy", "scikit-learn")}
    versions = ", ".join(f"{name} {made.partition('+')[0]}" for name, made in made_with.items())
    for package in libraries or ("torch", *array_trials.MODULES):
        found = _torch_rows() if package == "torch" else _array_rows(package)
        by_hand = Library({f"{package}.toml": (FOLDER / f"{package}.toml").read_text("utf-8")})
        rows = {name: fields for name, fields in found.items() if not _is_known(by_hand, name)}
        head = (
            "# Made by `python -m tensorlint.verify.rows.generate`; do not edit: write a row into "
            f"{package}.toml instead.\n\n"
            f'library = "{package}"\nversion = "{versions}"\nsource = "run: {versions}"\n'
        )
        path = FOLDER / f"{package}_generated.toml"
        path.write_text(head + rows_text(rows), "utf-8", newline="\n")
        print(f"{path.name}: {len(rows)} rows", file=sys.stderr)


def _is_known(by_hand: Library, name: str) -> bool:
    return name in set(by_hand.names(name.partition(".")[0]))


def _torch_rows() -> dict[str, dict[str, Any]]:
    rows = {name: row_fields(tensor_trials.observe(name)) for name in tensor_trials.candidates()}
    rows.update(module_trials.rows())
    return {name: fields for name, fields in rows.items() if fields}


def _array_rows(library: str) -> dict[str, dict[str, Any]]:
    rows = {name: row_fields(array_trials.observe(name)) for name in array_trials.candidates(library)}
    return {name: fields for name, fields in rows.items() if fields}


def rows_text(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """``[[rows]]`` tables, one for each set of properties and prefixes, in the order of names."""
    names_of: dict[str, dict[str, list[str]]] = {}
    for name in sorted(rows):
        properties = "".join(f"{key} = {_toml(value)}\n" for key, value in sorted(rows[name].items()))
        before, _, last = name.rpartition(".")
        names_of.setdefault(properties, {}).setdefault(f"{before}.", []).append(last)
    parts = []
    for properties, prefixes in names_of.items():
        shared: dict[tuple[str, ...], list[str]] = {}
        for last in sorted({last for names in prefixes.values() for last in names}):
            shared.setdefault(tuple(prefix for prefix in prefixes if last in prefixes[prefix]), []).append(last)
        for where, names in shared.items():
            prefix = _toml(list(where) if len(where) > 1 else where[0])
            parts.append(f"\n[[rows]]\nprefix = {prefix}\nnames = {_names(names)}\n{properties}")
    return "".join(parts)


def _names(names: Iterable[str]) -> str:
    text = " ".join(names)
    return f"'{text}'" if len(text) < 100 else "'''\n" + "\n".join(wrap(text, 118, break_on_hyphens=False)) + "'''"


def _toml(value: object) -> str:
    """Literal strings throughout: tomllib reads them several times faster than those in double quotes."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return f"'{value}'"


if __name__ == "__main__":
    main(sys.argv[1:])
