"""A simulated GPU: a mode in which CPU tensors are tagged as being there and refuse, copy and report as they do there.

Claims and repairs that are about devices can so be run where there is no GPU. Tags belong to storages, not to tensor
objects: views, ``nn.Parameter(t)`` and ``param.data = t`` are on the device of their memory without further ado. A
storage without a tag was made behind the mode's back; it mixes with every device.

Not modelled, and refused with :class:`NotSimulated` instead of answered wrongly: sparse tensors and DLPack. Not seen at
all: the inside of an ``autograd.Function``'s ``backward``, which torch runs outside of every mode. Operators run on the
CPU, so nothing is said about speed, streams, the last digit of a sum, or operators that the device lacks.
"""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FrameType
from typing import Any
from unittest import mock

import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.overrides import TorchFunctionMode
from torch.utils._device import _device_constructors
from torch.utils._python_dispatch import TorchDispatchMode

from tensorlint.observe.intercept import Handler, standing_in
from tensorlint.observe.simulate_calls import (
    ACTIVE,
    CPU,
    CROSSING,
    SPECIAL,
    STRICT,
    target_of,
    tensors_in,
)
from tensorlint.observe.simulate_devices import DEVICES, Device, NotSimulated

__all__ = ["CPU", "NotSimulated", "Simulation", "simulated"]

_T = torch.Tensor
_FEW = 4096


class Simulation(TorchFunctionMode):  # type: ignore[misc]  # torch leaves the base class untyped in some versions
    """The mode. One instance serves one run: its tags are forgotten with it."""

    def __init__(self, device: Device) -> None:
        super().__init__()
        self.device = device
        # The weak reference keeps the storage's address from being used again, so a tag never goes to a stranger.
        self._tags: dict[int, tuple[Any, torch.device]] = {}
        self._sweep_at = _FEW
        self._told: dict[Any, tuple[str, Handler]] = {}
        self.names_lines = False
        """Whether torch's warnings name the line that calls it; fixtures claim them of real devices alone."""
        self.default = CPU
        """Where factories put what they make."""

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
            for tensor in tensors_in(value):
                if tensor.layout is not torch.strided:
                    if device == self.device.place:
                        raise NotSimulated(f"sparse tensors on simulated {self.device.title}")
                    continue
                storage = tensor.untyped_storage()
                if anew or storage._cdata not in self._tags:
                    if device == self.device.place:
                        self.device.check(tensor)
                    self._tags[storage._cdata] = (StorageWeakRef(storage), device)
        if len(self._tags) >= self._sweep_at:
            self._sweep()
        return value

    def _sweep(self) -> None:
        """Forget the storages that are no more, so that a long run takes no more memory than a short one."""
        self._tags = {key: tag for key, tag in list(self._tags.items()) if not tag[0].expired()}
        self._sweep_at = max(_FEW, 2 * len(self._tags))

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        frame, named = sys._getframe(1), dict(kwargs or {})
        if (told := self._told.get(func)) is None:
            return self._answer(func, frame, args, named)
        name, handler = told
        return handler(name, lambda *given, **keys: self._answer(func, frame, given, keys), frame, args, named)

    def _answer(self, func: Callable[..., Any], frame: FrameType, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        if (special := SPECIAL.get(func)) is not None:
            return special(self, func, args, named)
        gpu = self.device.place
        devices = {self.device_of(tensor) for tensor in tensors_in((args, named))} - {None}
        if len(devices) > 1 and not self._may_mix(func, args, named):
            raise RuntimeError(
                f"Expected all tensors to be on the same device, but found at least two devices, {gpu} and cpu!"
            )
        source = gpu if gpu in devices else CPU
        target = source
        if named.get("device") is not None:
            target, named["device"] = target_of(self, named["device"])
        elif self.default == gpu and func in _device_constructors():
            target = gpu
        result = standing_in(frame)(func, args, named) if self.names_lines else func(*args, **named)
        if target != source and func in (torch.as_tensor, torch.asarray):
            result = result.clone()  # what moves to a GPU no longer shares memory with what it was made of
        return self.tag(result, target, anew=False)

    def _may_mix(self, func: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]) -> bool:
        """Operators take CPU scalars beside GPU tensors, GPU tensors take CPU indices, and copies cross devices."""
        if func in CROSSING:
            return True
        if func in (_T.__getitem__, _T.__setitem__):
            return bool(self.device_of(args[0]) == self.device.place)
        return func not in STRICT and all(
            tensor.dim() == 0 for tensor in tensors_in((args, named)) if self.device_of(tensor) == CPU
        )

    @contextlib.contextmanager
    def telling(self, calls: Mapping[Any, str], handler: Handler) -> Iterator[None]:
        """Leave calls of some functions, by their names in a recording, to a handler."""
        before = self._told
        self._told = {**before, **{func: (name, handler) for func, name in calls.items()}}
        try:
            yield
        finally:
            self._told = before

    def move(self, tensor: torch.Tensor, target: torch.device, cast: Callable[[torch.Tensor], Any]) -> Any:
        """``cast(tensor)``, and a copy of it on ``target`` if that is another device than the tensor's."""
        source = self.device_of(tensor)
        moved = cast(tensor)
        if (source or CPU) == target:
            return self.tag(moved, target, anew=False)
        with torch._C.DisableTorchFunction():
            if moved is tensor or moved.untyped_storage()._cdata == tensor.untyped_storage()._cdata:
                moved = moved.clone()
        return self.tag(moved, target)


