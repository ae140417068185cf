"""Names, literals, comprehensions, conditional expressions, assignments inside expressions."""

from __future__ import annotations

import pytest
from reveal import reveal, reveals

W = "w = torch.ones(3, requires_grad=True)"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("None", "None"),
        ("True", "True"),
        ("3", "3"),
        ("0x10", "16"),
        ("1_000", "1000"),
        ("2.5", "Number"),
        ("'a' 'b'", "'ab'"),
        ("b'a'", "b'a'"),
        ("f'{w}'", "Number"),
        ("...", "Unknown"),
        ("(w,)", "Tuple"),
        ("[w]", "list"),
        ("{w}", "list"),
        ("{'a': w}", "dict"),
        ("[x for x in [w]]", "list"),
        ("{k: v for k, v in []}", "dict"),
        ("lambda x: x", "Function"),
        ("len", "External"),
        ("np.mean", "External"),
        ("undefined", "Unknown"),
    ],
)
def test_what_an_expression_is(text: str, kind: str) -> None:
    assert (
        reveal(f"""
{W}
reveal({text})
""").kind
        == kind
    )


def test_a_comprehension_has_names_of_its_own() -> None:
    inner, outer = reveals(f"""
{W}
x = np.ones(3)
y = [reveal(x) for x in [w]]
reveal(x)
""")
    assert (inner.kind, outer.kind) == ("Tensor", "Array")


def test_nested_comprehensions_and_conditions() -> None:
    assert (
        reveal(f"""
{W}
rows = [[w, None], [None]]
xs = [x * 2 for row in rows for x in row if x is not None if x.requires_grad]
reveal(xs[0])
""").requires_grad
        == "yes"
    )


def test_a_walrus_binds_in_the_function() -> None:
    inside, after = reveals(f"""
{W}
if (x := w * 2).sum() > 0:
    reveal(x)
ys = [y := w, 1]
reveal(y)
""")
    assert inside.requires_grad == after.requires_grad == "yes"


def test_a_conditional_expression_under_a_known_condition() -> None:
    x = reveal(f"""
{W}
def f(flag):
    x = w if flag else np.ones(3)
    if flag:
        reveal(x)
""")
    assert x.kind == "Tensor"


def test_a_name_is_looked_up_where_python_does() -> None:
    local, closed, builtin = reveals(f"""
{W}
max = w
def outer():
    x = np.ones(3)
    def inner():
        w = 1
        reveal(w, x, max)
    inner()
outer()
""")
    assert (local.kind, closed.kind, builtin.kind) == ("1", "Array", "Tensor")


def test_a_lambda_closes_over_names() -> None:
    assert (
        reveal(f"""
{W}
def make():
    scale = w
    return lambda x: x * scale
reveal(make()(torch.ones(3)))
""").requires_grad
        == "yes"
    )
