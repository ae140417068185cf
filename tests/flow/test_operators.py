"""Operators: arithmetic keeps facts, comparisons drop grad, ``and`` and ``or`` give one of their sides."""

from __future__ import annotations

import pytest
from reveal import reveal

W = "w = torch.ones(3, requires_grad=True)"


@pytest.mark.parametrize("operator", ["+", "-", "*", "/", "//", "%", "**", "@"])
def test_arithmetic_requires_grad_as_soon_as_one_side_does(operator: str) -> None:
    for sides in (("w", "torch.ones(3)"), ("torch.ones(3)", "w"), ("w", "w")):
        assert (
            reveal(f"""
{W}
reveal({sides[0]} {operator} {sides[1]})
""").requires_grad
            == "yes"
        )
    assert (
        reveal(f"""
reveal(torch.ones(3) {operator} torch.ones(3))
""").requires_grad
        == "no"
    )


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("w + 1", "Tensor"),
        ("1 + w", "Tensor"),
        ("-w", "Tensor"),
        ("~(w > 0)", "Tensor"),
        ("not w", "Number"),
        ("w > 0", "Tensor"),
        ("0 < w", "Tensor"),
        ("np.ones(3) > 0", "Array"),
        ("w is None", "Number"),
        ("1 in [1]", "Number"),
        ("1 + 1", "Number"),
        ("-1", "-1"),
        ("np.ones(3) + 1", "Array"),
        ("[1] + [2]", "list"),
        ("(1,) + (2,)", "Tuple"),
        ("'a' + 'b'", "Number"),
        ("None or w", "Tensor"),
        ("0 or w", "Tensor"),
        ("anything() + 1", "Unknown"),
        ("anything() + w", "Tensor"),
        ("w if flag() else None", "None | Tensor"),
    ],
)
def test_what_an_operator_gives(expression: str, kind: str) -> None:
    assert (
        reveal(f"""
{W}
reveal({expression})
""").kind
        == kind
    )


@pytest.mark.parametrize("comparison", ["w > 0", "w == 0", "w != w", "0 <= w", "~(w > 0)"])
def test_masks_do_not_require_grad(comparison: str) -> None:
    mask = reveal(f"""
{W}
reveal({comparison})
""")
    assert (mask.requires_grad, mask.dtype) == ("no", "bool")


@pytest.mark.parametrize(("statement", "writes"), [("x += 1", True), ("x = x + 1", False), ("x *= 2", True)])
def test_an_augmented_assignment_writes_in_place(statement: str, writes: bool) -> None:
    from reveal import reveals

    before, after = reveals(f"""
x = y = torch.ones(3)
{statement}
reveal(y, x)
""")
    assert (after.shares_with(before) == "yes") is writes


def test_an_augmented_assignment_of_a_grad_tensor_makes_it_require_grad() -> None:
    x = reveal(f"""
{W}
x = torch.ones(3)
x += w
reveal(x)
""")
    assert x.requires_grad == "yes"
