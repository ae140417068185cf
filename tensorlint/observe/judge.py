"""What of a recording is which rule's business. Needs no torch.

A watch says which calls a rule's findings are about, and which of the cases of these calls are what the rule warns of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tensorlint.observe.hazards import STALE
from tensorlint.observe.recording import Case, Sighting

__all__ = ["TO_NUMPY", "TO_TORCH", "WATCHES", "Watch"]

TO_NUMPY = frozenset({"Tensor.numpy", "Tensor.__array__", "Tensor.__dlpack__"})
_INDEXING = frozenset({"Tensor.__getitem__", "Tensor.__setitem__"})
TO_TORCH = _INDEXING | {
    "torch.from_numpy",
    "torch.as_tensor",
    "torch.asarray",
    "torch.tensor",
    "torch.from_dlpack",
    "torch.Tensor",
}
"""Calls that make arrays of tensors, and tensors of arrays."""
_WARNS = frozenset({"torch.as_tensor", "torch.Tensor", *_INDEXING})
"""These warn of an array that is not writable even if they copy it."""
_GPUS = ("cuda", "mps")


@dataclass(frozen=True, slots=True)
class Watch:
    """How a rule's findings show at run time."""

    calls: frozenset[str]
    happened: Callable[[Case], str]
    """What a case did that the rule warns of; empty if it did not."""
    gpu: bool = False
    """Only a run on a GPU can tell."""
    hazard: str = ""
    """The kind of hazard that it warns of instead; that none was seen proves nothing."""
    clears: bool = True
    """That it did not happen in these calls tells that the finding is wrong; else it may happen in others."""

    @property
    def indices(self) -> bool:
        """Whether its findings may name a `tensor[array]`, which is recorded on a simulated device only."""
        return not self.calls.isdisjoint(_INDEXING)

    def is_about(self, sighting: Sighting) -> bool:
        """Whether one of the calls was made there, or what it warns of happened."""
        made = any(case.call in self.calls for case in sighting.cases)
        return made or any(hazard.kind == self.hazard for hazard in sighting.hazards)

    def counts(self, sightings: Iterable[Sighting]) -> tuple[int, dict[str, int]]:
        """How many of the calls were made, and how often which of them did what the rule warns of."""
        made, happened = 0, dict[str, int]()
        for one in sightings:
            for case, tally in one.cases.items():
                if case.call in self.calls:
                    made += tally.count
                    if text := self.happened(case):
                        happened[text] = happened.get(text, 0) + tally.count
            for hazard, count in one.hazards.items():
                if hazard.kind == self.hazard:
                    happened[hazard.detail] = happened.get(hazard.detail, 0) + count
        return made, happened


def _raised(*words: str, on_gpu: bool = False) -> Callable[[Case], str]:
    def happened(case: Case) -> str:
        if on_gpu and not case.device.startswith(_GPUS):
            return ""
        return f"raised {case.outcome}" if any(word in case.outcome for word in words) else ""

    return happened


def _bits(case: Case) -> str:
    return f"raised {case.outcome}" if case.outcome and (case.conj or case.neg) and "bit set" in case.outcome else ""


def _layout(case: Case) -> str:
    return f"raised {case.outcome}" if case.outcome and case.layout else ""


def _read_only(case: Case) -> str:
    if case.writeable or case.outcome or not (case.shares or case.call in _WARNS):  # a copy is silent
        return ""
    shared = ", and shares its memory" if case.shares else ""
    return f"was given an array that is not writable{shared}"


def _list_of_arrays(case: Case) -> str:
    return "read a list of arrays, element by element" if case.given == "list of ndarray" and not case.outcome else ""


def _of_tensor(case: Case) -> str:
    return "was given a tensor" if case.given == "Tensor" else ""


def _legacy(case: Case) -> str:
    return f"was given an array of {case.dtype}" if case.given == "ndarray" and not case.outcome else ""


_MADE = frozenset({"torch.tensor", "torch.as_tensor"})

WATCHES: dict[str, Watch] = {
    "TSL101": Watch(TO_NUMPY, _raised("on Tensor that requires grad", "tensors that require gradient")),
    "TSL102": Watch(TO_NUMPY, _raised("device type tensor to numpy", on_gpu=True), gpu=True),
    "TSL103": Watch(TO_NUMPY, _bits),
    "TSL104": Watch(TO_NUMPY, _raised("unsupported ScalarType")),
    "TSL105": Watch(TO_NUMPY, _layout),
    "TSL203": Watch(
        frozenset({"Module.state_dict", "Tensor.numpy", "Tensor.__array__"}), lambda case: "", hazard=STALE
    ),
    "TSL207": Watch(TO_TORCH, _read_only),
    "TSL301": Watch(TO_TORCH, _raised("At least one stride", "negative strides")),
    "TSL302": Watch(TO_TORCH, _raised("can't convert np.ndarray of type", "byte order")),
    "TSL303": Watch(frozenset({"torch.from_numpy"}), _raised("expected np.ndarray")),
    "TSL304": Watch(_MADE | {"Tensor.to", "torch.asarray"}, _raised("doesn't support float64"), clears=False),
    "TSL305": Watch(frozenset({"torch.Tensor"}), _legacy),
    "TSL306": Watch(_MADE, _list_of_arrays),
    "TSL307": Watch(frozenset({"torch.tensor"}), _of_tensor),
}
"""By the rules' codes. What the others find leaves no trace in a recording."""
