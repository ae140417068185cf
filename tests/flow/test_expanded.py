"""Tensors in which one element stands at many places: what makes them so, what keeps them so, what ends it."""

from __future__ import annotations

import pytest
from reveal import NOWHERE, _lint, evidence, findings, fixed, reveal

MADE = [
    ("x.expand(4, 3)", "maybe"),
    ("x.expand(-1, -1)", "no"),
    ("x.expand(1, -1)", "no"),
    ("x.expand((4, 3))", "maybe"),
    ("x.expand(size)", "maybe"),
    ("x.expand_as(y)", "maybe"),
    ("x[None].expand(4, -1)", "yes"),
    ("x[:, None].expand(-1, n)", "yes"),
    ("x[..., None].expand(-1, 4)", "yes"),
    ("x.unsqueeze(0).expand(4, -1)", "yes"),
    ("x.unsqueeze(-1).expand_as(y)", "yes"),
    ("x.unsqueeze(0).expand(-1, 3)", "maybe"),
    ("x.view(1, -1).expand(4, -1)", "yes"),
    ("torch.zeros(1, 3).expand(n, 3)", "yes"),
    ("torch.zeros(3, 1).expand(3, 1)", "maybe"),
    ("torch.broadcast_to(x[None], (4, 3))", "yes"),
    ("np.broadcast_to(a[None], (4, 3))", "yes"),
    ("x.as_strided((2, 3), (0, 1))", "yes"),
    ("x.as_strided((2, 3), (1, 1))", "no"),
    ("x.unsqueeze(0)", "no"),
]


def spread_of(program: str, fact: str = "expanded") -> str:
    known = reveal(f"\nx, y, a = torch.randn(size), torch.randn(size), np.arange(3)\n{program}")
    return str(getattr(known.value.spread, fact).truth.value)  # type: ignore[union-attr]


@pytest.mark.parametrize(("made", "expanded"), MADE)
def test_what_expands(made: str, expanded: str) -> None:
    assert spread_of(f"reveal({made})\n") == expanded


AFTER = [
    ("e.detach()", "yes"),
    ("e.data", "yes"),
    ("e.numpy()", "yes"),
    ("e.T", "yes"),
    ("e[:, 1:]", "yes"),
    ("e[:, 0]", "yes"),
    ("e[0]", "no"),
    ("e[None]", "yes"),
    ("e.clone()", "no"),
    ("e.contiguous()", "no"),
    ("e.reshape(-1)", "no"),
    ("e.repeat(1, 1)", "no"),
    ("e.double()", "no"),
    ("e.to(device)", "no"),
    ("e + 1", "no"),
    ("-e", "no"),
    ("e[mask]", "no"),
    ("e.numpy().copy()", "no"),
    ("torch.zeros_like(e)", "no"),
    ("torch.cat([e, e])", "no"),
    ("copy.deepcopy(e)", "no"),
]


@pytest.mark.parametrize(("after", "expanded"), AFTER)
def test_what_keeps_it_expanded(after: str, expanded: str) -> None:
    assert spread_of(f"e = torch.randn(3)[None].expand(4, -1)\nreveal({after})\n") == expanded


PARTS = [("e[0]", "yes"), ("e[i]", "no"), ("e[1:]", "yes"), ("e[:, 0]", "no"), ("e.unbind()[0]", "yes"), ("e", "no")]


@pytest.mark.parametrize(("part", "shared"), PARTS)
def test_parts_of_what_is_expanded(part: str, shared: str) -> None:
    assert spread_of(f"e = torch.randn(3)[None].expand(4, -1)\nreveal({part})\n", "part") == shared


RAISES = "this write in place raises RuntimeError"
CHANGES = "this write changes them all"
EITHER = "this write changes them all, or raises RuntimeError"
WRITES = [
    ("e[0] = 1", CHANGES),
    ("e[0, 1] = 1", CHANGES),
    ("e[0] += 1", CHANGES),
    ("e[torch.tensor([0])] = 1", CHANGES),
    ("e[x > 0] = 1", CHANGES),
    ("e[:, 0] = 1", RAISES),
    ("e[:] = 1", RAISES),
    ("e[1:] = 1", EITHER),
    ("e[0].zero_()", CHANGES),
    ("e += 1", RAISES),
    ("e.mul_(2)", RAISES),
    ("e.tril_()", CHANGES),
    ("e.masked_fill_(x > 0, 1)", CHANGES),
    ("e.index_fill_(0, i, 1)", CHANGES),
    ("e.index_fill_(1, i, 1)", ""),
    ("torch.add(e, 1, out=e)", RAISES),
    ("nn.init.normal_(e)", RAISES),
    ("nn.init.zeros_(e)", ""),
    ("e.zero_()", ""),
    ("e.fill_(3)", ""),
    ("e.requires_grad_()", ""),
    ("e.unsqueeze_(0)", ""),
    ("e.detach()[0] = 1", ""),
    ("e.expand(4, -1)[0] = 1", ""),
    ("x[0] = 1", ""),
]


