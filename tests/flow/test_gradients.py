"""The memory of gradients, and what `zero_grad()` does to it."""

from __future__ import annotations

import pytest
from reveal import findings, reveals

STEPS = """
net = nn.Linear(2, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
history = []
for _ in range(3):
    {zero}
    net(torch.ones(1, 2)).sum().backward()
    history.append(net.weight.grad.numpy())
    optimizer.step()
print(history)
"""


@pytest.mark.parametrize(
    "zero",
    [
        "net.zero_grad(set_to_none=False)",
        "optimizer.zero_grad(set_to_none=False)",
        "if net.weight.grad is not None: net.weight.grad.zero_()",
    ],
)
def test_a_gradient_that_is_emptied_in_place_changes_what_was_kept(zero: str) -> None:
    assert [(code, line) for code, line, *_ in findings(STEPS.format(zero=zero))] == [("TSL203", 8)]


@pytest.mark.parametrize("zero", ["net.zero_grad()", "optimizer.zero_grad()", "optimizer.zero_grad(set_to_none=True)"])
def test_a_gradient_that_is_dropped_stays_as_it_was_kept(zero: str) -> None:
    assert not findings(STEPS.format(zero=zero))


def test_a_gradient_is_one_memory_apart_from_its_tensor() -> None:
    x, first, second = reveals("""
x = torch.ones(3, requires_grad=True)
x.sum().backward()
reveal(x, x.grad, x.grad)
""")
    assert second.shares_with(first) == "yes"
    assert first.shares_with(x) == "no"
    assert first.requires_grad == "no"


@pytest.mark.parametrize(
    ("keyword", "fact"),
    [
        ("", "no"),
        (", create_graph=True", "yes"),
        (", create_graph=False", "no"),
        (", create_graph=order > 1", "unknown"),
    ],
)
def test_gradients_require_grad_where_their_graph_is_asked_for(keyword: str, fact: str) -> None:
    (slope,) = reveals(f"""
def f(order):
    x = torch.ones(3, requires_grad=True)
    (slope,) = torch.autograd.grad((x ** 3).sum(), x{keyword})
    reveal(slope)
""")
    assert slope.requires_grad == fact
