"""A program under `tensorlint observe` behaves as without it, and all of its processes are recorded."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import ROOT

from tensorlint.observe.recording import Recording, read

PROGRAM = """
import multiprocessing, sys, warnings
import numpy as np, torch
from torch.utils.data import DataLoader, Dataset


class Numbers(Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, index):
        return torch.from_numpy(np.full(2, index, dtype=np.float32))  # in a worker


def double(number):
    return float(torch.as_tensor(np.float32(number)) * 2)  # in a pool


if __name__ == "__main__":
    for batch in DataLoader(Numbers(), batch_size=2, num_workers=2):
        print(batch.numpy())  # in the first process
    for method in ("fork", "spawn"):
        with multiprocessing.get_context(method).Pool(1) as pool:
            print(pool.map(double, range(3)))
    print(sys.argv, [entry for entry in sys.path if "tensorlint" in entry], "sitecustomize" in sys.modules)
    array = np.ones(3)
    array.flags.writeable = False
    torch.from_numpy(array)
    np.mean([torch.ones(2, requires_grad=True)])  # refused
"""


def environment(**extra: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    return {**kept, "PYTHONPATH": str(ROOT), **extra}


def run(folder: Path, *command: str, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, env=environment(**extra), capture_output=True, text=True, timeout=120)


def observe(folder: Path, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    return run(folder, sys.executable, "-m", "tensorlint", "observe", *arguments, **extra)


def program(folder: Path, text: str, name: str = "program.py") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def counts(recording: Recording) -> dict[int, dict[str, int]]:
    """By line: how often each call was made."""
    found: dict[int, dict[str, int]] = {}
    for place, sighting in recording.sightings.items():
        line = found.setdefault(place.line, {})
        for case, tally in sighting.cases.items():
            line[case.call] = line.get(case.call, 0) + tally.count
    return found


def test_same_output_and_exit_code_and_every_process_recorded(tmp_path: Path) -> None:
    text = program(tmp_path, PROGRAM).read_text(encoding="utf-8")
    line = {words: text[: text.index(words)].count("\n") + 1 for words in ("in a worker", "in a pool", "in the first")}
    plain = run(tmp_path, sys.executable, "program.py", "--flag", "x")
    observed = observe(tmp_path, "--quiet", "--", sys.executable, "program.py", "--flag", "x")
    assert plain.returncode == observed.returncode == 1
    assert observed.stdout == plain.stdout
    assert observed.stderr == plain.stderr
    seen = counts(read(tmp_path / "tensorlint-observed.json", str(tmp_path)))
    assert seen[line["in a worker"]] == {"torch.from_numpy": 4}
    assert seen[line["in a pool"]] == {"torch.as_tensor": 6, "Tensor.__float__": 6}
    assert seen[line["in the first"]] == {"Tensor.numpy": 2}


@pytest.mark.parametrize(
    ("ending", "code"),
    [("sys.exit(7)", 7), ("os._exit(5)", 5), ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL)],
)
def test_however_it_ends_it_is_recorded_and_ends_so(tmp_path: Path, ending: str, code: int) -> None:
    program(tmp_path, f"import os, signal, sys, torch\ntorch.ones(2).numpy()\n{ending}\n")
    assert observe(tmp_path, "--", sys.executable, "program.py").returncode == code
    assert counts(read(tmp_path / "tensorlint-observed.json")) == {2: {"Tensor.numpy": 1}}


def test_a_program_that_is_replaced_by_another(tmp_path: Path) -> None:
    program(tmp_path, "import torch\ntorch.ones(2).tolist()\n", "second.py")
    program(
        tmp_path,
        "import os, sys, torch\nfor _ in range(3):\n    torch.ones(2).numpy()\n"
        "os.execv(sys.executable, [sys.executable, 'second.py'])\n",
    )
    assert observe(tmp_path, "--", sys.executable, "program.py").returncode == 0
    assert counts(read(tmp_path / "tensorlint-observed.json")) == {3: {"Tensor.numpy": 3}, 2: {"Tensor.tolist": 1}}


def test_a_program_without_torch(tmp_path: Path) -> None:
    program(tmp_path, "print('hello')\n")
    done = observe(tmp_path, "--output", "seen.json", "--", sys.executable, "program.py")
    assert (done.returncode, done.stdout) == (0, "hello\n")
    assert "no process imported torch" in done.stderr
    assert read(tmp_path / "seen.json").processes == 0


def test_the_users_own_sitecustomize_is_run(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    program(tmp_path / "own", "print('own')\n", "sitecustomize.py")
    program(tmp_path, "import sitecustomize\nprint(sitecustomize.__file__)\n")
    path = f"{tmp_path / 'own'}{os.pathsep}{ROOT}"
    done = observe(tmp_path, "--quiet", "--", sys.executable, "program.py", PYTHONPATH=path)
    # Once for tensorlint's own process, which is the user's Python, too.
    assert done.stdout == f"own\nown\n{tmp_path / 'own' / 'sitecustomize.py'}\n"


def test_a_recorder_that_cannot_write_does_no_harm(tmp_path: Path) -> None:
    program(
        tmp_path,
        "import json, os, shutil, torch\nshutil.rmtree(json.loads(os.environ['TENSORLINT_OBSERVE'])['parts'])\n"
        "print(torch.ones(2).numpy())\n",
    )
    done = observe(tmp_path, "--quiet", "--", sys.executable, "program.py")
    assert (done.returncode, done.stdout) == (0, "[1. 1.]\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--", "no-such-command"], "cannot run no-such-command: No such file or directory"),
        (["--output", "missing/seen.json", "--", "true"], "cannot write missing/seen.json: there is no folder missing"),
        (["--simulate", "rocm", "--", "true"], "is not"),
        ([], "Missing argument"),
    ],
)
def test_bad_usage(tmp_path: Path, arguments: list[str], message: str) -> None:
    done = observe(tmp_path, *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert not list(tmp_path.iterdir())


SIMULATED = """
import threading, torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
net = nn.Linear(4, 1).to(device)
for (batch,) in DataLoader(TensorDataset(torch.zeros(4, 4)), batch_size=4, num_workers=1):
    try:
        net(batch)
    except RuntimeError as error:
        print(error)
