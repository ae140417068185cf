"""Versions of torch and NumPy: ranges that rows and claims are made for, and the versions that a project is for."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["NEWEST", "Targets", "is_range", "is_version", "within"]

_CONDITION = re.compile(r"(<=|>=|==|<|>)\s*(\d+(?:\.\d+)*)$")
_NUMBERS = re.compile(r"\d+(?:\.\d+)*$")


class Targets(NamedTuple):
    """The versions that a program is for; an empty text stands for the newest."""

    torch: str = ""
    numpy: str = ""


NEWEST = Targets()


def is_version(text: str) -> bool:
    """Whether it is a version as ``2``, ``2.1`` or ``2.1.2``."""
    return _NUMBERS.match(text) is not None


def is_range(text: str) -> bool:
    """Whether it is a range as ``>=2.3`` or ``>=1.13, <2.2``."""
    return bool(text) and all(_CONDITION.match(part.strip()) for part in text.split(","))


def within(version: str, wanted: str) -> bool:
    """Whether a version is in a range.

    What the range does not tell does not count: 2.1.2 is in ``==2.1`` and in ``<=2.1``, and not in ``>2.1``.

    :param version: ``2.13.0+cpu``, say; empty for the newest, above every number
    :param wanted: conditions separated by commas, all of which must hold; empty for every version
    """
    return all(_holds(version, *_parsed(part)) for part in filter(None, (part.strip() for part in wanted.split(","))))


def _parsed(condition: str) -> tuple[str, str]:
    match = _CONDITION.match(condition)
    if match is None:
        raise ValueError(f"{condition!r} is no condition on a version")
    return match[1], match[2]


def _holds(version: str, operator: str, wanted: str) -> bool:
    right = _numbers(wanted)
    left = _numbers(version)[: len(right)] if version else [10**6]
    left += [0] * (len(right) - len(left)) if version else []
    return {
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
        "==": left == right,
    }[operator]


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version.partition("+")[0])]
