"""Simulated CUDA refuses, copies and reports as CUDA does. The texts are those that torch gives for meta tensors."""

from __future__ import annotations

import copy
import io
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import nn

from tensorlint.observe.simulate import NotSimulated, simulated

REFUSAL = "can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host memory first."
MIXED = "Expected all tensors to be on the same device"


@pytest.fixture
def cuda() -> Iterator[torch.device]:
    with simulated("cuda"):
        yield torch.device("cuda")


@pytest.mark.parametrize(
    "convert",
    [
        lambda t: t.numpy(),
        np.asarray,
        np.array,
        np.exp,
        np.float32,
        lambda t: np.mean([t, t]),
        lambda t: np.stack([t, t]),
        lambda t: np.where(True, t, 0),
        lambda t: np.zeros(1).__setitem__(slice(0, 1), t),
        lambda t: t * np.ones(1),
    ],
)
def test_conversions_are_refused(cuda: torch.device, convert) -> None:
    with pytest.raises(TypeError) as caught:
        convert(torch.ones((), device=cuda))
    assert str(caught.value) == REFUSAL


def test_the_text_is_that_of_another_device() -> None:
    with pytest.raises(TypeError) as caught:
        torch.ones(2, device="meta").numpy()
    assert str(caught.value) == REFUSAL.replace("cuda:0", "meta")


@pytest.mark.parametrize("device", ["meta", "cuda"])
def test_the_device_is_asked_before_the_gradient(cuda: torch.device, device: str) -> None:
    with pytest.raises(TypeError, match="device type tensor"):
        torch.ones(2, device=device, requires_grad=True).numpy()


def test_what_works_on_every_device(cuda: torch.device) -> None:
    tensor = torch.arange(3.0, device=cuda)
    assert tensor.tolist() == [0, 1, 2]
    assert float(tensor[1]) == tensor[1].item() == 1
    forced = tensor.numpy(force=True)
    forced += 1
    assert tensor.cpu().numpy().tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    "make",
    [
        lambda device: torch.zeros(2, device=device),
        lambda device: torch.zeros(2, device="cuda:0"),
        lambda device: torch.arange(2, device=0),
        lambda device: torch.zeros(2).to(device),
        lambda device: torch.zeros(2).to(device=device, dtype=torch.float64),
        lambda device: torch.zeros(2).to("cuda", torch.float16),
        lambda device: torch.zeros(2).cuda(non_blocking=True),
        lambda device: torch.zeros(2).type("torch.cuda.DoubleTensor"),
        lambda device: torch.zeros(2).to(torch.zeros(1, device=device)),
        lambda device: torch.as_tensor(np.zeros(2), device=device),
        lambda device: torch.tensor([1.0, 2.0], device=device),
        lambda device: torch.zeros_like(torch.zeros(2, device=device)),
        lambda device: torch.zeros(2, device=device).new_ones(3),
        lambda device: torch.zeros(2, 3, device=device).t()[0] + 1,
        lambda device: nn.Parameter(torch.zeros(2, device=device)),
        lambda device: nn.Linear(2, 1).to(device).weight,
        lambda device: nn.Linear(2, 1).cuda().state_dict()["bias"],
        lambda device: copy.deepcopy(nn.Linear(2, 1).to(device)).weight,
        lambda device: torch.zeros(2, 2, device=device).max(dim=0).values,
        lambda device: next(iter(torch.zeros(2, 2, device=device))),
        lambda device: torch.zeros(2, device=device) * torch.tensor(2.0),
    ],
)
def test_tags_follow_the_data(cuda: torch.device, make) -> None:
    tensor = make(cuda)
    assert tensor.device == torch.device("cuda:0")
    assert tensor.is_cuda
    assert not tensor.is_cpu
    assert tensor.get_device() == 0
    assert tensor.type().startswith("torch.cuda.")
    with pytest.raises(TypeError, match="cuda:0 device type"):
        tensor.detach().numpy()


@pytest.mark.parametrize("name", ["as_tensor", "asarray", "from_numpy"])
def test_a_warning_names_the_line_of_the_program(name: str) -> None:
    before = torch.is_warn_always_enabled()
    torch.set_warn_always(True)
    try:
        with simulated("cuda") as mode, pytest.warns(UserWarning, match="not writable") as told:
            mode.names_lines = True
            getattr(torch, name)(np.broadcast_to(np.zeros(1), 3))
    finally:
        torch.set_warn_always(before)
    assert {one.filename for one in told} == {__file__}


def test_factories_inside_a_device_block(cuda: torch.device) -> None:
    with cuda:
        assert torch.ones(2).is_cuda
    assert not torch.ones(2).is_cuda


