"""Methods that a class inherits from another class of the project, and that do something of its own: they call what it
overrides, or read what it sets."""

from __future__ import annotations

import re
from functools import lru_cache

from tensorlint.flow.definitions import ClassDefinition, FunctionDefinition
from tensorlint.flow.worth import worth_a_look

__all__ = ["inherited_methods"]

MOST = 8
READ = re.compile(r"\bself\.(\w+)")
SET = re.compile(
    r"\bself\.(\w+)(?:\[[^\]\n]*\])*(?:\s*[-+*/|&]?=(?!=)|\.(?:append|extend|insert|update|add|setdefault)\()"
)


def inherited_methods(
    definition: ClassDefinition, ancestors: list[ClassDefinition | str], own_file_alone: bool
) -> list[FunctionDefinition]:
    """Those of the inherited methods that may lead to a boundary and depend on what the class adds.

    :param ancestors: the class itself and its bases, nearest first
    :param own_file_alone: what happens in the files of the bases does not matter
    """
    own = _adds(definition)
    found: dict[str, FunctionDefinition] = {}
    if not own:
        return []
    mine = worth_a_look(definition.file)
    boundaries = {name for name, method in definition.methods.items() if method in mine}
    for base in ancestors:
        if base is definition or not isinstance(base, ClassDefinition):
            continue
        worth = worth_a_look(base.file) if base.file is definition.file or not own_file_alone else frozenset()
        for name, method in base.methods.items():
            if name in definition.methods or name in found or name == "__init__":
                continue
            reads = _reads(method.text)
            if not (own if method in worth else boundaries).isdisjoint(reads):
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