def convert():
    try:
        net(batch.to(device)).detach().numpy()
    except TypeError as error:
        print(error)
thread = threading.Thread(target=convert)
thread.start()
thread.join()
try:
    torch.cuda.get_device_properties(0)
except NotImplementedError as error:
    print(error)
"""


def test_a_whole_program_on_simulated_cuda(tmp_path: Path) -> None:
    program(tmp_path, SIMULATED)
    done = observe(tmp_path, "--simulate", "cuda", "--", sys.executable, "program.py")
    assert done.stdout.splitlines() == [
        "Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!",
        "can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host memory first.",
        "torch.cuda.get_device_properties on simulated CUDA",
    ]
    assert "on simulated CUDA" in done.stderr
    recording = read(tmp_path / "tensorlint-observed.json", str(tmp_path))
    (case,) = (case for sighting in recording.sightings.values() for case in sighting.cases if case.outcome)
    assert (case.call, case.device, recording.simulated) == ("Tensor.numpy", "cuda:0", "cuda")


TESTS = """
import numpy as np, pytest, torch

@pytest.mark.parametrize("size", range(3))
def test_fine(size):
    assert torch.from_numpy(np.ones(size)).numpy().sum() == size

def test_refused():
    with pytest.raises(RuntimeError, match="requires grad"):
        torch.ones(1, requires_grad=True).numpy()

def test_fails():
    torch.from_numpy(np.ones(3)[::-1])
"""
PLUGIN = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tensorlint.plugins.pytest")


@pytest.mark.parametrize("workers", [0, 1])
def test_the_pytest_plugin(tmp_path: Path, workers: int) -> None:
    program(tmp_path, TESTS, "test_program.py")
    extra = ["-p", "xdist", "-n", str(workers)] if workers else []
    alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = run(tmp_path, sys.executable, *PLUGIN, *extra, "--tensorlint-observe", **alone)
    assert done.returncode == 1
    assert "1 failed, 4 passed" in done.stdout
    assert "tensorlint/observe" not in done.stdout  # its frames are hidden
    assert "tensorlint: 8 crossings at " in done.stdout
    recording = read(tmp_path / "tensorlint-observed.json", str(tmp_path))
    assert sum(bool(case.outcome) for sighting in recording.sightings.values() for case in sighting.cases) == 2
    assert recording.crossings == 8


def test_the_plugin_does_nothing_unless_it_is_asked_to(tmp_path: Path) -> None:
    program(
        tmp_path,
        "import sys\n\ndef test_nothing():\n    assert 'tensorlint.observe.recorder' not in sys.modules\n",
        "test_program.py",
    )
    done = run(tmp_path, sys.executable, *PLUGIN, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    assert done.returncode == 0, done.stdout
    assert not (tmp_path / "tensorlint-observed.json").exists()


def test_the_plugin_names_an_output_that_cannot_be_written(tmp_path: Path) -> None:
    program(tmp_path, TESTS, "test_program.py")
    options = ("--tensorlint-observe", "--tensorlint-output", "missing/seen.json")
    done = run(tmp_path, sys.executable, *PLUGIN, *options, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "there is no folder" in done.stderr
