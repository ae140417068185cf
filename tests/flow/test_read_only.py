"""Arrays that are not writable: what makes them so, what keeps them so, what ends it."""

from __future__ import annotations

import pytest
from reveal import evidence, findings, fixed, reveal

IMPORTS = """
import base64, pandas as pd
from PIL import Image
from numpy.lib.stride_tricks import as_strided, sliding_window_view
"""
MADE = [
    ("np.broadcast_to(a, (2, 3))", "yes"),
    ("np.diagonal(a)", "yes"),
    ("a.diagonal()", "yes"),
    ("sliding_window_view(a, 2)", "yes"),
    ("sliding_window_view(a, 2, writeable=True)", "no"),
    ("sliding_window_view(a, 2, writeable=flag)", "unknown"),
    ("as_strided(a)", "no"),
    ("as_strided(a, writeable=False)", "yes"),
    ("np.frombuffer(b'1234')", "yes"),
    ("np.frombuffer(bytearray(b'1234'))", "unknown"),
    ("np.frombuffer(a)", "no"),
    ("np.frombuffer(a.tobytes())", "yes"),
    ("np.frombuffer(a.tobytes()[4:])", "yes"),
    ("np.frombuffer(base64.b64decode(text))", "yes"),
    ("np.frombuffer(open(path, 'rb').read())", "maybe"),
    ("np.frombuffer(buffer)", "unknown"),
    ("np.memmap(path, mode='r')", "yes"),
    ("np.memmap(path, np.uint16, 'r')", "yes"),
    ("np.memmap(path)", "no"),
    ("np.memmap(path, mode='c')", "no"),
    ("np.memmap(path, mode=mode)", "unknown"),
    ("np.load(path, mmap_mode='r')", "yes"),
    ("np.load(path)", "no"),
    ("np.load(path, mmap_mode='r')['x']", "no"),
    ("np.asarray(Image.open(path))", "yes"),
    ("np.asarray(Image.open(path).convert('L').resize((2, 2)))", "yes"),
    ("np.asarray(Image.open(path), dtype=np.uint8)", "yes"),
    ("np.asarray(Image.open(path), dtype=np.float32)", "unknown"),
    ("np.ascontiguousarray(Image.open(path))", "yes"),
    ("np.array(Image.open(path))", "no"),
    ("pd.read_csv(path)['x'].values", "maybe"),
    ("pd.read_csv(path)['x'].to_numpy()", "maybe"),
    ("pd.read_csv(path)['x'].to_numpy(dtype=np.float32)", "unknown"),
    ("pd.read_csv(path)['x'].to_numpy(copy=True)", "no"),
    ("pd.read_csv(path).values", "no"),
    ("pd.read_csv(path)[['x', 'y']].values", "no"),
]


@pytest.mark.parametrize(("made", "read_only"), MADE)
def test_what_makes_an_array_read_only(made: str, read_only: str) -> None:
    assert reveal(f"{IMPORTS}a = np.ones(3)\nreveal({made})\n").read_only == read_only


AFTER = [
    ("a[1:]", "yes"),
    ("a[None]", "yes"),
    ("a.T", "yes"),
    ("a.view(np.int8)", "yes"),
    ("np.asarray(a)", "yes"),
    ("np.squeeze(a)", "yes"),
    ("np.expand_dims(a, 0)", "yes"),
    ("a.reshape(2, 2)", "maybe"),
    ("np.asarray(a, dtype=kind)", "unknown"),
    ("np.ascontiguousarray(a)", "unknown"),
    ("np.require(a, requirements='W')", "unknown"),
    ("a[[0, 1]]", "no"),
    ("a[a > 0]", "no"),
    ("a.astype(np.uint8)", "no"),
    ("a.copy()", "no"),
    ("a / 255", "no"),
    ("np.array(a)", "no"),
    ("np.stack([a, a])", "no"),
    ("copy.deepcopy(a)", "no"),
]


