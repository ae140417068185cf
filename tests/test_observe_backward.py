"""Writes behind autograd are seen when the gradient is computed, and ``backward`` is what it is without that."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from test_observe_command import observe, program
from test_observe_sharing import crossing, hazards
from torch import nn
from torch.utils.checkpoint import checkpoint

from tensorlint.cli import cli
from tensorlint.observe.backward import Backward
from tensorlint.observe.detached import Detached
from tensorlint.observe.gradients import Gradients
from tensorlint.observe.graphs import operations, saved
from tensorlint.observe.hazards import BEHIND_AUTOGRAD
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


def behind(recorder: Recorder) -> list[str]:
    """What had saved what was written."""
    return [hazard.detail for _, hazard in hazards(recorder) if hazard.kind == BEHIND_AUTOGRAD]


def leaf() -> torch.Tensor:
    return torch.linspace(-4, 4, 5, requires_grad=True)


def test_a_result_that_was_saved(recorder: Recorder) -> None:
    x = leaf()
    y = torch.sigmoid(x)
    shown = y.detach().numpy()
    shown[:2] = 0
    y.sum().backward()
    assert behind(recorder) == ["SigmoidBackward0"]
    assert x.grad is not None and x.grad[0] == 0  # wrong


def test_the_gradient_of_grad(recorder: Recorder) -> None:
    x = leaf()
    y = torch.exp(x)
    y.detach().numpy()[:] = 0
    torch.autograd.grad(outputs=[y.sum()], inputs=[x])
    assert behind(recorder) == ["ExpBackward0"]


def test_an_input_that_was_saved(recorder: Recorder) -> None:
    """Something crosses between the forward and the write, so it is known which came first."""
    state, net = np.ones((2, 3), dtype=np.float32), nn.Linear(3, 1)
    loss = net(torch.from_numpy(state)).sum()
    loss.item()
    state[:] = 7
    loss.backward()
    assert behind(recorder) == ["AddmmBackward0"]


def test_what_was_written_in_another_function_that_is_over(recorder: Recorder) -> None:
    def show(y: torch.Tensor) -> None:
        a = y.detach().numpy()
        a /= 2

    y = torch.tanh(leaf())
    show(y)
    y.sum().backward()
    assert behind(recorder) == ["TanhBackward0"]


def test_a_copy(recorder: Recorder) -> None:
    y = torch.sigmoid(leaf())
    shown = y.detach().numpy().copy()
    shown[:2] = 0
    y.sum().backward()
    assert not behind(recorder)


def test_after_the_backward_and_before_the_forward(recorder: Recorder) -> None:
    state, net = np.ones((2, 3), dtype=np.float32), nn.Linear(3, 1)
    for value in range(3):
        state[:] = value
        loss = net(torch.from_numpy(state)).sum()
        loss.backward()
        state[:] = 9
    assert not behind(recorder)


def test_what_was_not_saved(recorder: Recorder) -> None:
    y = leaf() + 1
    y.detach().numpy()[:] = 0
    y.sum().backward()
    assert not behind(recorder)


def test_what_is_as_it_was(recorder: Recorder) -> None:
    y = torch.sigmoid(leaf())
    shown = y.detach().numpy()
    kept = shown.copy()
    shown[:2] = 0
    crossing()
    shown[:] = kept
    y.sum().backward()
    assert not behind(recorder)


def test_an_error_of_the_backward_is_the_same(recorder: Recorder) -> None:
    y = torch.sigmoid(leaf())
    y.detach().numpy()[:2] = 0
    y.detach().zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()
    with pytest.raises(RuntimeError, match="does not require grad"):
        torch.ones(1).backward()


def test_hooks_of_the_program_are_called_as_often_as_before(recorder: Recorder) -> None:
    calls: list[str] = []

    def keep(tensor: torch.Tensor) -> Any:
        calls.append("keep")
        return tensor

    def give(tensor: Any) -> torch.Tensor:
        calls.append("give")
        return tensor  # type: ignore[no-any-return]

    with torch.autograd.graph.saved_tensors_hooks(keep, give):
        y = torch.sigmoid(leaf())
    y.detach().numpy()[:2] = 0
    y.sum().backward()
    assert calls == ["keep", "give"]
    x = leaf()
    z = checkpoint(lambda t: t.sigmoid().sin(), x, use_reentrant=False)
    z.detach().numpy()[:2] = 0
    z.sum().backward()
    assert x.grad is not None


def test_a_graph_is_read_once_each() -> None:
    x = leaf()
    y = x.exp()
    for _ in range(60):
        y = y * y  # 2 ** 60 ways through the graph
    assert len(list(operations(y))) == 62
    assert len(list(saved(operations([y.sum(), y])))) == 121
    y.sum().backward()
    assert not list(saved(operations(y)))


def test_a_compiled_function_works_as_before(recorder: Recorder) -> None:
    compiled = torch.compile(lambda t: (t * t).sum(), backend="aot_eager", fullgraph=True)
    x = leaf()
    compiled(x).backward()
    assert x.grad is not None and torch.equal(x.grad, 2 * x.detach())


SCORES = """\
import torch

x = torch.linspace(-4, 4, 5, requires_grad=True)
y = torch.sigmoid(x)
shown = y.detach().numpy()
shown[shown < 0.1] = 0
y.sum().backward()


def hide(values, low):
    values[values < low] = 0


def later(x):
    y = torch.sigmoid(x)
    globals()["hi" + "de"](y.detach().numpy(), 0.1)
    y.sum().backward()


later(x)
"""


def test_a_finding_is_confirmed_and_what_was_not_found_is_added(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, SCORES)
    assert observe(tmp_path, "--", sys.executable, "program.py").returncode == 0
    monkeypatch.chdir(tmp_path)
    command = ["check", "--isolated", "--select", "TSL208", "--output-format", "json", "program.py"]
    found = json.loads(CliRunner().invoke(cli, [*command, "--observed", "tensorlint-observed.json"]).stdout)
    assert [(one["line"], one["observed"]["sight"]) for one in found] == [(6, "confirmed"), (16, "observed only")]
    assert "between line 5 and line 7, after SigmoidBackward0 had saved it" in found[0]["observed"]["text"]
    assert found[1]["message"].startswith("this is shared, and its memory was written between line 16 and line 1")
