"""Where two paths meet, what both knew is kept: facts are joined, values of different kinds stay beside each other."""

from __future__ import annotations

from dataclasses import replace

import pytest
from reveal import reveal, reveals

from tensorlint.flow.joining import MOST_ALTERNATIVES, join
from tensorlint.flow.values import Array, Constant, Number, Tensor, Unknown, Value, alternatives, union


def test_two_tensors_become_one_that_may_have_what_either_has() -> None:
    joined = reveal("""
if flag():
    x = torch.ones(3, requires_grad=True)
else:
    x = torch.ones(3)
reveal(x)
""")
    assert joined.kind == "Tensor"
    assert joined.requires_grad == "maybe"


def test_what_holds_on_both_paths_still_holds_for_certain() -> None:
    joined = reveal("""
if flag():
    x = torch.ones(3, requires_grad=True)
else:
    x = torch.zeros(3, requires_grad=True)
reveal(x)
""")
    assert joined.requires_grad == "yes"


def test_values_of_different_kinds_stay_beside_each_other() -> None:
    joined = reveal("""
x = None
if flag():
    x = torch.ones(3, requires_grad=True)
elif other():
    x = np.ones(3)
reveal(x)
""")
    assert joined.kind == "Array | None | Tensor"
    assert joined.requires_grad == "yes"  # of the tensor that it may be


def test_a_dtype_is_known_only_if_the_paths_agree() -> None:
    one, other = reveals("""
a = torch.ones(3)
b = torch.ones(3, dtype=torch.float32)
if flag():
    a, b = torch.ones(3, dtype=torch.int64), torch.zeros(3, dtype=torch.float32)
reveal(a, b)
""")
    assert (one.dtype, other.dtype) == ("", "float32")


def test_a_value_may_live_in_the_memory_of_either_path() -> None:
    a, b, either = reveals("""
a = torch.ones(3)
b = torch.ones(3)
if flag():
    view = a.numpy()
else:
    view = b.numpy()
reveal(a, b, view)
""")
    assert either.shares_with(a) == either.shares_with(b) == "yes"
    assert a.shares_with(b) == "no"


def test_tuples_of_one_length_are_joined_item_by_item() -> None:
    pair = reveal("""
if flag():
    pair = (torch.ones(3, requires_grad=True), 1)
else:
    pair = (torch.ones(3), np.ones(3))
reveal(pair)
""")
    assert pair.item(0).requires_grad == "maybe"
    assert pair.item(1).kind == "1 | Array"


def test_lists_that_grew_differently_know_what_any_item_is() -> None:
    losses = reveal("""
losses = []
if flag():
    losses.append(torch.ones((), requires_grad=True))
reveal(losses)
""")
    assert losses.length is None
    assert losses.element.requires_grad == "yes"


def test_dicts_and_attributes_are_joined_key_by_key() -> None:
    settings, thing = reveals("""
class Thing: pass
thing = Thing()
settings = {"x": torch.ones(3)}
thing.x = torch.ones(3)
if flag():
    settings["x"] = thing.x = torch.ones(3, requires_grad=True)
    settings["y"] = np.ones(3)
reveal(settings, thing)
""")
    assert settings.item("x").requires_grad == thing.item("x").requires_grad == "maybe"
    assert settings.item("y").kind == "Array"


def test_too_many_alternatives_become_anything_but_tensors_and_arrays_stay() -> None:
    constants = [Constant(number) for number in range(MOST_ALTERNATIVES)]
    joined = join(union([*constants, Tensor()]), union([Constant("text"), Array()]))
    assert {type(item) for item in alternatives(joined)} == {Tensor, Array, Unknown}


@pytest.mark.parametrize("value", [Tensor(), Array(), Number(), Constant(1), Unknown(), union([Tensor(), Constant(1)])])
def test_joining_what_adds_nothing_gives_the_same_object(value: Value) -> None:
    assert join(value, value) is value
    assert join(value, union([replace(item) for item in alternatives(value)])) is value
