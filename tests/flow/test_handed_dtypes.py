"""Dtypes that a caller hands on: found where they are given to the wrong library, with the call as evidence."""

from __future__ import annotations

import pytest
from reveal import evidence, findings

CALLEE = """
TABLE = {np.uint16: torch.int32}

def to_array(t, dtype):
    if isinstance(t, torch.Tensor):
        WHAT
        return t.to(dtype=dtype)
    return np.asarray(t, dtype=dtype)

def run(x):
    return to_array(VALUE, DTYPE)
"""


def found(what: str, value: str = "torch.ones(3)", dtype: str = "np.uint16") -> list[tuple[int, str]]:
    text = CALLEE.replace("WHAT", what).replace("VALUE", value).replace("DTYPE", dtype)
    return [(line, confidence) for code, line, _, confidence in findings(text) if code == "TSL107"]


@pytest.mark.parametrize(
    "dtype", ["np.uint16", "np.float32", "np.dtype('uint8')", "np.zeros(3).dtype", "dtype=np.intp"]
)
def test_a_dtype_of_numpy_for_a_tensor(dtype: str) -> None:
    assert found("pass", dtype=dtype) == [(7, "certain")]


def test_a_value_that_may_be_a_tensor() -> None:
    assert found("pass", value="x") == [(7, "likely")]


@pytest.mark.parametrize("value", ["np.ones(3)", "[1, 2]"])
def test_a_value_that_is_no_tensor(value: str) -> None:
    assert found("pass", value=value) == []


def test_a_dtype_of_torch_for_an_array() -> None:
    assert found("pass", value="np.ones(3)", dtype="torch.float32") == [(8, "certain")]
    assert found("pass", dtype="torch.float32") == []


def test_the_call_is_told() -> None:
    text = CALLEE.replace("WHAT", "pass").replace("VALUE", "torch.ones(3)").replace("DTYPE", "np.uint16")
    assert any(step.startswith("11: ") for step in evidence(text, "TSL107"))


@pytest.mark.parametrize(
    "what",
    [
        "if dtype == np.uint16: return t.to(torch.int32)",
        "if dtype in (np.uint16, np.float32): return t.to(torch.int32)",
        "if dtype in TABLE: return t.to(TABLE[dtype])",
        "if dtype in OTHERS: return t.to(OTHERS[dtype])",
        "if dtype in TABLE: dtype = TABLE[dtype]",
        "dtype = OTHERS.get(dtype, dtype)",
        "dtype = getattr(torch, np.dtype(dtype).name)",
        "if isinstance(dtype, type): return t",
        "if not isinstance(dtype, torch.dtype): dtype = converted(dtype)",
        "if type(dtype) is not torch.dtype: return t",
        "if is_numpy(dtype): return t",
        "if not hasattr(dtype, 'is_complex'): return t",
        "if np.issubdtype(dtype, np.integer): return t",
    ],
)
def test_a_dtype_that_is_tested_or_translated(what: str) -> None:
    assert found(what) == []


@pytest.mark.parametrize("what", ["if dtype == np.float32: return t", "if dtype in (np.float32,): return t"])
def test_a_test_for_another_dtype(what: str) -> None:
    assert found(what) == [(7, "certain")]


def test_what_is_made() -> None:
    text = "\ndef make(n, dtype=np.float32):\n    return torch.zeros(n, dtype=dtype)\n\nmake(3)\n"
    assert [code for code, *_ in findings(text)] == ["TSL107"]
    assert not findings(text.replace("make(3)", "make(3, torch.float32)").replace("=np.float32", ""))
