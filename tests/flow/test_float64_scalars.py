"""NumPy's functions of Python's numbers give float64 scalars, and what is made of them promotes what it meets."""

from __future__ import annotations

import pytest
from reveal import findings, reveal

MODEL = """
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 3)
        self.{}
    def forward(self, x):
        return self.layer({})
"""


@pytest.mark.parametrize(
    "scalar", ["np.log(0.3)", "np.sqrt(2)", "np.exp(-np.log(1e4) / 8)", "np.log(0.1 / (1 - 0.1))", "-np.log(0.3)"]
)
def test_functions_of_numbers_give_float64(scalar: str) -> None:
    assert reveal(f"\nreveal({scalar})\n").dtype == "float64"
    assert reveal(f"\nreveal(torch.tensor({scalar}))\n").dtype == "float64"
    assert reveal(f"\nreveal(torch.tensor([{scalar}, 1.0]))\n").dtype == "float64"
    assert reveal(f"\nreveal(torch.tensor([float({scalar})]))\n").dtype == "float32"


@pytest.mark.parametrize("kept", ["shift = {}", "register_buffer('shift', {})"])
@pytest.mark.parametrize("given", ["x - self.shift", "self.layer(x) * self.shift", "(x + 1) / self.shift"])
def test_a_list_of_one_promotes_and_a_number_does_not(kept: str, given: str) -> None:
    def found(data: str) -> list[tuple[str, int]]:
        return [(code, line) for code, line, *_ in findings(MODEL.format(kept.format(data), given))]

    assert found("torch.tensor([np.log(0.3)])") == [("TSL304", 6)]
    assert found("torch.tensor([[np.log(0.3), np.log(0.2)]])") == [("TSL304", 6)]
    assert not found("torch.tensor(np.log(0.3))")
    assert not found("torch.tensor([np.log(0.3)], dtype=torch.float32)")
    assert not found("torch.tensor([np.log(0.3)]).float()")
    assert not found("torch.tensor([float(np.log(0.3))])")
    assert not found("torch.tensor([np.log(np.float32(0.3))])")
    assert not found("torch.tensor([np.pi])")
    assert not found("torch.full((1,), np.log(0.3))")
