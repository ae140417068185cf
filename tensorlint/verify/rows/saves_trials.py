"""Finds out whose memory torch's operations keep for the backward, by writing to it behind autograd's back.

The operation runs on inputs that require grad; then NumPy writes to the memory of one input or result, which no version
counter notices; then the gradient is computed. Where it differs from the right one, the operation has saved that memory
itself, and not a copy. Several inputs are tried, with several writes each, so that a saved sign or mask shows too.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from tensorlint.verify.rows import module_trials, tensor_trials
from tensorlint.verify.rows.resolving import resolve
from tensorlint.verify.rows.tensor_menu import MENU

__all__ = ["candidates", "observe"]

Make = Callable[[], "Sequence[Any]"]
Run = Callable[..., Any]


def candidates() -> Iterator[str]:
    """The functions, Tensor methods and module classes that the trials can say something about."""
    yield from tensor_trials.candidates()
    yield from module_trials.names()


def observe(name: str, bases: slice = slice(None)) -> frozenset[str] | None:
    """What is saved, as ``GRADIENT:MEMORY`` (see ``Row.saves``); None where no gradient could be computed.

    :param bases: which of the first inputs to try
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = _module(name) if name.startswith("torch.nn.") and name.count(".") == 2 else _function(name, bases)
        several = list(found)
        return frozenset().union(*several) if several else None


def _function(name: str, bases: slice) -> Iterator[set[str]]:
    function = resolve(name)
    if function is None:
        return
    method = name.startswith("torch.Tensor.")
    for base in _first_tensors()[bases]:
        for inputs in MENU:

            def make(inputs: Any = inputs, base: torch.Tensor = base) -> Sequence[Any]:
                arguments: Sequence[Any] = inputs(base.clone())
                return arguments

            words = ["self", *"0123456789"] if method else [*"0123456789"]
            seen = _Trial(function, make, words, in_place=name.endswith("_")).saved()
            if seen is not None:
                yield seen


def _module(name: str) -> Iterator[set[str]]:
    module = module_trials.made(name)
    if module is None:
        return
    module = module.double()
    for base in _module_inputs():
        for others in _MODULE_ARGUMENTS:
            make = _module_arguments(base, others)
            seen = _Trial(module, make, [*"0123456789"], list(module.parameters())).saved()
            if seen is not None:
                yield seen


def _module_arguments(base: torch.Tensor, others: Callable[[torch.Tensor], tuple[Any, ...]]) -> Make:
    return lambda: (base.clone(), *others(base))


class _Trial:
    """One operation on one list of arguments."""

    def __init__(
        self,
        run: Run,
        make: Make,
        words: Sequence[str],
        parameters: Sequence[torch.Tensor] = (),
        in_place: bool = False,
    ) -> None:
        self.run = run
        self.make = make
        self.words = words
        """What the arguments are called, by position."""
        self.parameters = parameters
        self.in_place = in_place
        """The operation writes to its arguments by its name; otherwise such a call is another operation."""

    def saved(self) -> set[str] | None:
        """What is saved; None if the operation does not take these arguments, or gives nothing that requires grad."""
        try:
            right, memories = self._gradients()
        except Exception:  # what does not fit the operation says nothing
            return None
        found: set[str] = set()
        for memory in memories if right else ():
            for change in _CHANGES:
                try:
                    gradients, _ = self._gradients(memory, change)
                except Exception:  # a write that leads out of bounds tells as much as another gradient
                    continue
                pairs = zip(right.items(), gradients.values(), strict=True)
                found |= {f"{word}:{memory}" for (word, one), other in pairs if not _same(one, other)}
        return found if right else None

    def _gradients(
        self, memory: str = "", change: Callable[[Any], Any] | None = None
    ) -> tuple[dict[str, list[torch.Tensor | None]], list[str]]:
        """The gradient of each argument, after a write to one memory; and the memories that there are."""
        torch.manual_seed(0)
        leaves: dict[str, list[torch.Tensor]] = {}
        memories: dict[str, list[torch.Tensor]] = {}
        arguments = []
        for word, argument in zip(self.words, self.make(), strict=False):
            parts = [_given(part) for part in (argument if isinstance(argument, list) else [argument])]
            arguments.append([given for _, given in parts] if isinstance(argument, list) else parts[0][1])
            tensors = [given for _, given in parts if isinstance(given, torch.Tensor)]
            if tensors:
                memories[word] = tensors
            if any(leaf is not None for leaf, _ in parts):
                leaves[word] = [leaf for leaf, _ in parts if leaf is not None]
        if self.parameters:
            memories["parameters"] = leaves["parameters"] = list(self.parameters)
        versions = [tensor._version for tensors in memories.values() for tensor in tensors]
        results = _tensors(self.run(*arguments))
        if not self.in_place and versions != [tensor._version for some in memories.values() for tensor in some]:
            return {}, []
        taken = {tensor.untyped_storage().data_ptr() for tensors in memories.values() for tensor in tensors}
        for at, result in enumerate(results):
            if result.untyped_storage().data_ptr() not in taken:
                memories["result" if len(results) == 1 else f"result{at}"] = [result]
        outputs = [result for result in results if result.requires_grad]
        if not outputs or not leaves:
            return {}, []
        before = _write(memories[memory], change) if change is not None else []
        try:
            flat = [leaf for some in leaves.values() for leaf in some]
            weights = [_weights(output) for output in outputs]
            gradients = iter(torch.autograd.grad(outputs, flat, weights, allow_unused=True))
        finally:
            for tensor, old in zip(memories.get(memory, ()), before, strict=False):
                _array(tensor)[...] = old  # parameters are used again
        return {word: [next(gradients) for _ in some] for word, some in leaves.items()}, list(memories)


