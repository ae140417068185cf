"""The calls that a simulated device answers itself: moves, conversions, questions about the device."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

import torch

from tensorlint.observe.intercept import Handler
from tensorlint.observe.simulate_devices import Device, NotSimulated

__all__ = ["ACTIVE", "CPU", "CROSSING", "SPECIAL", "STRICT", "taken_to_be_on", "target_of", "tensors_in"]

CPU = torch.device("cpu")

_T = torch.Tensor


class Mode(Protocol):
    """What the calls need of the mode that they run in."""

    @property
    def device(self) -> Device: ...
    def device_of(self, tensor: torch.Tensor) -> torch.device | None: ...
    def tag(self, value: Any, device: torch.device, *, anew: bool = True) -> Any: ...
    def telling(self, calls: Mapping[Any, str], handler: Handler) -> AbstractContextManager[None]: ...
    def move(self, tensor: torch.Tensor, target: torch.device, cast: Callable[[torch.Tensor], Any]) -> Any: ...
    def __enter__(self) -> Any: ...
    def __exit__(self, *error: Any) -> Any: ...


ACTIVE: list[Mode] = []
"""The simulations that are going on, the innermost last."""


def taken_to_be_on(tensor: torch.Tensor) -> torch.device:
    """The device that a tensor is on, or is taken to be on."""
    return (ACTIVE[-1].device_of(tensor) if ACTIVE else None) or tensor.device


def tensors_in(value: Any) -> Iterator[torch.Tensor]:
    """The tensors in nested lists, tuples, sets and dicts."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (list, tuple, set)):
        for item in value:
            yield from tensors_in(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from tensors_in(item)


def target_of(mode: Mode, device: Any) -> tuple[torch.device, Any]:
    """The device that ``device`` names, and the one that really is used for it.

    :raises AssertionError: if the simulated machine has no such device
    """
    gpu = mode.device.place
    if isinstance(device, int) and not isinstance(device, bool):
        return gpu, CPU
    named = torch.device(device)
    if named.type in mode.device.missing:
        raise AssertionError(mode.device.missing[named.type])
    if named.type != gpu.type:
        return (CPU if named.type == "cpu" else named), named
    mode.device.index(named.index)
    return gpu, CPU


def _to(mode: Mode, func: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    tensor, rest = args[0], list(args[1:])
    target = mode.device_of(tensor) or CPU
    for key in ("device", "other"):
        if isinstance(named.get(key), torch.Tensor):
            target = mode.device_of(named[key]) or CPU
        elif named.get(key) is not None:
            target, named[key] = target_of(mode, named[key])
    if rest and isinstance(rest[0], torch.Tensor):
        target = mode.device_of(rest[0]) or CPU
    elif rest and isinstance(rest[0], (str, int, torch.device)):
        target, rest[0] = target_of(mode, rest[0])
    return mode.move(tensor, target, lambda t: func(t, *rest, **named))


def _cuda(mode: Mode, func: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    device = args[1] if len(args) > 1 else named.get("device")
    return mode.move(args[0], target_of(mode, "cuda" if device is None else device)[0], lambda t: t)


def _cpu(mode: Mode, func: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    return mode.move(args[0], CPU, lambda t: func(t, *args[1:], **named))


def _type(mode: Mode, func: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    gpu = mode.device.place
    on_gpu, infix = mode.device_of(args[0]) == gpu, f".{gpu.type}."
    if len(args) == 1 and not named:
        text = func(args[0])
        return text.replace(".", infix, 1) if on_gpu else text
    wanted = args[1] if len(args) > 1 else named.get("dtype")
    if isinstance(wanted, str):
        target, wanted = (gpu if infix in wanted else CPU), wanted.replace(infix, ".")
        return mode.move(args[0], target, lambda t: func(t, wanted))
    return mode.tag(func(*args, **named), gpu if on_gpu else CPU, anew=False)


def _to_numpy(mode: Mode, func: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """``.numpy()`` and ``__array__``: torch asks for the device before it asks for the gradient (observed on meta)."""
    tensor = args[0]
    if not _is_there(mode, tensor):
        return func(*args, **named)
    if named.get("force") and func == _T.numpy:
        return tensor.detach().clone().resolve_conj().resolve_neg().numpy()
    raise TypeError(
        f"can't convert {mode.device.place} device type tensor to numpy. "
        "Use Tensor.cpu() to copy the tensor to host memory first."
    )


def _is_there(mode: Mode, tensor: torch.Tensor) -> bool:
    return bool(mode.device_of(tensor) == mode.device.place)


def _pin_memory(mode: Mode, func: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    return mode.tag(args[0].clone(), CPU)  # pinned memory is a copy, and still on the CPU


def _register_hook(mode: Mode, func: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """Autograd calls hooks outside of every mode: they are led back into this one."""
    tensor, hook = args

    def inside(gradient: torch.Tensor) -> Any:
        mode.tag(gradient, mode.device_of(tensor) or CPU, anew=False)
        with mode:
            return hook(gradient)

    return func(tensor, inside)


def _gradient(mode: Mode, func: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    return mode.tag(func(*args), mode.device_of(args[0]) or CPU)


def _refused(mode: Mode, func: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    if any(_is_there(mode, tensor) for tensor in tensors_in(args)):
        raise NotSimulated(f"{getattr(func, '__name__', func)} on simulated {mode.device.title}")
    return func(*args, **named)


_Special = Callable[[Mode, Callable[..., Any], tuple[Any, ...], dict[str, Any]], Any]
SPECIAL: dict[Any, _Special] = {
    _T.to: _to,
    _T.cuda: _cuda,
    _T.cpu: _cpu,
    _T.type: _type,
    _T.numpy: _to_numpy,
    _T.__array__: _to_numpy,
    _T.pin_memory: _pin_memory,
    _T.register_hook: _register_hook,
    _T.grad.__get__: _gradient,
    _T.__dlpack__: _refused,
    _T.to_sparse: _refused,
    _T.device.__get__: lambda mode, func, args, named: mode.device_of(args[0]) or func(*args),
    _T.is_cuda.__get__: lambda mode, func, args, named: mode.device.type == "cuda" and _is_there(mode, args[0]),
    _T.is_mps.__get__: lambda mode, func, args, named: mode.device.type == "mps" and _is_there(mode, args[0]),
    _T.is_cpu.__get__: lambda mode, func, args, named: not _is_there(mode, args[0]),
    _T.get_device: lambda mode, func, args, named: 0 if _is_there(mode, args[0]) else func(*args),
}
CROSSING = frozenset({_T.copy_, _T.data.__set__, _T.type_as, _T.set_, torch._has_compatible_shallow_copy_type})
STRICT = frozenset({torch.cat, torch.stack, torch.hstack, torch.vstack, torch.equal, torch.matmul, _T.matmul})
