"""Statements whose only effect would be their result."""

from __future__ import annotations

import pytest
from reveal import findings


@pytest.mark.parametrize(
    "statement",
    [
        "x.to('cpu')",
        "x.cpu()",
        "x.detach()",
        "x.float()",
        "x.numpy()",
        "x.resolve_conj()",
        "x.contiguous()",
        "x.reshape(3)",
    ],
)
def test_a_tensor_method_without_an_effect_is_dropped(statement: str) -> None:
    assert findings(f"""
x = torch.ones(3)
{statement}
""") == [("TSL506", 3, 1, "certain")]


@pytest.mark.parametrize(
    "statement",
    [
        "x.add_(1)",
        "x.detach_()",
        "x.requires_grad_()",
        "x.zero_()",
        "x.backward()",
        "net.to('cuda')",
        "net.float()",
        "net.double()",
        "batch.to('cuda')",
        "thing().cpu()",
        "x = x.cpu()",
        "print(x.cpu())",
        "x.tolist()",
    ],
)
def test_what_has_an_effect_or_may_have_one_is_not(statement: str) -> None:
    assert not findings(f"""
x = torch.ones(3)
net = nn.Linear(2, 2)
batch = load()
{statement}
""")


def test_a_parameter_that_is_annotated_is_a_tensor() -> None:
    assert [
        code
        for code, *_ in findings("""
def f(x: torch.Tensor, y):
    x.to("cuda")
    y.to("cuda")
    return x, y
""")
    ] == ["TSL506"]


def test_every_alternative_must_be_a_tensor() -> None:
    assert not findings("""
x = torch.ones(3) if flag() else nn.Linear(2, 2)
x.to("cuda")
""")