def _given(argument: Any) -> tuple[torch.Tensor | None, Any]:
    """A leaf and the tensor of its own memory that is given to the operation; any other argument as it is."""
    if not isinstance(argument, torch.Tensor):
        return None, argument
    if not (argument.is_floating_point() or argument.is_complex()):
        return None, argument.clone()
    leaf = argument.detach().clone().requires_grad_()
    return leaf, leaf.clone()


def _write(tensors: Sequence[torch.Tensor], change: Callable[[Any], Any]) -> list[Any]:
    before = [_array(tensor).copy() for tensor in tensors]
    for tensor, old in zip(tensors, before, strict=True):
        if old.dtype.kind in "fc":
            new = change(old)
        else:
            new = ~old if old.dtype.kind == "b" else old.max(initial=0) - old if change is _CHANGES[0] else old * 0
        _array(tensor)[...] = new
    return before


def _array(tensor: torch.Tensor) -> Any:
    return tensor.detach().resolve_conj().resolve_neg().numpy()


def _values(gradient: torch.Tensor) -> Any:
    return gradient.detach().to_dense().numpy(force=True)


_CHANGES: tuple[Callable[[Any], Any], ...] = (lambda a: -a, lambda a: a * 0, lambda a: a + 0.37)


def _weights(result: torch.Tensor) -> torch.Tensor:
    """What the gradient of the result is: no two elements the same."""
    return (
        torch.linspace(0.5, 1.5, max(result.numel(), 1), dtype=torch.float64)[: result.numel()]
        .reshape(result.shape)
        .to(result.dtype)
    )


def _same(first: Sequence[torch.Tensor | None], second: Sequence[torch.Tensor | None]) -> bool:
    return all(
        (one is None) == (other is None)
        and (one is None or other is None or np.allclose(_values(one), _values(other), 1e-6, 1e-9, equal_nan=True))
        for one, other in zip(first, second, strict=True)
    )


def _tensors(result: Any) -> list[torch.Tensor]:
    if isinstance(result, torch.Tensor):
        return [result]
    if isinstance(result, (tuple, list)):
        return [tensor for item in result for tensor in _tensors(item)]
    return []


@lru_cache(maxsize=1)
def _first_tensors() -> tuple[torch.Tensor, ...]:
    """Within (0, 1) and positive definite; of both signs; above 1; several dimensions; complex."""
    square = (0.3 * torch.ones(4, 4) + 0.5 * torch.eye(4) + 0.01 * torch.arange(16.0).reshape(4, 4)).double()
    signed = torch.linspace(-1.3, 1.4, 16).double().reshape(4, 4)[:, [2, 0, 3, 1]]
    stack = torch.stack([square, signed.flip(0), signed, square - 0.4])
    return (
        square,
        signed,
        square + 1,
        signed[0].clone(),
        stack,
        stack[None],
        square.to(torch.complex128),
        torch.tensor(0.5).double(),
    )


def _module_inputs() -> tuple[torch.Tensor, ...]:
    signed = torch.linspace(-1.3, 1.4, 16).double().reshape(4, 4)[:, [2, 0, 3, 1]]
    four = torch.linspace(-2, 2, 512).double()[torch.randperm(512, generator=torch.Generator().manual_seed(0))]
    return (
        signed,
        torch.sigmoid(signed),
        signed[None],
        four[:64].reshape(4, 4, 4),
        four[:128].reshape(2, 2, 4, 8),
        four[:256].reshape(2, 4, 4, 8),
        four.reshape(2, 4, 4, 4, 4),
        torch.tensor([[0, 1, 2, 3], [3, 2, 1, 1]]),
        four[:256].reshape(1, 4, 4, 4, 4),
    )


_MODULE_ARGUMENTS: tuple[Callable[[torch.Tensor], tuple[Any, ...]], ...] = (
    lambda x: (),
    lambda x: (torch.sigmoid(x.flip(0)),),
    lambda x: (torch.arange(x.shape[0]) % 3,),
    lambda x: (torch.ones(x.shape[0]).double(),),
    lambda x: (x.flip(0), torch.ones(x.shape[0]).double()),
    lambda x: (x.flip(0), x.flip(-1)),
    lambda x: (x.flip(0), x * x + 0.1),
)
"""What a module is given beside its input: nothing, a target, a target and a weight, three tensors."""
