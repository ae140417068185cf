"""Dtypes of one library that meet the other."""

from __future__ import annotations

import pytest
from reveal import findings, fixed

START = "\nx = torch.rand(3)\na = np.ones(3)\n"


def found(text: str) -> list[tuple[str, int, int, str]]:
    return [one for one in findings(text) if one[0] != "TSL506"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a.astype(torch.float32)", "a.astype(np.float32)"),
        ("a.astype(torch.long)", "a.astype(np.int64)"),
        ("np.zeros(3, dtype=torch.int64)", "np.zeros(3, dtype=np.int64)"),
        ("a.sum(dtype=torch.float64)", "a.sum(dtype=np.float64)"),
        ("x.to(np.float32)", "x.to(torch.float32)"),
        ("x.to(dtype=np.float32)", "x.to(dtype=torch.float32)"),
        ("torch.tensor([1], dtype=np.int64)", "torch.tensor([1], dtype=torch.int64)"),
        ("torch.as_tensor(a, dtype=np.double)", "torch.as_tensor(a, dtype=torch.float64)"),
        ("torch.zeros(3, dtype=np.bool_)", "torch.zeros(3, dtype=torch.bool)"),
        ("x.sum(dtype=np.float64)", "x.sum(dtype=torch.float64)"),
        ("nn.Linear(1, 1, dtype=np.float32)", "nn.Linear(1, 1, dtype=torch.float32)"),
        ("x.astype(np.float32)", "x.to(torch.float32)"),
        ("x.astype('float32')", "x.to(torch.float32)"),
        ("x.astype(torch.long)", "x.to(torch.int64)"),
        ("x.dtype == np.float32", "x.dtype == torch.float32"),
        ("np.float32 == x.dtype", "torch.float32 == x.dtype"),
        ("a.dtype != torch.float32", "a.dtype != np.float32"),
    ],
)
def test_each_is_found_and_mended(before: str, after: str) -> None:
    assert found(f"{START}b = {before}\n") == [("TSL107", 4, 5, "certain")]
    assert fixed(f"{START}b = {before}\n") == f"{START}b = {after}\n"
    assert found(f"{START}b = {after}\n") == []
    import numpy as np
    import torch

    scope = {"torch": torch, "nn": torch.nn, "np": np, "x": torch.rand(3), "a": np.ones(3)}
    if "==" in before or "!=" in before:
        assert eval(before, scope) is ("!=" in before)
    else:
        with pytest.raises((TypeError, AttributeError)):
            eval(before, scope)
        eval(after, scope)


@pytest.mark.parametrize(
    "expression",
    [
        "x.to(a.dtype)",
        "a.astype(x.dtype)",
        "x.dtype == a.dtype",
        "x.dtype in (np.float32, np.float64)",
        "np.array([1], dtype=torch.bfloat16)",
        "x.astype(int)",
    ],
)
def test_what_is_found_and_cannot_be_mended(expression: str) -> None:
    text = f"{START}b = {expression}\n"
    assert found(text) == [("TSL107", 4, 5, "certain")]
    assert fixed(text) == text


@pytest.mark.parametrize(
    "expression",
    [
        "x.to(float), torch.zeros(3, dtype=int), a.astype(float)",
        "a.astype('float32'), a.dtype == 'float32'",
        "x.dtype == torch.float32, a.dtype == np.float32",
        "x.numpy().astype(np.float32), x.numpy().dtype == np.float32",
        "x.to(torch.from_numpy(a).dtype), a.astype(x.numpy().dtype)",
        "x.dtype in (torch.float32, np.float32)",
    ],
)
def test_what_is_right(expression: str) -> None:
    assert found(f"{START}b = {expression}\n") == []


def test_a_dtype_that_is_one_of_two() -> None:
    assert found(f"{START}for d in (torch.float32, np.float32):\n    b = x.to(d)\n") == []
    assert found(f"{START}for d in (np.float64, np.float32):\n    b = x.to(d)\n") == [("TSL107", 5, 9, "certain")]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("y.astype(torch.float32)", [("TSL107", 5, 12, "likely")]),
        ("y.to(np.float32)", [("TSL107", 5, 12, "likely")]),
        ("y.astype(np.float32)", []),
        ("y.to(torch.float32)", []),
        ("y.dtype == np.float32, y.dtype == torch.float32", []),
    ],
)
def test_a_method_of_what_is_not_known(expression: str, expected: list) -> None:
    assert found(f"{START}def f(y):\n    return {expression}\n") == expected


@pytest.mark.parametrize(("error", "number"), [("TypeError", 0), ("ValueError", 1)])
def test_a_program_that_asks_whether_it_works(error: str, number: int) -> None:
    text = f"{START}try:\n    b = x.to(np.float32)\nexcept {error}:\n    b = x\n"
    assert len(found(text)) == number


def test_code_for_both_kinds_is_left_alone() -> None:
    assert (
        found("""
def cast(values: np.ndarray | torch.Tensor):
    if isinstance(values, torch.Tensor):
        return values.to(torch.float32)
    return values.astype(np.float32) if values.dtype != np.float32 else values

cast(torch.ones(3))
cast(np.ones(3))
""")
        == []
    )


def test_what_may_be_an_array_has_astype() -> None:
    assert not findings("""
def read(loaded):
    if isinstance(loaded, list):
        data = torch.FloatTensor(loaded)
    else:
        data = loaded
    kind = data.dtype
    if kind == "float64":
        data = data.astype("float32")
    return data
""")
