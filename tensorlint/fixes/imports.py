"""What a file calls the things that a repair's new text uses, and the imports that are added for the others."""

from __future__ import annotations

import itertools
import re
import sys
from dataclasses import dataclass

import libcst as cst

from tensorlint.finding import Edit
from tensorlint.fixes.scopes import Binding, module_bindings
from tensorlint.fixes.syntax import code
from tensorlint.source import Source, Span

__all__ = ["Imports", "newline", "provide"]

_NEWLINE = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Imports:
    """How a repair may write what it uses."""

    names: dict[str, str]
    """From the full name (``copy.deepcopy``) to what this file calls it."""
    edits: tuple[Edit, ...]
    """The imports that must be added for that."""


def provide(source: Source, full_names: tuple[str, ...]) -> Imports | None:
    """The file's names for ``full_names``; None where a name means something else somewhere in the file.

    Only modules of the standard library are imported anew: what else a program depends on is not a repair's to say.
    """
    if not full_names:
        return Imports({}, ())
    bindings = tuple(module_bindings(source.module()))
    if any(binding.name == "*" for binding in bindings):
        return None  # a star import may bind anything, `copy` too (NumPy's does)
    names: dict[str, str] = {}
    missing: list[str] = []
    for full_name in full_names:
        module, _, member = full_name.rpartition(".")
        if (name := _name_of(full_name, bindings)) is not None:
            names[full_name] = name
        elif (name := _name_of(module, bindings)) is not None:
            names[full_name] = f"{name}.{member}"
        elif module in sys.stdlib_module_names and _is_free(module, bindings):
            names[full_name] = full_name
            missing.append(module)
        else:
            return None
    return Imports(names, tuple(_added(source, module) for module in sorted(set(missing))))


def newline(source: Source) -> str:
    """The file's own line end: that of its first line, ``\\n`` if it has none."""
    found = _NEWLINE.search(source.text)
    return found[0] if found is not None else "\n"


def _name_of(full_name: str, bindings: tuple[Binding, ...]) -> str | None:
    """The name that a top-level import gives to ``full_name`` and that nothing in the file binds to anything else."""
    for binding in bindings:
        namesakes = (other.full_name for other in bindings if other.name == binding.name)
        if binding.top_level and all(other == full_name for other in namesakes):
            return binding.name
    return None


def _is_free(module: str, bindings: tuple[Binding, ...]) -> bool:
    return all(binding.full_name == module for binding in bindings if binding.name == module)


def _added(source: Source, module: str) -> Edit:
    """``import module`` where the file's import block has its place for it.

    That is the alphabetical place among the plain imports of the standard library; a group of its own before the first
    import where the block has none; the first line after the docstring and the ``__future__`` imports where there is no
    block.
    """
    head, block = _head_and_block(source.module())
    spans = {node: span for node, (span, _) in source.spans([*head, *block]).items()}
    statement = f"import {module}"
    standard = [line for line in block if _is_standard(line)]
    earlier = [line for line in standard if _sort_key(line) < (0, module)]
    if earlier:
        return _line_after(source, spans[earlier[-1]], statement)
    if standard:
        return _line_before(source, spans[standard[0]], statement)
    if block:
        leading = reversed(block[0].leading_lines)
        comments = sum(1 for _ in itertools.takewhile(lambda line: line.comment is not None, leading))
        line = spans[block[0]].line - comments  # a comment above the first import is about what stood there before
        return _line_before(source, Span(line, 1, 0, 0), statement, blank_after=True)
    if head:
        return _line_after(source, spans[head[-1]], statement, blank_before=True)
    line = 1 + len(source.module().header)
    return _line_before(source, Span(line, 1, 0, 0), statement, blank_after=True)


def _head_and_block(module: cst.Module) -> tuple[list[cst.SimpleStatementLine], list[cst.SimpleStatementLine]]:
    """The docstring with the ``__future__`` imports, and the run of imports that follows them."""
    head: list[cst.SimpleStatementLine] = []
    block: list[cst.SimpleStatementLine] = []
    for position, line in enumerate(module.body):
        if not isinstance(line, cst.SimpleStatementLine) or not line.body:
            break
        first = line.body[0]
        is_docstring = position == 0 and isinstance(first, cst.Expr) and isinstance(first.value, cst.BaseString)
        if not block and (is_docstring or _module_of(first) == "__future__"):
            head.append(line)
        elif isinstance(first, (cst.Import, cst.ImportFrom)):
            block.append(line)
        else:
            break
    return head, block


def _is_standard(line: cst.SimpleStatementLine) -> bool:
    return _module_of(line.body[0]).partition(".")[0] in sys.stdlib_module_names


def _sort_key(line: cst.SimpleStatementLine) -> tuple[int, str]:
    """Plain imports before ``from`` imports, each by name."""
    return int(isinstance(line.body[0], cst.ImportFrom)), _module_of(line.body[0])


def _module_of(statement: cst.CSTNode) -> str:
    """The (first) module that an import names; empty for relative imports and other statements."""
    if isinstance(statement, cst.Import):
        return code(statement.names[0].name)
    if isinstance(statement, cst.ImportFrom) and statement.module is not None and not statement.relative:
        return code(statement.module)
    return ""


def _line_after(source: Source, span: Span, statement: str, *, blank_before: bool = False) -> Edit:
    end, lines = newline(source), source.lines
    blank = end if blank_before else ""
    if span.end_line == len(lines):  # the file's last line, without an end of its own
        column = len(lines[-1]) + 1
        return Edit(span.end_line, column, span.end_line, column, f"{end}{blank}{statement}")
    following = lines[span.end_line]
    blank_after = end if blank_before and following.strip() else ""
    return Edit(span.end_line + 1, 1, span.end_line + 1, 1, f"{blank}{statement}{end}{blank_after}")


def _line_before(source: Source, span: Span, statement: str, *, blank_after: bool = False) -> Edit:
    end = newline(source)
    return Edit(span.line, 1, span.line, 1, f"{statement}{end}" + (end if blank_after else ""))
