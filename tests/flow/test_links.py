"""Links of conversions: `.data`, links that are not needed or stand in the wrong order, round trips through NumPy."""

from __future__ import annotations

import pytest
from reveal import IMPORTS, NOWHERE, program

from tensorlint.fixes.apply import fix_source
from tensorlint.flow.project import Project
from tensorlint.linter import lint
from tensorlint.settings import Selection, Settings
from tensorlint.source import Source

START = """
net = nn.Linear(4, 1)
x = torch.rand(8, 4)
out = net(x)
p = net.weight
"""


def found(text: str, code: str) -> list[tuple[int, int, str]]:
    """The findings with a code in a program that goes on after ``START``: line of the text, column, confidence."""
    settings = Settings((Selection((code,)),))
    every = lint(Source(program(START + text), str(NOWHERE)), settings, Project(NOWHERE.parent))
    return [(one.line - START.count("\n"), one.column, str(one.confidence)) for one in every]


def repaired(text: str, code: str) -> str:
    """The text after the fixes of one rule."""
    settings = Settings((Selection((code,)),))
    source = Source(program(START + text), str(NOWHERE))
    result = fix_source(source, lambda one: lint(one, settings, Project(NOWHERE.parent)), unsafe=True)
    return result.data.decode().removeprefix(IMPORTS + START)


@pytest.mark.parametrize(
    "text",
    [
        "y = out.data",
        "y = out.data.cpu().numpy()",
        "y = p.data.norm()",
        "y = torch.sum(out.data)",
        "print(out.mean().data)",
        "if (out.data > 0).all(): pass",
        "y = [q.data for q in net.parameters()]",
    ],
)
def test_data_that_is_read(text: str) -> None:
    assert len(found(text, "TSL402")) == 1
    assert ".data" not in repaired(text, "TSL402")


@pytest.mark.parametrize(
    "text",
    [
        "p.data.zero_()",
        "p.data -= 0.1 * p.grad.data",
        "p.data = p.data * 2",
        "p.data[0] = 1.0",
        "p.data[0] *= 2.0",
        "p.data.copy_(p.data + 1)",
        "p.data.mul_(0.9).add_(p.data, alpha=0.1)",
        "nn.init.normal_(p.data)",
        "torch.distributed.all_reduce(p.data)",
        "y = out.detach()",
        "class Batch:\n    data = 1\ny = Batch().data",
    ],
)
def test_data_that_is_written_to_and_data_of_something_else(text: str) -> None:
    assert found(text, "TSL402") == []


def test_a_write_is_over_with_its_statement() -> None:
    assert found("p.data.zero_()\ny = p.data\n", "TSL402") == [(2, 5, "certain")]


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("a = x.t().contiguous().numpy()", "a = x.t().numpy()"),
        ("a = x.contiguous().detach().cpu().numpy()", "a = x.detach().cpu().numpy()"),
        ("a = (x + 1).contiguous().numpy()", "a = (x + 1).numpy()"),
    ],
)
def test_contiguous_before_numpy(text: str, after: str) -> None:
    assert found(text, "TSL501") == [(1, 5, "certain")]
    assert repaired(text, "TSL501") == after


@pytest.mark.parametrize("text", ["a = x.contiguous().view(-1).numpy()", "a = x.numpy()", "y = x.contiguous()"])
def test_contiguous_for_something_else(text: str) -> None:
    assert found(text, "TSL501") == []


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("a = out.cpu().detach()", "a = out.detach().cpu()"),
        ('a = out.to("cpu").detach().numpy()', 'a = out.detach().to("cpu").numpy()'),
        ("a = (out * 2).cpu().detach()", "a = (out * 2).detach().cpu()"),
        ("a = (\n    out.cpu()  # here\n    .detach()\n)", "a = (\n    out.detach().cpu()\n)"),
    ],
)
def test_cpu_before_detach(text: str, after: str) -> None:
    assert len(found(text, "TSL502")) == 1
    assert repaired(text, "TSL502").split() == after.split()


@pytest.mark.parametrize("text", ["a = out.detach().cpu()", "a = x.cpu().detach()", "a = out.to(device).detach()"])
def test_detach_where_it_belongs(text: str) -> None:
    assert found(text, "TSL502") == []


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("y = torch.from_numpy(x.numpy())", "y = x"),
        ("y = torch.tensor(x.numpy())", "y = x.clone()"),
        ("y = torch.from_numpy(out.detach().cpu().numpy()) * 2", "y = out.detach().cpu() * 2"),
        ("y = torch.tensor(x.numpy(), dtype=torch.float64)", "y = torch.tensor(x.numpy(), dtype=torch.float64)"),
    ],
)
def test_a_round_trip(text: str, after: str) -> None:
    assert found(text, "TSL504") == [(1, 5, "certain")]
    assert repaired(text, "TSL504") == after


def test_a_round_trip_through_a_name() -> None:
    text = "def f():\n    values = x.numpy()\n    return torch.from_numpy(values){}\n"
    assert [one[0] for one in found(text.format(""), "TSL504")] == [3]
    assert found(text.format(", values"), "TSL504") == []


@pytest.mark.parametrize(
    "text",
    [
        "y = torch.from_numpy(x.numpy() + 1)",
        "y = torch.from_numpy(np.sort(x.numpy()))",
        "y = torch.from_numpy(np.zeros(3))",
        "a = x.numpy()\ny = torch.from_numpy(a)\nprint(a)",
    ],
)
def test_a_way_with_something_between(text: str) -> None:
    assert found(text, "TSL504") == []


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("a = out.detach().cpu().detach()", 5),
        ("a = out.cpu().cpu()", 5),
        ("a = torch.zeros(3).detach()", 5),
        ("a = torch.from_numpy(np.zeros(3)).cpu()", 5),
        ("a = out.to('cpu').cpu()", 5),
        ("a = out.argmax(1).detach()", 5),
        ("a = out.detach()[0].detach()", 5),
        ("with torch.no_grad(): a = net(x).detach()", 27),
    ],
)
def test_links_that_do_nothing(text: str, column: int) -> None:
    assert found(text, "TSL507") == [(1, column, "likely")]


@pytest.mark.parametrize(
    "text",
    [
        "a = out.detach().cpu().numpy()",
        "a = torch.zeros(3).cpu()",
        "a = (out.detach() * p).detach()",
        "a = torch.zeros(3).requires_grad_().detach()",
        "a = out.cpu().cuda().cpu()",
        "a = torch.zeros(3)\nif flag:\n    a = out\nb = a.detach()",
        "def f(t):\n    return t.detach()\nf(torch.zeros(3))\nf(out)",
        "def f(t):\n    return t.detach()\nf(torch.zeros(3))",
        "class A(Unseen):\n    def f(x: torch.Tensor, flag):\n        return (x if flag else torch.zeros(3)).detach()",
        "a = torch.zeros(3)\nif flag:\n    a = unseen()\nb = a.detach()",
    ],
)
def test_links_that_do_something_on_some_path(text: str) -> None:
    assert found(text, "TSL507") == []


def test_a_function_that_works_in_place_is_given_data() -> None:
    text = "def scale(p, by):\n    p{}\n\nscale(net.weight.data, 2)\n"
    assert found(text.format(".div_(by)"), "TSL402") == []
    assert found(text.format(" = p / by"), "TSL402") == [(4, 7, "certain")]
