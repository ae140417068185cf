"""Tests of the name or attribute that holds a dtype: what they rule out is not on that path."""

from __future__ import annotations

import pytest
from reveal import findings, reveal

PICKED = """
class Reader:
    def __init__(self, precision):
        self.dtype = {"a": torch.bfloat16, "b": torch.float16, "c": torch.float32}[precision]

    def read(self, x: torch.Tensor):
        x = x.detach().cpu()
"""
CHOSEN = """
HALVES = (torch.bfloat16, torch.float16)

def read(x: torch.Tensor, half):
    x = x.detach().cpu()
    dtype = torch.bfloat16 if half else torch.float32
"""


def program(start: str, body: str) -> str:
    if start == PICKED:
        return start + "\n".join(f"        {line}" for line in body.replace("DTYPE", "self.dtype").splitlines())
    return start + "\n".join(f"    {line}" for line in body.replace("DTYPE", "dtype").splitlines())


@pytest.mark.parametrize("start", [PICKED, CHOSEN])
@pytest.mark.parametrize(
    "test",
    [
        "DTYPE is torch.bfloat16",
        "DTYPE == torch.bfloat16",
        "torch.bfloat16 == DTYPE",
        "DTYPE in (torch.bfloat16, torch.float16)",
        "DTYPE in [torch.bfloat16]",
        "str(DTYPE) == 'torch.bfloat16'",
        "not DTYPE != torch.bfloat16",
        "(DTYPE) == (wanted := torch.bfloat16)",
    ],
)
def test_a_test_that_rules_the_dtype_out(start: str, test: str) -> None:
    body = f"if {test}:\n    return x.to(DTYPE).float().numpy()\nreturn x.to(DTYPE).numpy()\n"
    assert not findings(program(start, body))
    wrong = findings(program(start, f"if {test}:\n    return x.to(DTYPE).numpy()\nreturn None\n"))
    assert [code for code, *_ in wrong] == ["TSL104"]


@pytest.mark.parametrize("start", [PICKED, CHOSEN])
@pytest.mark.parametrize(
    "test",
    [
        "DTYPE is not torch.bfloat16",
        "DTYPE != torch.bfloat16",
        "DTYPE not in (torch.bfloat16, torch.float8_e4m3fn)",
        "DTYPE in (torch.float16, torch.float32)",
        "DTYPE == torch.float",
    ],
)
def test_a_test_for_another_dtype(start: str, test: str) -> None:
    assert not findings(program(start, f"if {test}:\n    return x.to(DTYPE).numpy()\nreturn None\n"))


@pytest.mark.parametrize("start", [PICKED, CHOSEN])
@pytest.mark.parametrize("test", ["DTYPE is torch.float16", "DTYPE in (torch.float64,)", "DTYPE is None", "known()"])
def test_a_test_that_does_not_rule_it_out(start: str, test: str) -> None:
    found = findings(program(start, f"if {test}:\n    return 0\nreturn x.to(DTYPE).numpy()\n"))
    assert [code for code, *_ in found] == ["TSL104"]


def test_a_tuple_with_a_name() -> None:
    assert not findings(program(CHOSEN, "if dtype in HALVES:\n    return 0\nreturn x.to(dtype).numpy()\n"))


@pytest.mark.parametrize("start", [PICKED, CHOSEN])
def test_a_tensor_made_before_the_test(start: str) -> None:
    body = "y = x.to(DTYPE)\nif DTYPE == torch.bfloat16:\n    y = y.float()\nreturn y.numpy()\n"
    assert not findings(program(start, body))
    assert findings(program(start, body.replace("== torch.bfloat16", "== torch.float16")))


def test_the_test_of_another_value_of_the_name_tells_nothing() -> None:
    body = "y = x.to(dtype)\ndtype = pick()\nif dtype == torch.bfloat16:\n    return 0\nreturn y.numpy()\n"
    assert [code for code, *_ in findings(program(CHOSEN, body))] == ["TSL104"]


def test_the_dtype_of_a_tensor() -> None:
    known = reveal("""
y = torch.ones(3, dtype=torch.bfloat16) if flag() else torch.ones(3)
dtype = y.dtype
if dtype is not torch.bfloat16:
    reveal(torch.zeros(3).to(dtype))
""")
    assert known.lacking != "maybe"
