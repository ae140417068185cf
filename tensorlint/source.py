"""One file's bytes as text, lines and a LibCST module, and the places of nodes in it.

What is linted is a *program*: the text of the file, or of a notebook's cells one after the other. Findings and edits
have the places that people know; in a file these are the program's own.

Nothing is normalised: newlines, a byte order mark, tabs and form feeds are kept, so that an edit of the text,
encoded again, changes no byte outside itself.
"""

from __future__ import annotations

import codecs
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING

from tensorlint.finding import Edit, Evidence, Finding
from tensorlint.places import Misread, Span, locate

if TYPE_CHECKING:
    import ast

    import libcst as cst

    from tensorlint.outline import Outline

__all__ = ["Source", "SourceError", "Span", "declared_encoding", "encoded"]

_NEWLINE = re.compile(r"\r\n|\r|\n")
_FORBIDDEN = ((re.compile("\0"), "a NUL byte"), (re.compile("[\ud800-\udfff]"), "a lone surrogate"))
_FIRST_LINES = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)?[^\r\n]*")
_LEADING_FORM_FEED = re.compile(r"(?:^|(?<=\r))[ \t]*\f[ \t\f]*", re.MULTILINE)


class SourceError(Exception):
    """The file cannot be linted; ``line`` and ``column`` are where (1, 1 where no place is known)."""

    def __init__(self, message: str, line: int | None = None, column: int = 1, cell: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.has_place = line is not None
        self.line = line or 1
        self.column = column
        self.cell = cell


class Source:
    """The text of one file.

    :param data: the file's bytes
    :param path: how the file is called in findings; nothing is opened
    :raises SourceError: if the bytes are not valid text in the encoding that the file declares (PEP 263; UTF-8 without)
    """

    def __init__(self, data: bytes, path: str) -> None:
        self.data = data
        self.path = path
        self.bom = data.startswith(codecs.BOM_UTF8)
        self.encoding = self._encoding()
        self.text = self._program()
        for forbidden, what in _FORBIDDEN:
            if (found := forbidden.search(self.text)) is not None:
                raise self.placed_error(SourceError(f"contains {what}", *_place(self.text[: found.start()])))
        self._lines: list[str] | None = None
        self._starts: list[int] = []
        self._outline: Outline | None = None
        self._tree: ast.Module | None = None
        self._python = False
        self._shifts: dict[int, int] = {}

    def again(self, data: bytes) -> Source:
        """What the file would be with other bytes.

        :raises SourceError: as for a file
        """
        return type(self)(data, self.path)

    def _encoding(self) -> str:
        try:
            return declared_encoding(self.data)
        except SyntaxError as error:
            if "missing encoding" not in str(error.msg):
                raise SourceError(str(error.msg)) from None
            return "utf-8"  # which it is not: decoding it tells where

    def _program(self) -> str:
        """What is linted."""
        return self._decoded("declare the encoding (PEP 263) or save the file as UTF-8")

    def _decoded(self, advice: str) -> str:
        try:
            return self.data.decode(self.encoding)
        except UnicodeDecodeError as error:
            before = self.data[: error.start]
            column = len(before[before.rfind(b"\n") + 1 :]) + 1
            raise SourceError(
                f"not valid {error.encoding}: byte 0x{self.data[error.start]:02x} ({error.reason}); {advice}",
                before.count(b"\n") + 1,
                column,
            ) from None
        except (LookupError, ValueError) as error:  # a codec of bytes, or one that fails in its own way
            raise SourceError(f"cannot be decoded as {self.encoding}: {error}") from None

    @property
    def program(self) -> bytes:
        """The bytes of what is linted."""
        return self.data

    @property
    def lines(self) -> list[str]:
        """The text's lines without their ends."""
        if self._lines is None:
            self._lines, self._starts, start = [], [], 0
            for end in _NEWLINE.finditer(self.text):
                self._lines.append(self.text[start : end.start()])
                self._starts.append(start)
                start = end.end()
            self._lines.append(self.text[start:])
            self._starts.append(start)
        return self._lines

    def module(self) -> cst.Module:
        """The file as a LibCST module, parsed once.

        :raises SourceError: on a syntax error, and where an expression is nested deeper than the parser goes
        """
        module = self.outline().complete()
        self.check()
        return module

    def outline(self) -> Outline:
        """The same without the bodies of functions, which are parsed when they are asked for.

        :raises SourceError: as :meth:`module` does, for what is outside the bodies
        """
        if self._outline is None:
            from tensorlint.outline import Outline

            with self._faults():
                self._outline = Outline(self._without_form_feeds(self.text), self._tree)
            self._tree = None
        return self._outline

    def known(self, tree: ast.Module) -> None:
        """Take CPython's tree of this text, which saves making it again."""
        self._tree, self._python = tree, True

    def check(self) -> None:
        """See that the bodies that were asked for could be parsed.

        :raises SourceError: as :meth:`module` does
        """
        if self._outline is None or self._outline.fault is None:
            return
        import libcst as cst

        with self._faults():
            cst.parse_module(self._without_form_feeds(self.text))  # to say where
            raise self._outline.fault

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """What the parser cannot do, as it is reported."""
        import libcst as cst

        try:
            yield
        except cst.ParserSyntaxError as error:
            line, column = error.editor_line, error.editor_column
            reason = error.message.strip().splitlines()[0] if error.message.strip() else "invalid syntax"
            fault = "LibCST cannot parse this, though Python can" if self._python else "syntax error"
            raise SourceError(f"{fault}: {reason}", max(line, 1), max(column, 1)) from None
        except RecursionError:
            raise SourceError("nested too deeply for the parser (an expression of hundreds of terms)") from None
        except cst.CSTValidationError as error:
            raise SourceError(f"the parser cannot represent this file: {error}") from None

    def adopt(self, other: Source) -> None:
        """Use the tree of another source with the same text, so that their nodes are the same."""
        self._outline, self._shifts = other.outline(), other._shifts

    def spans(self, nodes: Iterable[cst.CSTNode]) -> dict[cst.CSTNode, tuple[Span, Span]]:
        """The places of ``nodes`` (of this file's module): without and with their own parentheses."""
        wanted = {id(node): node for node in nodes}
        try:
            found = locate(self.outline(), set(wanted))
        except Misread as error:
            raise SourceError("LibCST reads this otherwise than Python does", error.line) from None
        return {
            node: (self._shifted(found[key][0]), self._shifted(found[key][1]))
            for key, node in wanted.items()
            if key in found
        }

    def offset(self, line: int, column: int) -> int:
        """The index into ``text`` of a line and column."""
        lines = self.lines
        if not (1 <= line <= len(lines) and 1 <= column <= len(lines[line - 1]) + 1):
            raise ValueError(f"{self.path} has no place {line}:{column}")
        return self._starts[line - 1] + column - 1

    def number(self, place: Finding | Evidence) -> int:
        """The line of the program that a place of this file is on."""
        return place.line

    def written(self, place: Finding | Evidence) -> str:
        """The line that a place of this file is on, as it is written there."""
        return self.lines[place.line - 1]

    def in_file(self, place: Finding | Evidence) -> Span:
        """The stretch of the file, as an editor of text shows it, that a place of this file is."""
        if not place.end_line:
            return Span(place.line, place.column, place.line, place.column)
        return Span(place.line, place.column, place.end_line, place.end_column)

    def edit_in_file(self, edit: Edit) -> tuple[Span, str]:
        """The stretch of the file, as an editor of text shows it, that an edit changes, and what stands there then."""
        return Span(edit.line, edit.column, edit.end_line, edit.end_column), edit.text

    def placed(self, finding: Finding) -> Finding:
        """A finding in the program with the places that people know. What cannot be fixed there has no fix any more."""
        return finding

    def placed_edit(self, edit: Edit) -> Edit | None:
        """An edit of the program with the place that people know; None where that is no Python."""
        return edit

    def placed_error(self, error: SourceError) -> SourceError:
        """An error in the program with the place that people know."""
        return error

    def is_shown(self, span: Span) -> bool:
        """Whether the value of an expression (of the program) is shown by itself, as no program's is."""
        return False

    def suspects(self) -> list[tuple[int, Source]]:
        """Parts of the program that must be Python by themselves and may not be, each after so many lines."""
        return []

    def texts(self) -> Iterator[tuple[str, list[str]]]:
        """What changes are shown in: the file's lines with their ends under its name, or those of each cell."""
        self.lines  # noqa: B018 - finds where they start
        lines = [self.text[start:end] for start, end in pairwise([*self._starts, len(self.text)])]
        yield self.path, lines if lines[-1] else lines[:-1]

    def slice(self, span: Span) -> str:
        """The text of a span."""
        return self.text[self.offset(span.line, span.column) : self.offset(span.end_line, span.end_column)]

    def edited(self, edits: Iterable[Edit]) -> bytes:
        """The file's bytes with ``edits`` made; every byte outside them is as it was.

        :raises ValueError: if two edits overlap, or the file's encoding cannot hold a replacement
        """
        pieces, at = [], 0
        for edit in sorted(edits):
            start, end = self.offset(edit.line, edit.column), self.offset(edit.end_line, edit.end_column)
            if start < at:
                raise ValueError(f"overlapping edits at {self.path}:{edit.line}:{edit.column}")
            pieces += [self.text[at:start], edit.text]
            at = end
        pieces.append(self.text[at:])
        if self.text.encode(self.encoding) != self.data:
            raise ValueError(f"{self.path} does not survive a round trip through {self.encoding}")
        return "".join(pieces).encode(self.encoding)

    def _without_form_feeds(self, text: str) -> str:
        """LibCST loses a form feed at the start of a line: it is taken out before, and columns are shifted back."""
        if "\f" not in text:
            return text

        def strip(match: re.Match[str]) -> str:
            kept = match[0][match[0].rindex("\f") + 1 :]  # Python's tokenizer resets the indentation at a form feed
            line = len(_NEWLINE.findall(text, 0, match.start())) + 1
            self._shifts[line] = len(match[0]) - len(kept)
            return kept

        return _LEADING_FORM_FEED.sub(strip, text)

    def _shifted(self, span: Span) -> Span:
        if not self._shifts:
            return span
        return Span(
            span.line,
            span.column + self._shifts.get(span.line, 0),
            span.end_line,
            span.end_column + self._shifts.get(span.end_line, 0),
        )


def declared_encoding(data: bytes) -> str:
    """The encoding that a file's bytes declare (PEP 263); UTF-8 without.

    :raises SyntaxError: if there is no such encoding, or the declaration is no text
    """
    return tokenize.detect_encoding(io.BytesIO(_first_lines(data)).readline)[0]


def encoded(text: str) -> bytes:
    """A file's text as its bytes, in the encoding that it declares.

    :raises SourceError: if this encoding cannot hold it
    """
    data = text.encode("utf-8", "surrogatepass")  # which the file is not if that was needed: reading it tells where
    try:
        encoding = declared_encoding(data)
    except SyntaxError:
        return data  # reading it tells what is wrong
    if encoding.startswith("utf-8"):
        return data
    try:
        return text.encode(encoding)
    except UnicodeEncodeError as error:
        raise SourceError(
            f"U+{ord(text[error.start]):04X} cannot be written in {encoding}, the encoding that the file declares",
            *_place(text[: error.start]),
        ) from None


def _first_lines(data: bytes) -> bytes:
    """The lines that can declare an encoding, ended as Python's tokenizer wants them."""
    lines = _FIRST_LINES.match(data)
    assert lines is not None
    return lines[0].replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _place(text_before: str) -> tuple[int, int]:
    lines = _NEWLINE.split(text_before)
    return len(lines), len(lines[-1]) + 1
