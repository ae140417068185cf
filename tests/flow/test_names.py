"""Names as they are written, and what imports bind."""

from __future__ import annotations

import libcst as cst
import pytest

from tensorlint.flow.names import LONGEST, bound_names, condition_key, dotted, literal, short


@pytest.mark.parametrize(
    ("text", "name"), [("a", "a"), ("a.b.c", "a.b.c"), ("a().b", None), ("a[0].b", None), ("1", None)]
)
def test_a_dotted_name_is_a_name_or_a_chain_of_attributes(text: str, name: str | None) -> None:
    assert dotted(cst.parse_expression(text)) == name


@pytest.mark.parametrize(
    ("text", "value"),
    [("'a'", "a"), ("'a' 'b'", "ab"), ("r'\\n'", "\\n"), ("b'a'", None), ("f'{a}'", None), ("a", None)],
)
def test_a_literal_is_plain_text(text: str, value: str | None) -> None:
    assert literal(cst.parse_expression(text)) == value


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("x", "x"),
        ("f( x,\n  y )", "f( x, y )"),
        ("some_function(with_an_argument, another_argument, more=1)", "some_function(...)"),
        ("a_long_receiver.some_method(with_an_argument, more=1).real", "a_long_receiver.some_method(...).real"),
        ("a_long_container[with_a_long_index, another_index_1, 2]", "a_long_container[...]"),
        ("a_long_summand + another_long_summand + a_third", "a_long_summand + another_long_summand..."),
    ],
)
def test_a_message_shows_expressions_on_one_short_line(text: str, shown: str) -> None:
    assert short(cst.parse_expression(text)) == shown
    assert len(shown) <= LONGEST


@pytest.mark.parametrize(
    ("statement", "package", "bound"),
    [
        ("import numpy", "", {"numpy": "numpy"}),
        ("import numpy as np", "", {"np": "numpy"}),
        ("import torch.nn.functional", "", {"torch": "torch"}),
        ("import torch.nn.functional as F", "", {"F": "torch.nn.functional"}),
        ("from torch import nn, Tensor as T", "", {"nn": "torch.nn", "T": "torch.Tensor"}),
        ("from . import lib", "pkg", {"lib": "pkg.lib"}),
        ("from .lib import f", "pkg", {"f": "pkg.lib.f"}),
        ("from ..lib import f", "pkg.sub", {"f": "pkg.lib.f"}),
        ("from .. import lib", "pkg.sub", {"lib": "pkg.lib"}),
        ("from .lib import f", "", {"f": "lib.f"}),
        ("from torch import *", "", {}),
    ],
)
def test_what_an_import_binds(statement: str, package: str, bound: dict[str, str]) -> None:
    line = cst.parse_statement(statement)
    assert isinstance(line, cst.SimpleStatementLine)
    node = line.body[0]
    assert isinstance(node, cst.Import | cst.ImportFrom)
    assert dict(bound_names(node, package)) == bound


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("flag", "flag"),
        ("self.train", "self.train"),
        ("torch.cuda.is_available()", "torch.cuda.is_available()"),
        ("cfg['gpu']", "cfg['gpu']"),
        ("f(x)", None),
        ("x[i + 1]", None),
        ("a + b", None),
    ],
)
def test_a_condition_that_stands_for_itself_has_a_key(text: str, key: str | None) -> None:
    assert condition_key(cst.parse_expression(text)) == key
