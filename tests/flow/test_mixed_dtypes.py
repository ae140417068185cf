"""Float64 tensors made of NumPy's data that meet float32."""

from __future__ import annotations

from pathlib import Path

import pytest
from reveal import evidence, findings, program

LEAK = """
net = nn.Linear(3, 2)
x = torch.from_numpy(np.ones((2, 3)))
net(x)
"""


def codes(text: str, path: Path | None = None) -> list[tuple[int, str]]:
    found = findings(text, path=path) if path is not None else findings(text)
    return [(line, confidence) for code, line, _, confidence in found if code == "TSL304"]


def test_the_finding_stands_where_the_tensor_is_made_and_says_what_it_meets() -> None:
    assert codes(LEAK) == [(3, "certain")]
    assert evidence(LEAK) == [
        "3: `np.ones((2, 3))` is float64, as NumPy makes it by default",
        "3: `torch.from_numpy(np.ones((2, 3)))` keeps float64",
        "4: `net` (nn.Linear) has float32 parameters, which it meets here",
    ]


@pytest.mark.parametrize(
    "change",
    [
        ("nn.Linear(3, 2)", "nn.Linear(3, 2).double()"),
        ("nn.Linear(3, 2)", "nn.Linear(3, 2, dtype=torch.float64)"),
        ("nn.Linear(3, 2)", "nn.ReLU()"),
        ("nn.Linear(3, 2)", "nn.LayerNorm(3, elementwise_affine=False)"),
        ("net(x)", "net.to(torch.float64)(x)"),
        ("net(x)", "net(x.float())"),
        ("net(x)", "net(x.to(net.weight.dtype))"),
        ("net(x)", "net(x.to(net.weight))"),
        ("net = ", "torch.set_default_dtype(torch.float64); net = "),
        ("np.ones((2, 3))", "np.ones((2, 3), np.float32)"),
        ("np.ones((2, 3))", "np.ones((2, 3)).astype(kind)"),
        ("np.ones((2, 3))", "np.load('x.npy')"),
        ("torch.from_numpy(np.ones((2, 3)))", "torch.zeros(2, 3, dtype=torch.float64)"),
    ],
)
def test_what_makes_it_right_or_not_known(change: tuple[str, str]) -> None:
    assert codes(LEAK.replace(*change)) == []


def test_one_of_two_kinds_is_likely() -> None:
    text = """
def run(batch, flag: bool):
    net = nn.Linear(3, 2)
    if flag:
        batch = torch.from_numpy(np.ones((2, 3)))
    return net(batch)
"""
    assert codes(text) == [(5, "likely")]


def test_a_file_that_is_imported_may_set_the_default(tmp_path: Path) -> None:
    (tmp_path / "setup.cfg").touch()
    (tmp_path / "tools").mkdir()
    path = tmp_path / "train.py"
    text = LEAK.replace("net = ", "import tools.precision; net = ")
    path.write_bytes(program(text))
    assert codes(text, path) == [(3, "certain")]


def test_a_file_that_is_imported_sets_the_default(tmp_path: Path) -> None:
    (tmp_path / "setup.cfg").touch()
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "precision.py").write_text("import torch\ntorch.set_default_dtype(torch.float64)\n")
    path = tmp_path / "train.py"
    text = LEAK.replace("\nnet = ", "\nfrom tools import precision\nnet = ")
    path.write_bytes(program(text))
    assert codes(text, path) == []


def test_a_long_sequential_is_known_layer_by_layer() -> None:
    layers = ", ".join(["nn.Flatten()"] * 8 + ["nn.Linear(3, 2)"])
    assert codes(LEAK.replace("nn.Linear(3, 2)", f"nn.Sequential({layers})")) == [(3, "certain")]


def test_a_layer_of_ones_own_may_cast() -> None:
    text = """
class Cast(nn.Module):
    def forward(self, x):
        return x.float()

net = nn.Sequential(Cast(), nn.Linear(3, 2))
net(torch.from_numpy(np.ones((2, 3))))
"""
    assert codes(text) == []
