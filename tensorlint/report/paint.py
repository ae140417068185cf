"""Colour, where there is a terminal to show it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TextIO

__all__ = ["PLAIN", "Paint", "wants_colour"]

_CODES = {
    "bold": "1",
    "dim": "2",
    "certain": "1;31",  # red
    "likely": "1;33",  # yellow
    "possible": "1;36",  # cyan
    "secondary": "36",
    "frame": "34",
    "fix": "32",
    "added": "32",
    "removed": "31",
}


@dataclass(frozen=True, slots=True)
class Paint:
    """Writes text in a style, or as it is."""

    colour: bool

    def __call__(self, text: str, style: str) -> str:
        if not self.colour or not text:
            return text
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m"


PLAIN = Paint(False)


def wants_colour(stream: TextIO) -> bool:
    """Whether to colour what goes to ``stream``: as ``NO_COLOR`` and ``FORCE_COLOR`` say, else if it is a terminal."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"
