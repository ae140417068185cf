"""Rows of the settings: what the project's own functions do, whether their code can be seen or not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tensorlint.configuration import nearest
from tensorlint.linter import check_settings, lint
from tensorlint.source import Source

OPAQUE = """
def to_np(tensor):
    return getattr(tensor, "numpy")()
"""
CLASS = """
from somewhere import registry


class Backbone:
    @staticmethod
    def build(name):
        return registry[name]
"""


def found(folder: Path, rows: str, name: str = "train.py") -> list[str]:
    """The findings in a file of the project, under these rows."""
    (folder / "pyproject.toml").write_text(f"[tool.tensorlint]\n{rows}", encoding="utf-8")
    settings = nearest(folder / name)
    check_settings(settings)
    findings = lint(Source((folder / name).read_bytes(), str(folder / name)), settings)
    return [f"{each.line} {each.code}" for each in findings]


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        file = folder / f"{name.replace('__', '/')}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


CONVERTS = '[[tool.tensorlint.rows]]\nnames = "shop.arrays.to_np"\nreturns = "array"\nconverts = ["0"]\n'
SHARES = '[[tool.tensorlint.rows]]\nnames = "shop.arrays.to_np"\nreturns = "array"\nshares = "view"\n'
TRAIN = """import torch
{}


def f():
    weight = torch.nn.Linear(2, 2).weight
    return {}(weight)
"""


@pytest.mark.parametrize("present", [True, False])
@pytest.mark.parametrize(
    ("imported", "called"),
    [
        ("from shop.arrays import to_np", "to_np"),
        ("from shop.arrays import to_np as n", "n"),
        ("from shop import arrays", "arrays.to_np"),
        ("import shop.arrays", "shop.arrays.to_np"),
    ],
)
@pytest.mark.parametrize("source", ["", "src__"])
def test_a_function_that_converts(present: bool, imported: str, called: str, source: str, tmp_path: Path) -> None:
    if present:
        write(tmp_path, **{f"{source}shop__arrays": OPAQUE, f"{source}shop____init__": ""})
    write(tmp_path, train=TRAIN.format(imported, called))
    assert found(tmp_path, "") == []
    assert found(tmp_path, CONVERTS) == ["7 TSL101"]


def test_a_function_of_the_same_file(tmp_path: Path) -> None:
    text = "import torch\n" + OPAQUE + "\n\nweight = torch.nn.Linear(2, 2).weight\nprint(to_np(weight))\n"
    write(tmp_path, shop__arrays=text)
    assert found(tmp_path, "", "shop/arrays.py") == []
    assert found(tmp_path, CONVERTS, "shop/arrays.py") == ["8 TSL101"]


def test_a_row_goes_before_the_code(tmp_path: Path) -> None:
    copies = '[[tool.tensorlint.rows]]\nnames = "shop.arrays.to_np"\nreturns = "array"\n'
    write(tmp_path, shop__arrays="def to_np(x):\n    return x.numpy()\n")
    text = "import torch\nfrom shop.arrays import to_np\n\n\ndef f(x: torch.Tensor):\n    a = to_np(x)\n"
    write(tmp_path, train=text + "    a[a < 0] = 0\n    return a.sum(), x\n")
    assert found(tmp_path, "") == found(tmp_path, SHARES) == ["7 TSL201"]
    assert found(tmp_path, copies) == []


def test_a_method_that_builds_a_module(tmp_path: Path) -> None:
    rows = '[[tool.tensorlint.rows]]\nnames = "shop.models.Backbone.build"\nreturns = "module"\nparameters = true\n'
    write(tmp_path, shop__models=CLASS)
    text = "import torch\nfrom shop.models import Backbone\n\nnet = Backbone.build('small')\n"
    write(tmp_path, train=text + "print(net(torch.ones(2, 2)).numpy())\n")
    assert found(tmp_path, "") == []
    assert found(tmp_path, rows) == ["5 TSL101"]


def test_rows_for_versions(tmp_path: Path) -> None:
    write(tmp_path, train=TRAIN.format("from shop.arrays import to_np", "to_np"))
    older = CONVERTS + 'torch = "<2"\n'
    assert found(tmp_path, older) == []
    assert found(tmp_path, 'target-torch = "1.13"\n' + older) == ["7 TSL101"]


def test_one_project_knows_nothing_of_another(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path / name, train=TRAIN.format("from shop.arrays import to_np", "to_np"))
    assert found(tmp_path / "a", CONVERTS) == ["7 TSL101"]
    assert found(tmp_path / "b", "") == []
