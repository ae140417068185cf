"""What leaves the graph and comes back into a ``backward`` is told; what is only shown, or never left, is not."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from test_observe_command import observe, program, run
from test_observe_sharing import findings_in_fixtures, unconfirmed
from torch import nn

from tensorlint.observe import gradients as gradients_module
from tensorlint.observe.backward import Backward
from tensorlint.observe.detached import Detached
from tensorlint.observe.gradients import Gradients
from tensorlint.observe.hazards import LEFT_GRAPH, NO_GRAPH, NOTES, TOOK_PART
from tensorlint.observe.recorder import Recorder
from tensorlint.observe.sharing import Sharing


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with Recorder() as one, Detached() as detached, ExitStack() as stack:
        sharing, gradients = Sharing(one, detached), Gradients(one, detached)
        for each in (sharing, gradients, Backward(one, sharing, gradients)):
            stack.enter_context(each)
        yield one
    assert not one.recording.faults


def notes(recorder: Recorder) -> list[str]:
    found = [hazard.kind for one in recorder.recording.sightings.values() for hazard in one.hazards]
    return sorted(kind for kind in found if kind in NOTES)


def output() -> torch.Tensor:
    torch.manual_seed(0)
    result: torch.Tensor = nn.Linear(3, 1)(torch.ones(2, 3))
    return result


def new_leaf() -> None:
    loss = np.mean(output().detach().numpy() ** 2)
    torch.tensor(loss, requires_grad=True).backward()


def through_numpy() -> None:
    hidden = torch.from_numpy(np.tanh(output().detach().numpy()))
    nn.Linear(1, 1)(hidden).sum().backward()


def number_again() -> None:
    factor = torch.tensor(output().mean().item())
    (output().sum() * factor).backward()


def shown() -> None:
    loss = output().pow(2).mean()
    loss.backward()
    print(loss.item(), torch.tensor(loss.item()), output().detach().numpy())


def made_before_anything_left() -> None:
    net = nn.Linear(3, 1)
    for _ in range(3):
        net(torch.from_numpy(np.ones((2, 3), dtype=np.float32))).sum().backward()


def array_of_no_graph() -> None:
    values = torch.ones(3).detach().numpy()
    nn.Linear(3, 1)(torch.from_numpy(values)).sum().backward()


@pytest.mark.parametrize(
    ("function", "seen"),
    [
        (new_leaf, [LEFT_GRAPH, TOOK_PART]),
        (through_numpy, [LEFT_GRAPH, TOOK_PART]),
        (number_again, [TOOK_PART]),  # that a number of the graph was asked for is in the case
        (shown, [LEFT_GRAPH]),
        (made_before_anything_left, []),
        (array_of_no_graph, []),
    ],
)
def test_what_leaves_and_what_takes_part(recorder: Recorder, function: Callable[[], None], seen: list[str]) -> None:
    function()
    assert notes(recorder) == seen


def test_a_backward_that_is_refused(recorder: Recorder) -> None:
    loss = torch.tensor([output().mean().item()]).mean()
    with pytest.raises(RuntimeError, match="element 0 of tensors does not require grad"):
        loss.backward()
    assert NO_GRAPH in notes(recorder)


def test_another_error_is_none_of_its(recorder: Recorder) -> None:
    with pytest.raises(RuntimeError, match="grad can be implicitly created only for scalar outputs"):
        output().backward()
    assert notes(recorder) == []


def test_what_is_followed_is_bounded() -> None:
    with Recorder() as recorder, Detached() as detached, Gradients(recorder, detached) as gradients:
        output().mean().item()
        kept = [torch.tensor(float(index)) for index in range(500)]
        assert len(gradients._made) <= gradients_module._MOST < len(kept)


UNSEEN = {
    ("TSL401/known_missed.py", 48): "never called there",
    ("TSL401/losses.py", 93): "a number's backward() is no call of torch's",
    ("TSL401/losses.py", 140): "the leaf is computed of what was made",
    ("TSL401/losses.py", 238): "argmax() is no crossing",
    ("TSL401/terms.py", 25): "a number is added",
    ("TSL401/terms.py", 51): ".data is no crossing",
    ("TSL401/terms.py", 85): "a number is added",
    ("TSL401/terms.py", 121): "a number is added",
}
"""Findings in the fixtures that a run does not confirm, and why."""


def test_findings_in_the_fixtures_are_confirmed(tmp_path: Path) -> None:
    found = findings_in_fixtures(tmp_path, "TSL401")
    assert unconfirmed(found) == set(UNSEEN)
    assert len(found) >= 20
    assert {one["observed"]["sight"] for one in found} == {"confirmed", "not reached", "not watched"}


PROGRAM = """
import sys, torch, numpy as np

net = torch.nn.Linear(4, 1)
x = torch.ones(1, requires_grad=True)
print(torch.tensor([x, x]))  # warns
shown = net(torch.rand(8, 4)).mean()
print(torch.tensor(shown.item()).shape)
torch.tensor(shown.item(), requires_grad=True).backward()
torch.tensor(shown.item()).backward()
"""


def test_the_program_behaves_as_before(tmp_path: Path) -> None:
    program(tmp_path, PROGRAM)
    plain = run(tmp_path, sys.executable, "program.py")
    observed = observe(tmp_path, "--quiet", "--", sys.executable, "program.py")
    assert (observed.returncode, observed.stdout, observed.stderr) == (1, plain.stdout, plain.stderr)


def test_notes_are_no_hazards_in_the_summary(tmp_path: Path) -> None:
    program(tmp_path, PROGRAM)
    told: Any = observe(tmp_path, "--", sys.executable, "program.py").stderr.splitlines()[-1]
    assert "refused" in told
    assert "hazard" not in told
