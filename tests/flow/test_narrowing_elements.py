"""What tests of a container tell of its elements: of the first one, of all, of any, and that there are some at all."""

from __future__ import annotations

import pytest
from reveal import findings, reveal, reveals

ARRAYS = [
    "isinstance(values[0], np.ndarray)",
    "isinstance(values[-1], np.ndarray)",
    "isinstance(next(iter(values)), np.ndarray)",
    "type(values[0]) is np.ndarray",
    "type(values[0]) == np.ndarray",
    "values[0].__class__ is np.ndarray",
    "all(isinstance(v, np.ndarray) for v in values)",
    "all([isinstance(v, np.ndarray) for v in values])",
    "any(isinstance(v, np.ndarray) for v in values)",
    "not any(not isinstance(v, np.ndarray) for v in values)",
    "not isinstance(values[0], (list, int))",
    "not torch.is_tensor(values[0]) and isinstance(values[0], np.ndarray)",
]


@pytest.mark.parametrize("test", ARRAYS)
def test_a_test_of_the_elements_tells_one_list_from_another(test: str) -> None:
    array, number = reveals(f"""
values = [np.ones(2), np.ones(2)] if flag() else [[1], [2]]
if {test}:
    reveal(values[1])
else:
    reveal(values[1])
""")
    assert (array.kind, number.kind) == ("Array", "list")


@pytest.mark.parametrize("test", ARRAYS)
def test_a_test_of_what_stands_for_all_elements_is_one_of_each(test: str) -> None:
    (array,) = reveals(f"""
values = []
for _ in range(9):
    values.append(np.ones(2))
if {test}:
    reveal(values[1])
else:
    reveal(values[1])
""")
    assert array.kind == "Array"


@pytest.mark.parametrize("test", [test for test in ARRAYS if not test.startswith("any")])
def test_elements_of_several_kinds_are_narrowed_to_one(test: str) -> None:
    (array, *_) = reveals(f"""
values = []
for _ in range(9):
    values.append(np.ones(2) if flag() else [1])
if {test}:
    reveal(values[1])
else:
    pass
""")
    assert array.kind == "Array"


def test_where_the_test_fails_no_element_is_one() -> None:
    first, every, some = reveals("""
def f():
    values = [np.ones(2) if flag() else [1] for _ in range(n)]
    if not isinstance(values[0], np.ndarray):
        reveal(values[1])
    if not all(isinstance(v, np.ndarray) for v in values):
        reveal(values[1])
    if not any(isinstance(v, np.ndarray) for v in values):
        reveal(values[1])
""")
    assert (first.kind, every.kind, some.kind) == ("list", "Array | list", "list")


def test_the_value_of_the_first_element_tells_nothing_of_the_others() -> None:
    name = reveal("""
names = ["a" if flag() else "b" for _ in range(n)]
if names[0] == "a":
    reveal(names[1])
""")
    assert name.kind == "'a' | 'b'"


def test_a_known_element_is_narrowed_alone() -> None:
    first, second = reveals("""
def f(a, b):
    pair = [a, b]
    if isinstance(pair[0], torch.Tensor):
        reveal(pair[0])
        reveal(pair[1])
""")
    assert (first.kind, second.kind) == ("Tensor", "Unknown")


def test_an_element_of_a_tuple_is_narrowed() -> None:
    first, second = reveals("""
pair = np.ones(2) if flag() else None, np.ones(2) if flag() else None
if pair[0] is not None:
    reveal(pair[0])
    reveal(pair[1])
""")
    assert (first.kind, second.kind) == ("Array", "Array | None")


def test_an_element_of_an_element_is_narrowed() -> None:
    nested = reveal("""
values = [[np.ones(2)]] if flag() else [[1]]
if isinstance(values[0][0], np.ndarray):
    reveal(values[0][0])
""")
    assert nested.kind == "Array"


EMPTY = ["values", "len(values) > 0", "len(values) != 0", "len(values) >= 1", "len(values)", "not len(values) == 0"]


