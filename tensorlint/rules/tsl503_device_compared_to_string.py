"""TSL503 device-compared-to-string."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.finding import Confidence
from tensorlint.flow.events import Comparison, Event
from tensorlint.flow.facts import Truth
from tensorlint.rules.base import Rule, Verdict
from tensorlint.rules.judging import evidence

__all__ = ["DeviceComparedToString"]

_OUTCOMES = {"==": "False", "in": "False", "!=": "True", "not in": "True"}


class DeviceComparedToString(Rule):
    """A torch.device is compared with a string, which is never equal to it.

    What it does
    ------------
    Finds `t.device == "cuda"`, `model.device != "cpu"`, `device in ("cpu", "mps")` and the like, where one side is a
    `torch.device` and the other is text.

    Why is this bad?
    ----------------
    A `torch.device` never equals a string: `==` and `in` are always False, `!=` and `not in` always True. Nothing is
    raised. A branch for the GPU never runs, or `.cpu()` is skipped just where it is needed.

    Example
    -------
    The branch never runs:

        import torch

        x = torch.rand(4)
        if x.device == "cpu":
            print("on the CPU")

    This is always true:

        import torch

        device = torch.device("cpu")
        if device not in ("cpu", "mps"):
            print("not on the CPU")

    Use instead
    -----------
    Compare the device's type, which is a string:

        import torch

        x = torch.rand(4)
        if x.device.type == "cpu":
            print("on the CPU")

    Or a device with a device, where the index matters:

        import torch

        x = torch.rand(4)
        if x.device == torch.device("cuda:0"):
            print("on the first GPU")

    Known limits
    ------------
    A variable that holds a device on one path and text on another is reported as likely. `str(device) == "cuda"` is not
    reported, though `str` of the device of a tensor on a GPU is "cuda:0".

    Fix safety
    ----------
    Unsafe: a branch that never ran will run, or one that always ran will not. Where the text has no index the fix
    compares `.type`; where it has one it makes a `torch.device` of the text; where the text is not known it compares
    the types of both, since the device of a tensor on a GPU has an index and does not equal `torch.device("cuda")`.

    Observed
    --------
    torch 2.13: for `d = torch.zeros(1).device`, `d == "cpu"` is False, `d != "cpu"` is True, `d in ("cpu",)` is False,
    `d.type == "cpu"` and `d == torch.device("cpu")` are True, and `torch.device("cuda") == torch.device("cuda:0")` is
    False.
    """

    code = "TSL503"
    name = "device-compared-to-string"
    events = (Comparison,)

    def judge(self, event: Event) -> Iterator[Verdict]:
        from tensorlint.fixes.rewrites import compared_by_type  # here: pages need no parser

        assert isinstance(event, Comparison)
        if not event.fact.holds or event.operator not in _OUTCOMES:
            return
        certain = event.fact.truth is Truth.YES
        always = "always" if certain else "if this is a torch.device, always"
        yield Verdict(
            event.place,
            f"`{event.operator}` is {always} {_OUTCOMES[event.operator]} here: a torch.device never equals a string",
            Confidence.CERTAIN if certain else Confidence.LIKELY,
            evidence(event, event.fact.reason),
            compared_by_type(event),
        )
