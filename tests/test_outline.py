"""Trees whose function bodies are parsed when they are asked for: the same tree, the same places, in the end."""

from __future__ import annotations

from pathlib import Path

import libcst as cst
import pytest
from checkout import ROOT

from tensorlint import outline
from tensorlint.flow.definitions import read_file
from tensorlint.linter import lint
from tensorlint.outline import Outline
from tensorlint.settings import Settings
from tensorlint.source import Source, SourceError

PIECES = {
    "comments": "def f(a):\n    # first\n\n    # second\n    x = a  # third\n    return x\n    # after\n# far\nz = 1\n",
    "decorated": "@one\n@two(\n    3,\n)\ndef f():\n    a = 1\n    return a\n",
    "method": 'class A:\n    """Doc."""\n    b: int = 1\n\n    def f(self):\n        """Doc\nof two lines."""\n'
    "        if self:\n            return 1\n        return 2\n\n    c = 3\n",
    "one line": "def f(): return 1\ndef g(\n    a,\n): return a\n",
    "continued": "def f(): \\\n    return 1\ndef g():\n    a = 1\n    return a + \\\n        2\n",
    "inner decorator": "def f():\n    @g\n    def h():\n        return 1\n    return h\n",
    "under a test": "if A:\n    def f():\n        a = 1\n        return a\nelse:\n    def f():\n        a = 2\n"
    "        return a\n",
    "handlers": "try:\n    pass\nexcept E:\n    def f():\n        a = 1\n        return a\nfinally:\n    def g():\n"
    "        b = 1\n        return b\n",
    "coroutine": "async def f(xs):\n    async for x in xs:\n        await x\n    return [y async for y in xs]\n",
    "tabs": "class A:\n\tdef f(self):\n\t\ta = 1\n\t\tif a:\n\t\t\treturn a\n\t\treturn 2\n",
    "two spaces": "def f():\n  a = 1\n  while a:\n    a -= 1\n  return a\n",
    "uneven": "class A:\n  def f(self):\n        a = 1\n        if a:\n           return a\n        return 2\n",
    "no end of line": "def f():\n    a = 1\n    return a",
    "carriage returns": "def f():\r\n    a = 1\r\n    return a\r\n\r\nb = 2\r\n",
    "statements in a row": "def f():\n    a = 1; b = 2\n    return a; \nc = 3\n",
    "last line in a string": 'def f():\n    a = 1\n    return """\nb\n"""\nc = 1\n',
    "nested": "def f():\n    class A:\n        def g(self):\n            a = 1\n            return a\n    return A\n",
    "own stand-in": "def f():\n    a = 1\n    return a\n__tensorlint_body_0__ = 1\n",
}


@pytest.mark.parametrize("text", PIECES.values(), ids=PIECES)
def test_the_completed_tree_is_that_of_the_text(text: str) -> None:
    made = Outline(text)
    assert made.complete().code == text
    assert made.fault is None
    assert not made.missing
    assert [type(node) for node in _walk(made.module)] == [type(node) for node in _walk(cst.parse_module(text))]


def _walk(node: cst.CSTNode) -> list[cst.CSTNode]:
    found = [node]
    for child in node.children:
        if not isinstance(child, cst.BaseParenthesizableWhitespace | cst.TrailingWhitespace | cst.EmptyLine):
            found += _walk(child)
    return found


def test_bodies_are_left_out_until_they_are_asked_for() -> None:
    text = PIECES["method"]
    made = Outline(text)
    (body,) = made.bodies
    assert len(made.missing) == 1
    assert "return 2" not in made.module.code
    assert body.text == text[text.index("    def f") : text.index("\n    c = 3")]
    body.parse()
    assert made.module.code == text
    body.parse()
    assert made.module.code == text


@pytest.mark.parametrize("text", PIECES.values(), ids=PIECES)
def test_places_do_not_depend_on_the_bodies_that_are_there(text: str) -> None:
    whole, parts = Source(text.encode(), "a.py"), Source(text.encode(), "a.py")
    names = [node for node in _walk(parts.outline().module) if isinstance(node, cst.Name)]
    before = {(node.value, *parts.spans([node]).values()) for node in names if "tensorlint" not in node.value}
    everywhere = [node for node in _walk(whole.module()) if isinstance(node, cst.Name)]
    places = {(node.value, *whole.spans([node]).values()) for node in everywhere}
    assert before <= places
    for body in reversed(parts.outline().bodies):
        body.parse()
        found = [node for node in _walk(parts.outline().module) if isinstance(node, cst.Name)]
        now = {(node.value, *parts.spans([node]).values()) for node in found if "tensorlint" not in node.value}
        assert before < now or before == now
        assert now <= places
        before = now
    assert before == {place for place in places if "tensorlint" not in place[0]}


def test_the_functions_inside_are_found_with_the_body() -> None:
    model = read_file("a.py", Outline(PIECES["nested"]), PIECES["nested"])
    assert [function.name for function in model.functions] == ["f"]
    assert not model.classes
    (function,) = model.functions
    text = function.text
    assert function.node.name.value == "f"
    assert [one.name for one in model.functions] == ["f", "g"]
    assert [one.nested for one in model.classes] == [True]
    assert function.text == text


def test_a_body_that_the_parser_cannot_do_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source(b"def f(a):\n    b = 1\n    return a\n", "a.py")
    made = source.outline()

    def refuse(text: str) -> cst.Module:
        raise RecursionError

    monkeypatch.setattr(cst, "parse_module", refuse)
    source.check()
    made.bodies[0].parse()
    with pytest.raises(SourceError, match="nested too deeply"):
        source.check()
    with pytest.raises(SourceError, match="nested too deeply"):
        source.module()


def test_what_is_no_python_is_a_fault_with_its_place() -> None:
    text = "def f():\n    a = 1\n    return a\n\nclass A(:\n    pass\n"
    with pytest.raises(cst.ParserSyntaxError) as whole:
        cst.parse_module(text)
    with pytest.raises(SourceError, match="syntax error") as caught:
        Source(text.encode(), "a.py").outline()
    assert (caught.value.line, caught.value.column) == (whole.value.editor_line, whole.value.editor_column)


FILES = sorted(path for path in ROOT.joinpath("fixtures").rglob("*.py") if not path.name.endswith(".fixed.py"))


@pytest.mark.parametrize("path", FILES[::4], ids=lambda path: f"{path.parent.name}/{path.name}")
def test_findings_are_the_same_when_everything_is_parsed_at_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = lint(Source(path.read_bytes(), str(path)), Settings())
    monkeypatch.setattr(outline, "LEAST", 1_000_000)
    again = Source(path.read_bytes() + b"\n", str(path))
    assert lint(again, Settings()) == found
    assert not again.outline().bodies
