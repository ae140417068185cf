"""What the parameters of a function are, and its grad mode, where nothing is known of its callers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import libcst as cst

from tensorlint.flow.classes import ancestors, is_module_class
from tensorlint.flow.definitions import FunctionDefinition
from tensorlint.flow.facts import NO, Fact, maybe
from tensorlint.flow.functions import defaults_of
from tensorlint.flow.gradmode import LIGHTNING_EVALUATION, mode_of_decorators
from tensorlint.flow.machine import Machine
from tensorlint.flow.state import State
from tensorlint.flow.values import Array, Class, Ref, Tensor, Unknown, Value

__all__ = ["mode_alone", "parameters_alone"]


def parameters_alone(
    machine: Machine, function: FunctionDefinition, state: State, receiver: Ref | None
) -> Iterator[tuple[str, Value]]:
    """The parameters by name, where nothing is known of the callers.

    :param receiver: the object whose method it is
    """
    known = defaults_of(machine, function, state)
    parameters = function.parameters
    ordered = [*parameters.posonly_params, *parameters.params]
    first = ordered[0].name.value if ordered and receiver is not None and not function.is_static else None
    inputs = (
        function.owner is not None and function.name == "forward" and is_module_class(machine, function.owner, state)
    )
    for parameter in (*ordered, *parameters.kwonly_params):
        name = parameter.name.value
        value: Value = known.get(name, Unknown(name, parameter=True))
        if name == first and receiver is not None:
            is_class = function.is_class_method and function.owner is not None
            value = Class(function.owner) if is_class and function.owner is not None else receiver
        elif inputs and isinstance(value, Unknown) and parameter.annotation is None and parameter.default is None:
            kind = maybe(machine.place(parameter), f"`{name}` is an input of forward()")
            value = Tensor(kind=kind, opaque=True, assumed=True)
        elif isinstance(value, Tensor):
            machine.any_dtype.update(alias.storage for alias in value.aliases)
            for alias in value.aliases:
                machine.caller_owned[alias.storage] = name
        elif isinstance(value, Array):
            machine.given.update(alias.storage for alias in value.aliases)
            machine.any_dtype.update(alias.storage for alias in value.aliases)
            machine.caller_arrays.update((alias.storage, name) for alias in value.aliases)
        elif isinstance(value, Unknown):
            value = replace(value, variable=name, parameter=True, argument=name)
            match parameter.annotation:
                case cst.Annotation(annotation=cst.Name("bytes")):
                    value = replace(value, immutable=maybe(machine.place(parameter), f"`{name}` is bytes"))
        yield name, value
    for star in (parameters.star_arg, parameters.star_kwarg):
        if isinstance(star, cst.Param):
            yield star.name.value, Unknown(star.name.value, parameter=True)


def mode_alone(machine: Machine, function: FunctionDefinition, state: State) -> Fact | None:
    """The grad mode that a function's decorators, its class or its name (a hook of Lightning) set."""
    mode = mode_of_decorators(machine, function, state)
    if mode is not None or function.owner is None:
        return mode
    names = [base for base in ancestors(machine, function.owner, state) if isinstance(base, str)]
    if any(name.endswith(("autograd.Function", "autograd.function.Function")) for name in names):
        return NO
    if function.name in LIGHTNING_EVALUATION and any(name.endswith(("LightningModule", "Callback")) for name in names):
        return NO
    return None