def test_moving_copies_and_staying_does_not(cuda: torch.device) -> None:
    array = np.zeros(2, dtype=np.float32)
    on_cpu = torch.from_numpy(array)
    on_gpu = on_cpu.to(cuda)
    on_gpu += 1
    assert array.tolist() == [0, 0]
    assert on_gpu.to(cuda) is on_gpu
    assert on_gpu.float() is on_gpu
    assert on_cpu.cpu() is on_cpu
    back = on_gpu.cpu()
    back += 1
    assert on_gpu.tolist() == [1, 1]
    on_cpu.cpu().numpy()[0] = 5
    assert array.tolist() == [5, 0]
    made = torch.as_tensor(array, device=cuda)
    made.zero_()
    assert array.tolist() == [5, 0]


def test_training_on_the_gpu(cuda: torch.device) -> None:
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 1)).to(cuda)
    optimizer = torch.optim.Adam(net.parameters())
    before = net[0].weight.detach().clone()
    loss = net(torch.randn(5, 3, device=cuda)).pow(2).mean()
    loss.backward()
    optimizer.step()
    assert net[0].weight.grad.is_cuda
    assert not torch.equal(before, net[0].weight)
    with pytest.raises(RuntimeError, match="requires grad"):
        net(torch.randn(5, 3).to(cuda)).cpu().numpy()


def test_the_graph_crosses_devices(cuda: torch.device) -> None:
    leaf = torch.ones(2, requires_grad=True)
    (leaf.to(cuda) * 3).cpu().sum().backward()
    assert leaf.grad is not None
    assert leaf.grad.tolist() == [3, 3]
    assert leaf.grad.device.type == "cpu"


def test_hooks_run_inside(cuda: torch.device) -> None:
    leaf = torch.ones(2, device=cuda, requires_grad=True)
    output = leaf * 2
    output.register_hook(lambda gradient: gradient.numpy())
    with pytest.raises(TypeError, match="cuda:0 device type"):
        output.sum().backward()


@pytest.mark.parametrize(
    "mix",
    [
        lambda gpu, cpu: gpu + cpu,
        torch.dot,
        lambda gpu, cpu: torch.stack([gpu, cpu]),
        lambda gpu, cpu: nn.Linear(2, 1)(gpu),
        nn.functional.mse_loss,
        lambda gpu, cpu: cpu[torch.zeros(1, dtype=torch.long).cuda()],
        lambda gpu, cpu: gpu + torch.from_numpy(np.ones(2, dtype=np.float32)),
    ],
)
def test_devices_do_not_mix(cuda: torch.device, mix) -> None:
    with pytest.raises(RuntimeError, match=MIXED):
        mix(torch.ones(2, device=cuda), torch.ones(2))


def test_what_may_mix(cuda: torch.device) -> None:
    gpu = torch.arange(3.0, device=cuda)
    assert (gpu * torch.tensor(2.0)).is_cuda
    assert gpu[torch.tensor([0, 2])].is_cuda
    gpu[1:] = torch.ones(2)
    gpu.copy_(torch.zeros(3))
    assert gpu.tolist() == [0, 0, 0]


def test_loading_to_a_device(cuda: torch.device) -> None:
    file = io.BytesIO()
    torch.save(nn.Linear(2, 1).state_dict(), file)
    file.seek(0)
    assert torch.load(file, map_location="cuda")["weight"].is_cuda
    file.seek(0)
    assert not torch.load(file, map_location="cpu")["weight"].is_cuda


def test_what_the_program_is_told(cuda: torch.device) -> None:
    assert torch.cuda.is_available()
    assert torch.cuda.device_count() == 1
    torch.cuda.synchronize()
    with pytest.raises(RuntimeError, match="invalid device ordinal"):
        torch.zeros(1, device="cuda:1")


def test_what_is_not_modelled_is_refused(cuda: torch.device) -> None:
    tensor = torch.eye(2, device=cuda)
    with pytest.raises(NotSimulated):
        tensor.to_sparse()
    with pytest.raises(NotSimulated):
        np.from_dlpack(tensor)


def test_nothing_is_left_behind() -> None:
    before = torch.from_numpy, torch.load, torch.cuda.is_available, torch.cuda.device_count
    with simulated("cuda"):
        tensor = torch.ones(2, device="cuda")
    assert before == (torch.from_numpy, torch.load, torch.cuda.is_available, torch.cuda.device_count)
    assert tensor.device.type == "cpu"
    assert tensor.numpy().tolist() == [1, 1]


def test_a_default_device(cuda: torch.device) -> None:
    torch.set_default_device("cuda")
    try:
        assert torch.zeros(2).is_cuda
        assert torch.tensor([1.0]).is_cuda
        assert not torch.zeros(2, device="cpu").is_cuda
        assert nn.Linear(2, 1).weight.is_cuda
    finally:
        torch.set_default_device(None)
    assert not torch.zeros(2).is_cuda


def test_storages_that_are_gone_are_forgotten() -> None:
    with simulated("cuda") as mode:
        kept = torch.ones(1, device="cuda")
        for _ in range(20_000):
            torch.ones(1, device="cuda")
        assert kept.is_cuda
        assert len(mode._tags) < 10_000
