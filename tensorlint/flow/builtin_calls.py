"""Python's own functions, and the few of libraries whose effect no table row can tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from keyword import iskeyword

import libcst as cst

from tensorlint.flow.arguments import Arguments
from tensorlint.flow.containers import element, items_at, make_items, make_mapping, mapping_of
from tensorlint.flow.definitions import ClassDefinition
from tensorlint.flow.facts import NO, UNKNOWN, yes
from tensorlint.flow.gradmode import mode_of_context
from tensorlint.flow.heap import Instance, Key
from tensorlint.flow.joining import join_values
from tensorlint.flow.machine import Machine
from tensorlint.flow.modules import instance_of
from tensorlint.flow.names import short
from tensorlint.flow.operators import arithmetic
from tensorlint.flow.state import State
from tensorlint.flow.storage import aliases_of, without_aliases
from tensorlint.flow.tensors import inputs_of, result_tensor
from tensorlint.flow.values import (
    Bound,
    Class,
    Constant,
    External,
    Function,
    Number,
    Ref,
    Tensor,
    Tuple,
    Unknown,
    Value,
    alternatives,
)

__all__ = ["SPECIAL", "make_optimizer"]

Special = Callable[[Machine, State, cst.BaseExpression, Arguments], Value]
SPECIAL: dict[str, Special] = {}


def special(*names: str) -> Callable[[Special], Special]:
    """Register what a call of these names does."""

    def register(function: Special) -> Special:
        for name in names:
            SPECIAL[name] = function
        return function

    return register


def _builtin(*names: str) -> Callable[[Special], Special]:
    return special(*(f"builtins.{name}" for name in names))


@_builtin(
    "len",
    "int",
    "float",
    "bool",
    "str",
    "round",
    "hash",
    "id",
    "isinstance",
    "hasattr",
    "callable",
    "issubclass",
    "repr",
    "ord",
    "chr",
    "format",
    "all",
    "any",
)
def _number(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    return Number()


@_builtin("print", "input", "open", "exit", "quit")
def _nothing(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    return Unknown()


@_builtin("range")
def _range(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    return make_items(machine, state, (node,), rest=Number(), kind="range")


@_builtin("abs")
def _abs(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    first = arguments.value(0)
    return first if first is not None else Unknown()


@_builtin("max", "min")
def _extreme(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    values = [value for _, value in arguments.positional]
    if len(values) == 1:
        return element(machine, state, values[0], node)
    return join_values(values) or Unknown()


@_builtin("sum")
def _sum(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    first = arguments.get(0)
    if first is None:
        return Unknown()
    one = element(machine, state, first[1], node)
    start = arguments.get(1, "start") or (first[0], Constant(0))
    return arithmetic(machine, state, node, start[0], start[1], first[0], one, cst.Add())


@_builtin("list", "tuple", "set", "frozenset", "sorted", "reversed", "iter")
def _collection(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    first = arguments.value(0)
    if first is None:
        return make_items(machine, state, (node,), known=())
    items = items_at(state, first)
    known = items.known if items is not None else first.items if isinstance(first, Tuple) else None
    if known is not None:
        return make_items(machine, state, (node,), known=known, put=items.put if items is not None else ())
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


@_builtin("zip")
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


@_builtin("enumerate")
def _enumerate(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    first = arguments.value(0)
    one = element(machine, state, first, node) if first is not None else Unknown()
    return make_items(machine, state, (node,), rest=Tuple((Number(), one)), kind="enumerate")


@special("tqdm.tqdm", "tqdm.auto.tqdm", "tqdm.notebook.tqdm", "tqdm.rich.tqdm", "tqdm.std.tqdm", "tqdm.trange")
def _tqdm(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    first = arguments.value(0, "iterable")
    return first if first is not None else Unknown()


@_builtin("map")
def _map(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    from tensorlint.flow.calls import call_value

    function = arguments.value(0)
    if function is None:
        return Unknown()
    given = tuple((n, element(machine, state, value, node)) for n, value in arguments.positional[1:])
    rest = call_value(machine, state, node, function, None, Arguments(given))
    return make_items(machine, state, (node, "map"), rest=rest, kind="map")


@_builtin("filter")
def _filter(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    second = arguments.value(1)
    rest = element(machine, state, second, node) if second is not None else None
    return make_items(machine, state, (node,), rest=rest, kind="filter")


@_builtin("next")
def _next(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    first = arguments.value(0)
    return element(machine, state, first, node) if first is not None else Unknown()


@_builtin("getattr")
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


@_builtin("setattr")
def _setattr(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    from tensorlint.flow.targets import assign

    receiver, name, value = arguments.get(0), arguments.value(1), arguments.value(2)
    text = name.value if isinstance(name, Constant) else None
    if receiver is not None and value is not None and isinstance(text, str) and text.isidentifier():
        target = cst.Attribute(receiver[0], cst.Name(text))
        machine.synthetic.append(target)
        assign(machine, target, value, state, node)
    return Constant(None)


@_builtin("vars", "type", "super", "object", "globals", "locals", "dir")
def _anything(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    return Unknown()


@special("copy.deepcopy", "copy.copy", "torch.clone")
def _copy(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    given = arguments.value(0)
    if given is None:
        return Unknown()
    deep = not (isinstance(node, cst.Call) and short(node.func) in ("copy.copy", "copy"))
    return join_values([_copied(machine, state, item, node, deep) for item in alternatives(given)]) or Unknown()


def _copied(machine: Machine, state: State, value: Value, node: cst.BaseExpression, deep: bool) -> Value:
    if not isinstance(value, Ref):
        return without_aliases(machine, value) if deep else value
    found = state.object(value)
    if found is None:
        return value
    ref = Ref(machine.address(node, "copy", value.address))
    if isinstance(found, Instance):
        module = found.module
        if module is not None:
            storage = machine.storage()
            machine.modules[storage] = ref.address
            module = replace(module, storage=storage)
        attributes = {
            name: _copied(machine, state, item, node, deep) if deep and isinstance(item, Ref) else item
            for name, item in found.attributes.items()
            if not (isinstance(item, Ref) and item.address == value.address)
        }
        state.heap[ref.address] = replace(found, attributes=attributes, module=module)
        return ref
    items = items_at(state, value)
    if items is not None:
        copied = replace(
            items,
            known=None
            if items.known is None
            else tuple(without_aliases(machine, v) if deep else v for v in items.known),
            rest=None if items.rest is None else without_aliases(machine, items.rest) if deep else items.rest,
        )
        state.heap[ref.address] = copied
        return ref
    mapping = mapping_of(state, value)
    assert mapping is not None
    state.heap[ref.address] = replace(
        mapping,
        entries={k: without_aliases(machine, v) if deep else v for k, v in mapping.entries.items()},
        rest=None if mapping.rest is None else without_aliases(machine, mapping.rest) if deep else mapping.rest,
        source=None if deep else mapping.source,
    )
    return ref


@special("functools.partial")
def _partial(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    first = arguments.value(0)
    return first if isinstance(first, External | Function | Bound) else Unknown()


@special("functools.wraps", "functools.lru_cache", "functools.cache", "functools.update_wrapper")
def _same(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    return External("tensorlint.identity")


@special("tensorlint.identity", "torch.compile", "torch.jit.script", "torch.jit.trace")
def _identity(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    first = arguments.value(0)
    if first is None:
        return External("tensorlint.identity")
    return first


@special("typing.cast")
def _cast(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    return arguments.value(1) or Unknown()


@special("torch.nn.DataParallel", "torch.nn.parallel.DataParallel", "torch.nn.parallel.DistributedDataParallel")
def _wrapped(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    first = arguments.value(0, "module")
    return first if first is not None else Unknown()


@special("torch.set_grad_enabled", "torch.autograd.set_grad_enabled")
def _set_grad_enabled(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    """As a statement it holds from here on; as a context its block's own mode is set by ``with``."""
    mode = mode_of_context(External("torch.set_grad_enabled"), arguments.values())
    if mode is not None and machine.statement is node:
        state.grad = mode
    return External("torch.set_grad_enabled")


