"""The table of features in the README: every test that it names is there, and none is skipped always."""

from __future__ import annotations

import ast
import re

import pytest
from checkout import ROOT
from readme_blocks import README

SECTION = README.read_text(encoding="utf-8").split("\n## Features\n")[1].split("\n## ")[0]
ROWS = re.findall(r"^\| (?!feature|---)(.*) \| (.*) \|$", SECTION, re.MULTILINE)
NAMED = [(feature, named) for feature, cell in ROWS for named in re.findall(r"`([^`]*)`", cell)]


def test_every_feature_names_a_test() -> None:
    assert len(ROWS) >= 20
    for feature, cell in ROWS:
        assert re.fullmatch(r"`[^`]+`(<br>`[^`]+`)*", cell), feature


@pytest.mark.parametrize("named", sorted({named for _, named in NAMED}))
def test_the_test_is_there(named: str) -> None:
    file, *names = named.split("::")
    found: ast.AST = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    for name in names:
        assert isinstance(found, ast.Module | ast.ClassDef)
        (found,) = (
            each for each in found.body if isinstance(each, ast.ClassDef | ast.FunctionDef) and each.name == name
        )
    assert isinstance(found, ast.FunctionDef)
    assert found.name.startswith("test_")
    marks = " ".join(ast.unparse(each) for each in found.decorator_list)
    assert "mark.xfail" not in marks
    assert not re.search(r"mark\.skip\b", marks)
