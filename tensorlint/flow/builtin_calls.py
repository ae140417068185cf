"""Python's own functions, and the few of libraries whose effect no table row can tell."""

from __future__ import annotations

from keyword import iskeyword

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.collecting import sync
from tensorlint.flow.containers import element, fields_of, items_at, make_items, make_mapping, mapping_of
from tensorlint.flow.definitions import ClassDefinition
from tensorlint.flow.heap import Instance, Items, Key, Mapping
from tensorlint.flow.joining import join_values
from tensorlint.flow.leaving import combined, leave, with_lost
from tensorlint.flow.lost import Way
from tensorlint.flow.machine import Machine
from tensorlint.flow.modules import instance_of
from tensorlint.flow.operators import arithmetic
from tensorlint.flow.special_calls import builtin, special
from tensorlint.flow.state import State
from tensorlint.flow.values import (
    Class,
    Constant,
    External,
    Number,
    Ref,
    Tensor,
    Tuple,
    Unknown,
    Value,
    alternatives,
)

__all__: list[str] = []

MOST_KEYS = 12
"""Of a dict with more keys, a list of them knows none."""


@builtin("int", "len")
def _int(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    return Number(type="int")


@builtin("str", "repr", "format", "chr")
def _str(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    return Number(type="str")


@builtin(
    "bool",
    "round",
    "hash",
    "id",
    "isinstance",
    "hasattr",
    "callable",
    "issubclass",
    "ord",
    "all",
    "any",
)
def _number(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    return Number()


@builtin("float")
def _float(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    first = arguments.value(0)
    if isinstance(first, Tensor):
        sync(machine, node, first, "float()", arguments.positional[0][0], arguments)
        return Number(lost=leave(machine, state, node, first, Way.NUMBER, scalar=True), type="float")
    lost = combined(state, [first], linear=True) if first is not None else None
    return Number(lost=lost, type="float")


@builtin("print", "input", "open", "exit", "quit")
def _nothing(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    return Unknown()


@builtin("range")
def _range(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    return make_items(machine, state, (node,), rest=Number(), kind="range")


@builtin("abs")
def _abs(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    first = arguments.value(0)
    return with_lost(first, combined(state, [first])) if first is not None else Unknown()


@builtin("max", "min")
def _extreme(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    values = [value for _, value in arguments.positional]
    if len(values) == 1:
        return element(machine, state, values[0], node)
    joined = join_values(values) or Unknown()
    return with_lost(joined, combined(state, values))


@builtin("sum")
def _sum(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    first = arguments.get(0)
    if first is None:
        return Unknown()
    one = element(machine, state, first[1], node)
    start = arguments.get(1, "start") or (first[0], Constant(0))
    return arithmetic(machine, state, node, start[0], start[1], first[0], one, cst.Add())


@builtin("list", "tuple", "set", "frozenset", "sorted", "reversed", "iter")
def _collection(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    first = arguments.value(0)
    if first is None:
        return make_items(machine, state, (node,), known=())
    items = items_at(state, first)
    known = items.known if items is not None else first.items if isinstance(first, Tuple) else None
    if known is not None:
        return make_items(machine, state, (node,), known=known, put=items.put if items is not None else ())
    mapping = mapping_of(state, first)
    if mapping is not None and mapping.rest is None and len(mapping.entries) <= MOST_KEYS:
        return make_items(machine, state, (node,), known=[Constant(key) for key in mapping.entries])
    one = element(machine, state, first, node)
    return make_items(machine, state, (node,), rest=one, put=items.put if items is not None else ())


@special("collections.deque")
def _deque(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    first = arguments.value(0)
    rest = element(machine, state, first, node) if first is not None else None
    known = () if first is None or (isinstance(first, Constant) and first.value is None) else None
    return make_items(machine, state, (node,), known=known, rest=None if known is not None else rest, kind="deque")


@special("builtins.dict", "collections.OrderedDict", "collections.Counter")
def _dict(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    first = arguments.value(0)
    mapping = mapping_of(state, first) if first is not None else None
    entries: dict[Key, Value] = {name: value for name, (_, value) in arguments.keywords.items()}
    if mapping is not None:
        return make_mapping(
            machine, state, (node,), {**mapping.entries, **entries}, mapping.rest, source=mapping.source
        )
    rest = None
    if first is not None:
        one = element(machine, state, first, node)
        rest = one.items[1] if isinstance(one, Tuple) and len(one.items) == 2 else Unknown()
    return make_mapping(machine, state, (node,), entries, rest)


@special("types.SimpleNamespace", "argparse.Namespace")
def _namespace(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    ref = Ref(machine.address(node))
    attributes = {name: value for name, (_, value) in arguments.keywords.items()}
    state.heap[ref.address] = Instance(attributes=attributes, open=True)
    return ref


@special("collections.defaultdict")
def _defaultdict(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    return make_mapping(machine, state, (node,), factory=arguments.value(0))


@special("collections.namedtuple")
def _named_tuple(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    """``namedtuple("Pair", ["a", "b"])``: a class, as if it were written out."""
    file = machine.frame.file
    definition = file.by_node.get(node)
    if isinstance(definition, ClassDefinition):
        return Class(definition)
    name, given = arguments.value(0, "typename"), arguments.value(1, "field_names")
    names = _field_names(state, given) if given is not None else []
    if not (isinstance(name, Constant) and isinstance(name.value, str) and names):
        return Unknown()
    if not all(text.isidentifier() and not iskeyword(text) for text in (name.value, *names)):
        return Unknown()
    fields = "".join(f"    {text}: object\n" for text in names)
    written = cst.parse_statement(f"class {name.value}(NamedTuple):\n{fields}")
    assert isinstance(written, cst.ClassDef)
    definition = ClassDefinition(written, file, name.value)
    definition.fields.extend((text, cst.Name("object"), None) for text in names)
    file.by_node[node] = definition
    return Class(definition)


def _field_names(state: State, given: Value) -> list[str]:
    if isinstance(given, Constant) and isinstance(given.value, str):
        return given.value.replace(",", " ").split()
    items = items_at(state, given)
    known = items.known if items is not None else given.items if isinstance(given, Tuple) else None
    texts = [item.value for item in known or () if isinstance(item, Constant) and isinstance(item.value, str)]
    return texts if known is not None and len(texts) == len(known) else []


@builtin("zip")
def _zip(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    items = [element(machine, state, value, node) for _, value in arguments.positional]
    if arguments.rest is not None:
        row = arguments.rest[1]  # zip(*rows): the columns
        one = element(machine, state, row, node)
        if isinstance(row, Tuple):
            columns = [
                make_items(machine, state, (node, i), rest=part, kind="tuple") for i, part in enumerate(row.items)
            ]
            return make_items(machine, state, (node,), known=columns)
        return make_items(machine, state, (node,), rest=make_items(machine, state, (node, "row"), rest=one))
    return make_items(machine, state, (node,), rest=Tuple(tuple(items)), kind="zip")


@builtin("enumerate")
def _enumerate(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    first = arguments.value(0)
    one = element(machine, state, first, node) if first is not None else Unknown()
    return make_items(machine, state, (node,), rest=Tuple((Number(), one)), kind="enumerate")


@special("tqdm.tqdm", "tqdm.auto.tqdm", "tqdm.notebook.tqdm", "tqdm.rich.tqdm", "tqdm.std.tqdm", "tqdm.trange")
def _tqdm(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    first = arguments.value(0, "iterable")
    return first if first is not None else Unknown()


@builtin("map")
def _map(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    from tensorlint.flow.calls import call_value

    function = arguments.value(0)
    if function is None:
        return Unknown()
    given = tuple((n, element(machine, state, value, node)) for n, value in arguments.positional[1:])
    rest = call_value(machine, state, node, function, None, Arguments(given))
    return make_items(machine, state, (node, "map"), rest=rest, kind="map")


@builtin("filter")
def _filter(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    second = arguments.value(1)
    rest = element(machine, state, second, node) if second is not None else None
    return make_items(machine, state, (node,), rest=rest, kind="filter")


@builtin("next")
def _next(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    first = arguments.value(0)
    return element(machine, state, first, node) if first is not None else Unknown()


@builtin("getattr")
def _getattr(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    from tensorlint.flow.attributes import attribute_of

    receiver, name = arguments.get(0), arguments.value(1)
    if receiver is None:
        return Unknown()
    if isinstance(name, Constant) and isinstance(name.value, str) and name.value.isidentifier():
        attribute = cst.Attribute(receiver[0], cst.Name(name.value))
        machine.synthetic.append(attribute)
        found = [attribute_of(machine, state, attribute, item, name.value) for item in alternatives(receiver[1])]
        return join_values(found) or Unknown()
    instance = instance_of(state, receiver[1])
    if instance is not None and instance.registered:
        return join_values([instance.attributes[name] for name in sorted(instance.registered)]) or Unknown()
    return Unknown()


@builtin("setattr")
def _setattr(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    from tensorlint.flow.targets import assign

    receiver, name, value = arguments.get(0), arguments.value(1), arguments.value(2)
    text = name.value if isinstance(name, Constant) else None
    if receiver is not None and value is not None and isinstance(text, str) and text.isidentifier():
        target = cst.Attribute(receiver[0], cst.Name(text))
        machine.synthetic.append(target)
        assign(machine, target, value, state, node)
    return Constant(None)


@builtin("type")
def _type(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    """The class of a container or of an object of the project, which makes another of its kind."""
    found: list[Value] = []
    for item in alternatives(arguments.value(0) or Unknown()):
        kept = state.object(item) if isinstance(item, Ref) else None
        match kept:
            case Instance(definition=definition) if definition is not None:
                found.append(Class(definition))
            case Mapping():
                found.append(External("builtins.dict"))
            case Items(kind="list" | "tuple" as kind):
                found.append(External(f"builtins.{kind}"))
            case _:
                found.append(External("builtins.tuple") if isinstance(item, Tuple) else Unknown())
    return join_values(found) or Unknown()


@builtin("vars")
def _vars(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    first = arguments.value(0)
    return fields_of(machine, state, node, first) if first is not None else Unknown()


@special("dataclasses.asdict")
def _as_dict(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    return fields_of(machine, state, node, arguments.value(0) or Unknown())


@builtin("super", "object", "globals", "locals", "dir")
def _anything(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    return Unknown()
