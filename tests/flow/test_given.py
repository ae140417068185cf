"""What torch is given to make tensors of."""

from __future__ import annotations

import pytest
from reveal import findings, reveal

CASES = [
    ("torch.from_numpy([1, 2])", ["TSL303"]),
    ("torch.from_numpy(a.sum())", ["TSL303"]),
    ("torch.from_numpy(a[0])", ["TSL303"]),
    ("torch.from_numpy(a.reshape(2, 2)[0])", []),
    ("torch.from_numpy(a.reshape(2, 2).sum(0))", []),
    ("torch.from_numpy(a.sum(keepdims=True))", []),
    ("torch.from_numpy(np.linspace(0, 1, 3))", []),
    ("torch.from_numpy(n)", []),
    ("torch.from_numpy(n if n else [1])", []),
    ("torch.tensor(torch.ones(2))", ["TSL307"]),
    ("torch.as_tensor(torch.ones(2))", []),
    ("torch.tensor(n)", []),
    ("torch.tensor(a if n else torch.ones(2))", []),
    ("torch.tensor([a, a])", ["TSL306"]),
    ("torch.tensor([a, 1])", []),
    ("torch.tensor([a[0], a[1]])", []),
    ("torch.tensor([x for x in a])", []),
    ("torch.tensor([x for x in np.ones((2, 2))])", ["TSL306"]),
    ("torch.as_tensor(np.array(['a', 'b']))", ["TSL302"]),
    ("torch.as_tensor(np.array([1, None]))", ["TSL302"]),
    ("torch.as_tensor(np.array([1, n]))", []),
    ("torch.as_tensor(np.zeros(3, '>f4'))", ["TSL302"]),
    ("torch.as_tensor(np.zeros(3, '>f4') * 2)", []),
    ("torch.as_tensor(np.zeros(3, '<f4'))", []),
    ("torch.as_tensor(np.zeros(3, object)[0])", []),
    ("[torch.as_tensor(x) for x in np.zeros(3, object)]", []),
    ("torch.as_tensor(np.unique(np.array(['a', 'b']), return_inverse=True)[1])", []),
    ("torch.from_numpy(np.zeros(3, np.uint16)) + 1", ["TSL302"]),
    ("torch.from_numpy(np.zeros(3, np.uint16)) == 1", []),
    ("torch.from_numpy(np.zeros(3, np.uint16)).float() + 1", []),
    ("torch.tensor([1, 2], requires_grad=True)", ["TSL308"]),
    ("torch.tensor([1, 2.0], requires_grad=True)", []),
    ("torch.tensor([1, n], requires_grad=True)", []),
    ("torch.tensor([1, 2], requires_grad=n)", []),
    ("torch.arange(3).requires_grad_()", ["TSL308"]),
    ("torch.arange(3).requires_grad_(False)", []),
    ("torch.arange(n).requires_grad_()", []),
    ("nn.Parameter(torch.arange(3))", ["TSL308"]),
    ("nn.Parameter(torch.arange(3), False)", []),
    ("torch.Tensor(np.arange(3))", []),
]


@pytest.mark.parametrize(("call", "codes"), CASES)
def test_calls(call: str, codes: list[str]) -> None:
    program = f"\ndef program(n, a=np.ones(4)):\n    a = np.ones(4)\n    return torch.as_tensor([1]), {call}\n"
    assert [code for code, *_ in findings(program)] == codes


def test_what_an_annotation_promises_is_not_enough() -> None:
    program = """
def program(size: torch.Tensor):
    if isinstance(size, torch.Size):
        size = torch.tensor(size)
    return size, torch.tensor(size), torch.from_numpy(size)
"""
    assert findings(program) == []


def test_the_rows_of_an_array_with_one_axis_are_scalars() -> None:
    assert reveal("\nfor x in np.ones(3):\n    reveal(x)\n").kind == "scalar"
    assert reveal("\nfor x in np.ones((3, 2)):\n    reveal(x)\n").kind == "Array"


def test_a_list_whose_elements_are_tested_was_made_an_array_before() -> None:
    assert not findings("""
def as_tensor(values):
    if isinstance(values, list) and isinstance(values[0], np.ndarray):
        values = np.array(values)
    if isinstance(values, np.ndarray):
        return torch.from_numpy(values)
    return torch.tensor(values)
print(as_tensor([np.zeros(3), np.ones(3)]))
""")


def test_a_list_that_a_tensor_repeats_is_a_list() -> None:
    assert not findings("""
print(torch.tensor([4] * torch.arange(3).sum(), dtype=torch.long))
""")


FIRST_OF = """
def first_of(values):
    if isinstance(values, {type}) and values.ndim == 3:
        return values[:, :, 0]
    return int(values[0])
"""


@pytest.mark.parametrize(
    ("kind", "call", "codes"),
    [
        ("np.ndarray", "first_of([1, 2])", ["TSL303"]),
        ("torch.Tensor", "first_of(np.ones((2, 2, 2)))", ["TSL303"]),
        ("np.ndarray", "first_of(np.ones((2, 2, 2)))", []),
        ("np.ndarray", "first_of(image)", []),
        ("np.ndarray", "first_of(image if flag() else [1, 2])", []),
    ],
)
def test_a_function_gives_arrays_of_some_arguments_and_numbers_of_others(
    kind: str, call: str, codes: list[str]
) -> None:
    program = FIRST_OF.format(type=kind) + f"def use(image):\n    return torch.from_numpy({call})\n"
    assert [code for code, *_ in findings(program)] == codes
