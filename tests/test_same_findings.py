"""A file's findings are its own, whatever else is linted, in which order and by how many processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import ROOT

HEAD = "import numpy as np\nimport torch\nfrom torch import nn\n"
CONVERTERS = 8
"""More files call the shared helpers than are asked for what they pass."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files that call each other, inherit from each other, re-export each other and import each other in circles."""
    root = tmp_path_factory.mktemp("project")
    (root / "pyproject.toml").write_text("")
    files = {
        "pkg/__init__": "from .models import Net\nfrom .report import to_array\n",
        "pkg/base": HEAD + "class Base(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.outputs = []\n        self.last = nn.Linear(3, 2)\n"
        "    def flush(self):\n        return np.stack(self.outputs)\n",
        "pkg/models": HEAD + "from .base import Base\nclass Net(Base):\n    def forward(self, x):\n"
        "        y = self.last(x)\n        self.outputs.append(y)\n        return y\n",
        "pkg/report": HEAD + "from . import circle\ndef to_array(x):\n    return circle.turn(np.asarray(x))\n"
        "def mean(values):\n    return np.mean(values)\n",
        "pkg/circle": HEAD + "from . import report\ndef turn(x):\n    return x[::-1]\n"
        "def back(x):\n    return torch.from_numpy(report.to_array(x))\n",
    }
    for number in range(CONVERTERS):
        detached = ".detach()" if number % 2 else ""
        files[f"pkg/train{number}"] = (
            HEAD + "from pkg import Net, to_array\nfrom pkg.report import mean\nfrom .circle import back\n"
            f"def train{number}(batches):\n    net = Net()\n    losses = []\n    for x in batches:\n"
            f"        loss = net(x).sum()\n        loss.backward()\n        losses.append(loss{detached})\n"
            f"    back(x)\n    return mean(losses), to_array(net(x){detached})\n"
        )
    for name, text in files.items():
        path = root / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def lint(root: Path, *arguments: str, cache: str = "--no-cache") -> dict[str, list[object]]:
    """The findings by file, as a user gets them."""
    options = ["--isolated", "--output-format", "json", cache]
    command = [sys.executable, "-m", "tensorlint", "check", *options, *arguments]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, env=None)
    assert done.returncode in (0, 1), done.stderr
    found: dict[str, list[object]] = {}
    for finding in json.loads(done.stdout):
        found.setdefault(finding["path"], []).append(finding)
    return found


def test_each_file_alone_and_all_together(project: Path) -> None:
    together = lint(project, ".", "--jobs", "1")
    assert {"pkg/report.py", "pkg/base.py", "pkg/circle.py"} <= set(together)
    for path in sorted(project.rglob("*.py")):
        name = path.relative_to(project).as_posix()
        assert lint(project, name).get(name, []) == together.get(name, []), name


def test_any_order_and_any_number_of_processes(project: Path) -> None:
    together = lint(project, ".", "--jobs", "1")
    names = sorted(path.relative_to(project).as_posix() for path in project.rglob("*.py"))
    assert lint(project, *reversed(names), "--jobs", "1") == together
    assert lint(project, *names[::2], *names[1::2], "--jobs", "2") == together


def test_whatever_is_kept_from_run_to_run(project: Path, tmp_path: Path) -> None:
    together = lint(project, ".", "--jobs", "1")
    names = sorted(path.relative_to(project).as_posix() for path in project.rglob("*.py"))
    cache = f"--cache-dir={tmp_path / 'cache'}"
    cold = lint(project, ".", "--jobs", "2", cache=cache)
    (kept,) = (tmp_path / "cache").glob("*.results")
    written = kept.read_bytes()
    warm = lint(project, *reversed(names), "--jobs", "1", cache=cache)
    assert kept.read_bytes() == written  # all was known
    assert lint(project, names[0], cache=cache).keys() <= together.keys()
    kept.unlink()
    some = lint(project, *names[::3], "--jobs", "2", cache=cache)
    rest = lint(project, ".", "--jobs", "2", cache=cache)
    assert cold == warm == rest == together
    assert some == {name: together[name] for name in names[::3] if name in together}


def test_fixtures_of_several_files() -> None:
    folders = [path.relative_to(ROOT) for path in sorted((ROOT / "fixtures").glob("TSL*/*/"))]
    assert folders
    together = lint(ROOT, *map(str, folders), "--jobs", "1")
    assert together
    apart: dict[str, list[object]] = {}
    for folder in reversed(folders):
        apart.update(lint(ROOT, str(folder), "--jobs", "1"))
    assert apart == together