@special("torch.nn.Parameter", "torch.nn.parameter.Parameter")
def _parameter(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    place = machine.place(node)
    given = arguments.value(0, "data")
    off = arguments.value(1, "requires_grad")
    fact = NO if isinstance(off, Constant) and off.value is False else yes(place, f"`{short(node)}` is an nn.Parameter")
    base = next((item for item in alternatives(given or Unknown()) if isinstance(item, Tensor)), None)
    kind = yes(place, "an nn.Parameter")
    if base is not None:
        return replace(base, requires_grad=fact, kind=kind, opaque=False)
    return Tensor(fact, NO, kind=kind)


@special("torch.autograd.grad")
def _gradients(machine: Machine, state: State, node: cst.BaseExpression, arguments: Arguments) -> Value:
    """A tuple of gradients, which require grad where the graph of them is asked for."""
    place = machine.place(node)
    asked = arguments.keywords.get("create_graph")
    fact = NO
    if arguments.is_true("create_graph"):
        fact = yes(place, f"`{short(node)}` is computed with create_graph=True")
    elif asked is not None and not isinstance(asked[1], Constant):
        fact = UNKNOWN
    kind = yes(place, f"`{short(node)}` gives gradients")
    one = result_tensor(machine, state, inputs_of(state, arguments.values()[:2]), requires_grad=fact, kind=kind)
    return make_items(machine, state, (node,), rest=one, kind="tuple")


def make_optimizer(machine: Machine, state: State, node: cst.BaseExpression, name: str, arguments: Arguments) -> Value:
    """An optimizer over the parameters that it is given."""
    ref = Ref(machine.address(node))
    given = arguments.value(0, "params")
    storages: set[int] = set()
    if given is not None:
        storages = {alias.storage for alias in aliases_of(state, given)}
        first = element(machine, state, given, node)
        group = mapping_of(state, first)
        if group is not None:
            storages |= {alias.storage for value in group.entries.values() for alias in aliases_of(state, value)}
    machine.optimized.setdefault(ref.address, set()).update(storages)
    state.heap[ref.address] = Instance(type="torch.optim.Optimizer")
    return ref
