"""Fixes made in text: to a fixpoint, without harm to what they do not touch."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable

import pytest

from tensorlint.finding import Applicability, Confidence, Edit, Finding, Fix
from tensorlint.fixes import apply
from tensorlint.fixes.apply import FixResult, fix_source, select
from tensorlint.fixes.write import unified_diff
from tensorlint.source import Source

SAFE, UNSAFE = Applicability.SAFE, Applicability.UNSAFE
Lint = Callable[[Source], list[Finding]]


def finding(source: Source, start: int, end: int, fix: Fix | None, code: str = "TSL101") -> Finding:
    (line, column), (end_line, end_column) = _place(source, start), _place(source, end)
    return Finding(
        code, "a-name", "a message", Confidence.CERTAIN, source.path, line, column, end_line, end_column, fix=fix
    )


def edit(source: Source, start: int, end: int, text: str) -> Edit:
    return Edit(*_place(source, start), *_place(source, end), text)


def _place(source: Source, offset: int) -> tuple[int, int]:
    for number in range(1, len(source.lines) + 1):
        start = source.offset(number, 1)
        if start <= offset <= start + len(source.lines[number - 1]):
            return number, offset - start + 1
    raise AssertionError(offset)


def rewriting(pattern: str, replacement: str, applicability: Applicability = SAFE) -> Lint:
    """A linter that finds a pattern and replaces it."""

    def lint(source: Source) -> list[Finding]:
        return [
            finding(
                source,
                match.start(),
                match.end(),
                Fix(applicability, "rewrite", (edit(source, match.start(), match.end(), match.expand(replacement)),)),
            )
            for match in re.finditer(pattern, source.text)
        ]

    return lint


ADD_DETACH = rewriting(r"(?<!detach\(\))\.numpy\(\)", r".detach().numpy()")


def fix(data: bytes, lint: Lint = ADD_DETACH, *, unsafe: bool = False) -> FixResult:
    return fix_source(Source(data, "program.py"), lint, unsafe)


@pytest.mark.parametrize(
    "around",
    [
        (b"", b""),  # no line end at the end of the file
        (b"\xef\xbb\xbfimport torch\n", b"\n"),
        (b"import torch\r\n", b"\r\n"),
        (b"import torch\r\nx = 1\n", b"\r\n\n"),  # line ends of both kinds
        (b"if x:\n\ty = 1\n\t", b"  # a comment\t\n"),
        (b"x  =   1 ;", b"   ;  z=2\n\n\n"),
        (b"# -*- coding: latin-1 -*-\ns = '\xe9\xff'\n", b"  # \xe9\n"),
        (b"x = 1\n\x0c\n", b"\n\x0c"),
        (b"s = '\xf0\x9f\x98\x80'; ", b"\n"),  # a character of four bytes in the same line
        (b"s = '''\n  two  \\\n\n'''\n", b"\n"),
    ],
)
def test_every_byte_outside_the_edit_stays(around: tuple[bytes, bytes]) -> None:
    before, after = around
    result = fix(before + b"y = f(x).numpy()" + after)
    assert result == FixResult(before + b"y = f(x).detach().numpy()" + after, [], 1)


def test_fixing_what_was_fixed_changes_nothing() -> None:
    once = fix(b"y = x.numpy() + z.numpy()\n")
    assert once.fixed == 2
    assert fix(once.data) == FixResult(once.data, [], 0)


def test_unsafe_fixes_are_made_only_where_they_are_asked_for() -> None:
    lint = rewriting(r"= x$(?m:)", "= x.copy()", UNSAFE)
    left = fix(b"y = x\n", lint)
    assert (left.data, left.fixed, len(left.findings)) == (b"y = x\n", 0, 1)


def test_fixes_that_uncover_others_are_followed_to_the_end() -> None:
    chain = {"a": "b", "b": "c", "c": "d"}

    def lint(source: Source) -> list[Finding]:
        name = source.text[0]
        if name not in chain:
            return []
        return [finding(source, 0, 1, Fix(SAFE, "next", (edit(source, 0, 1, chain[name]),)))]

    assert fix(b"a = 1\n", lint) == FixResult(b"d = 1\n", [], 3)


def test_fixes_that_undo_each_other_leave_the_file_as_it_was_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apply, "MAX_ROUNDS", 5)

    def lint(source: Source) -> list[Finding]:
        other = "b" if source.text[0] == "a" else "a"
        return [finding(source, 0, 1, Fix(SAFE, "swap", (edit(source, 0, 1, other),)))]

    result = fix(b"a = 1\n", lint)
    assert (result.data, result.fixed, len(result.findings)) == (b"a = 1\n", 0, 1)
    assert result.diagnostic is not None
    assert "did not come to an end in 5 rounds" in result.diagnostic


@pytest.mark.parametrize("replacement", ["(", "[y for y in (z := x)]", "\xe9 = )"])
def test_a_result_that_is_not_python_leaves_the_file_as_it_was(replacement: str) -> None:
    result = fix(b"y = x\n", rewriting("x", replacement))
    assert (result.data, result.fixed, len(result.findings)) == (b"y = x\n", 0, 1)
    assert result.diagnostic is not None
    assert "would be broken" in result.diagnostic


def test_a_text_that_the_encoding_cannot_hold_leaves_the_file_as_it_was() -> None:
    data = b"# coding: latin-1\ny = x\n"
    result = fix(data, rewriting("x", "'\N{SNOWMAN}'"))
    assert (result.data, result.fixed) == (data, 0)
    assert result.diagnostic is not None


def test_a_fix_that_changes_nothing_is_not_repeated() -> None:
    result = fix(b"y = x\n", rewriting("x", "x"))
    assert (result.data, result.fixed) == (b"y = x\n", 0)
    assert result.diagnostic is not None


def test_overlapping_fixes_wait_for_the_next_round_and_are_made_then() -> None:
    def lint(source: Source) -> list[Finding]:
        found = []
        if "f(" in source.text:
            at = source.text.index("f(")
            found.append(finding(source, at, at, Fix(SAFE, "rename", (edit(source, at, at + 1, "g"),))))
        if "x)" in source.text:
            at = source.text.index("x)")
            start = max(at - 2, 0)
            whole = Fix(SAFE, "all", (edit(source, start, at + 1, source.text[start:at] + "y"),))
            found.append(finding(source, at, at, whole))
        return found

    source = Source(b"f(x)\n", "program.py")
    assert len(select(lint(source), unsafe=False)) == 1
    assert fix_source(source, lint, unsafe=False) == FixResult(b"g(y)\n", [], 2)


def test_the_same_edits_for_two_findings_are_one_fix() -> None:
    def lint(source: Source) -> list[Finding]:
        if "detach" in source.text:
            return []
        at = source.text.index(".numpy")
        mended = Fix(SAFE, "chain", (edit(source, at, at, ".detach().cpu()"),))
        return [finding(source, 0, at, mended), finding(source, 0, at, mended, "TSL102")]

    assert fix(b"x.numpy()\n", lint) == FixResult(b"x.detach().cpu().numpy()\n", [], 1)


def test_two_fixes_share_the_import_that_both_need() -> None:
    def lint(source: Source) -> list[Finding]:
        missing = "" if source.text.startswith("import copy") else "import copy\n"
        found = []
        for match in re.finditer(r"(?<!\()s\w\b", source.text):
            edits = [
                edit(source, match.start(), match.start(), "copy.copy("),
                edit(source, match.end(), match.end(), ")"),
            ]
            if missing:
                edits.insert(0, edit(source, 0, 0, missing))
            found.append(finding(source, match.start(), match.end(), Fix(UNSAFE, "copy", tuple(edits))))
        return found

    source = Source(b"x = sa, sb\n", "program.py")
    assert fix_source(source, lint, unsafe=True) == FixResult(b"import copy\nx = copy.copy(sa), copy.copy(sb)\n", [], 2)


def test_insertions_of_different_texts_at_one_place_are_not_mixed() -> None:
    source = Source(b"y = x\n", "program.py")
    one = finding(source, 4, 5, Fix(SAFE, "one", (edit(source, 5, 5, ".detach()"),)))
    other = finding(source, 4, 5, Fix(SAFE, "other", (edit(source, 5, 5, ".cpu()"),)), "TSL102")
    assert select([other, one], unsafe=False) == [one.fix]


def test_all_the_edits_of_a_fix_are_made_or_none() -> None:
    source = Source(b"f(x)\n", "program.py")
    first = finding(source, 0, 1, Fix(SAFE, "first", (edit(source, 2, 3, "y"),)))
    both = finding(source, 1, 2, Fix(SAFE, "both", (edit(source, 0, 1, "g"), edit(source, 2, 3, "z"))))
    assert select([first, both], unsafe=False) == [first.fix]


def test_a_diff_is_in_the_file_s_own_line_ends_and_can_be_applied(tmp_path: pytest.TempPathFactory) -> None:
    before = Source(b"\xef\xbb\xbfa = 1\r\nb\x0c = 2\r\nc = 3", "program.py")
    after = Source(before.data.replace(b"c = 3", b"c = 4"), "program.py")
    diff = unified_diff(before, after)
    assert diff == (
        "--- program.py\n+++ program.py\n@@ -1,3 +1,3 @@\n a = 1\r\n b\x0c = 2\r\n"
        "-c = 3\n\\ No newline at end of file\n+c = 4\n\\ No newline at end of file\n"
    )
    assert unified_diff(before, before) == ""


def test_the_diff_of_a_crlf_file_is_accepted_by_git(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("patched")
    before = Source(b"a = 1\r\nb = 2\r\nc = 3", "program.py")
    after = Source(b"a = 1\r\nb = 5\r\nc = 4", "program.py")
    (folder / "program.py").write_bytes(before.data)
    patch = unified_diff(before, after).encode()
    subprocess.run(["git", "apply", "-p0", "-"], cwd=folder, input=patch, check=True)
    assert (folder / "program.py").read_bytes() == after.data
