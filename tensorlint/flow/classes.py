"""Classes of the project: their bases, their methods, and the instances that a call of one makes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import libcst as cst

from tensorlint.flow.annotations import annotated
from tensorlint.flow.arguments import Arguments, bind
from tensorlint.flow.decorators import PLAIN, decorated
from tensorlint.flow.definitions import ClassDefinition, FunctionDefinition
from tensorlint.flow.facts import NO, Fact, Place, yes
from tensorlint.flow.functions import call_function
from tensorlint.flow.heap import Instance, ModuleFacts
from tensorlint.flow.machine import Machine, evaluate_globally, globally
from tensorlint.flow.names import dotted
from tensorlint.flow.state import State
from tensorlint.flow.values import Class, External, Function, Ref, Value, alternatives

__all__ = [
    "MODULES",
    "ancestors",
    "find_method",
    "instantiate",
    "is_module_class",
    "is_named_tuple",
    "method_of",
    "new_instance",
]

DEEPEST = 12
MODULES = frozenset({"torch.nn.Module", "torch.nn.modules.Module", "torch.nn.modules.module.Module"})


def bases_of(machine: Machine, definition: ClassDefinition, state: State) -> list[ClassDefinition | str]:
    """The base classes: the project's as definitions, others by their dotted names."""
    found: list[ClassDefinition | str] = []
    for base in definition.bases:
        if isinstance(base, cst.Subscript):  # Generic[T], Dataset[Item]
            base = base.value
        for value in alternatives(evaluate_globally(machine, definition.file, base, state)):
            if isinstance(value, Class):
                found.append(value.definition)
            elif isinstance(value, External):
                found.append(value.name)
            else:
                found.append(dotted(base) or "?")
    return found


def ancestors(machine: Machine, definition: ClassDefinition, state: State) -> Iterator[ClassDefinition | str]:
    """The class and all its bases, nearest first."""
    known = machine.ancestors.get(definition)
    if known is None:
        known = machine.ancestors[definition] = list(_ancestors(machine, definition, state))
    return iter(known)


def _ancestors(machine: Machine, definition: ClassDefinition, state: State) -> Iterator[ClassDefinition | str]:
    seen: set[object] = set()
    todo: list[ClassDefinition | str] = [definition]
    while todo and len(seen) < DEEPEST:
        one = todo.pop(0)
        if one in seen:
            continue
        seen.add(one)
        yield one
        if isinstance(one, ClassDefinition):
            todo.extend(bases_of(machine, one, state))


def is_module_class(machine: Machine, definition: ClassDefinition, state: State) -> bool:
    """The class inherits from ``nn.Module``, through the project or a library."""
    known = machine.module_classes.get(definition)
    if known is None:
        known = False
        for base in ancestors(machine, definition, state):
            if isinstance(base, str):
                row = machine.library.row(base)
                listed = row is not None and row.returns in ("module", "loss")
                if listed or base in MODULES or base.endswith("LightningModule"):
                    known = True
                elif row is None and "forward" in definition.methods and not base.startswith("torch.autograd"):
                    known = True  # an unseen base of a class with forward(): nothing else is written so
        machine.module_classes[definition] = known
    return known


def find_method(machine: Machine, definition: ClassDefinition, name: str, state: State) -> FunctionDefinition | None:
    """The method that a call of ``name`` on an instance reaches."""
    if name in definition.methods:
        return definition.methods[name]
    for base in ancestors(machine, definition, state):
        if isinstance(base, ClassDefinition) and name in base.methods:
            return base.methods[name]
    return None


def method_of(machine: Machine, definition: ClassDefinition, name: str, state: State) -> Function | None:
    """The same as a function value, as its decorators leave it."""
    found = find_method(machine, definition, name, state)
    if found is None:
        return None
    function = Function(found, (found.file.frame,))
    if not any(text and text not in PLAIN for text in found.decorators) or not isinstance(found.node, cst.FunctionDef):
        return function
    with globally(machine, found.file, state):
        made = decorated(machine, found.node, function, state)
    return made if isinstance(made, Function) else function


