"""The devices that can be simulated, and what differs between them: a table.

What is said of MPS is what torch's sources and its users say; it was never run beside the device itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

__all__ = ["DEVICES", "Device", "NotSimulated"]


class NotSimulated(NotImplementedError):
    """The program asks for something that the simulation does not model; nothing can be claimed about it there."""


@dataclass(frozen=True, slots=True)
class Device:
    """A device to simulate."""

    place: torch.device
    """What a tensor that is there calls its device."""
    title: str
    answers: Mapping[Any, Mapping[str, Any]]
    """By module of torch's: functions, and what they answer."""
    unknown: Mapping[Any, Sequence[str]]
    """By module of torch's: functions whose answers would be made up."""
    refused: Mapping[torch.dtype, str]
    """Dtypes that cannot be there, and the texts of the TypeErrors that say so."""
    missing: Mapping[str, str]
    """Types of devices that a machine with this one has not, and the texts of the AssertionErrors that say so."""

    out_of_range: str
    """What is said of an index other than 0; empty where that is not known."""

    @property
    def type(self) -> str:
        return str(self.place.type)

    def index(self, index: int | None) -> None:
        """:raises RuntimeError: if there is no such device; there is one, and its index is 0"""
        if index not in (None, 0):
            raise RuntimeError(self.out_of_range) if self.out_of_range else NotSimulated(f"{self.type}:{index}")

    def check(self, tensor: torch.Tensor) -> None:
        """:raises TypeError: if such a tensor cannot be there"""
        if (text := self.refused.get(tensor.dtype)) is not None:
            raise TypeError(text)


def _accelerator(type_: str) -> dict[Any, dict[str, Any]]:
    if not hasattr(torch, "accelerator"):  # torch >= 2.6
        return {}
    answers = {
        "is_available": True,
        "device_count": 1,
        "current_accelerator": torch.device(type_),
        "current_device_index": 0,
        "synchronize": None,
    }
    return {torch.accelerator: answers}


DEVICES: Mapping[str, Device] = {
    "cuda": Device(
        place=torch.device("cuda", 0),
        title="CUDA",
        answers={
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
            },
            torch.backends.mps: {"is_available": False},
            **_accelerator("cuda"),
        },
        unknown={
            torch.cuda: (
                "current_stream",
                "default_stream",
                "get_device_capability",
                "get_device_properties",
                "mem_get_info",
                "stream",
            )
        },
        refused={},
        missing={},
        out_of_range="CUDA error: invalid device ordinal",
    ),
    "mps": Device(
        place=torch.device("mps", 0),
        title="MPS",
        answers={
            torch.backends.mps: {"is_available": True, "is_built": True},
            torch.mps: {
                "is_available": True,
                "device_count": 1,
                "synchronize": None,
                "empty_cache": None,
                "manual_seed": None,
                "seed": None,
                "set_per_process_memory_fraction": None,
            },
            torch.cuda: {"is_available": False, "device_count": 0},
            **_accelerator("mps"),
        },
        unknown={
            torch.backends.mps: ("get_core_count", "get_name", "is_macos13_or_newer", "is_macos_or_newer"),
            torch.mps: (
                "compile_shader",
                "current_allocated_memory",
                "driver_allocated_memory",
                "get_rng_state",
                "load_metallib",
                "recommended_max_memory",
                "set_rng_state",
            ),
        },
        refused={
            torch.float64: (
                "Cannot convert a MPS Tensor to float64 dtype as the MPS framework doesn't support float64. "
                "Please use float32 instead."
            ),
            torch.complex128: (
                "Trying to convert ComplexDouble to the MPS backend but it does not have support for that dtype."
            ),
        },
        missing={"cuda": "Torch not compiled with CUDA enabled"},
        out_of_range="",
    ),
}
"""By their types."""
