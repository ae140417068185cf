"""Statements: exceptions, deletion, matching, unpacking, conditions that decide."""

from __future__ import annotations

import pytest
from reveal import findings, reveal, reveals

W = "w = torch.ones(3, requires_grad=True)"


def test_a_handler_starts_from_anywhere_in_the_body() -> None:
    inside, after = reveals(f"""
{W}
x = torch.ones(3)
try:
    x = w
    risky()
except ValueError:
    reveal(x)
    x = np.ones(3)
reveal(x)
""")
    assert inside.requires_grad == "maybe"
    assert after.kind == "Array | Tensor"


def test_finally_runs_after_a_return_and_else_only_after_the_whole_body() -> None:
    final, other = reveals(f"""
{W}
def f(x):
    try:
        x = w
    except ValueError:
        return None
    else:
        reveal(x)
    finally:
        reveal(x)
    return x
f(torch.ones(3))
""")[::-1]
    assert other.requires_grad == "yes"
    assert final.requires_grad in ("yes", "maybe")


def test_a_path_that_raises_does_not_go_on() -> None:
    assert (
        reveal(f"""
{W}
x = torch.ones(3)
if flag():
    x = w
    raise ValueError
reveal(x)
""").requires_grad
        == "no"
    )


def test_a_deleted_name_is_gone() -> None:
    assert (
        reveal(f"""
{W}
del w
reveal(w)
""").kind
        == "Unknown"
    )


@pytest.mark.parametrize(
    ("pattern", "kind"),
    [
        ("torch.Tensor()", "Tensor"),
        ("x", "Tensor"),
        ("_", "Tensor"),
        ("torch.Tensor() as x", "Tensor"),
    ],
)
def test_a_case_may_run(pattern: str, kind: str) -> None:
    assert (
        reveal(f"""
{W}
x = w
match w:
    case {pattern}:
        reveal(x)
""").kind
        == kind
    )


def test_names_that_a_pattern_binds_are_not_what_they_were() -> None:
    assert (
        reveal(f"""
{W}
x = w
match load():
    case {{"x": x}}:
        pass
    case [x, *rest]:
        pass
    case Point(x=x) | (0, x):
        pass
    case _:
        x = np.ones(3)
reveal(x)
""").kind
        == "Array | Unknown"
    )


def test_a_chain_of_conditions() -> None:
    a, b, c = reveals(f"""
{W}
def f(mode):
    if mode == "a":
        x = w
    elif mode == "b":
        x = np.ones(3)
    else:
        x = None
    reveal(x)
    if mode == "a":
        reveal(x)
    elif mode == "b":
        reveal(x)
""")
    assert (a.kind, b.kind, c.kind) == ("Array | None | Tensor", "Tensor", "Array")


def test_targets_at_once_and_starred_ones() -> None:
    a, b, c, rest = reveals(f"""
{W}
a = b = w
(c, *rest), d = [np.ones(3), w, w], 1
a, b = b.detach(), a
reveal(a, b, c, rest)
""")
    assert (a.requires_grad, b.requires_grad) == ("no", "yes")
    assert c.kind in ("Array", "Array | Tensor")
    assert rest.element.requires_grad == "yes"


def test_an_annotated_assignment_is_its_value_and_an_unknown_one_its_annotation() -> None:
    value, told = reveals(f"""
{W}
x: torch.Tensor = w
y: torch.Tensor = load()
reveal(x, y)
""")
    assert (value.requires_grad, told.kind, told.requires_grad) == ("yes", "Tensor", "unknown")


def test_with_binds_what_its_context_gives() -> None:
    assert (
        reveal("""
with open("f") as f, thing() as x:
    reveal(x)
""").kind
        == "Unknown"
    )


def test_code_after_a_return_is_not_looked_at() -> None:
    assert not findings(f"""
{W}
def f():
    return 1
    w.numpy()
""")


def test_async_functions_loops_and_contexts() -> None:
    assert findings(f"""
{W}
async def f(source):
    async with source as s:
        async for x in s:
            y = await g(w)
            y.numpy()

async def g(x):
    return x * 2
""") == [("TSL101", 7, 13, "certain"), ("TSL506", 7, 13, "certain")]


def test_a_parameter_whose_default_is_false_decides_when_it_is_not_given() -> None:
    assert not findings(f"""
{W}
def f(x, raw=False):
    if raw:
        return x.numpy()
    return x.detach().numpy()

f(torch.ones(3))
""")
