"""What a repair may take for granted of the values that come by: the analysis tells it what else it met there."""

from __future__ import annotations

import pytest
from reveal import findings, fixed


def line_with(text: str, word: str) -> str:
    (found,) = [line.strip() for line in text.splitlines() if word in line]
    return found


MIXED = [
    "[loss, 0.5, loss.item()]",
    "[(loss, 1), (loss, 2)]",
    "[loss, np.ones(3)]",
    "[loss if i else 0.0 for i in range(3)]",
    "(loss, len([1]))",
]


@pytest.mark.parametrize("values", MIXED)
def test_a_list_of_several_kinds_is_not_taken_for_one_of_tensors(values: str) -> None:
    program = f"""
loss = torch.ones(1, requires_grad=True).sum()
values = {values}
result = np.array(values)
"""
    assert ("TSL101", 4, 10) in [finding[:3] for finding in findings(program)]
    assert fixed(program) == program


def test_a_list_of_tensors_is_converted_item_by_item() -> None:
    program = """
loss = torch.ones(1, requires_grad=True).sum()
result = np.array(sorted([loss, None]))
values = [loss, loss * 2]
other = np.array(values)
"""
    assert line_with(fixed(program), "other") == "other = np.array([t.detach().cpu() for t in values])"


def test_of_a_list_that_is_written_out_the_tensors_are_converted() -> None:
    program = """
loss = torch.ones(1, requires_grad=True).sum()
accuracy = 0.5
result = np.array([loss, accuracy, loss.item(), 1.0])
"""
    expected = "result = np.array([loss.detach().cpu(), accuracy, loss.item(), 1.0])"
    assert line_with(fixed(program), "result") == expected


def test_what_another_caller_gives_has_none_of_the_methods_of_tensors() -> None:
    program = """
def middle(values):
    return np.median(values)
def of_each(first, second):
    return np.array([first, second])
loss = torch.ones(3, requires_grad=True).exp()
print(middle(list(loss)), of_each(loss[0], loss[1]))
"""
    called = program + "print(middle([1.0, 2.0]), of_each(loss[0], 3.0))\n"
    result = fixed(program)
    assert line_with(result, "median") == "return np.median([t.detach().cpu().numpy() for t in values])"
    assert line_with(result, "np.array") == "return np.array([first.detach().cpu(), second.detach().cpu()])"
    assert [finding[:2] for finding in findings(called)] == [("TSL101", 3), ("TSL101", 5)]
    assert fixed(called) == called


def test_a_list_at_one_call_and_a_tensor_at_another() -> None:
    program = """
def ordered(values):
    return np.sort(values)
loss = torch.ones(3, requires_grad=True).exp()
print(ordered(loss), ordered([3.0, 1.0]))
"""
    assert [finding[:2] for finding in findings(program)] == [("TSL101", 3)]
    assert fixed(program) == program


def test_a_number_on_another_path() -> None:
    program = """
best = 0.0
for _ in range(3):
    best = np.minimum(best, torch.ones(3, requires_grad=True).exp())
"""
    assert [finding[:2] for finding in findings(program)] == [("TSL101", 4)]
    assert "best = np.minimum(best, torch" in fixed(program)


def test_a_list_that_grows_by_a_sum_is_one_of_its_parts() -> None:
    program = """
losses = []
for _ in range(3):
    losses += [torch.ones(1, requires_grad=True).sum()]
    losses.extend([torch.ones(1, requires_grad=True).sum(), torch.ones(1, requires_grad=True).prod()])
result = np.array(losses)
"""
    assert line_with(fixed(program), "result") == "result = np.array([t.detach().cpu() for t in losses])"


def test_only_the_innermost_operator_meets_what_numpy_refuses() -> None:
    program = """
rows = torch.ones(3, 2, requires_grad=True)
low, span = np.zeros(2), np.array([0.5, 1.0])
scaled = (rows - low) / span
"""
    assert findings(program) == [("TSL101", 4, 11, "certain")]
    assert line_with(fixed(program), "scaled") == "scaled = (rows.detach().cpu().numpy() - low) / span"


def test_what_a_sum_starts_with_is_no_other_kind() -> None:
    program = """
total, count = 0, 0
for step in range(3):
    total += torch.ones(1, requires_grad=True).sum()
    count += 1
result = np.sqrt(total / count)
"""
    assert line_with(fixed(program), "result") == "result = np.sqrt((total / count).detach().cpu().numpy())"


@pytest.mark.parametrize(
    "call",
    ["map(np.asarray, parts)", "map(torch.Tensor.numpy, parts)", "functools.reduce(np.append, parts)"],
)
def test_what_another_function_is_called_with_is_not_written_out(call: str) -> None:
    program = f"""
import functools
parts = list(torch.ones(4, 2, requires_grad=True).chunk(2))
result = list({call})
"""
    assert [(code, line) for code, line, _, _ in findings(program)] == [("TSL101", 4)]
    assert fixed(program) == program
