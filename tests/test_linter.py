"""The linter: one file, from its bytes to findings with places."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from types import ModuleType

import fakes
import libcst as cst
import pytest
from fakes import toy  # noqa: F401 - a fixture

from tensorlint.finding import Applicability, Confidence, Edit, Finding
from tensorlint.flow.facts import Place, Reason
from tensorlint.linter import InternalError, codes, fault, lint
from tensorlint.settings import Selection, Settings
from tensorlint.source import Source, SourceError

HEAD = "import torch\n"
EVERY = Settings(selections=(Selection(("TSL",)),), confidence=Confidence.POSSIBLE)


def linted(text: str, settings: Settings = EVERY, path: str = "a.py") -> list[Finding]:
    return lint(Source((HEAD + text).encode(), path), settings)


def shown(findings: list[Finding]) -> list[str]:
    return [f"{each.line}:{each.column} {each.code} {each.confidence}" for each in findings]


@pytest.mark.usefixtures("toy")
class TestFindings:
    def test_places_are_in_code_points_with_exclusive_ends(self) -> None:
        (finding,) = linted('é = "𝄞", (bad("TSL101"))\n')
        assert (finding.line, finding.column, finding.end_line, finding.end_column) == (2, 11, 2, 24)
        assert (finding.code, finding.name, finding.message) == ("TSL101", "toy-grad", "TSL101 is bad")
        assert finding.path == "a.py"
        assert finding.fix is None

    def test_evidence_keeps_the_order_of_the_rule(self) -> None:
        (finding,) = linted('because("first")\nbecause("second")\nbad("TSL101")\n')
        assert [(step.path, step.line, step.column, step.end_column, step.message) for step in finding.evidence] == [
            ("a.py", 2, 1, 17, "first"),
            ("a.py", 3, 1, 18, "second"),
        ]

    def test_evidence_in_another_file(self, monkeypatch: pytest.MonkeyPatch) -> None:
        other = Source(b"\n\nx = origin\n", "lib/other.py")
        here = Source(b'import torch\nbad("TSL101")\n', "a.py")

        class Project:
            root = Path()

            def source(self, path: str) -> Source:
                assert path == other.path
                return other

        name = cst.ensure_type(
            cst.ensure_type(other.module().body[0], cst.SimpleStatementLine).body[0], cst.Assign
        ).value
        reason = Reason(Place(other.path, name), "made here")
        real = fakes.analyse

        def analyse(source: Source, project: object) -> list[fakes.Seen]:
            return [
                fakes.Seen(place=e.place, code="TSL101", confidence=e.confidence, because=(reason,), repair=None)
                for e in real(source)
                if isinstance(e, fakes.Seen)
            ]

        monkeypatch.setattr(sys.modules["tensorlint.flow.analysis"], "analyse", analyse)
        (finding,) = lint(here, EVERY, Project())  # type: ignore[arg-type]
        (step,) = finding.evidence
        assert (step.path, step.line, step.column, step.end_column) == ("lib/other.py", 3, 5, 11)
        with pytest.raises(InternalError, match=r"lib/other\.py"):
            lint(here, EVERY)  # the project around this file has no such file

    def test_a_fix_is_edits_of_the_text(self) -> None:
        (finding,) = linted('x = fixable("TSL101")\n')
        assert finding.fix is not None
        assert finding.fix.applicability is Applicability.SAFE
        assert finding.fix.edits == (Edit(2, 5, 2, 22, "fine()"),)

    def test_order_is_that_of_the_places(self) -> None:
        text = 'bad("TSL201", bad("TSL102"))\nbad("TSL101")\n'
        assert shown(linted(text)) == ["2:1 TSL201 certain", "2:15 TSL102 certain", "3:1 TSL101 certain"]

    def test_twice_the_same_is_once_the_more_confident(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real = fakes.analyse

        def twice(source: Source, project: object) -> list[fakes.Seen]:
            events = [event for event in real(source) if isinstance(event, fakes.Seen)]
            weaker = [
                fakes.Seen(place=e.place, code=e.code, confidence=Confidence.LIKELY, because=(), repair=e.repair)
                for e in events
            ]
            return [*weaker, *events, *weaker]

        monkeypatch.setattr(sys.modules["tensorlint.flow.analysis"], "analyse", twice)
        (finding,) = linted('because("it")\nbad("TSL101")\n')
        assert finding.confidence is Confidence.CERTAIN
        assert len(finding.evidence) == 1

    def test_confidence_is_a_threshold(self) -> None:
        text = 'bad("TSL101", "possible")\nbad("TSL101", "likely")\nbad("TSL101")\n'
        assert shown(linted(text, Settings())) == ["3:1 TSL101 likely", "4:1 TSL101 certain"]
        assert shown(linted(text, Settings(confidence=Confidence.CERTAIN))) == ["4:1 TSL101 certain"]
        assert len(linted(text, Settings(confidence=Confidence.POSSIBLE))) == 3

    def test_an_opt_in_rule_is_silent_until_selected(self) -> None:
        text = 'bad("TSL108")\nbad("TSL101")\n'
        assert shown(linted(text, Settings())) == ["3:1 TSL101 certain"]
        selected = Settings(selections=(Selection(extend_select=("TSL108",), ignore=("TSL101",)),))
        assert shown(linted(text, selected)) == ["2:1 TSL108 certain"]
        assert linted(text, Settings(selections=(Selection(()),))) == []

    def test_noqa(self) -> None:
        text = 'bad("TSL101")  # noqa: TSL101\nbad("TSL101")  # noqa: TSL102\n'
        assert shown(linted(text)) == ["3:1 TSL101 certain", "3:16 TSL901 certain"]
        assert len(lint(Source((HEAD + text).encode(), "a.py"), EVERY, noqa=False)) == 2

    def test_a_file_without_a_source_of_tensors_is_not_analysed(self) -> None:
        assert lint(Source(b'import numpy\nbad("TSL101")\n', "a.py"), EVERY) == []

    def test_a_file_that_one_with_tensors_imports_is_analysed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "pyproject.toml").write_text("")
        (tmp_path / "train.py").write_text("import torch\nimport report\n")
        assert len(lint(Source(b'import numpy\nbad("TSL101")\n', "report.py"), EVERY)) == 1
        assert lint(Source(b'import numpy\nbad("TSL101")\n', "alone.py"), EVERY) == []

    def test_an_exception_is_an_internal_error(self) -> None:
        with pytest.raises(InternalError, match="internal error: ZeroDivisionError: division by toy") as error:
            linted("crash()\n")
        assert isinstance(error.value.__cause__, ZeroDivisionError)

    def test_codes(self) -> None:
        assert codes() == {"TSL101", "TSL102", "TSL108", "TSL201", "TSL900", "TSL901", "TSL902"}


@pytest.mark.parametrize("head", ["", HEAD])
@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("x = (\n", (1, 5), "syntax error: '(' was never closed"),
        ("x = 1\nif x\n    y\n", (2, 5), "syntax error: expected ':'"),
        ("a = 'é'; b = = 1\n", (1, 14), "syntax error: invalid syntax"),
        ("print 1\n", (1, 1), "syntax error: Missing parentheses"),
        ("x = " + "(" * 5000 + ")" * 5000 + "\n", (1, 205), "syntax error: too many nested parentheses"),
        ("x = " + "-" * 60000 + "1\n", None, "nested too deeply"),
    ],
    ids=["unclosed", "colon", "wide", "python2", "parentheses", "minus"],
)
def test_what_is_not_python(text: str, place: tuple[int, int] | None, message: str, head: str) -> None:
    """The same whether or not the file is worth analysing, and without harm to the process."""
    with pytest.raises(SourceError) as error:
        lint(Source((head + text).encode(), "a.py"), Settings())
    assert message in error.value.message
    assert not isinstance(error.value, InternalError)
    if place is None:  # there is none to name
        assert (error.value.line, error.value.column) == (1, 1)
    else:
        assert (error.value.line, error.value.column) == (place[0] + head.count("\n"), place[1])


@pytest.mark.usefixtures("toy")
def test_a_long_chain_is_a_fault_only_where_there_is_something_to_find() -> None:
    chain = "x = " + " + ".join(["a"] * 5000) + "\n"
    assert lint(Source(chain.encode(), "a.py"), EVERY) == []
    with pytest.raises(SourceError, match="nested too deeply"):
        lint(Source((HEAD + chain).encode(), "a.py"), EVERY)
    conjunction = "x = " + " and ".join(["a"] * 50000) + "\n"  # flat for CPython; it would end the process in LibCST
    with pytest.raises(SourceError, match="nested too deeply"):
        lint(Source((HEAD + conjunction).encode(), "a.py"), EVERY)


@pytest.mark.usefixtures("toy")
def test_odd_but_right() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert lint(Source(b"", "a.py"), EVERY) == []
        assert linted("x = '\\d'\n") == []  # an invalid escape: a SyntaxWarning of Python's own
        assert lint(Source(b"\xef\xbb\xbfimport torch\r\nbad('TSL101')\r\n", "a.py"), EVERY)[0].line == 2
        assert lint(Source("# coding: latin-1\nimport torch\né = bad('TSL101')\n".encode("latin-1"), "a"), EVERY)


def test_syntax_that_is_newer_than_the_running_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """CPython may be too old for a file; LibCST has the last word."""
    import builtins

    def compile_of_an_old_python(*args: object, **kwargs: object) -> None:
        raise SyntaxError("invalid syntax", ("a.py", 1, 1, "x"))

    monkeypatch.setattr(builtins, "compile", compile_of_an_old_python)
    source = Source(b"type X = int\n", "a.py")
    broken = Source(b"type X = = int\n", "a.py")
    results: list[object] = []
    for each in (source, broken):
        try:
            results.append(lint(each, Settings()))
        except SourceError as error:
            results.append(error.message)
    monkeypatch.undo()
    assert results == [[], "syntax error: invalid syntax"]


def test_a_fault_is_a_finding() -> None:
    finding = fault(SourceError("cannot", 3, 4), "b.py")
    assert (finding.code, finding.confidence, finding.path) == ("TSL900", Confidence.CERTAIN, "b.py")
    assert (finding.line, finding.column, finding.end_line, finding.end_column) == (3, 4, 3, 4)


def test_nothing_of_the_interpreter_is_loaded_for_a_file_without_tensors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorlint.flow.analysis", ModuleType("tensorlint.flow.analysis"))
    assert lint(Source(b"import os\n", "a.py"), Settings()) == []


def test_what_is_parsed_already_is_parsed_again_only_to_be_analysed() -> None:
    """flake8 has parsed every file that its plugins see."""
    assert lint(Source(b"def (:", "program.py"), Settings(), parsed=True) == []
    with pytest.raises(SourceError, match="syntax error"):
        lint(Source(b"import torch\ndef (:", "program.py"), Settings(), parsed=True)
