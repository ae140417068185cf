"""NumPy scalars beside tensors: an operator between the two does not convert the tensor, one with an array does."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from reveal import findings

SCALARS = [
    "np.log(0.3)",
    "np.random.rand()",
    "np.random.uniform(0.5, 1.5)",
    "np.random.default_rng().random()",
    "np.sqrt(2)",
    "np.float32(0.5)",
    "np.mean(arr)",
    "arr.sum()",
    "np.linalg.norm(arr)",
    "np.trace(arr)",
    "np.interp(0.3, [0, 1], [1, 2])",
    "np.cumsum(arr)[-1]",
    "np.exp(-0.5)",
]
ARRAYS = ["np.array(0.5)", "np.log(arr)", "np.random.rand(3, 3)", "np.cumsum(arr)[:9].reshape(3, 3)", "arr.sum(axis=0)"]


def outcome(text: str) -> bool:
    """Whether real torch refuses the product."""
    arr = np.ones((3, 3))
    value = eval(text, {"np": np, "arr": arr})
    try:
        torch.ones(3, requires_grad=True) * value
    except RuntimeError:
        return True
    return False


@pytest.mark.parametrize("text", SCALARS)
def test_a_scalar_converts_nothing(text: str) -> None:
    assert not outcome(text)
    assert not findings(f"""
arr = np.ones((3, 3))
print(torch.ones(3, requires_grad=True) * {text})
""")


@pytest.mark.parametrize("text", ARRAYS)
def test_an_array_converts_the_tensor(text: str) -> None:
    assert outcome(text)
    assert [
        code
        for code, *_ in findings(f"""
arr = np.ones((3, 3))
print(torch.ones(3, requires_grad=True) * {text})
""")
    ] == ["TSL101"]