@pytest.mark.parametrize("test", EMPTY)
def test_a_list_with_something_in_it_is_not_empty(test: str) -> None:
    values = reveals(f"""
values = [1]
if {test}:
    reveal(values)
else:
    reveal(values)
""")
    assert len(values) == 1


@pytest.mark.parametrize("test", EMPTY)
def test_a_list_that_is_found_empty_is_empty(test: str) -> None:
    some, none = reveals(f"""
def f(n):
    values = [np.ones(2) for _ in range(n)]
    if {test}:
        reveal(values)
    else:
        reveal(values)
""")
    assert (some.length, some.element.kind, none.length) == (None, "Array", 0)


@pytest.mark.parametrize("taken", ["values.pop()", "values.remove(x)", "del values[0]"])
def test_a_list_that_something_was_taken_out_of_may_be_empty(taken: str) -> None:
    assert reveals(f"""
values = [1]
while True:
    if not values:
        break
    {taken}
reveal(values)
""")


def test_what_is_popped_is_known() -> None:
    last, first, left = reveals("""
values = [np.ones(2), "text", torch.ones(2)]
reveal(values.pop())
reveal(values.pop(0))
reveal(values)
""")
    assert (last.kind, first.kind, left.length) == ("Tensor", "Array", 1)


def test_the_side_that_cannot_have_decided_did_not() -> None:
    neither, either = reveals("""
x = torch.ones(3) if flag() else np.ones(3)
if isinstance(x, torch.Tensor) and isinstance(x, torch.Tensor):
    pass
else:
    reveal(x)
if x is None or isinstance(x, np.ndarray):
    reveal(x)
""")
    assert (neither.kind, either.kind) == ("Array", "Array")


def test_either_side_may_have_decided() -> None:
    x = reveal("""
x = torch.ones(3) if flag() else None
if x is None or other():
    reveal(x)
""")
    assert x.kind == "None | Tensor"


AS_TENSOR = """
def as_tensor(values):
    if isinstance(values, (list, tuple)) and len(values) > 0:
        if {test}:
            values = np.array(values)
        elif isinstance(values[0], list) and len(values[0]) > 0 and isinstance(values[0][0], np.ndarray):
            values = np.array(values)
    return torch.from_numpy(values) if isinstance(values, np.ndarray) else torch.tensor(values)
print(as_tensor([np.zeros(3), np.ones(3)]), as_tensor([[np.zeros(3)], [np.ones(3)]]), as_tensor([1, 2]))
print(as_tensor([np.zeros(3) for _ in range(n)]), as_tensor([[np.zeros(3)] for _ in range(n)]))
"""


@pytest.mark.parametrize("test", [test for test in ARRAYS if "not" not in test])
def test_lists_of_arrays_are_made_arrays_before(test: str) -> None:
    assert not findings(AS_TENSOR.format(test=test))


@pytest.mark.parametrize("test", ["isinstance(values[0], torch.Tensor)", "any(v is None for v in values)"])
def test_another_test_leaves_lists_of_arrays(test: str) -> None:
    found = [code for code, *_ in findings(AS_TENSOR.format(test=test))]
    assert found == ["TSL306"]


def test_an_early_return_or_raise_leaves_what_is_no_array() -> None:
    assert not findings("""
def stacked(values):
    if isinstance(values[0], np.ndarray):
        return torch.from_numpy(np.stack(values))
    return torch.tensor(values)
def checked(values):
    if any(isinstance(v, np.ndarray) for v in values):
        raise TypeError
    return torch.tensor(values)
print(stacked([np.zeros(3), np.ones(3)]), checked([np.zeros(3), np.ones(3)]))
""")


def test_where_arrays_alone_are_let_through_they_are_reported() -> None:
    assert [
        code
        for code, *_ in findings("""
def stacked(values):
    if not isinstance(values[0], np.ndarray):
        raise TypeError
    return torch.tensor(values)
print(stacked([np.zeros(3), np.ones(3)]))
""")
    ] == ["TSL306"]
