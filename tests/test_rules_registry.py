"""The rules are found by discovery, and named after what they find."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import tensorlint.rules
from tensorlint.flow.events import Event
from tensorlint.rules.base import Rule
from tensorlint.rules.registry import every_rule, rule, rules

CODES = [
    "TSL101",
    "TSL102",
    "TSL103",
    "TSL104",
    "TSL105",
    "TSL106",
    "TSL107",
    "TSL108",
    "TSL201",
    "TSL202",
    "TSL203",
    "TSL204",
    "TSL205",
    "TSL206",
    "TSL207",
    "TSL208",
    "TSL301",
    "TSL302",
    "TSL303",
    "TSL304",
    "TSL305",
    "TSL306",
    "TSL307",
    "TSL308",
    "TSL401",
    "TSL402",
    "TSL501",
    "TSL502",
    "TSL503",
    "TSL504",
    "TSL505",
    "TSL506",
    "TSL507",
]


def test_every_rule_is_found_in_the_order_of_the_codes() -> None:
    assert [each.code for each in rules()] == CODES


def test_every_rule_file_holds_a_rule() -> None:
    folder = Path(tensorlint.rules.__file__).parent
    assert len(list(folder.glob("tsl*.py"))) == len(every_rule())


@pytest.mark.parametrize("each", rules(), ids=lambda each: each.code)
def test_a_rule_is_whole(each: Rule) -> None:
    assert re.fullmatch(r"TSL[0-9]{3}", each.code)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", each.name)
    assert each.events
    assert all(issubclass(kind, Event) for kind in each.events)
    source = Path(sys.modules[type(each).__module__].__file__ or "").read_text(encoding="utf-8")
    assert source.count("\n") <= 150


def test_a_rule_is_found_by_its_code() -> None:
    assert rule("tsl101") is rule("TSL101") is rules()[0]
    with pytest.raises(LookupError, match=r"unknown rule 'TSL999' \(known: TSL101, "):
        rule("TSL999")


def test_rules_and_their_pages_need_neither_torch_nor_a_parser() -> None:
    code = (
        "import sys; from tensorlint.rules.registry import rules; from tensorlint.rules.page import page\n"
        "for each in rules(): page(each)\n"
        "print({'torch', 'numpy', 'libcst'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
