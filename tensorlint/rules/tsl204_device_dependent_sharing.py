"""TSL204 device-dependent-sharing."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.finding import Confidence
from tensorlint.flow.events import Event, WriteThrough
from tensorlint.rules.base import Rule, Verdict
from tensorlint.rules.judging import evidence

__all__ = ["DeviceDependentSharing"]


class DeviceDependentSharing(Rule):
    """What `.cpu()` gives is written to, which changes the tensor on the CPU and does not on a GPU.

    What it does
    ------------
    Finds in-place writes to what `.cpu()`, `.to("cpu")`, `.to(device)` or `.numpy(force=True)` gives, where the tensor
    it was made of is still used afterwards or belongs to the caller, and nothing says on which device it is.

    Why is this bad?
    ----------------
    `t.cpu()` is `t` itself where it is on the CPU already, and a copy where it is on a GPU. A write to the result, or
    to its `.numpy()`, therefore changes `t` on one machine and leaves it alone on another: a test on the CPU sees other
    numbers than the training on the GPU, and nothing is raised on either.

    Example
    -------
    The prediction that is returned is cut off as well, on the CPU:

        import torch

        def positive(prediction: torch.Tensor):
            array = prediction.detach().cpu().numpy()
            array[array < 0] = 0
            return array.sum(), prediction

    The tensor of the caller is changed, on the CPU:

        import torch

        def as_image(picture: torch.Tensor):
            return picture.detach().cpu().clamp_(0, 1).mul(255)

    Use instead
    -----------
    Copy on every device:

        import torch

        def positive(prediction: torch.Tensor):
            array = prediction.detach().cpu().numpy().copy()
            array[array < 0] = 0
            return array.sum(), prediction

    Or compute a new tensor:

        import torch

        def as_image(picture: torch.Tensor):
            return picture.detach().cpu().clamp(0, 1).mul(255)

    Known limits
    ------------
    Where the tensor is known to be on the CPU its memory is shared for certain: then the write is `TSL201` or `TSL202`
    where an array and a tensor share it, and between two tensors nothing is said. Where it is known to be on a GPU
    nothing is shared. A write to what has no name, and a write to the caller's tensor in a function that returns
    nothing, are taken as meant.

    Fix safety
    ----------
    Unsafe: the copy (`.copy()` of an array, `.clone()` of a tensor) takes time and memory, and on the CPU the write no
    longer reaches the tensor.

    Observed
    --------
    torch 2.13: `x = torch.ones(3); x.cpu().add_(1)` leaves `x` as `tensor([2., 2., 2.])`, as `x.to("cpu")` and
    `x.numpy(force=True)` do; with `x` on a GPU it stays `tensor([1., 1., 1.])`.
    """

    code = "TSL204"
    name = "device-dependent-sharing"
    events = (WriteThrough,)

    def judge(self, event: Event) -> Iterator[Verdict]:
        from tensorlint.fixes.copies import copy_of_shared  # here: pages need no parser

        assert isinstance(event, WriteThrough)
        if "GPU" not in event.condition:
            return
        other = f"`{event.other_name}`"
        if event.other_name == event.written_name:
            other = f"the tensor that {other} was made of"
        device_alone = all("GPU" in condition for condition in event.condition.split(" or "))
        yield Verdict(
            event.place,
            f"on the CPU this write to `{event.written_name}` also changes {other}, on a GPU it does not",
            Confidence.LIKELY if device_alone else Confidence.POSSIBLE,
            evidence(event, event.sharing, event.seen),
            copy_of_shared(event),
        )
