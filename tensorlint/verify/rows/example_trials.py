"""Runs the examples of rows (``examples.py``) and notes what each call returns, touches and converts."""

from __future__ import annotations

import ast
import contextlib
import copy
import itertools
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from tensorlint.observe.frozen import changes, freeze, share_memory
from tensorlint.observe.simulate_calls import tensors_in
from tensorlint.verify.devices import on
from tensorlint.verify.rows.conversions import watched
from tensorlint.verify.rows.examples import CLASSES, EXAMPLES, surroundings
from tensorlint.verify.rows.kinds import kind
from tensorlint.verify.rows.observed import Call, Seen
from tensorlint.verify.rows.placing import placed, where
from tensorlint.verify.rows.resolving import resolve

__all__ = ["Example", "examples", "observe"]


@dataclass(frozen=True, slots=True)
class Example:
    """An expression that calls (or reads) what a row is about."""

    name: str
    text: str
    gpu: bool = False
    """It asks for a GPU; where there is none, the simulated one stands in."""


@lru_cache(maxsize=1)
def examples() -> dict[str, tuple[Example, ...]]:
    """The examples, by the name of the row."""
    found: dict[str, list[Example]] = {}
    for line in EXAMPLES.splitlines():
        if line.strip() and not line.startswith("#"):
            for text in _expanded(line.strip().removeprefix("@ ")):
                left, equals, right = text.partition(" = ")
                name = left if equals else _name_of(text)
                found.setdefault(name, []).append(Example(name, right if equals else text, line.startswith("@")))
    return {name: tuple(several) for name, several in found.items()}


def _expanded(text: str) -> Iterator[str]:
    """``t.{a b}()`` stands for ``t.a()`` and ``t.b()``; what stands twice is chosen once."""
    choices = list(dict.fromkeys(re.findall(r"\{(\w[\w. ]*)\}", text)))
    for chosen in itertools.product(*(choice.split() for choice in choices)):
        expanded = text
        for choice, word in zip(choices, chosen, strict=True):
            expanded = expanded.replace(f"{{{choice}}}", word)
        yield expanded


def _name_of(text: str) -> str:
    node = ast.parse(text, mode="eval").body
    dotted = ast.unparse(node.func if isinstance(node, ast.Call) else node)
    first, dot, rest = dotted.partition(".")
    return f"{CLASSES.get(first, first)}{dot}{rest}"


def observe(name: str) -> Seen:
    """What the examples of a name show.

    :raises Exception: whatever an example raises: it does not fit the library that is installed
    """
    seen = Seen(kind="example")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for example in examples()[name]:
            with on(where()[1]) if example.gpu else contextlib.nullcontext():
                _Trial(example.text).run(seen)
    return seen


class _Trial:
    """One example, made anew for each call: nothing that a call does to its inputs reaches the next."""

    def __init__(self, text: str) -> None:
        self.node = ast.parse(text, mode="eval").body
        chains = [ast.unparse(node) for node in ast.walk(self.node) if isinstance(node, ast.Attribute)]
        self.libraries = [chain for chain in chains if re.fullmatch(r"[\w.]+", chain) and not chain.startswith(".")]

    def prepared(self) -> tuple[Callable[..., Any], Any, list[Any], dict[str, Any]]:
        """The function, its receiver (None for a plain function), positional and keyword arguments."""
        torch.manual_seed(0)
        np.random.seed(0)
        names = surroundings()
        for dotted in self.libraries:
            resolve(dotted)  # imports submodules

        def value(node: ast.expr) -> Any:
            return eval(compile(ast.Expression(node), "<example>", "eval"), names)

        if not isinstance(self.node, ast.Call):
            assert isinstance(self.node, ast.Attribute)
            attribute = self.node.attr
            return (lambda receiver: getattr(receiver, attribute)), value(self.node.value), [], {}
        arguments = [value(one) for one in self.node.args]
        named = {str(one.arg): value(one.value) for one in self.node.keywords}
        if isinstance(self.node.func, ast.Attribute):
            receiver = value(self.node.func.value)
            method = self.node.func.attr
            if not isinstance(receiver, (type, type(np))):
                return (lambda receiver, *a, **k: getattr(receiver, method)(*a, **k)), receiver, arguments, named
        return value(self.node.func), None, arguments, named

    def run(self, seen: Seen) -> None:
        """Call it as it stands, on other devices, and with tensors for arrays."""
        call, receiver, arguments, named = self.prepared()
        has_receiver = receiver is not None
        inputs = ([receiver] if has_receiver else []) + arguments
        held = [_held(one) for one in inputs]
        before = [freeze(one()) for one in held]
        dtype = _dtype(inputs[0]) if inputs else ""
        result = call(*inputs, **named)
        first = inputs[0] if inputs else None
        words = kind(result, first, has_receiver)
        tensors = list(tensors_in(result))
        written = {
            _label(at, has_receiver, one)
            for at, (one, now, was) in enumerate(zip(inputs, held, before, strict=True))
            if changes(was, freeze(now()))
        }
        device = _asked_device(arguments, named)
        telling = "requires_grad" in named or any(one.requires_grad for one in (*tensors, *tensors_in(inputs)))
        seen.calls.append(
            Call(
                returns=words.word,
                items=words.items,
                type=words.type,
                grads=tuple(tensor.requires_grad for tensor in tensors) if telling else (),
                dtypes=(dtype, _dtype(result)),
                shares=_shares(result, first),
                writes=frozenset(written),
                given=True,
                asked_grad=named.get("requires_grad"),
                asked_dtype=_asked_dtype(arguments, named),
            )
        )
        if tensors:
            seen.placed.update(("cpu" if list(tensors_in(inputs)) else "", device, one.device.type) for one in tensors)
            if not has_receiver or isinstance(receiver, torch.Tensor):
                call, receiver, arguments, named = self.prepared()
                seen.placed.update(placed(call, inputs, named, device))
        if not any(True for _ in tensors_in(inputs)):
            self._with_tensors(seen)

    def _with_tensors(self, seen: Seen) -> None:
        """With tensors for the arrays of one argument at a time."""
        _, receiver, arguments, named = self.prepared()
        for label in [*range(len(arguments)), *named]:
            if _tensors_for(arguments[label] if isinstance(label, int) else named[label]) is None:
                continue
            call, receiver, given, keywords = self.prepared()
            if isinstance(label, int):
                given[label] = _tensors_for(given[label])
            else:
                keywords[label] = _tensors_for(keywords[label])
            converted, _, error = watched(call, (*([receiver] if receiver is not None else []), *given), keywords)
            if converted:
                seen.converts.add(str(label))
            elif error is None:
                seen.unconverted.add(str(label))


