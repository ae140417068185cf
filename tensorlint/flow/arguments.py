"""The arguments of a call, evaluated, and how they reach the parameters of a function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import libcst as cst

from tensorlint.flow.containers import element, items_at, make_items, make_mapping, mapping_of
from tensorlint.flow.facts import Fact
from tensorlint.flow.heap import Key
from tensorlint.flow.joining import join_values
from tensorlint.flow.machine import Machine, evaluate
from tensorlint.flow.names import short
from tensorlint.flow.state import State
from tensorlint.flow.values import Constant, Tensor, Tuple, Unknown, Value, alternatives, union

__all__ = ["Arguments", "accepts", "bind", "evaluate_arguments"]


@dataclass(frozen=True, slots=True)
class Arguments:
    """Evaluated arguments."""

    positional: tuple[tuple[cst.BaseExpression, Value], ...] = ()
    keywords: dict[str, tuple[cst.BaseExpression, Value]] = field(default_factory=dict)
    rest: tuple[cst.BaseExpression, Value] | None = None
    """What any further positional argument is, where a starred argument's length is not known."""
    keyword_rest: tuple[cst.BaseExpression, Value] | None = None

    def get(self, position: int, keyword: str = "") -> tuple[cst.BaseExpression, Value] | None:
        """The argument at a position or of a name."""
        if position < len(self.positional):
            return self.positional[position]
        if keyword in self.keywords:
            return self.keywords[keyword]
        return None

    def value(self, position: int, keyword: str = "") -> Value | None:
        """The value of the argument at a position or of a name."""
        found = self.get(position, keyword)
        return found[1] if found is not None else None

    def after(self, given: Sequence[tuple[str, cst.BaseExpression, Value]]) -> Arguments:
        """These after others, which ``functools.partial`` gave."""
        if not given:
            return self
        first = tuple((node, value) for keyword, node, value in given if not keyword)
        named = {keyword: (node, value) for keyword, node, value in given if keyword}
        return replace(self, positional=first + self.positional, keywords={**named, **self.keywords})

    def given(self, name: str) -> Value | None:
        """The value of the argument that a table names: by its keyword, or by its position (``"0"``)."""
        if name.isdigit():
            return self.value(int(name))
        found = self.keywords.get(name)
        return found[1] if found is not None else None

    def values(self) -> list[Value]:
        """All values."""
        found = [value for _, value in self.positional] + [value for _, value in self.keywords.values()]
        if self.rest is not None:
            found.append(self.rest[1])
        if self.keyword_rest is not None:
            found.append(self.keyword_rest[1])
        return found

    def is_true(self, keyword: str) -> bool:
        """A keyword is given as ``True``."""
        found = self.keywords.get(keyword)
        return found is not None and isinstance(found[1], Constant) and found[1].value is True


def evaluate_arguments(machine: Machine, node: cst.Call, state: State) -> Arguments:
    """Evaluate a call's arguments from left to right."""
    positional: list[tuple[cst.BaseExpression, Value]] = []
    keywords: dict[str, tuple[cst.BaseExpression, Value]] = {}
    rest: tuple[cst.BaseExpression, Value] | None = None
    keyword_rest: tuple[cst.BaseExpression, Value] | None = None
    for argument in node.args:
        value = evaluate(machine, argument.value, state)
        if argument.star == "*":
            known = None
            if isinstance(value, Tuple):
                known = value.items
            elif (items := items_at(state, value)) is not None:
                known = items.known
            if known is not None and rest is None:
                positional.extend((argument.value, item) for item in known)
            else:
                rest = (argument.value, element(machine, state, value, argument.value))
        elif argument.star == "**":
            mapping = mapping_of(state, value)
            if mapping is not None:
                for key, item in mapping.entries.items():
                    if isinstance(key, str):
                        keywords.setdefault(key, (argument.value, item))
                if mapping.rest is not None:
                    keyword_rest = (argument.value, mapping.rest)
            else:
                keyword_rest = (argument.value, Unknown())
        elif argument.keyword is not None:
            keywords[argument.keyword.value] = (argument.value, value)
        else:
            positional.append((argument.value, value))
    return Arguments(tuple(positional), keywords, rest, keyword_rest)


def bind(
    machine: Machine,
    parameters: cst.Parameters,
    arguments: Arguments,
    state: State,
    called: str,
    defaults: dict[str, Value],
    node: cst.CSTNode,
) -> dict[str, Value]:
    """The parameters' values in a call; evidence says where they were passed."""
    names: dict[str, Value] = {}
    given = list(arguments.positional)
    ordered = [*parameters.posonly_params, *parameters.params]
    used: set[str] = set()

    def passed(name: str, source: tuple[cst.BaseExpression, Value]) -> Value:
        return _step(machine, source[1], source[0], f"passed to `{called}` as `{name}`")

    for parameter in ordered:
        name = parameter.name.value
        if given:
            names[name] = passed(name, given.pop(0))
        elif name in arguments.keywords:
            names[name] = passed(name, arguments.keywords[name])
            used.add(name)
        elif arguments.rest is not None:
            names[name] = passed(name, arguments.rest)
        elif arguments.keyword_rest is not None:
            names[name] = Unknown(name)
        else:
            names[name] = defaults.get(name) or Unknown(name, missing=True)
    if isinstance(parameters.star_arg, cst.Param):
        name = parameters.star_arg.name.value
        if arguments.rest is not None:
            values = [value for _, value in given] + [arguments.rest[1]]
            names[name] = make_items(machine, state, (node, "*", name), rest=join_values(values), kind="tuple")
        else:
            names[name] = Tuple(tuple(passed(name, item) for item in given))
    for parameter in parameters.kwonly_params:
        name = parameter.name.value
        if name in arguments.keywords:
            names[name] = passed(name, arguments.keywords[name])
            used.add(name)
        else:
            names[name] = defaults.get(name) or Unknown(name, missing=True)
    if parameters.star_kwarg is not None:
        name = parameters.star_kwarg.name.value
        entries: dict[Key, Value] = {
            key: passed(key, source)
            for key, source in arguments.keywords.items()
            if key not in used and key not in names
        }
        other = arguments.keyword_rest[1] if arguments.keyword_rest is not None else None
        names[name] = make_mapping(machine, state, (node, "**", name), entries, other)
    return names


def accepts(parameters: cst.Parameters, arguments: Arguments, first: int) -> bool:
    """Whether a function takes these arguments after the ``first`` ones, which it is given anyway.

    Only what is written out counts: what a starred argument holds may be anything.
    """
    ordered = [*parameters.posonly_params, *parameters.params]
    named = {parameter.name.value for parameter in (*parameters.params, *parameters.kwonly_params)}
    fits = first + len(arguments.positional) <= len(ordered) or isinstance(parameters.star_arg, cst.Param)
    return fits and (parameters.star_kwarg is not None or named.issuperset(arguments.keywords))


def _step(machine: Machine, value: Value, node: cst.BaseExpression, text: str) -> Value:
    """The value with one more step of evidence, if it carries facts worth following."""
    changed = False
    result = []
    for item in alternatives(value):
        if isinstance(item, Tensor) and (item.requires_grad.holds or item.device.holds):
            place = machine.place(node)
            grad: Fact = item.requires_grad.because(place, f"`{short(node)}` is {text}")
            device: Fact = item.device.because(place, f"`{short(node)}` is {text}")
            item = replace(item, requires_grad=grad, device=device)
            changed = True
        result.append(item)
    return union(result) if changed else value
