"""What IPython's own syntax becomes: as many lines, with every column of Python where it was."""

from __future__ import annotations

import ast

import pytest

from tensorlint.notebook.magics import rows
from tensorlint.notebook.statement_starts import Reader


def lines(text: str) -> list[str]:
    """The program's lines of a cell, which is Python then."""
    found = [row.text for row in rows(text)]
    ast.parse("\n".join(found))
    return found


@pytest.mark.parametrize(
    ("cell", "program"),
    [
        ("%matplotlib inline\nx = 1", ["", "x = 1"]),
        ("!pip install torch\nimport torch", ["", "import torch"]),
        ("x = 1\nx?\nx.numpy??\n?x\n%time?\nx[0].y?  # what", ["x = 1", "", "", "", "", ""]),
        ("files = !ls {folder} | head", ["files = get_ipython()"]),
        ("a, b.c, d[0] = %sql select 'it", ["a, b.c, d[0] = get_ipython()"]),
        ("!ls \\\n  -l \\\n  'x\ny = 2", ["", "", "", "y = 2"]),
        ("if x:\n    %cd here\n    !ls\nelse:\n\t%cd there", ["if x:", "    pass", "    pass", "else:", "\tpass"]),
        ("%time y = f(x)", ["pass; y = f(x)"]),
        ("  \n%time y = f(x)", ["  ", "pass; y = f(x)"]),
        ("%timeit -n 10 -r3 -q f(x)", ["pass;" + " " * 16 + "f(x)"]),
        ("%timeit y = f(x)", [""]),
        ("%time for x in y: f(x)", [""]),
        ("%time", [""]),
        ("y = %time f(x)", ["y =       f(x)"]),
        ("y = %timeit -o f(x)", ["y = get_ipython()"]),
        ("/f 1 2\n,g a b\n;h a b", ["", "", ""]),
        ("cd some folder", [""]),
        ("pip install torch", [""]),
        ("await f()\nx = [await g(y) async for y in z]", ["await f()", "x = [await g(y) async for y in z]"]),
        ("x;", ["x;"]),
        ("", [""]),
        ("\n\n", ["", ""]),
    ],
)
def test_lines(cell: str, program: list[str]) -> None:
    assert lines(cell) == program


@pytest.mark.parametrize(
    "cell",
    [
        "x = (a\n% b)\n%cd x",
        "s = '''\n%cd x\n!ls\n'''\n!ls",
        's = """a \\""" \n%x\n"""\n!ls',
        "y = a \\\n% b\n!ls",
        "s = 'a\\\n%b'\n!ls",
        "# (\n!ls",
        "s = '(' + \"#\"\n!ls",
        "f(x,\n  # )\n  y)\n!ls",
    ],
)
def test_what_only_looks_like_a_magic(cell: str) -> None:
    """The last line is one: all before it is kept."""
    *before, magic = cell.split("\n")
    assert lines(cell) == [*before, ""], magic


def test_python_is_left_alone() -> None:
    cell = "x = 5 % 3\ny = x != 2\nz = (a\n% b)"
    assert lines(cell) == cell.split("\n")
    assert all(row.foreign == (0, 0) for row in rows(cell))


class TestCellMagics:
    @pytest.mark.parametrize("magic", ["time", "timeit -n 3", "capture out --no-stderr", "prun -s time", "debug"])
    def test_python(self, magic: str) -> None:
        assert lines(f"%%{magic}\nx = 1") == ["", "x = 1"]

    @pytest.mark.parametrize(
        "magic", ["bash", "html", "writefile a.py", "javascript", "script sh", "sql", "cython", "!", "python3"]
    )
    def test_something_else(self, magic: str) -> None:
        assert lines(f"%%{magic}\nx = (\n 'it") == ["", "", ""]

    def test_one_in_another(self) -> None:
        assert lines("\n%%capture\n%%time\n%cd x\nx = 1") == ["", "", "", "", "x = 1"]
        assert lines("%%time\n%%bash\nls (") == ["", "", ""]

    def test_not_on_the_first_line(self) -> None:
        assert lines("x = 1\n%%time\ny = 2") == ["x = 1", "", "y = 2"]

    def test_alone(self) -> None:
        assert lines("%%time") == [""]


class TestIndentation:
    def test_that_of_the_first_line_is_taken_away(self) -> None:
        found = rows("    if x:\n        y()\n    z()\n")
        assert [row.text for row in found] == ["if x:", "    y()", "z()"]
        assert [row.moved for row in found] == [4, 4, 4]

    def test_with_magics(self) -> None:
        assert lines("  %cd x\n  x = 1\n  y = %time x") == ["", "x = 1", "y =       x"]


def test_line_ends_are_kept() -> None:
    assert [row.end for row in rows("a\r\nb\rc\nd")] == ["\r\n", "\r", "\n", ""]
    assert [row.end for row in rows("a\n")] == ["\n"]


def test_what_is_not_as_in_the_notebook_is_known() -> None:
    (row,) = rows("  \n%time y = f(x)")[1:]
    assert row.foreign == (0, 6)
    (row,) = rows("y = %time f(x)")
    assert row.foreign == (4, 10)


@pytest.mark.parametrize("code", ["s = 'open", "f(((\n))", ")))", "'''", "\\"])
def test_the_reader_comes_to_an_end(code: str) -> None:
    reader = Reader()
    for line in code.split("\n"):
        reader.read(line)
    assert isinstance(reader.at_start, bool)