def _tensors_for(value: Any) -> Any:
    """Tensors in place of arrays, in nested containers as well; None where there is no array that torch takes."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
        return torch.from_numpy(np.ascontiguousarray(value).copy())
    if isinstance(value, np.floating):
        return torch.tensor(float(value))
    if isinstance(value, (list, tuple)) and value and all(isinstance(one, np.ndarray) for one in value):
        return type(value)(_tensors_for(one) for one in value)
    if isinstance(value, dict) and value and all(isinstance(one, np.ndarray) for one in value.values()):
        return {key: _tensors_for(one) for key, one in value.items()}
    return None


def _held(value: Any) -> Callable[[], Any]:
    """A function that gives the values that a write to ``value`` changes: those in the memory that it has now."""
    if isinstance(value, torch.nn.Module):
        memory = [parameter.detach() for parameter in value.parameters()]
        return lambda: memory
    if isinstance(value, torch.optim.Optimizer):
        memory = [parameter.detach() for group in value.param_groups for parameter in group["params"]]
        return lambda: memory
    if isinstance(value, (torch.Tensor, np.ndarray)):
        return lambda: value
    if hasattr(value, "to_numpy") and hasattr(value, "copy"):  # pandas
        return lambda: np.asarray(value)
    if isinstance(value, list) and value and all(isinstance(one, torch.Tensor) for one in value):
        return lambda: value
    return lambda: None


def _label(at: int, has_receiver: bool, value: Any) -> str:
    if isinstance(value, (torch.nn.Module, torch.optim.Optimizer)):
        return "parameters"
    return "self" if has_receiver and at == 0 else str(at - has_receiver)


def _dtype(value: Any) -> str:
    if isinstance(value, (torch.Tensor, np.ndarray, np.generic)):
        return str(value.dtype).removeprefix("torch.")
    return ""


def _asked_dtype(arguments: list[Any], named: dict[str, Any]) -> str:
    for one in [named.get("dtype"), *arguments]:
        if isinstance(one, (torch.dtype, np.dtype)):
            return str(one).removeprefix("torch.")
        if isinstance(one, type) and issubclass(one, np.generic):
            return str(np.dtype(one).name)
    return ""


def _asked_device(arguments: list[Any], named: dict[str, Any]) -> str:
    for one in [named.get("device"), *arguments]:
        if isinstance(one, torch.device):
            return str(one.type)
        if isinstance(one, str) and one in {"meta", "cpu", "cuda"}:
            return one
    return ""


def _shares(result: Any, first: Any) -> bool | None:
    plain = (torch.Tensor, np.ndarray, torch.nn.Module)
    if result is first and isinstance(first, (torch.Tensor, np.ndarray)):
        return True
    if not isinstance(first, plain) or isinstance(result, torch.nn.Module):
        return None
    if not list(_leaves(result)):
        return None
    try:
        return share_memory(copy.copy(result) if isinstance(result, dict) else result, first)
    except (TypeError, RuntimeError, ValueError):
        return None


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, (torch.Tensor, np.ndarray)):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
