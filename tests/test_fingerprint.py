"""Fingerprints: a finding is the same when only what is around it has changed."""

from __future__ import annotations

import textwrap

import pytest

from tensorlint.finding import Confidence, Finding
from tensorlint.fingerprint import fingerprints, statements


def finding(line: int, column: int = 1, code: str = "TSL101", message: str = "it raises") -> Finding:
    return Finding(code, "grad-to-numpy", message, Confidence.CERTAIN, "a.py", line, column, line, column + 1)


def prints(text: str, *places: Finding, path: str = "a.py") -> list[str]:
    lines = textwrap.dedent(text).lstrip("\n").split("\n")
    found = fingerprints(places, lines, path)
    return [found[place] for place in places]


PLAIN = "y = f(x.numpy(), 'a')\n"


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ("import torch\n\n\ny = f(x.numpy(), 'a')\n", 4),
        ("if z:\n        y = f(x.numpy(), 'a')\n", 2),
        ("if z:\n\ty = f(x.numpy(), 'a')\n", 2),
        ("y = f(x.numpy(), 'a')  # noqa: E501\n", 1),
        ('y = f(x.numpy(), "a")\n', 1),
        ("y = f(\n    x.numpy(),  # the array\n    'a',\n)\n", 2),
        ("y = (\n    f(x.numpy(), 'a')\n)\n", 2),
        ("y = \\\n    f(x.numpy(), 'a')\n", 1),
        ("y = \\\n    f(x.numpy(), 'a')\n", 2),
        ("# first\n\ny=f( x.numpy(),'a' )", 3),
    ],
)
def test_layout_and_place_do_not_matter(changed: str, line: int) -> None:
    assert prints(changed, finding(line)) == prints(PLAIN, finding(1))


@pytest.mark.parametrize("changed", ["y = f(x.numpy(), 'b')\n", "z = f(x.numpy(), 'a')\n", "y = f(-x.numpy(), 'a')\n"])
def test_another_statement_is_another_finding(changed: str) -> None:
    assert prints(changed, finding(1)) != prints(PLAIN, finding(1))


def test_code_and_path_matter_and_the_message_does_not() -> None:
    (plain,) = prints(PLAIN, finding(1))
    assert prints(PLAIN, finding(1, code="TSL102")) != [plain]
    assert prints(PLAIN, finding(1), path="b/a.py") != [plain]
    assert prints(PLAIN, finding(1, message="it raises, as newer versions say")) == [plain]


def test_equal_ones_are_numbered_by_place_in_whatever_order_they_come() -> None:
    first, second, third = finding(1, 3), finding(1, 14), finding(3, 3)
    text = "f(x.numpy()); f(x.numpy())\n\nf(x.numpy()); f(x.numpy())\n"
    forwards = prints(text, first, second, third)
    assert len(set(forwards)) == 3
    assert prints(text, third, second, first) == forwards[::-1]
    assert prints(text, first) == forwards[:1]


def test_a_new_statement_elsewhere_changes_nothing() -> None:
    before = prints("def f(x):\n    return x.numpy()\n", finding(2))
    after = prints("y = g(1)\ny = y.numpy()\ndef f(x):\n    return x.numpy()\n", finding(2), finding(4))
    assert after[1:] == before


def test_strings_of_several_lines_and_headers() -> None:
    text = "for x in f(\n    y,\n):\n    z = '''a\n    b''' + x  # c\n"
    assert statements(text.split("\n"), range(1, 8)) == {
        1: "forxinfy:",
        2: "forxinfy:",
        3: "forxinfy:",
        4: 'z="""ab"""+x',
        5: 'z="""ab"""+x',
        6: "",
        7: "",
    }


@pytest.mark.parametrize("text", ["x = (\ny = x.numpy()\n", "  x\n y = x.numpy()\n", "'''\ny = x.numpy()\n"])
def test_in_what_is_not_python_a_line_stands_for_itself(text: str) -> None:
    assert statements(text.split("\n"), [2]) == {2: "y=x.numpy"}


def test_a_file_that_is_gone_and_a_path_that_is_no_text() -> None:
    found = prints("", finding(7), finding(9, code="TSL102"), path="d\udcff/a\n.py")
    assert len(set(found)) == 2
    assert all(len(each) == 32 and set(each) <= set("0123456789abcdef") for each in found)


def test_they_are_the_same_tomorrow_and_on_every_python() -> None:
    """A recorded value: f-strings are tokens of other kinds from Python 3.12 on."""
    assert prints('print(f"{x.numpy()!r:>{width}} {{}}")  # shown\n', finding(1)) == [
        "eab55ec389693461b2c65ee035a376cd"
    ]
