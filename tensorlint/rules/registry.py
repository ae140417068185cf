"""The rules that there are, found by discovery: each is a class in a module ``rules/tslNNN_name.py``.

Other packages add theirs through entry points (``installed.py``).
Rules with codes from TSL900 on are not about the program: what they say is found elsewhere, and their page is here.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re

from tensorlint import rules as package
from tensorlint.extensions import Extension
from tensorlint.rules.base import Rule
from tensorlint.rules.installed import Installed, installed

__all__ = ["every_rule", "origin", "problems", "rule", "rules", "shipped_rules"]

_NOT_ABOUT_THE_PROGRAM = "TSL9"
_MODULE = re.compile(r"tsl[0-9]{3}_[a-z0-9_]+")


@functools.cache
def rules() -> tuple[Rule, ...]:
    """Every rule about the program, in the order of the codes."""
    return tuple(each for each in every_rule() if not each.code.startswith(_NOT_ABOUT_THE_PROGRAM))


@functools.cache
def every_rule() -> tuple[Rule, ...]:
    """These, and those about its comments."""
    return tuple(sorted([*shipped_rules(), *_added().rules], key=lambda each: each.code))


@functools.cache
def shipped_rules() -> tuple[Rule, ...]:
    """Those of every rule that come with tensorlint, in the order of the codes."""
    found = [_load(name) for _, name, _ in pkgutil.iter_modules(package.__path__) if _MODULE.fullmatch(name)]
    return tuple(sorted(found, key=lambda each: each.code))


def origin(code: str) -> Extension | None:
    """The package that a rule was installed with; None for tensorlint's own."""
    return _added().origins.get(code)


def problems() -> tuple[str, ...]:
    """What other packages' rules and tables are not used, and why: a sentence each, on one line."""
    from tensorlint.library.tables import problems as of_tables

    return (*_added().problems, *of_tables())


def rule(code: str) -> Rule:
    """The rule with this code, in either case.

    :raises LookupError: if there is none; the message names those that there are
    """
    for each in every_rule():
        if each.code == code.upper():
            return each
    raise LookupError(f"unknown rule {code!r} (known: {', '.join(each.code for each in every_rule())})")


@functools.cache
def _added() -> Installed:
    return installed(shipped_rules())


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
