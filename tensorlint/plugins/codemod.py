"""The fixes as a LibCST codemod: the same bytes as ``tensorlint check --fix`` writes, under another tool's command.

python -m libcst.tool codemod -x --no-format tensorlint.plugins.codemod.FixConversions PATH
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass

import libcst as cst
from libcst.codemod import CodemodCommand, CodemodContext

from tensorlint.baseline import unknown
from tensorlint.configuration import nearest
from tensorlint.finding import Finding
from tensorlint.fixes.apply import fix_source
from tensorlint.linter import check_settings, lint
from tensorlint.source import Source

__all__ = ["FixConversions"]

_BLANK = bytes.maketrans(b"", b""), b" \t\f"
"""What LibCST may lose in a round trip: a form feed at the beginning of a line, and the blanks before it."""


class FixConversions(CodemodCommand):
    """Make tensorlint's safe fixes, or all of them, under the settings of the file's project.

    :raises SettingsError, SourceError: which the tool reports as its failure on that file
    """

    DESCRIPTION = "Repair conversion bugs between PyTorch and NumPy with tensorlint's fixes."

    def __init__(self, context: CodemodContext, unsafe_fixes: bool = False) -> None:
        super().__init__(context)
        self.unsafe_fixes = unsafe_fixes

    @staticmethod
    def add_args(arg_parser: argparse.ArgumentParser) -> None:
        arg_parser.add_argument(
            "--unsafe-fixes",
            action="store_true",
            help="make fixes, too, that may change what the program does where it worked",
        )

    def transform_module_impl(self, tree: cst.Module) -> cst.Module:
        path = self.context.filename
        settings = nearest(path or "stdin")
        check_settings(settings)

        def lint_again(source: Source) -> list[Finding]:
            return unknown(lint(source, settings), source, settings)[0]

        data = _bytes_on_disk(path, tree)
        result = fix_source(Source(data, path or "stdin"), lint_again, self.unsafe_fixes)
        if result.diagnostic is not None:
            self.warn(result.diagnostic)
        return _module(result.data)


@dataclass(frozen=True)
class _Verbatim(cst.Module):
    """A module that LibCST cannot write as it was: it knows its bytes."""

    data: bytes = b""

    @property
    def code(self) -> str:
        return self.data.decode(self.encoding)

    @property
    def bytes(self) -> bytes:
        return self.data


def _module(data: bytes) -> cst.Module:
    module = cst.parse_module(data)
    if module.bytes == data:
        return module
    return _Verbatim(
        module.body,
        module.header,
        module.footer,
        encoding=module.encoding,
        default_indent=module.default_indent,
        default_newline=module.default_newline,
        has_trailing_newline=module.has_trailing_newline,
        data=data,
    )


def _bytes_on_disk(path: str | None, tree: cst.Module) -> bytes:
    """The bytes that ``tree`` was parsed from: the file's, unless a caller has given other code under its name."""
    if path is None or not os.path.isfile(path):
        return tree.bytes
    with open(path, "rb") as file:
        data = file.read()
    same = data.translate(*_BLANK) == tree.bytes.translate(*_BLANK)
    return data if same else tree.bytes