@contextlib.contextmanager
def simulated(device: str = "cuda") -> Iterator[Simulation]:
    """Run a block as if the machine had one GPU: of the type "cuda", or "mps".

    What torch cannot route through a mode (``torch.from_numpy``, ``torch.load``, ``torch.cuda``'s questions about the
    machine) is replaced in the ``torch`` module for the time of the block: import the program inside it.
    """
    mode = Simulation(DEVICES[device])
    from_numpy, load = torch.from_numpy, torch.load

    def tagged_from_numpy(array: Any) -> torch.Tensor:
        tensor: torch.Tensor = mode.tag(standing_in(sys._getframe(1))(from_numpy, (array,), {}), CPU)
        return tensor

    def tagged_load(file: Any, map_location: Any = None, **named: Any) -> Any:
        if map_location is None or callable(map_location) or isinstance(map_location, dict):
            return load(file, map_location, **named)
        target, real = target_of(mode, map_location)
        return mode.tag(load(file, real, **named), target)

    def set_default_device(device: Any) -> None:
        mode.default, real = target_of(mode, "cpu" if device is None else device)
        truth(None if device is None else real)

    truth = torch.set_default_device
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.object(torch, "set_default_device", set_default_device))
        if hasattr(torch, "get_default_device"):  # torch >= 2.3
            stack.enter_context(mock.patch.object(torch, "get_default_device", lambda: mode.default))
        stack.enter_context(mock.patch.object(torch, "from_numpy", tagged_from_numpy))
        stack.enter_context(mock.patch.object(torch, "load", tagged_load))
        cudnn = torch.backends.cudnn  # a torch that is made for CUDA would hand recurrent layers to it
        stack.enter_context(mock.patch.object(cudnn, "is_acceptable", lambda *_, **__: False))
        if not _sees_indexing():
            stack.enter_context(_Indexing(mode))
        for module, answers in mode.device.answers.items():
            for name, answer in answers.items():
                if not hasattr(module, name):  # an older torch
                    continue
                replacement = _for_programs(answer, getattr(module, name))
                stack.enter_context(mock.patch.object(module, name, replacement))
        stack.enter_context(mode)
        ACTIVE.append(mode)
        stack.callback(ACTIVE.remove, mode)
        yield mode


class _Probe(TorchFunctionMode):  # type: ignore[misc]
    asked = False

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.asked = True
        return func(*args, **(kwargs or {}))


@functools.cache
def _sees_indexing() -> bool:
    """Whether this torch asks a mode about ``tensor[index]`` (2.1 does not)."""
    tensor = torch.zeros(1)
    with _Probe() as probe:
        tensor[0]
    return bool(probe.asked)


class _Indexing(TorchDispatchMode):  # type: ignore[misc]
    """Takes what indices pick to be where it was picked from, below a mode that is not asked about it."""

    def __init__(self, mode: Simulation) -> None:
        super().__init__()
        self._mode = mode

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        with torch._C.DisableTorchFunction():
            result = func(*args, **(kwargs or {}))
        if func is torch.ops.aten.index.Tensor:
            self._mode.tag(result, self._mode.device_of(args[0]) or CPU, anew=False)
        return result


def _for_programs(answer: Any, truth: Callable[..., Any]) -> Callable[..., Any]:
    """A function that gives ``answer``, except to torch's own code, which acts on what it is told."""

    @functools.wraps(truth)
    def ask(*args: Any, **named: Any) -> Any:
        asker = str(sys._getframe(1).f_globals.get("__name__"))
        return truth(*args, **named) if asker.partition(".")[0] == "torch" else answer

    return ask
