"""Items and slices: views and copies, reversed arrays, entries of lists, tuples, dicts."""

from __future__ import annotations

import pytest
from reveal import reveal, reveals


def test_a_slice_is_a_view_and_advanced_indexing_a_copy() -> None:
    a, view, element, mask, fancy = reveals("""
a = np.ones((3, 3))
reveal(a, a[1:], a[0], a[a > 0], a[[0, 1]])
""")
    assert view.shares_with(a) == element.shares_with(a) == "yes"
    assert mask.shares_with(a) == fancy.shares_with(a) == "no"


@pytest.mark.parametrize(
    ("index", "kind"),
    [("0", "Tensor"), ("-1", "Array"), ("1", "3"), ("number()", "3 | Array | Tensor")],
)
def test_an_item_of_a_tuple_by_its_place(index: str, kind: str) -> None:
    assert (
        reveal(f"""
t = (torch.ones(3), 3, np.ones(3))
reveal(t[{index}])
""").kind
        == kind
    )


@pytest.mark.parametrize(("part", "length"), [("[1:]", 2), ("[:-1]", 2), ("[:0]", 0), ("[1:2]", 1)])
@pytest.mark.parametrize("made", ["[1, 2, 3]", "(1, 2, 3)"])
def test_a_slice_of_known_items(made: str, part: str, length: int) -> None:
    assert (
        reveal(f"""
reveal({made}{part})
""").length
        == length
    )


def test_a_slice_with_a_step_of_a_list_is_not_a_reversed_array() -> None:
    xs = reveal("""
xs = [torch.ones(3)][::-1]
reveal(xs)
""")
    assert (xs.kind, xs.element.kind) == ("list", "Tensor")


def test_an_entry_by_its_key_and_any_entry_by_a_key_that_is_not_known() -> None:
    known, anything, missing = reveals("""
d = {"a": torch.ones(3), "b": np.ones(3)}
reveal(d["a"], d[key()], d["c"])
""")
    assert (known.kind, anything.kind, missing.kind) == ("Tensor", "Array | Tensor", "Unknown")


def test_a_reversed_slice_of_something_unknown_may_be_a_reversed_array() -> None:
    one, several = reveals("""
def f(image):
    reveal(image[::-1], image[:, ::-1])
""")
    assert (one.kind, one.negative_stride) == ("Unknown", "maybe")
    assert (several.kind, several.negative_stride) == ("Array", "yes")


def test_a_batch_by_name_is_a_tensor_of_the_batch() -> None:
    x = reveal("""
for batch in torch.utils.data.DataLoader(dataset()):
    reveal(batch["image"].cuda())
""")
    assert (x.kind, x.device) == ("Tensor", "yes")


def test_a_defaultdict_makes_what_is_missing() -> None:
    found, after = reveals("""
from collections import defaultdict
d = defaultdict(list)
reveal(d["a"])
d["a"].append(torch.ones(3, requires_grad=True))
reveal(d["a"])
""")
    assert found.kind == "list"
    assert after.element.requires_grad == "yes"
