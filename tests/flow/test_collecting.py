"""Loops that wait for the GPU in every step, to collect what is read afterwards."""

from __future__ import annotations

import pytest
from reveal import NOWHERE, program

from tensorlint.flow.project import Project
from tensorlint.linter import lint
from tensorlint.settings import Selection, Settings
from tensorlint.source import Source

LOOP = """
def run(batches):
    net = nn.Linear(4, 1){}
    losses, total = [], 0.0
    for step, x in enumerate(batches):
        loss = net(x).mean()
"""


def found(text: str, moved: str = ".cuda()") -> list[tuple[int, int]]:
    """The findings in the rest of a loop: line of the text, column."""
    body = "".join(f"        {line}\n" for line in text.splitlines())
    source = Source(program(LOOP.format(moved) + body), str(NOWHERE))
    every = lint(source, Settings((Selection(("TSL505",)),)), Project(NOWHERE.parent))
    return [(one.line - LOOP.count("\n"), one.column - 8) for one in every]


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("total += loss.item()", 10),
        ("total += loss.item() * len(x)", 10),
        ("total = total + loss.item()", 17),
        ("total += float(loss)", 10),
        ("losses.append(loss.item())", 15),
        ("losses.append(loss.detach().cpu())", 15),
        ("losses.append(loss.detach().to('cpu').numpy())", 15),
        ("losses.extend(loss.tolist())", 15),
        ("rows = [row.item() for row in net(x)]", 9),
    ],
)
def test_what_is_collected_waits_in_every_step(text: str, column: int) -> None:
    assert found(text) == [(1, column)]
    assert found(text, moved="") == []


@pytest.mark.parametrize(
    "text",
    [
        "total += loss.item()\nprint(total / (step + 1))",
        "total += loss.item()\nbar.set_postfix(loss=total)",
        "losses.append(loss.item())\nbest = min(losses)",
        "if step % 10 == 0:\n    losses.append(loss.item())",
        "print(loss.item())",
        "writer.add_scalar('loss', loss.item(), step)",
        "if loss.item() < 1:\n    break",
        "total += loss.detach()",
        "total += step",
        "losses.append(loss.to('cuda'))",
    ],
)
def test_what_is_read_in_the_loop_or_seldom_does_not(text: str) -> None:
    assert found(text) == []


def test_after_the_loop_there_is_no_step() -> None:
    source = LOOP.format(".cuda()") + "        losses.append(loss.detach())\n    total += losses[0].item()\n"
    settings = Settings((Selection(("TSL505",)),))
    assert lint(Source(program(source), str(NOWHERE)), settings, Project(NOWHERE.parent)) == []


SELDOM = [
    "step % 10 == 0",
    "(step + 1) % n == 0",
    "0 == step % n",
    "not step % n",
    "rank == 0 and step % n == 0",
    "step % n == 0 or step == last",
]


@pytest.mark.parametrize("test", SELDOM)
@pytest.mark.parametrize(
    ("value", "column"),
    [
        ("loss.item()", 9),
        ("float(loss)", 9),
        ("loss.detach().cpu()", 9),
        ("round(loss.item(), 3)", 15),
        ("{'loss': loss.item()}", 18),
        ("torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0).item()", 9),
    ],
)
def test_what_is_read_in_some_steps_alone_waits_in_every_step(test: str, value: str, column: int) -> None:
    text = f"value = {value}\nif {test}:\n    print(value)\n    log(value)"
    assert found(text) == [(1, column)]
    assert found(text, moved="") == []


def test_a_norm_that_is_converted_by_itself() -> None:
    text = "norm = torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)\nnorm = float(norm)\nif step % 10 == 0:\n    "
    assert found(text + "print(norm)") == [(2, 8)]


@pytest.mark.parametrize(
    "text",
    [
        "value = loss.item()\nif value > 1:\n    break\nif step % 10 == 0:\n    print(value)",
        "value = loss.item()\nif step % 10 != 0:\n    print(value)",
        "value = loss.item()\nif step % 10:\n    print(value)",
        "value = loss.item()\nif step % 10 == 0:\n    print(value)\nelse:\n    losses.append(value)",
        "value = loss.item()\nif step % 10 == 0 or value > 1:\n    print(value)",
        "value = loss.item()\nif verbose:\n    print(value)",
        "value = meter.update(loss.item())\nif step % 10 == 0:\n    print(value)",
        "value = 0.9 * value + loss.item()\nif step % 10 == 0:\n    print(value)",
        "value = loss.detach()\nif step % 10 == 0:\n    print(value.item())",
        "if step % 10 == 0:\n    value = loss.item()\n    print(value)",
        "value = loss.item()\nif step % 10 == 0:\n    print(step)",
        "value = loss.item()\nif step % 10 == 0:\n    print(value)\nshow(lambda: value)",
    ],
)
def test_what_is_read_in_other_steps_too_does_not(text: str) -> None:
    assert found(text) == []


def test_what_is_read_after_the_loop_does_not() -> None:
    source = (
        LOOP.format(".cuda()") + "        value = loss.item()\n        if step % 9 == 0:\n            print(value)\n"
    )
    settings = Settings((Selection(("TSL505",)),))
    for rest, count in (("", 1), ("    return value\n", 0)):
        assert len(lint(Source(program(source + rest), str(NOWHERE)), settings, Project(NOWHERE.parent))) == count
