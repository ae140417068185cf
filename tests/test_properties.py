"""What must hold of every program, tried on the same few in every run; ``tests/properties.py`` is the long run.

What once broke a property is kept here by itself.
"""

from __future__ import annotations

import random
from pathlib import Path

import hypothesmith
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from programs import made
from properties import SETTINGS, Seen, try_all, try_written

from tensorlint.fixes.apply import fix_source
from tensorlint.linter import lint
from tensorlint.source import Source, SourceError

FIXED = settings(
    derandomize=True, deadline=None, database=None, max_examples=40, suppress_health_check=list(HealthCheck)
)
"""The same programs in every run, in some ten seconds."""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The programs belong to no project."""
    monkeypatch.chdir(tmp_path)


@FIXED
@given(st.randoms(use_true_random=False))
def test_programs_that_cross(rnd: random.Random) -> None:
    try:
        program = made(rnd)
    except ValueError:  # what is drawn can be such that nothing compiles
        return
    try_all(program, Seen())


def test_the_programs_are_worth_trying() -> None:
    """Most of them have findings and repairs, of many rules."""
    seen = Seen()
    for seed in range(60):
        try_all(made(random.Random(seed)), seen)
    assert seen.with_findings > 30
    assert seen.with_fixes > 30
    assert len(seen.found) > 12
    assert len(seen.fixed) > 10


@FIXED
@given(hypothesmith.from_grammar(auto_target=False))
@example("\n ")
@example("\n #\n\t")
def test_programs_of_any_syntax(text: str) -> None:
    try_written(text, Seen())


HEAD = b"import numpy as np\nimport torch\n"


@pytest.mark.parametrize(
    "program",
    [
        HEAD + b"try:\n    x = 1\nexcept ValueError \t: torch.ones(1, requires_grad=True).numpy()\n",
        HEAD + b"try:\n    x = 1\nexcept ValueError \\\n  : pass\ntorch.ones(1, requires_grad=True).numpy()\n",
        HEAD + b"def f():\n    try:\n        x = 1\n    except* ValueError :\n        pass\n"
        b"    x = 1\n    x = 1\ntorch.ones(1, requires_grad=True).numpy()",
        (HEAD + b"def f():\n  def g():\n    x = 1\n\x0c  def h():\n    x = torch.ones(1, requires_grad=True).numpy()\n")
        .replace(b"\n", b"\r"),
        b"# coding: latin-1\r" + HEAD.replace(b"\n", b"\r") + b"s = '\xe9'; torch.ones(1, requires_grad=True).numpy()",
    ],
    ids=["before-a-colon", "joined-lines", "in-a-body", "form-feed", "carriage-returns"],
)  # fmt: skip
def test_places_in_an_odd_layout(program: bytes) -> None:
    (finding,) = lint(Source(program, "program.py"), SETTINGS)
    source = Source(program, "program.py")
    start = source.offset(finding.line, finding.column)
    assert source.text[start:].startswith("torch.ones(1, requires_grad=True).numpy()")
    try_all(program, Seen())


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_what_is_taken_out_of_its_brackets_gets_others(end: bytes) -> None:
    program = (HEAD + b"x = torch.rand(3)\nassert torch.tensor(x.\n\n  t  (\n)).cpu()\n").replace(b"\n", end)
    result = fix_source(Source(program, "program.py"), lambda source: lint(source, SETTINGS), unsafe=False)
    assert result.diagnostic is None
    assert result.data == program.replace(b"torch.tensor(x.", b"(x.").replace(b")).cpu", b").detach().clone()).cpu")
    try_all(program, Seen())


def test_no_rule_takes_out_what_another_puts_in() -> None:
    """On one path it is an array, which has no ``.detach()``."""
    program = HEAD + b"x = torch.rand(3)\nif x.any():\n    x = np.zeros(3)\nx.cpu().numpy()[:] = 0\n"
    try_all(program, Seen())
    program = program.replace(b"x.cpu()", b"x.detach().cpu()")
    assert [each.code for each in lint(Source(program, "program.py"), SETTINGS)].count("TSL507") == 0


def test_a_default_that_calls_its_own_function() -> None:
    """The name means another function while the default is evaluated."""
    program = HEAD + b"def f(x, y=f(1)):\n    return x.requires_grad_().numpy()\n\n\nf(torch.rand(3))\n"
    try_all(program, Seen())
    assert [each.code for each in lint(Source(program, "program.py"), SETTINGS)].count("TSL101") == 1


def test_what_is_read_otherwise_than_python_does_is_not_linted() -> None:
    """The last line is not of the block, which LibCST takes it for."""
    program = HEAD + b"if torch:\n  x = 1\n\\\ntorch.ones(1, requires_grad=True).numpy()\n"
    with pytest.raises(SourceError, match="LibCST reads this otherwise than Python does") as raised:
        lint(Source(program, "program.py"), SETTINGS)
    assert raised.value.line == 6


def test_comments_at_the_end_may_be_kept_otherwise() -> None:
    try_written("a\n\t#[\r\t# b", Seen())