@pytest.mark.parametrize(("made", "read_only"), AFTER)
def test_views_of_a_read_only_array_are_read_only_and_copies_are_not(made: str, read_only: str) -> None:
    assert reveal(f"\na = np.frombuffer(b'1234', dtype=np.uint8)\nreveal({made})\n").read_only == read_only


@pytest.mark.parametrize(
    ("statement", "read_only"),
    [
        ("a.flags.writeable = False", "yes"),
        ("a.flags.writeable = flag", "unknown"),
        ("a.setflags(write=False)", "yes"),
        ("a.setflags(write=True)", "no"),
        ("a.setflags(align=False)", "no"),
    ],
)
def test_the_flag_can_be_set(statement: str, read_only: str) -> None:
    assert reveal(f"\na = np.ones(3)\n{statement}\nreveal(a)\n").read_only == read_only


def test_a_test_of_the_flag_tells() -> None:
    text = """
a = np.broadcast_to(np.ones(3), (2, 3)) if flag else np.ones(3)
if {}:
    a = a.copy()
torch.from_numpy(a)
"""
    assert not findings(text.format("not a.flags.writeable"))
    assert findings(text.format("a.flags.writeable")) == [("TSL207", 5, 1, "likely")]
    assert findings(text.format("len(a) > 3")) == [("TSL207", 5, 1, "likely")]


@pytest.mark.parametrize(
    ("call", "found"),
    [
        ("torch.from_numpy(a)", True),
        ("torch.as_tensor(a)", True),
        ("torch.as_tensor(a, dtype=torch.int64)", True),
        ("torch.asarray(a)", True),
        ("torch.Tensor(a)", True),
        ("torch.FloatTensor(a)", True),
        ("torch.ones(3)[a]", True),
        ("torch.utils.data.default_collate([a, a])", True),
        ("torch.tensor(a)", False),
        ("torch.asarray(a, copy=True)", False),
        ("torch.asarray(a, dtype=torch.int64)", False),
        ("torch.from_numpy(a.copy())", False),
    ],
)
def test_what_warns_of_a_read_only_array(call: str, found: bool) -> None:
    text = f"\na = np.frombuffer(b'1234', dtype=np.uint8)\n{call}\n"
    assert [code for code, *_ in findings(text)] == ["TSL207"] * found


def test_an_array_that_runs_backwards_is_refused_before_it_is_looked_at() -> None:
    assert findings("\na = np.frombuffer(b'1234')\ntorch.from_numpy(a[::-1])\n") == [("TSL301", 3, 1, "certain")]


def test_the_evidence_says_what_made_it_read_only() -> None:
    assert evidence("""
data = open(path, "rb").read()
a = np.frombuffer(data[16:], dtype=np.uint8)
torch.from_numpy(a.reshape(-1, 28, 28))
""") == [
        '2: `open(path, "rb").read()` gives bytes',
        "3: `np.frombuffer(data[16:], dtype=np.uint8)` is an array over them, which cannot be written to",
    ]


def test_what_read_gives_is_no_array() -> None:
    """``read()`` of a raster gives an array that is writable."""
    assert not findings("\ntorch.from_numpy(source.read(1))\n")
    assert not findings("\nok, frame = capture.read()\ntorch.from_numpy(frame)\n")


@pytest.mark.parametrize(
    ("made", "safe"),
    [
        ("np.frombuffer(b'1234')", True),
        ("np.memmap(path, mode='r')", False),
        ("np.memmap(path, mode='r')[2:]", False),
        ("np.broadcast_to(np.ones(3), (2, 3))", False),
        ("np.frombuffer(b'1234') if flag else np.ones(3)", False),
    ],
)
def test_a_copy_is_safe_unless_it_can_be_told(made: str, safe: bool) -> None:
    text = f"\na = {made}\ntorch.from_numpy(a)\n"
    assert "from_numpy(a.copy())" in fixed(text)
    assert (fixed(text, unsafe=False) != text) is safe
