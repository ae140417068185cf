"""Strings of bytes by what is done to them, and the accessors of a Series."""

from __future__ import annotations

import pytest
from reveal import findings

BYTES = """
def values(data, n, f):
    {}
    return torch.from_numpy(np.frombuffer({}, dtype=np.uint8))
"""
IMMUTABLE = [
    ("payload = data[n:]", "payload"),
    ("pass", "data[4:]"),
    ("payload = data[n:]; payload = payload[:8]", "payload"),
    ("import struct; size = struct.unpack('<I', data)", "data"),
    ("import struct; size = struct.unpack_from('<I', data)", "data"),
    ("from struct import unpack; size = unpack('<I', data)", "data"),
    ("import zlib; assert zlib.crc32(data) == n", "data"),
    ("import hashlib; print(hashlib.md5(data))", "data"),
    ("data = f.recv(100)", "data"),
    ("data = f.read()", "data"),
]
WRITABLE = [
    ("pass", "data"),
    ("data = bytearray(data)", "data"),
    ("data = bytearray(data[n:])", "data"),
    ("data = memoryview(bytearray(n))", "data[4:]"),
    ("data = f.buf", "data[4:]"),
    ("pass", "f.buf"),
    ("import mmap; data = mmap.mmap(f, 0)", "data[:]"),
]


@pytest.mark.parametrize(("before", "buffer"), IMMUTABLE)
@pytest.mark.parametrize("chain", ["", ".reshape(2, -1)", ".T", "[2:]", ".reshape(-1, 4).T[1:]"])
def test_arrays_over_bytes_are_read_only(before: str, buffer: str, chain: str) -> None:
    text = BYTES.format(before, buffer).replace("uint8)", f"uint8){chain}")
    assert [(one, line, how) for one, line, _, how in findings(text)] == [("TSL207", 4, "likely")]
    assert not findings(text.replace("from_numpy", "tensor"))


@pytest.mark.parametrize(("before", "buffer"), WRITABLE)
def test_other_buffers_may_be_written_to(before: str, buffer: str) -> None:
    assert not findings(BYTES.format(before, buffer))


def test_an_annotation_says_that_it_is_bytes() -> None:
    assert findings(BYTES.format("pass", "data").replace("values(data,", "values(data: bytes,"))
    assert not findings(BYTES.format("pass", "data").replace("values(data,", "values(data: bytearray,"))
    assert not findings(BYTES.format("data = bytearray(data)", "data").replace("values(data,", "values(data: bytes,"))


ACCESSORS = [
    "cat.codes.values",
    "cat.codes.to_numpy()",
    "dt.month.values",
    "dt.dayofweek.to_numpy()",
    "dt.total_seconds().values",
    "str.len().values",
    "str.count('a').to_numpy()",
]


@pytest.mark.parametrize("accessor", ACCESSORS)
def test_what_the_accessors_of_a_series_give_is_read_only(accessor: str) -> None:
    text = f"\nimport pandas as pd\nframe = pd.read_csv('a.csv')\nt = torch.from_numpy(frame['a'].{accessor})\n"
    assert [(one, line, how) for one, line, _, how in findings(text)] == [("TSL207", 4, "likely")]
    assert not findings(text.replace(accessor, f"{accessor}.copy()"))
    assert not findings(text.replace(accessor, f"{accessor}.astype(np.float32)"))


def test_only_a_series_has_codes_of_categories() -> None:
    text = "\ndef codes(frame, name):\n    return torch.from_numpy(frame[name].{}.values)\n"
    assert findings(text.format("cat.codes"))
    assert not findings(text.format("codes"))
    assert not findings(text.format("dt.month"))  # of xarray too
