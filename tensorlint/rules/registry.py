"""The rules that there are, found by discovery: each is a class in a module ``rules/tslNNN_name.py``.

Rules with codes from TSL900 on are not about the program: what they say is found elsewhere, and their page is here.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re

from tensorlint import rules as package
from tensorlint.rules.base import Rule

__all__ = ["every_rule", "rule", "rules"]

_NOT_ABOUT_THE_PROGRAM = "TSL9"
_MODULE = re.compile(r"tsl[0-9]{3}_[a-z0-9_]+")


@functools.cache
def rules() -> tuple[Rule, ...]:
    """Every rule about the program, in the order of the codes."""
    return tuple(each for each in every_rule() if each.code < _NOT_ABOUT_THE_PROGRAM)


@functools.cache
def every_rule() -> tuple[Rule, ...]:
    """These, and those about its comments."""
    found = [_load(name) for _, name, _ in pkgutil.iter_modules(package.__path__) if _MODULE.fullmatch(name)]
    return tuple(sorted(found, key=lambda each: each.code))


def rule(code: str) -> Rule:
    """The rule with this code, in either case.

    :raises LookupError: if there is none; the message names those that there are
    """
    for each in every_rule():
        if each.code == code.upper():
            return each
    raise LookupError(f"unknown rule {code!r} (known: {', '.join(each.code for each in every_rule())})")


def _load(name: str) -> Rule:
    module = importlib.import_module(f"{package.__name__}.{name}")
    classes = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Rule) and value.__module__ == module.__name__
    ]
    if len(classes) != 1:
        raise TypeError(f"{module.__name__} must define one rule, not {len(classes)}")
    instance = classes[0]()
    expected = f"{instance.code}_{instance.name}".lower().replace("-", "_")
    if name != expected:
        raise TypeError(f"{instance.code} {instance.name} must be defined in {expected}.py, not in {name}.py")
    return instance
