"""The objects behind fully qualified names."""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["resolve"]


def resolve(name: str) -> Any:
    """The object of a fully qualified name; None where this installation has none, or cannot import it."""
    parts = name.split(".")
    try:
        value: Any = importlib.import_module(parts[0])
    except Exception:  # not installed, or made for another torch
        return None
    for at, part in enumerate(parts[1:], 2):
        if not hasattr(value, part):
            try:
                importlib.import_module(".".join(parts[:at]))
            except Exception:  # it needs what is not installed
                return None
        value = getattr(value, part, None)
    return value
