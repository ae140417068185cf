"""What ``backward()`` is called on requires grad, whatever made it: torch raises otherwise."""

from __future__ import annotations

import pytest
from reveal import evidence, findings, reveal


def test_a_loss_of_unknown_making_requires_grad_if_it_is_back_propagated() -> None:
    text = """
def train(step, batches):
    losses = []
    for batch in batches:
        loss = step(batch)
        loss.backward()
        losses.append(loss)
    return np.mean(losses)
"""
    assert findings(text) == [("TSL101", 8, 12, "certain")]
    assert evidence(text) == [
        "5: `step(batch)` requires grad: backward() is called on it below",
        "7: `loss` is put into `losses`",
    ]


@pytest.mark.parametrize(
    "call",
    [
        "loss.backward()",
        "loss.backward(retain_graph=True)",
        "accelerator.backward(loss)",
        "self.manual_backward(loss)",
        "scaler.scale(loss).backward()",
    ],
)
def test_the_calls_that_tell(call: str) -> None:
    assert (
        reveal(f"""
def train(self, step, accelerator):
    loss = step()
    reveal(loss)
    {call}
""").requires_grad
        == "yes"
    )


def test_a_loss_that_is_added_up_first() -> None:
    assert (
        reveal("""
def train(steps):
    loss = 0
    for step in steps:
        loss += step()
    loss.backward()
    reveal(loss)
""").requires_grad
        == "yes"
    )


def test_only_what_is_assigned_before_and_not_again() -> None:
    assert (
        reveal("""
def train(step, read):
    loss = step()
    loss.backward()
    loss = read()
    reveal(loss)
""").kind
        == "Unknown"
    )


def test_a_number_taken_of_it_does_not_require_grad() -> None:
    assert not findings("""
def train(step):
    loss = step()
    loss.backward()
    values = [loss.item()]
    return np.mean(values)
""")


def test_what_is_known_to_be_something_else_stays_what_it_is() -> None:
    assert (
        reveal("""
def train():
    loss = np.ones(3)
    reveal(loss)
    loss.backward()
""").kind
        == "Array"
    )


@pytest.mark.parametrize(
    "around",
    [
        "with autocast():\n        {}",
        "if flag:\n        pass\n    elif other:\n        {}",
        "for _ in range(2):\n        pass\n    else:\n        {}",
        "while flag():\n        {}",
        "try:\n        pass\n    except ValueError:\n        {}",
        "try:\n        pass\n    finally:\n        {}",
        "match flag:\n        case 1:\n            {}",
    ],
)
def test_blocks_in_which_backward_is_called(around: str) -> None:
    text = """
def train(step, flag, other):
    loss = step()
    np.asarray(loss)
    """
    assert findings(text + around.format("loss.backward()") + "\n") == [("TSL101", 4, 5, "certain")]
    assert not findings(text + around.format("later = lambda: loss.backward()") + "\n")


def test_what_is_computed_from_a_value_tells_nothing_of_the_value() -> None:
    assert not findings("""
def train(step, model):
    x = step()
    np.asarray(x)
    model(x).backward()
""")
