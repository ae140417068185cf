"""Conversions that the program tries: whoever catches the error and goes on has asked whether it works."""

from __future__ import annotations

import pytest
from reveal import findings

GRAD = """
import contextlib, os, sys, pytest
t = torch.ones(3, requires_grad=True)
"""
DEVICE = GRAD.replace("requires_grad=True", "device='cuda'")

ON = ["a = None", "a = t.detach().cpu().numpy()", "pass", "print('no')", "if t.ndim:\n        a = 1"]
ENDS = ["raise", "raise ValueError", "print('no'); raise", "sys.exit(1)", "if t.ndim:\n        raise"]


@pytest.mark.parametrize("handler", ON)
@pytest.mark.parametrize("caught", ["RuntimeError", "(TypeError, RuntimeError)", "Exception", "BaseException", ""])
def test_a_conversion_that_is_tried(caught: str, handler: str) -> None:
    assert not findings(f"""{GRAD}
try:
    a = t.numpy()
except {caught}:
    {handler}
""")


@pytest.mark.parametrize("handler", ENDS)
@pytest.mark.parametrize("caught", ["RuntimeError", "Exception", ""])
def test_a_handler_that_does_not_go_on(caught: str, handler: str) -> None:
    assert findings(f"""{GRAD}
try:
    a = t.numpy()
except {caught}:
    {handler}
""") == [("TSL101", 6, 9, "certain")]


@pytest.mark.parametrize(
    ("start", "caught", "code"),
    [(GRAD, "TypeError", "TSL101"), (DEVICE, "RuntimeError", "TSL102"), (GRAD, "(ValueError, KeyError)", "TSL101")],
)
def test_a_handler_for_another_error(start: str, caught: str, code: str) -> None:
    assert [
        found[0]
        for found in findings(f"""{start}
try:
    a = t.numpy()
except {caught}:
    a = None
""")
    ] == [code]


def test_only_the_body_is_tried() -> None:
    text = f"""{GRAD}
try:
    a = 1
except RuntimeError:
    b = t.numpy()
else:
    c = t.numpy()
finally:
    d = t.numpy()
e = t.numpy()
"""
    assert [found[1] for found in findings(text)] == [8, 10, 12, 13]


def test_a_function_that_is_tried() -> None:
    text = f"""{GRAD}
def convert(x):
    return x.numpy()

def inner(x):
    return convert(x)

try:
    a = inner(t)
except RuntimeError:
    a = None
"""
    assert not findings(text)
    assert not findings(text.replace("= inner(t)", "= convert(t)").replace("RuntimeError", "Exception"))


def test_what_catches_any_error_far_away_is_not_about_the_conversion() -> None:
    assert findings(f"""{GRAD}
def convert(x):
    return x.numpy()

def train():
    return convert(t)

def main():
    return train()

try:
    main()
except Exception:
    print("failed")
""") == [("TSL101", 6, 12, "certain")]


@pytest.mark.parametrize(
    "context",
    ["contextlib.suppress(RuntimeError)", "pytest.raises(RuntimeError, match='grad')", "self.assertRaises(Exception)"],
)
def test_contexts_that_expect_the_error(context: str) -> None:
    text = f"""{GRAD}
def test(self):
    with {context}:
        t.numpy()
"""
    assert not findings(text)
    other = text.replace("RuntimeError", "KeyError").replace("(Exception", "(KeyError")
    assert ("TSL101", 7, 9, "certain") in findings(other)


def test_negative_strides_that_are_tried() -> None:
    assert not findings("""
a = np.ones(3)[::-1]
try:
    t = torch.from_numpy(a)
except ValueError:
    t = torch.from_numpy(a.copy())
""")
