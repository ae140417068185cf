"""Instantiates the classes of ``torch.nn`` and notes which have trainable parameters."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import torch

__all__ = ["made", "names", "rows"]

_ARGUMENTS: tuple[tuple[Any, ...], ...] = (
    (),
    (4,),
    (4, 4),
    (2, 4),
    (4, 4, 2),
    (2, 2, 2),
    (0.1, 0.2),
    (4, 10, [2, 4]),
    (1, (2, 2)),
    ((4, 4), 2),
    (2, 2, 1, 1),
    (2, 0.5),
    (torch.nn.Linear(2, 2),),
)
_WRAPPERS = frozenset({"Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict", "Container"})
"""What has the parameters that it is given."""


def names() -> Iterator[str]:
    """The module classes of ``torch.nn``."""
    for name in sorted(dir(torch.nn)):
        value = getattr(torch.nn, name)
        if inspect.isclass(value) and issubclass(value, torch.nn.Module) and value is not torch.nn.Module:
            yield f"torch.nn.{name}"


def made(name: str) -> torch.nn.Module | None:
    """An instance of a class of ``torch.nn``, made with the first arguments that it takes."""
    for arguments in _ARGUMENTS:
        try:
            module = getattr(torch.nn, name.rpartition(".")[2])(*arguments)
        except Exception:  # other arguments are needed
            continue
        assert isinstance(module, torch.nn.Module)
        return module
    return None


def rows() -> dict[str, dict[str, Any]]:
    """The fields of a row for each module class."""
    found: dict[str, dict[str, Any]] = {}
    for name in names():
        fields: dict[str, Any] = {"returns": "loss" if name.endswith(("Loss", "Loss2d")) else "module"}
        module = made(name)
        if name.rpartition(".")[2] not in _WRAPPERS and module is not None and not name.endswith("DataParallel"):
            fields["parameters"] = any(parameter.requires_grad for parameter in module.parameters())
        found[name] = fields
    return found
