"""What is kept while optimizer steps change it is seen; what is a copy, or in use only until the next turn, is not."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim.optimizer import _global_optimizer_pre_hooks
from torch.overrides import TorchFunctionMode

from tensorlint.observe.detached import Detached
from tensorlint.observe.recorder import Recorder
from tensorlint.observe.snapshots import Snapshots


def train(keep: Callable[[nn.Module], Any], steps: int = 4, rate: float = 0.1) -> Recorder:
    """Train, and keep something before each step; everything is kept to the end."""
    torch.manual_seed(0)
    net = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=rate)
    with Recorder() as recorder, Detached() as detached, Snapshots(recorder, detached):
        kept = []
        for _ in range(steps):
            kept.append(keep(net))
            optimizer.zero_grad()
            net(torch.ones(2, 3)).sum().backward()
            optimizer.step()  # the step
        assert len(kept) == steps
    assert not recorder.recording.faults
    return recorder


def stale(recorder: Recorder) -> list[tuple[int, int]]:
    """The line of what was kept, and that of the step."""
    return [
        (place.line, hazard.other.line if hazard.other is not None else 0)
        for place, sighting in recorder.recording.sightings.items()
        for hazard in sighting.hazards
    ]


@pytest.mark.parametrize(
    "keep",
    [
        lambda net: net.state_dict(),
        lambda net: net.weight.detach().numpy(),
        lambda net: np.asarray(net.bias.data),
        lambda net: net.weight.detach().cpu().numpy()[0],
        lambda net: net.weight.detach(),
        lambda net: [parameter.detach()[0] for parameter in net.parameters()],
    ],
)
def test_snapshots_that_change_are_seen(keep: Callable[[nn.Module], Any]) -> None:
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    step = next(number for number, line in enumerate(lines, 1) if line.endswith("# the step"))
    assert stale(train(keep)) == [(keep.__code__.co_firstlineno, step)]


@pytest.mark.parametrize(
    "keep",
    [
        lambda net: copy.deepcopy(net.state_dict()),
        lambda net: {name: value.clone() for name, value in net.state_dict().items()},
        lambda net: net.weight.detach().numpy().copy(),
        lambda net: net.weight.detach().clone().numpy(),
        lambda net: net.weight.detach().clone(),
        lambda net: net(torch.ones(1, 3)).detach(),
        lambda net: net(torch.ones(1, 3)).detach().numpy(),
    ],
)
def test_copies_are_not(keep: Callable[[nn.Module], Any]) -> None:
    assert stale(train(keep)) == []


def test_what_is_in_use_until_the_next_turn_is_not() -> None:
    net = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    with Recorder() as recorder, Detached() as detached, Snapshots(recorder, detached):
        for _ in range(4):
            weights, bias = net.weight.detach().numpy(), net.bias.detach()
            assert weights.shape == (1, 3) and bias.shape == (1,)
            net(torch.ones(2, 3)).sum().backward()
            optimizer.step()
    assert stale(recorder) == []


def test_what_is_gone_makes_room_first() -> None:
    net = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    with Recorder() as recorder, Detached() as detached, Snapshots(recorder, detached):
        kept = net.weight.detach()
        for _ in range(2):
            for _ in range(1000):
                net.bias.detach()
            net(torch.ones(2, 3)).sum().backward()
            optimizer.step()
        assert kept.shape == (1, 3)
    assert len(stale(recorder)) == 1


def test_what_the_holder_writes_itself_is_not() -> None:
    def write(net: nn.Module) -> Any:
        array = torch.zeros(3).numpy()
        arrays.append(array)
        for one in arrays:
            one += 1
        return array

    arrays: list[Any] = []
    assert stale(train(write)) == []


def test_steps_that_change_nothing_are_not() -> None:
    assert stale(train(lambda net: net.state_dict(), rate=0.0)) == []


def test_what_is_watched_is_bounded() -> None:
    recorder = Recorder()
    with recorder, Snapshots(recorder) as snapshots:
        arrays = [torch.ones(2).numpy() for _ in range(2000)]
        assert len(snapshots._kept) < len(arrays)


def test_a_mode_of_the_program_is_not_asked_about_what_is_detached() -> None:
    class Noting(TorchFunctionMode):
        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            asked.append(getattr(function, "__name__", ""))
            return function(*args, **(kwargs or {}))

    asked: list[str] = []
    weight = nn.Linear(3, 1).weight
    with Recorder() as recorder, Detached() as detached, Snapshots(recorder, detached), Noting():
        weight.detach()
    assert asked == ["detach"]


def test_nothing_is_left_behind() -> None:
    before = nn.Module.state_dict
    hooks = dict(_global_optimizer_pre_hooks)
    with Recorder() as recorder, Snapshots(recorder):
        assert nn.Module.state_dict is not before
    assert nn.Module.state_dict is before
    assert dict(_global_optimizer_pre_hooks) == hooks
