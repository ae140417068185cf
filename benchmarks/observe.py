"""How much slower a program is under `tensorlint observe`: a training loop and a test suite, side by side in one run.

    python benchmarks/observe.py [--rounds N]

Each round runs every variant once, one after the other, in a process of its own; the least time of each counts. What
is timed is the work, without the start of Python and the import of torch, in seconds of the processor: what else the
machine does counts less.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

LOOP = """
import resource, time
import numpy as np, torch
from torch import nn

torch.manual_seed(0)
torch.set_num_threads(1)
net = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
optimizer = torch.optim.Adam(net.parameters())
rows, labels = np.random.rand(4096, 32).astype(np.float32), np.random.randint(0, 10, 4096)

def epoch():
    losses, right = [], 0
    for start in range(0, len(rows), 32):
        x, y = torch.from_numpy(rows[start : start + 32]), torch.from_numpy(labels[start : start + 32])
        output = net(x)
        loss = nn.functional.cross_entropy(output, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        right += int((output.detach().numpy().argmax(axis=1) == y.numpy()).sum())
    return np.mean(losses), right

epoch()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
started = time.process_time()
for _ in range(5):
    epoch()
seconds = time.process_time() - started
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(f"{seconds:.4f} {grown}")
"""

SUITE = """
import time
import numpy as np, pytest, torch

started = time.process_time()

@pytest.mark.parametrize("size", range(1, 401))
def test_metric(size):
    generator = torch.Generator().manual_seed(size)
    scores, labels = torch.rand(size, 5, generator=generator), torch.randint(0, 5, (size,), generator=generator)
    mine = (scores.argmax(dim=1) == labels).float().mean()
    theirs = (scores.numpy().argmax(axis=1) == labels.numpy()).mean()
    np.testing.assert_allclose(mine.numpy(), theirs, rtol=1e-6)
    assert torch.allclose(torch.from_numpy(np.sort(scores.numpy(), axis=1)), scores.sort(dim=1).values)
    assert mine.item() == pytest.approx(float(theirs))

def test_last():
    open("time.txt", "w").write(f"{time.process_time() - started:.4f} 0")
"""


def timed(folder: Path, program: str, variant: list[str] | None) -> tuple[float, int]:
    """Seconds of the work, and by how many KiB the process grew in it."""
    command = [sys.executable, "loop.py"]
    if program == "suite":
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "test_suite.py"]
    if variant is not None:
        command = [sys.executable, "-m", "tensorlint", "observe", "--quiet", *variant, "--", *command]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    told = (folder / "time.txt").read_text(encoding="utf-8") if program == "suite" else done.stdout
    seconds, grown = told.split()
    return float(seconds), int(grown)


def main() -> None:
    """Print a table: program, variant, seconds, times as slow."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="runs of each variant (default: 5)")
    rounds = parser.parse_args().rounds
    variants: dict[str, list[str] | None] = {
        "plain": None,
        "observed, no sharing": ["--no-check-sharing"],
        "observed": [],
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "loop.py").write_text(LOOP, encoding="utf-8")
        (folder / "test_suite.py").write_text(SUITE, encoding="utf-8")
        for program in ("loop", "suite"):
            seen: dict[str, list[tuple[float, int]]] = {variant: [] for variant in variants}
            for _ in range(rounds):
                for variant, options in variants.items():
                    seen[variant].append(timed(folder, program, options))
            least = {variant: min(seconds for seconds, _ in times) for variant, times in seen.items()}
            for variant, times in seen.items():
                grown = max(grown for _, grown in times)
                print(
                    f"{program:6} {variant:24} {least[variant]:8.3f} s {least[variant] / least['plain']:5.2f} times"
                    f"  grew by {grown} KiB"
                )


if __name__ == "__main__":
    main()
