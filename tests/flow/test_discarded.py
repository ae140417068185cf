"""Statements whose only effect would be their result."""

from __future__ import annotations

import pytest
from reveal import findings, fixed


@pytest.mark.parametrize(
    "statement",
    [
        "x.to('cpu')",
        "x.cpu()",
        "x.detach()",
        "x.float()",
        "x.numpy()",
        "x.resolve_conj()",
        "x.contiguous()",
        "x.reshape(3)",
    ],
)
def test_a_tensor_method_without_an_effect_is_dropped(statement: str) -> None:
    assert findings(f"""
x = torch.ones(3)
{statement}
""") == [("TSL506", 3, 1, "certain")]


@pytest.mark.parametrize(
    "statement",
    [
        "x.add_(1)",
        "x.detach_()",
        "x.requires_grad_()",
        "x.zero_()",
        "x.backward()",
        "net.to('cuda')",
        "net.float()",
        "net.double()",
        "batch.to('cuda')",
        "thing().cpu()",
        "x = x.cpu()",
        "print(x.cpu())",
        "x.tolist()",
    ],
)
def test_what_has_an_effect_or_may_have_one_is_not(statement: str) -> None:
    assert not findings(f"""
x = torch.ones(3)
net = nn.Linear(2, 2)
batch = load()
{statement}
""")


def test_a_parameter_that_is_annotated_is_a_tensor() -> None:
    assert [
        code
        for code, *_ in findings("""
def f(x: torch.Tensor, y):
    x.to("cuda")
    y.to("cuda")
    return x, y
""")
    ] == ["TSL506"]


def test_every_alternative_must_be_a_tensor() -> None:
    assert not findings("""
x = torch.ones(3) if flag() else nn.Linear(2, 2)
x.to("cuda")
""")


@pytest.mark.parametrize(
    "statement", ["x.cpu().double()", "x.detach().cpu()", "x.cpu().numpy()", "x.flatten().contiguous()"]
)
def test_a_chain_of_methods_without_an_effect_is_dropped(statement: str) -> None:
    assert findings(f"""
x = torch.ones(3)
{statement}
""") == [("TSL506", 3, 1, "certain")]


@pytest.mark.parametrize("statement", ["x.cpu().add_(1)", "x.view(-1).zero_()", "f(x).cpu()", "x.sum().backward()"])
def test_a_chain_with_an_effect_is_not(statement: str) -> None:
    assert not findings(f"""
x = torch.ones(3)
{statement}
""")


def test_a_list_of_results_that_is_dropped() -> None:
    program = """
def halves(hidden: list[torch.Tensor], parts):
    hidden = [torch.ones(2), torch.zeros(2)]
    [state.double() for state in hidden]
    [part.double() for part in parts]
    [state.add_(1) for state in hidden]
    [print(state.double()) for state in hidden]
    return hidden
"""
    assert findings(program) == [("TSL506", 4, 5, "certain")]
    assert "    hidden = [state.double() for state in hidden]\n" in fixed(program)


LOOPS = [
    # (what becomes of the value of the loop, what the fix is)
    ("{v}\n        total += v.sum()", "v = v.to(device)"),
    ("{v}", "d[k] = v.to(device)"),
    ("{v}\n        v = 1\n        print(v)", ""),
    ("k = k.upper()\n        {v}", ""),
    ("print(v)\n        {v}", "d[k] = v.to(device)"),
    ("if total:\n            {v}\n        total += v.sum()", "v = v.to(device)"),
    ("if total:\n            {v}\n        else:\n            total += v.sum()", "d[k] = v.to(device)"),
]


@pytest.mark.parametrize(("body", "expected"), LOOPS)
def test_a_value_of_a_loop_over_a_dict_is_assigned_to_where_it_is_read(body: str, expected: str) -> None:
    program = f"""
def moved(device):
    d, total = {{"a": torch.ones(2), "b": torch.ones(2)}}, 0
    for k, v in d.items():
        {body.format(v="v.to(device)")}
    return d, total
"""
    assert [code for code, *_ in findings(program)] == ["TSL506"]
    assert fixed(program) == (program.replace("v.to(device)", expected) if expected else program)


@pytest.mark.parametrize(
    ("before", "after", "has_fix"),
    [
        ("x = make()", "return x", True),
        ("x = make()", "return 1", False),
        ("x = make()", "x = 2\n    return x", False),
        ("x = make()", "x = x + 1\n    return x", True),
        ("x = make()", "with open('f') as x:\n        return x", False),
        ("x = make()", "for x in range(3): print(x)", False),
        ("x = make()", "for x in range(3): pass\n    return x", True),
        ("x = make()", "print([x for x in range(3)])", True),
        ("x = make()\n    later = lambda: x", "return later", True),
        ("x = make()", "print(net.x, f(x=1))", False),
    ],
)
def test_nothing_is_assigned_to_a_name_that_nothing_reads(before: str, after: str, has_fix: bool) -> None:
    program = f"""
def make() -> torch.Tensor: return torch.ones(2)
def f():
    {before}
    x.double()
    {after}
"""
    assert ("    x = x.double()\n" in fixed(program)) is has_fix


def test_a_loop_reads_in_its_next_pass() -> None:
    program = """
def last(n):
    x = torch.ones(2)
    while n:
        print(x)
        x.double()
def once(n):
    x = torch.ones(2)
    while n:
        x.double()
"""
    assert fixed(program) == program.replace("print(x)\n        x.double()", "print(x)\n        x = x.double()")
