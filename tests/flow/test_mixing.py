"""Where arrays and tensors meet and neither library takes the other's, and where they get along."""

from __future__ import annotations

import pytest
from reveal import findings, fixed

START = "\nx = torch.rand(3, dtype=torch.float64)\na = np.ones(3)\n"


@pytest.mark.parametrize("name", ["all", "any", "amax", "amin", "max", "mean", "min", "prod", "std", "sum", "var"])
def test_reductions_of_a_tensor_raise(name: str) -> None:
    for call in (f"np.{name}(x)", f"np.{name}(x, axis=0)", f"np.{name}(x, 0)", f"np.{name}(a=x)"):
        assert findings(f"{START}b = {call}\n") == [("TSL106", 4, 5, "certain")], call
    for call in (f"np.{name}(a)", f"np.{name}([x[0], x[1]])", f"np.{name}(x.numpy())"):
        assert findings(f"{START}b = {call}\n") == [], call
    import numpy as np
    import torch

    for axis in (None, 0):
        with pytest.raises(TypeError):
            getattr(np, name)(torch.rand(3), axis=axis)


@pytest.mark.parametrize("name", ["argmax", "median", "cumsum", "nanmean", "count_nonzero", "ptp", "round", "average"])
def test_other_functions_convert(name: str) -> None:
    assert findings(f"{START}b = np.{name}(x)\n") == []
    import numpy as np
    import torch

    getattr(np, name)(torch.rand(3))


@pytest.mark.parametrize("operator", ["+", "-", "*", "//", "%", "**", "@"])
def test_an_array_on_the_left_of_a_tensor(operator: str) -> None:
    assert findings(f"{START}b = a {operator} x\n") == [("TSL106", 4, 5, "certain")]
    assert findings(f"{START}b = x {operator} a\n") == []
    if operator != "@":
        assert findings(f"{START}a {operator}= x\n") == [("TSL106", 4, len(operator) + 5, "certain")]
    import numpy as np
    import torch

    with pytest.raises(TypeError):
        eval(f"a {operator} x", {"a": np.ones(3), "x": torch.rand(3)})


@pytest.mark.parametrize(
    "expression",
    [
        "a / x",
        "a == x",
        "a.mean() * x",
        "np.float32(2) * x",
        "a[0] * x",
        "np.max(a) - x",
        "(a if x.sum() > 1 else 2.0) * x",
        "a * (x if x.sum() > 1 else a)",
    ],
)
def test_what_works_or_is_not_certain(expression: str) -> None:
    assert findings(f"{START}b = {expression}\n") == []


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">=", "!="])
def test_comparisons(operator: str) -> None:
    assert findings(f"{START}b = a {operator} x\n") == [("TSL106", 4, 5, "certain")]
    assert findings(f"{START}b = x {operator} a\n") == [("TSL106", 4, 5, "certain")]
    assert findings(f"{START}b = x {operator} a.mean()\n") == []


@pytest.mark.parametrize(
    ("store", "column"), [("x[:] = a", 8), ("x[0] = np.array(1.0)", 8), ("x[x > 0] = a + 1", 12), ("x[:] = x", None)]
)
def test_arrays_stored_into_tensors(store: str, column: int | None) -> None:
    expected = [] if column is None else [("TSL106", 4, column, "certain")]
    assert findings(f"{START}{store}\n") == expected


def test_one_cause_has_one_finding() -> None:
    """The call is refused before anything is converted, so that neither the gradient nor the device matters."""
    assert findings("""
w = torch.ones(3, requires_grad=True, device="cuda")
b = np.mean(w)
c = np.ones(3) * w
""") == [("TSL106", 3, 5, "certain"), ("TSL106", 4, 5, "certain")]


def test_the_outcome_of_a_comparison_that_is_always_true_is_no_tensor() -> None:
    assert findings(f"{START}b = np.all(a != x)\n") == [("TSL106", 4, 12, "certain")]
    assert findings(f"{START}b = np.all(a == x)\n") == [("TSL106", 4, 5, "certain")]


@pytest.mark.parametrize(("error", "found"), [("TypeError", 0), ("Exception", 0), ("ValueError", 1)])
def test_a_program_that_asks_whether_it_works(error: str, found: int) -> None:
    text = f"{START}try:\n    b = np.mean(x)\nexcept {error}:\n    b = 0\n"
    assert len(findings(text)) == found


def test_code_for_both_kinds_is_left_alone() -> None:
    assert (
        findings("""
def scale(values, weights):
    if isinstance(values, np.ndarray):
        return np.mean(weights * values)
    return (values * torch.as_tensor(weights)).mean()

scale(np.ones(3), np.ones(3))
scale(torch.ones(3), np.ones(3))
""")
        == []
    )


def test_the_input_of_forward_is_not_taken_for_certain() -> None:
    assert (
        findings("""
class Net(nn.Module):
    def forward(self, x):
        return np.mean(x)
""")
        == []
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("b = np.mean(x)", "b = np.mean(x.detach().cpu().numpy())"),
        ("b = np.sum(x.cpu(), axis=0)", "b = np.sum(x.detach().cpu().numpy(), axis=0)"),
        ("b = a * (x + 1)", "b = a * (x + 1).detach().cpu().numpy()"),
        ("x[:] = a + 1", "x[:] = torch.as_tensor(a + 1)"),
    ],
)
def test_the_repair_converts_one_of_them(before: str, after: str) -> None:
    assert fixed(f"{START}{before}\n") == f"{START}{after}\n"


def test_a_row_of_an_array_whose_shape_is_not_known_may_be_a_number() -> None:
    assert not findings("""
def spacing(image):
    sizes = np.asarray(image.GetSpacing(), dtype=np.float64)
    m = torch.eye(4, dtype=torch.float64)
    for i, e in enumerate(sizes):
        m[i, i] = 1 / e
    return m
""")


def test_what_is_annotated_as_an_array_is_one_of_the_paths() -> None:
    text = """
def convert(x, kind):
    if kind is torch.Tensor:
        return torch.as_tensor(x)
    return other(x)
def check(boxes, kind):
    found{}= convert(boxes, kind)
    return np.any(found[:, 1:] > np.array([1, 2]))
"""
    assert not findings(text.format(": np.ndarray "))
