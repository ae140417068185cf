"""Rules of other packages: loaded through their entry points, and used if they are whole."""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType

from tensorlint.extensions import CODE, OWN, RULES, Extension, extensions
from tensorlint.flow.events import Event
from tensorlint.rules.base import Rule
from tensorlint.rules.page import page

__all__ = ["Installed", "installed"]

_PREFIX = re.compile(r"[A-Z]{1,3}")
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Installed:
    """What the installed packages add."""

    rules: tuple[Rule, ...]
    origins: Mapping[str, Extension]
    """By the rules' codes."""
    problems: tuple[str, ...]
    """What is not used, and why: a sentence each, on one line."""


def installed(shipped: Iterable[Rule]) -> Installed:
    """The rules of other packages; what is wrong with one of them keeps only that one from being used.

    :param shipped: tensorlint's own rules, whose codes and names are taken
    """
    shipped = tuple(shipped)
    owners = {taken: "tensorlint" for rule in shipped for taken in (rule.code, rule.name)}
    rules: list[Rule] = []
    origins: dict[str, Extension] = {}
    problems: list[str] = []
    for extension in extensions(RULES):
        for kind in _kinds(extension, problems):
            try:
                rule = _whole(kind, extension, owners)
            except ValueError as error:
                problems.append(f"{_called(kind)} of {extension} is not used: {error}")
                continue
            rules.append(rule)
            origins[rule.code] = extension
            owners[rule.code] = owners[rule.name] = str(extension)
    return Installed(tuple(rules), origins, tuple(problems))


def _kinds(extension: Extension, problems: list[str]) -> Iterator[type[Rule]]:
    """The classes of rules that an entry point names: one, or those of a module, or of every module of a package."""
    if _PREFIX.fullmatch(extension.name) is None or extension.name == OWN:
        problems.append(
            f"the rules {extension.name!r} of {extension} are not used: the name of the entry point must be what their "
            f"codes begin with, one to three capitals other than {OWN}"
        )
        return
    name, _, attribute = (part.strip() for part in extension.value.partition(":"))
    found = _imported(name, extension, problems)
    if found is None:
        return
    if attribute:
        value = getattr(found, attribute, None)
        if isinstance(value, type) and issubclass(value, Rule):
            yield value
        else:
            problems.append(f"the rule {extension.value} of {extension} is not used: it is no class of rules")
        return
    modules: list[ModuleType | None] = [found]
    for _, inside, _ in pkgutil.iter_modules(getattr(found, "__path__", ())):
        if not inside.startswith("_"):
            modules.append(_imported(f"{name}.{inside}", extension, problems))
    kinds = [kind for module in modules if module is not None for kind in _defined_in(module)]
    if not kinds and all(modules):
        problems.append(f"the rules {extension.name!r} of {extension} are not used: {name} defines none")
    yield from kinds


def _imported(name: str, extension: Extension, problems: list[str]) -> ModuleType | None:
    try:
        with contextlib.redirect_stdout(sys.stderr):  # standard output is the report's
            return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        problems.append(f"the rules in {name} of {extension} are not used: {_said(error)}")
        return None


def _defined_in(module: ModuleType) -> list[type[Rule]]:
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Rule) and value.__module__ == module.__name__
        if not value.__name__.startswith("_")
    ]


def _whole(kind: type[Rule], extension: Extension, owners: Mapping[str, str]) -> Rule:
    """The rule, if it is one.

    :raises ValueError: saying what is wrong with it
    """
    code, name, events = (getattr(kind, each, None) for each in ("code", "name", "events"))
    if not isinstance(code, str) or CODE.fullmatch(code) is None or not code[: -len("000")] == extension.name:
        raise ValueError(f"its code must be {extension.name} and three digits, as the entry point says, not {code!r}")
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise ValueError(f"its name must be words in small letters joined by hyphens, not {name!r}")
    for taken in (code, name):
        if taken in owners:
            raise ValueError(f"{taken} is a rule of {owners[taken]} already")
    if not isinstance(events, tuple) or not events or not all(_is_event(each) for each in events):
        raise ValueError("its events must be a tuple of classes of tensorlint.flow.events")
    if not isinstance(kind.default, bool):
        raise ValueError(f"its default must be True or False, not {kind.default!r}")
    page(kind)
    try:
        return kind()
    except Exception as error:
        raise ValueError(_said(error)) from None


def _is_event(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Event)


def _called(kind: type[Rule]) -> str:
    code = getattr(kind, "code", None)
    return f"rule {code}" if isinstance(code, str) else f"rule {kind.__name__}"


def _said(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split()).rstrip(":")
