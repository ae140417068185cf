"""The sweep over whole installations counts what becomes of each file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SWEEP = Path(__file__).parent / "packages" / "sweep.py"
FILES = {
    "plain.py": b"x = 1\n",
    "moved.py": b"try:\n    x = 1\nexcept ValueError :\n    x = 2\n",
    "crossing.py": b"import torch\n\ntorch.ones(1, requires_grad=True).numpy()\n",
    "beyond.py": b"import torch\n\ntorch.ones(1).numpy()\nx = " + b"'a' " * 30_000 + b"\n",
    "broken.py": b"x = (\n",
    "site-packages/other.py": b"x = 1\n",
}


def test_what_becomes_of_each_file(tmp_path: Path) -> None:
    for name, data in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, str(SWEEP), str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    titles, counts, *told = done.stdout.splitlines()
    seen = dict(zip(titles.replace("no Python", "no-Python").split(), counts.split(), strict=False))
    del seen["seconds"]
    assert {name: int(count) for name, count in seen.items()} == {
        "files": 5,
        "lines": 13,
        "no-Python": 1,
        "LibCST": 1,
        "reported": 1,
        "trip": 1,
        "linted": 5,
        "faults": 0,
        "TSL900": 2,
        "findings": 1,
    }
    assert any(line.startswith("  beyond LibCST: ") and "beyond.py:4: " in line for line in told)
    assert any(line.startswith("  changed by a round trip: ") and line.endswith("moved.py") for line in told)
