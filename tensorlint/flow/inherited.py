"""Methods that a class inherits from another class of the project, and that do something of its own: they call what it
overrides, or read what it sets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Set
from functools import lru_cache

from tensorlint.flow.definitions import ClassDefinition, FunctionDefinition
from tensorlint.flow.worth import worth_a_look

__all__ = ["changing", "depending", "inherited_methods"]

MOST = 8
READ = re.compile(r"\bself\.(\w+)")
SET = re.compile(
    r"\bself\.(\w+)(?:\[[^\]\n]*\])*(?:\s*[-+*/|&]?=(?!=)|\.(?:append|extend|insert|update|add|setdefault)\()"
)

EFFECT = re.compile(r"^[ \t]*self\.(\w+)(?:\[[^\]\n]*\])*\.", re.MULTILINE)
"""A statement that begins with a call on it."""
TARGETS = re.compile(r"^[ \t]*[(\[]?([^=\n(]*,[^=\n(]*?)[)\]]?[ \t]*=(?!=)", re.MULTILINE)
NAMED = re.compile(r"(?:\bregister_\w+|\bsetattr|\bset_\w+)\(\s*(?:self\s*,\s*)?[\"'](\w+)[\"']")


def changing(
    definition: ClassDefinition, worth: Set[FunctionDefinition], inherited: list[FunctionDefinition]
) -> list[FunctionDefinition]:
    """The methods of a class that are of ``worth``, and those that set or change attributes that these read, or that
    the ``inherited`` ones read, or call what does."""
    methods = list(definition.methods.values())
    found = {method for method in methods if method in worth}
    rest = [method for method in methods if method not in found]
    new = found.union(inherited)
    while new and rest:
        read = frozenset().union(*(_reads(method.text) for method in new))
        calls = {method.name for method in new if method not in worth}
        new = {
            method
            for method in rest
            if not read.isdisjoint(_changes(method.text)) or not calls.isdisjoint(_reads(method.text))
        }
        rest = [method for method in rest if method not in new]
        found |= new
    return [method for method in methods if method in found]


def depending(changed: Set[str], methods: Iterable[FunctionDefinition]) -> list[FunctionDefinition]:
    """Those methods that read one of some attributes, and those that call them."""
    rest, found = list(methods), set()
    names = set(changed)
    while new := {one for one in rest if one not in found and not names.isdisjoint(_reads(one.text))}:
        found |= new
        names = {one.name for one in new}
    return [one for one in rest if one in found]


@lru_cache(maxsize=4096)
def _changes(text: str) -> frozenset[str]:
    """The attributes that a method assigns, or on which it calls something for its effect."""
    found = {*SET.findall(text), *EFFECT.findall(text), *NAMED.findall(text)}
    for targets in TARGETS.findall(text):
        found.update(READ.findall(targets))
    return frozenset(found)


def inherited_methods(
    definition: ClassDefinition,
    ancestors: list[ClassDefinition | str],
    worth: Set[FunctionDefinition],
    called: Set[FunctionDefinition],
    own_file_alone: bool,
) -> list[FunctionDefinition]:
    """Those of the inherited methods that may lead to a boundary and depend on what the class adds.

    :param ancestors: the class itself and its bases, nearest first
    :param worth: the functions of the class's file that are looked at
    :param called: those of them that matter to what calls them
    :param own_file_alone: what happens in the files of the bases does not matter
    """
    own = _adds(definition)
    found: dict[str, FunctionDefinition] = {}
    if not own:
        return []
    calls = {name for name, method in definition.methods.items() if method in called}
    for base in ancestors:
        if base is definition or not isinstance(base, ClassDefinition):
            continue
        mine: Set[FunctionDefinition] = frozenset()
        if base.file is definition.file:
            mine = worth
        elif not own_file_alone:
            mine = worth_a_look(base.file)
        for name, method in base.methods.items():
            if name in definition.methods or name in found or name == "__init__":
                continue
            reads = _reads(method.text)
            if not (own if method in mine else calls).isdisjoint(reads):
                found[name] = method
    return list(found.values())[:MOST]


def _adds(definition: ClassDefinition) -> frozenset[str]:
    """The methods that a class defines and the attributes that it sets."""
    if definition.adds is None:
        names = {name for name in definition.methods if not name.startswith("__")}
        for method in definition.methods.values():
            names.update(SET.findall(method.text))
        definition.adds = frozenset(names)
    return definition.adds


@lru_cache(maxsize=4096)
def _reads(text: str) -> frozenset[str]:
    return frozenset(READ.findall(text))
