"""Simulated MPS: as simulated CUDA, with what differs. The texts are those of torch's sources for macOS."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tensorlint.observe.simulate import NotSimulated, simulated

REFUSAL = "can't convert mps:0 device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host memory first."
NO_FLOAT64 = (
    "Cannot convert a MPS Tensor to float64 dtype as the MPS framework doesn't support float64. "
    "Please use float32 instead."
)


@pytest.fixture
def mps() -> Iterator[torch.device]:
    with simulated("mps"):
        yield torch.device("mps")


@pytest.mark.parametrize("convert", [lambda t: t.numpy(), np.asarray, np.exp, lambda t: np.mean([t, t])])
def test_conversions_are_refused(mps: torch.device, convert: Callable[[torch.Tensor], object]) -> None:
    with pytest.raises(TypeError) as caught:
        convert(torch.ones((), device=mps))
    assert str(caught.value) == REFUSAL


def test_what_a_tensor_says_of_itself(mps: torch.device) -> None:
    tensor = nn.Linear(2, 1).to(mps).weight
    assert tensor.device == torch.device("mps:0") != mps
    assert tensor.is_mps
    assert not tensor.is_cuda
    assert not tensor.is_cpu
    assert tensor.get_device() == 0
    assert tensor.type() == "torch.mps.FloatTensor"
    assert torch.ones(2, device="mps:0").type("torch.mps.HalfTensor").is_mps
    assert not tensor.cpu().is_mps


def test_moving_copies(mps: torch.device) -> None:
    array = np.zeros(2, dtype=np.float32)
    there = torch.from_numpy(array).to(mps)
    there += 1
    assert array.tolist() == [0, 0]
    assert there.cpu().numpy().tolist() == [1, 1]


def test_devices_do_not_mix(mps: torch.device) -> None:
    with pytest.raises(RuntimeError, match="at least two devices, mps:0 and cpu!"):
        torch.ones(2, device=mps) + torch.ones(2)


@pytest.mark.parametrize(
    "make",
    [
        lambda device: torch.from_numpy(np.ones(2)).to(device),
        lambda device: torch.from_numpy(np.ones(2))[None].to(device).requires_grad_(),
        lambda device: torch.tensor(np.ones(2), device=device),
        lambda device: torch.as_tensor(np.ones(2), device=device),
        lambda device: torch.zeros(2, dtype=torch.float64, device=device),
        lambda device: torch.zeros(2, device=device).double(),
        lambda device: torch.zeros(2, device=device).to(torch.float64),
        lambda device: nn.Linear(2, 1).double().to(device),
    ],
)
def test_float64_is_refused(mps: torch.device, make: Callable[[torch.device], object]) -> None:
    with pytest.raises(TypeError) as caught:
        make(mps)
    assert str(caught.value) == NO_FLOAT64


def test_complex128_is_refused(mps: torch.device) -> None:
    with pytest.raises(TypeError, match="Trying to convert ComplexDouble to the MPS backend"):
        torch.ones(2, dtype=torch.complex128).to(mps)


@pytest.mark.parametrize(
    "make",
    [
        lambda device: torch.from_numpy(np.ones(2)).to(device, torch.float32),
        lambda device: torch.from_numpy(np.ones(2)).float().to(device),
        lambda device: torch.tensor([1.0, 2.0], device=device),
        lambda device: torch.as_tensor(np.ones(2), dtype=torch.float32, device=device),
        lambda device: torch.ones(2, device=device) * np.float64(2),
        lambda device: torch.ones(2, device=device) * torch.tensor(2.0, dtype=torch.float64),
    ],
)
def test_float32_is_not(mps: torch.device, make: Callable[[torch.device], torch.Tensor]) -> None:
    tensor = make(mps)
    assert tensor.is_mps
    assert tensor.cpu().double().dtype == torch.float64


def test_there_is_no_cuda(mps: torch.device) -> None:
    assert torch.backends.mps.is_available()
    assert not torch.cuda.is_available()
    for move in (
        lambda: torch.ones(2).cuda(),
        lambda: torch.ones(2, device="cuda"),
        lambda: nn.Linear(2, 1).to("cuda"),
    ):
        with pytest.raises(AssertionError, match="Torch not compiled with CUDA enabled"):
            move()


def test_an_index_whose_refusal_is_not_known(mps: torch.device) -> None:
    with pytest.raises(NotSimulated, match="mps:1"):
        torch.ones(2, device="mps:1")


def test_training(mps: torch.device) -> None:
    net = nn.Linear(2, 1).to(mps)
    optimizer = torch.optim.Adam(net.parameters())
    before = net.weight.detach().cpu().numpy().copy()
    for _ in range(2):
        loss = net(torch.ones(3, 2, device=mps)).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert net.weight.is_mps
    assert not np.array_equal(before, net.weight.detach().cpu().numpy())
    with pytest.raises(TypeError, match="mps:0"):
        loss.detach().numpy()


PROGRAM = """\
import numpy as np
import torch

device = "mps" if torch.backends.mps.is_available() else "cpu"
torch.mps.manual_seed(0)


def scores(rows):
    return rows.to(device).numpy()


def grid():
    return torch.from_numpy(np.linspace(0, 1, 5)).to(device)


for call in (lambda: scores(torch.ones(2)), grid, torch.mps.current_allocated_memory):
    try:
        call()
    except (TypeError, NotImplementedError) as error:
        print(error)
"""


def test_a_program_and_what_is_said_of_its_findings(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    command = [sys.executable, "-m", "tensorlint"]
    observe = [*command, "observe", "--simulate", "mps", "--", sys.executable, "program.py"]
    done = subprocess.run(observe, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        REFUSAL,
        NO_FLOAT64,
        "torch.mps.current_allocated_memory on simulated MPS",
    ]
    assert "on simulated MPS, 2 refused" in done.stderr
    check = [*command, "check", "--isolated", "--observed", "tensorlint-observed.json", "--output-format", "json", "."]
    found = json.loads(subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=False).stdout)
    sights = {(one["code"], one["line"]): one["observed"] for one in found}
    assert sights["TSL102", 9]["sight"] == "confirmed"
    assert "on a simulated GPU" in sights["TSL102", 9]["text"]
    assert sights["TSL304", 13]["sight"] == "observed only"
    assert "doesn't support float64" in next(one["message"] for one in found if one["code"] == "TSL304")
