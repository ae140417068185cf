"""Prints the oldest versions of the run-time dependencies that pyproject.toml allows.

With ``--check`` it also sees that they are the ones in use.
"""

from __future__ import annotations

import re
import sys
from importlib import metadata
from pathlib import Path


def oldest() -> list[str]:
    """``libcst==1.4`` for ``libcst>=1.4``, and so on; without those for other versions of Python."""
    text = (Path(__file__).resolve().parent.parent / "pyproject.toml").read_text(encoding="utf-8")
    # Read without a TOML parser: Python 3.10 has none.
    listed = text.partition("\ndependencies = [\n")[2].partition("]")[0]
    return [f"{name}=={version}" for name, version in re.findall(r'"([\w-]+)>=([\d.]+)"', listed)]


if __name__ == "__main__":
    pins = oldest()
    print("\n".join(pins))
    if "--check" in sys.argv:
        for name, _, version in (pin.partition("==") for pin in pins):
            used = metadata.version(name)
            if not re.fullmatch(rf"{re.escape(version)}(\.0)*", used):
                sys.exit(f"{name} {used} is in use, not {version}")
