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


def test_a_function_for_arrays_gives_a_number_where_it_may_be_given_one() -> None:
    text = """
def grid(sizes, spacing, device, flag):
    ceil = torch.ceil if flag else np.ceil
    for size in sizes:
        size = torch.as_tensor(size, device=device) if flag else int(size)
        count = ceil((size - 1.0) / spacing)
        np.linspace(-count, count, 3)
"""
    assert not findings(text)
    always = text.replace(" if flag else int(size)", "")
    assert findings(always) == [("TSL102", 6, 17, "likely"), ("TSL102", 7, 9, "likely")]


def test_a_numpy_scalar_times_something_unknown_is_not_known() -> None:
    text = """
def f(seen):
    w = torch.ones(3, requires_grad=True)
    return w + seen * {}
"""
    assert not findings(text.format("np.log(0.3)"))
    assert findings(text.format("np.ones(3)")) == [("TSL101", 4, 12, "certain")]