@pytest.mark.parametrize(("write", "words"), WRITES)
def test_writes(write: str, words: str) -> None:
    text = f"\nx = torch.tensor([1.0, 2.0])\ne = x[None].expand(4, -1)\n{write}\n"
    found = [finding for finding in _lint(text, "likely", NOWHERE) if finding.code == "TSL206"]
    assert [finding.message.partition(": ")[2] for finding in found] == [words] * bool(words)


@pytest.mark.parametrize(
    ("write", "found"),
    [("e[0] = 1", "likely"), ("e += 1", "possible"), ("e.masked_fill_(m, 1)", "possible"), ("e.fill_(1)", "")],
)
def test_where_nothing_tells_the_shape_only_parts_are_likely(write: str, found: str) -> None:
    text = f"\ndef f(x: torch.Tensor, y, m):\n    e = x.expand_as(y)\n    {write}\n    return e\n"
    assert [one for code, _, _, one in findings(text, "possible") if code == "TSL206"] == ([found] if found else [])


def test_a_mask_of_size_one_along_the_expanded_axis_writes_alike() -> None:
    text = (
        "\ndef f(x: torch.Tensor, m: torch.Tensor):\n    e = x.unsqueeze(-1).expand(-1, -1, 4)\n    {}\n    return e\n"
    )
    assert not findings(text.format("e.masked_fill_(m.unsqueeze(-1), 0)"), "possible")
    assert not findings(text.format("e.masked_fill_(m[:, :, None], 0)"), "possible")
    assert findings(text.format("e.masked_fill_(m, 0)")) == [("TSL206", 4, 5, "likely")]


def test_the_copy_may_be_made_under_the_condition_that_writes() -> None:
    text = (
        "\ndef f(x: torch.Tensor, edits):\n    e = x[None].expand(4, -1)\n    if edits:\n        e = e.clone()\n"
        "    y = e.sum()\n    if {}:\n        e[0] = 1\n    return e, y\n"
    )
    assert not findings(text.format("edits"), "possible")
    assert findings(text.format("not edits")) == [("TSL206", 8, 9, "likely")]
    assert findings(text.format("y")) == [("TSL206", 8, 9, "likely")]


def test_an_array_is_refused_by_numpy_until_it_is_writable() -> None:
    text = "\na = np.broadcast_to(np.zeros((1, 3)), (4, 3))\n{}a[0] = 1\ntorch.tensor(a)\n"
    assert not findings(text.format(""), "possible")
    assert findings(text.format("a.flags.writeable = True\n")) == [("TSL206", 4, 1, "likely")]
    assert findings(text.format("a.setflags(write=True)\n")) == [("TSL206", 4, 1, "likely")]


def test_one_code_a_write() -> None:
    text = "\ne = torch.randn(3)[None].expand(4, -1)\na = e.numpy()\na[0] = 1\nprint(e)\n"
    assert findings(text) == [("TSL206", 4, 1, "likely")]
    assert findings(text.replace(".expand(4, -1)", "")) == [("TSL201", 4, 1, "certain")]


def test_it_says_where_it_was_expanded_and_copies_there() -> None:
    text = "\ndef spread(x: torch.Tensor, n):\n    e = x[None].expand(n, -1)  # rows\n    e[0] = 1\n    return e\n"
    assert evidence(text, "TSL206") == [
        "3: `x[None].expand(n, -1)` is a view in which one element stands at several places"
    ]
    assert fixed(text) == text.replace("-1)", "-1).clone()")
    assert fixed(fixed(text)) == fixed(text)


def test_through_functions_and_attributes() -> None:
    helper = (
        "\ndef rows(x, n):\n    e = x[None].expand(n, -1)\n    return e\n\ndef f(n):\n    e = rows(torch.randn(3), n)\n"
    )
    assert findings(f"{helper}    e[0] = 1\n    return e\n") == [("TSL206", 8, 5, "likely")]
    held = "\nclass A:\n    def __init__(self, n):\n        self.e = torch.randn(1, 3).expand(n, -1){}\n\n"
    write = "    def put(self, i):\n        self.e[i] = 1\n"
    assert findings(held.format("") + write) == [("TSL206", 7, 9, "likely")]
    assert not findings(held.format(".clone()") + write)


def test_of_what_cannot_be_told_there_is_no_repair() -> None:
    text = "\nfrom numpy.lib import stride_tricks\na = stride_tricks.as_strided(np.ones(2), (2, 2), (0, 8))\na[0] = 2\n"
    assert findings(text) == [("TSL206", 4, 1, "likely")]
    assert fixed(text) == text.replace("8))", "8)).copy()")
    text = text.replace("import stride_tricks", "import stride_tricks as tricks").replace("= stride_", "= ")
    assert findings(text) == [("TSL206", 4, 1, "likely")]
    assert fixed(text) == text
