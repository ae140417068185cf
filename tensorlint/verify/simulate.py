"""Simulated CUDA: a mode in which CPU tensors are tagged as being on a GPU and refuse, copy and report as CUDA does.

Claims and repairs that are about devices can so be run where there is no GPU. Tags belong to storages, not to tensor
objects: views, ``nn.Parameter(t)`` and ``param.data = t`` are on the device of their memory without further ado. A
storage without a tag was made behind the mode's back (a gradient that a hook receives); it mixes with every device.

Not modelled, and refused with :class:`NotSimulated` instead of answered wrongly: sparse tensors and DLPack. Operators
run on the CPU, so nothing is said about speed, streams or the last digit of a sum.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from unittest import mock

import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.overrides import TorchFunctionMode

__all__ = ["CPU", "GPU", "NotSimulated", "SimulatedCuda", "simulated_cuda"]

CPU = torch.device("cpu")
GPU = torch.device("cuda", 0)

_T = torch.Tensor


class NotSimulated(NotImplementedError):
    """The program asks for something that simulated CUDA does not model; nothing can be claimed about it there."""


class SimulatedCuda(TorchFunctionMode):  # type: ignore[misc]  # torch leaves the base class untyped in some versions
    """The mode. One instance serves one run: its tags are forgotten with it."""

    def __init__(self) -> None:
        super().__init__()
        # The weak reference keeps the storage's address from being used again, so a tag never goes to a stranger.
        self._tags: dict[int, tuple[Any, torch.device]] = {}

    def device_of(self, tensor: torch.Tensor) -> torch.device | None:
        """The device that ``tensor`` is taken to be on; None where that is not known."""
        with torch._C.DisableTorchFunction():
            if tensor.layout is not torch.strided:
                return None
            tag = self._tags.get(tensor.untyped_storage()._cdata)
        return tag[1] if tag else None

    def tag(self, value: Any, device: torch.device, *, anew: bool = True) -> Any:
        """Take the tensors in ``value`` to be on ``device`` (with ``anew=False`` only those without a tag)."""
        with torch._C.DisableTorchFunction():
            for tensor in _tensors(value):
                if tensor.layout is not torch.strided:
                    if device.type == "cuda":
                        raise NotSimulated("sparse tensors on simulated CUDA")
                    continue
                storage = tensor.untyped_storage()
                if anew or storage._cdata not in self._tags:
                    self._tags[storage._cdata] = (StorageWeakRef(storage), device)
        return value

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        named = dict(kwargs or {})
        if (special := _SPECIAL.get(func)) is not None:
            return special(self, func, args, named)
        devices = {self.device_of(tensor) for tensor in _tensors((args, named))} - {None}
        if len(devices) > 1 and not self._may_mix(func, args, named):
            raise RuntimeError(
                f"Expected all tensors to be on the same device, but found at least two devices, {GPU} and cpu!"
            )
        source = GPU if GPU in devices else CPU
        target = source
        if named.get("device") is not None:
            target, named["device"] = _target(named["device"])
        result = func(*args, **named)
        if target != source and func in (torch.as_tensor, torch.asarray):
            result = result.clone()  # what moves to a GPU no longer shares memory with what it was made of
        return self.tag(result, target, anew=False)

    def _may_mix(self, func: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]) -> bool:
        """Operators take CPU scalars beside CUDA tensors, CUDA tensors take CPU indices, and copies cross devices."""
        if func in _CROSSING:
            return True
        if func in (_T.__getitem__, _T.__setitem__):
            return bool(self.device_of(args[0]) == GPU)
        return func not in _STRICT and all(
            tensor.dim() == 0 for tensor in _tensors((args, named)) if self.device_of(tensor) == CPU
        )

    def _move(self, tensor: torch.Tensor, target: torch.device, cast: Callable[[torch.Tensor], Any]) -> Any:
        source = self.device_of(tensor)
        moved = cast(tensor)
        if (source or CPU) == target:
            return self.tag(moved, target, anew=False)
        with torch._C.DisableTorchFunction():
            if moved is tensor or moved.untyped_storage()._cdata == tensor.untyped_storage()._cdata:
                moved = moved.clone()
        return self.tag(moved, target)


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (list, tuple, set)):
        for item in value:
            yield from _tensors(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _tensors(item)


def _target(device: Any) -> tuple[torch.device, Any]:
    """The device that ``device`` names, and the one that really is used for it."""
    if isinstance(device, int) and not isinstance(device, bool):
        return GPU, CPU
    named = torch.device(device)
    if named.type != "cuda":
        return (CPU if named.type == "cpu" else named), named
    if named.index not in (None, 0):
        raise RuntimeError("CUDA error: invalid device ordinal")  # there is one simulated GPU
    return GPU, CPU


def _to(mode: SimulatedCuda, func: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    tensor, rest = args[0], list(args[1:])
    target = mode.device_of(tensor) or CPU
    for key in ("device", "other"):
        if isinstance(named.get(key), torch.Tensor):
            target = mode.device_of(named[key]) or CPU
        elif named.get(key) is not None:
            target, named[key] = _target(named[key])
    if rest and isinstance(rest[0], torch.Tensor):
        target = mode.device_of(rest[0]) or CPU
    elif rest and isinstance(rest[0], (str, int, torch.device)):
        target, rest[0] = _target(rest[0])
    return mode._move(tensor, target, lambda t: func(t, *rest, **named))


def _cuda(mode: SimulatedCuda, func: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    device = args[1] if len(args) > 1 else named.get("device")
    target = GPU if device is None else _target(device)[0]
    return mode._move(args[0], target, lambda t: t)


def _cpu(mode: SimulatedCuda, func: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    return mode._move(args[0], CPU, lambda t: func(t, *args[1:], **named))


def _type(mode: SimulatedCuda, func: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    on_gpu = mode.device_of(args[0]) == GPU
    if len(args) == 1 and not named:
        text = func(args[0])
        return text.replace("torch.", "torch.cuda.", 1) if on_gpu else text
    wanted = args[1] if len(args) > 1 else named.get("dtype")
    if isinstance(wanted, str):
        target, wanted = (GPU if ".cuda." in wanted else CPU), wanted.replace(".cuda.", ".")
        return mode._move(args[0], target, lambda t: func(t, wanted))
    return mode.tag(func(*args, **named), GPU if on_gpu else CPU, anew=False)


def _to_numpy(mode: SimulatedCuda, func: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """``.numpy()`` and ``__array__``: torch asks for the device before it asks for the gradient (observed on meta)."""
    tensor = args[0]
    if mode.device_of(tensor) != GPU:
        return func(*args, **named)
    if named.get("force") and func == _T.numpy:
        return tensor.detach().clone().resolve_conj().resolve_neg().numpy()
    raise TypeError(
        f"can't convert {GPU} device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host memory first."
    )


def _pin_memory(mode: SimulatedCuda, func: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    return mode.tag(args[0].clone(), CPU)  # pinned memory is a copy, and still on the CPU


def _backward(mode: SimulatedCuda, func: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    with mode:  # hooks and autograd.Functions run inside: they must meet the simulation too
        return _backward_of(*args, **named)


def _backward_of(
    tensor: torch.Tensor,
    gradient: torch.Tensor | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """``Tensor.backward`` by way of a function that does not ask the mode again."""
    torch.autograd.backward(tensor, gradient, retain_graph, create_graph, inputs=inputs)


def _gradient(mode: SimulatedCuda, func: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    return mode.tag(func(*args), mode.device_of(args[0]) or CPU)


def _refused(mode: SimulatedCuda, func: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    if GPU in {mode.device_of(tensor) for tensor in _tensors(args)}:
        raise NotSimulated(f"{getattr(func, '__name__', func)} on simulated CUDA")
    return func(*args, **named)


_Special = Callable[[SimulatedCuda, Callable[..., Any], tuple[Any, ...], dict[str, Any]], Any]
_SPECIAL: dict[Any, _Special] = {
    _T.to: _to,
    _T.cuda: _cuda,
    _T.cpu: _cpu,
    _T.type: _type,
    _T.numpy: _to_numpy,
    _T.__array__: _to_numpy,
    _T.pin_memory: _pin_memory,
    _T.backward: _backward,
    _T.grad.__get__: _gradient,
    _T.__dlpack__: _refused,
    _T.to_sparse: _refused,
    _T.device.__get__: lambda mode, func, args, named: mode.device_of(args[0]) or func(*args),
    _T.is_cuda.__get__: lambda mode, func, args, named: mode.device_of(args[0]) == GPU,
    _T.is_cpu.__get__: lambda mode, func, args, named: mode.device_of(args[0]) != GPU,
    _T.get_device: lambda mode, func, args, named: 0 if mode.device_of(args[0]) == GPU else func(*args),
}
_CROSSING = frozenset({_T.copy_, _T.data.__set__, _T.type_as, _T.set_, torch._has_compatible_shallow_copy_type})
_STRICT = frozenset({torch.cat, torch.stack, torch.hstack, torch.vstack, torch.equal, torch.matmul, _T.matmul})


@contextlib.contextmanager
def simulated_cuda() -> Iterator[SimulatedCuda]:
    """Run a block as if the machine had one GPU, ``cuda:0``.

    What torch cannot route through a mode (``torch.from_numpy``, ``torch.load``, ``torch.cuda``'s questions about the
    machine) is replaced in the ``torch`` module for the time of the block: import the program inside it.
    """
    mode = SimulatedCuda()
    from_numpy, load = torch.from_numpy, torch.load

    def tagged_from_numpy(array: Any) -> torch.Tensor:
        tensor: torch.Tensor = mode.tag(from_numpy(array), CPU)
        return tensor

    def tagged_load(file: Any, map_location: Any = None, **named: Any) -> Any:
        if map_location is None or callable(map_location) or isinstance(map_location, dict):
            return load(file, map_location, **named)
        target, real = _target(map_location)
        return mode.tag(load(file, real, **named), target)

    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.object(torch, "from_numpy", tagged_from_numpy))
        stack.enter_context(mock.patch.object(torch, "load", tagged_load))
        for module, answers in _ANSWERS.items():
            for name, answer in answers.items():
                replacement = _for_programs(answer, getattr(module, name))
                stack.enter_context(mock.patch.object(module, name, replacement))
        stack.enter_context(mode)
        yield mode


def _for_programs(answer: Any, truth: Callable[..., Any]) -> Callable[..., Any]:
    """A function that gives ``answer``, except to torch's own code, which acts on what it is told."""

    def ask(*args: Any, **named: Any) -> Any:
        asker = str(sys._getframe(1).f_globals.get("__name__"))
        return truth(*args, **named) if asker.partition(".")[0] == "torch" else answer

    return ask


_ANSWERS: dict[Any, dict[str, Any]] = {
    torch.cuda: {
        "is_available": True,
        "device_count": 1,
        "current_device": 0,
        "get_device_name": "simulated",
        "set_device": None,
        "synchronize": None,
        "empty_cache": None,
        "manual_seed": None,
        "manual_seed_all": None,
    }
}
if hasattr(torch, "accelerator"):  # torch >= 2.6
    _ANSWERS[torch.accelerator] = {
        "is_available": True,
        "current_accelerator": torch.device("cuda"),
        "synchronize": None,
    }
