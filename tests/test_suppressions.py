"""Suppressions mean what they mean to flake8: the same lines are put to flake8's own code and to tensorlint's."""

from __future__ import annotations

import argparse

import pytest
from flake8.processor import FileProcessor
from flake8.violation import Violation

from tensorlint.source import Source
from tensorlint.suppressions import Suppressions

LINES = [
    "x  # noqa",
    "x  # NoQA",
    "x  #noqa",
    "x  #  noqa",
    "x  # noqa : TSL101",
    "x  # noqa: TSL101",
    "x  # noqa:TSL101",
    "x  # noqa:  TSL101",
    "x  # noqa: TSL1",
    "x  # noqa: TSL",
    "x  # noqa: tsl101",
    "x  # noqa: TSL102",
    "x  # noqa: TSL102,TSL101",
    "x  # noqa: TSL102, TSL101",
    "x  # noqa: TSL102 TSL101",
    "x  # noqa: TSL102 because TSL101",
    "x  # noqa: E501,F401",
    "x  # noqa: because",
    "x  # noqa TSL101",
    "x  # noqa: TSL102;TSL101",
    "x  # type: ignore  # noqa: TSL101",
    "x  # noqa: TSL102  # noqa: TSL101",
    "x = '# noqa'",
    "x = '''\n1\n# noqa: TSL101\n'''\ny",
    "x = f('''\n1\n''',  # noqa\n  y)",
    "f(\n  x,\n  y,  # noqa\n  z)",
    "x = 1 + \\\n  2 + \\\n  3  # noqa: TSL101\ny",
    "x = f'''\n{1}\n'''  # noqa: TSL101\ny",
    "# flake8: noqa\nx\ny",
    "x\ny\n   # FLAKE8:NOQA",
    "x\n# flake8= noqa\ny",
    "# flake8: noqa: TSL101\nx",
    "# flake8: noqa: E501\nx",
    "# flake8:noqa because\nx",
    "x  # flake8: noqa\ny",
    "'''\n# flake8: noqa\n'''\nx",
    "# noqa\nx",
    "if x:\n\n    # a comment\n    y  # noqa\n",
    "",
]


def flake8_suppresses(text: str, line: int, code: str) -> bool:
    lines = text.splitlines(keepends=True)
    options = argparse.Namespace(
        hang_closing=False, indent_size=4, max_line_length=79, max_doc_length=None, verbose=0, disable_noqa=False,
        stdin_display_name="stdin",
    )  # fmt: skip
    processor = FileProcessor("a.py", options, lines=lines)
    if processor.should_ignore_file():
        return True
    return Violation(code, "a.py", line, 1, "text", processor.noqa_line_for(line)).is_inline_ignored(False)


@pytest.mark.parametrize("text", LINES)
@pytest.mark.parametrize("code", ["TSL101", "TSL102"])
def test_agreement_with_flake8(text: str, code: str) -> None:
    suppressions = Suppressions(Source(text.encode(), "a.py"))
    lines = range(1, max(len(text.splitlines()), 1) + 1)
    assert [suppressions.covers(line, code) for line in lines] == [
        flake8_suppresses(text, line, code) for line in lines
    ]


def test_the_lines_above_put_both_answers_to_the_test() -> None:
    answers = {
        flake8_suppresses(text, line, "TSL101")
        for text in LINES
        for line in range(1, max(len(text.splitlines()), 1) + 1)
    }
    assert answers == {True, False}


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end(newline: str) -> None:
    text = newline.join(["x = '''", "a", "'''  # noqa", "y", "# noqa"])
    suppressions = Suppressions(Source(text.encode(), "a.py"))
    assert [suppressions.covers(line, "TSL101") for line in range(1, 6)] == [True, True, True, False, True]


def test_what_could_not_be_linted_cannot_be_suppressed() -> None:
    suppressions = Suppressions(Source(b"# flake8: noqa\nx  # noqa\n", "a.py"))
    assert suppressions.covers(2, "TSL101")
    assert not suppressions.covers(2, "TSL900")


def test_text_that_cannot_be_tokenised_is_taken_line_by_line() -> None:
    suppressions = Suppressions(Source(b"x = (  # noqa\ny  # noqa: TSL101\nz\n", "a.py"))
    assert [suppressions.covers(line, "TSL101") for line in (1, 2, 3)] == [True, True, False]
