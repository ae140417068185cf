"""Where results are: calls that worked on the CPU, run again with their tensors on meta and on a GPU.

Without a GPU the simulated one stands in; it moves and reports as CUDA does. ``meta`` is a device that torch itself
keeps apart, so what says ``device = inputs`` is seen without any simulation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch

from tensorlint.observe.simulate_calls import tensors_in
from tensorlint.verify.devices import on, present
from tensorlint.verify.rows.observed import Placed

__all__ = ["moved", "placed", "where"]


def where() -> tuple[str, ...]:
    """The devices that calls are tried on beside the CPU."""
    return ("meta", "cuda" if "cuda" in present() else "simulated-cuda")


def placed(
    call: Callable[..., Any], arguments: Sequence[Any], named: Mapping[str, Any] | None = None, asked: str = ""
) -> Iterator[Placed]:
    """Where the tensors of a result are, for tensors among the arguments on each of :func:`where`.

    :param asked: the device that the call asks for
    """
    given = any(True for _ in tensors_in([*arguments, *(named or {}).values()]))
    for device in where():
        with on(device) as target:
            try:
                result = call(*moved(list(arguments), target), **moved(dict(named or {}), target))
                found = {tensor.device.type for tensor in tensors_in(result)}
            except Exception:  # this device refuses: nothing is said
                continue
        for one in found:
            yield (target.type if given else "", asked, one)


def moved(value: Any, target: torch.device) -> Any:
    """A copy of nested arguments with their tensors on a device, requiring grad as before."""
    if isinstance(value, torch.nn.Parameter):
        parameter = torch.nn.Parameter(value.detach().to(target), value.requires_grad)
        parameter.grad = None if value.grad is None else value.grad.to(target)
        return parameter
    if isinstance(value, torch.Tensor):
        there = value.detach().to(target)
        return there.requires_grad_().clone() if value.requires_grad else there.clone()
    if type(value) in (list, tuple):
        return type(value)(moved(item, target) for item in value)
    if type(value) is dict:
        return {key: moved(item, target) for key, item in value.items()}
    return value