def new_instance(
    machine: Machine, definition: ClassDefinition, state: State, site: tuple[object, ...], depth: int = 0
) -> Ref:
    """An instance before ``__init__``; ``depth`` tells how many annotations of fields led to it."""
    ref = Ref(machine.address(*site, definition))
    module = None
    if is_module_class(machine, definition, state):
        storage = machine.storage()
        machine.modules[storage] = ref.address
        module = ModuleFacts(_inherited_parameters(machine, definition, state), NO, storage)
    attributes: dict[str, Value] = {}
    state.heap[ref.address] = Instance(definition, "", attributes, module)
    for base in reversed(list(ancestors(machine, definition, state))):
        if isinstance(base, str):
            continue
        for name, annotation, value in base.fields:
            if value is not None and not base.is_dataclass:
                attributes[name] = evaluate_globally(machine, base.file, value, state)
            elif annotation is not None and not base.is_dataclass:
                found = annotated(machine, annotation, state, base.file, name, depth + 1)
                if found is not None:
                    attributes[name] = found
    unseen = any(
        isinstance(base, str) and base not in MODULES and base not in ("object", "builtins.object", "abc.ABC")
        for base in ancestors(machine, definition, state)
    )
    state.heap[ref.address] = Instance(definition, "", attributes, module, open=unseen)
    return ref


def _inherited_parameters(machine: Machine, definition: ClassDefinition, state: State) -> Fact:
    """Whether an instance has parameters that its class inherits from a library's module: ``class Wide(nn.Linear)``."""
    for base in ancestors(machine, definition, state):
        row = machine.library.row(base) if isinstance(base, str) else None
        if row is not None and row.returns == "module" and row.parameters:
            place = Place(definition.file.path, definition.node.name)
            return yes(place, f"`{definition.name}` is a {base}, whose parameters require grad")
    return NO


def instantiate(
    machine: Machine,
    definition: ClassDefinition,
    arguments: Arguments,
    state: State,
    node: cst.BaseExpression,
    site: tuple[object, ...] | None = None,
) -> Ref:
    """A call of the class."""
    ref = new_instance(machine, definition, state, site or (node,))
    init = method_of(machine, definition, "__init__", state)
    if init is not None:
        call_function(machine, init, arguments, state, node, receiver=ref)
        return ref
    records = [
        base
        for base in ancestors(machine, definition, state)
        if isinstance(base, ClassDefinition) and (base.is_dataclass or is_named_tuple(base))
    ]
    if records:
        _fill(machine, records[0], arguments, state, node, ref)
    return ref


def is_named_tuple(definition: ClassDefinition) -> bool:
    return any((dotted(base) or "").endswith(("NamedTuple", "TypedDict")) for base in definition.bases)


def _fill(
    machine: Machine,
    definition: ClassDefinition,
    arguments: Arguments,
    state: State,
    node: cst.BaseExpression,
    ref: Ref,
) -> None:
    """The generated ``__init__`` of a dataclass or named tuple."""
    fields = [
        field
        for base in reversed(list(ancestors(machine, definition, state)))
        if isinstance(base, ClassDefinition)
        for field in base.fields
        if field[1] is not None
    ]
    parameters = cst.Parameters(params=[cst.Param(cst.Name(name)) for name, _, _ in fields])
    defaults: dict[str, Value] = {}
    for name, annotation, value in fields:
        if annotation is not None:
            found = annotated(machine, annotation, state, definition.file, name)
            if found is not None:
                defaults[name] = found
        if value is not None:
            default = _default(machine, definition, value, state)
            if default is not None:
                defaults[name] = default
    names = bind(machine, parameters, arguments, state, definition.name, defaults, node)
    instance = state.heap[ref.address]
    assert isinstance(instance, Instance)
    state.heap[ref.address] = replace(instance, attributes={**instance.attributes, **names})


def _default(machine: Machine, definition: ClassDefinition, value: cst.BaseExpression, state: State) -> Value | None:
    """A field's default; of ``field(default_factory=list)`` what the factory makes."""
    if isinstance(value, cst.Call) and (dotted(value.func) or "").endswith("field"):
        for argument in value.args:
            if argument.keyword is None:
                continue
            if argument.keyword.value == "default":
                return evaluate_globally(machine, definition.file, argument.value, state)
            if argument.keyword.value == "default_factory":
                call = cst.Call(func=argument.value)
                machine.synthetic.append(call)
                return evaluate_globally(machine, definition.file, call, state)
        return None
    return evaluate_globally(machine, definition.file, value, state)
