"""How claims, markers and fixtures are written and read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tensorlint.verify.claims import claims
from tensorlint.verify.fixture import discover, program, read
from tensorlint.verify.markers import Marker, markers

HAVE = {"torch": "2.13.0+cpu", "numpy": "2.4.6"}


def claim(comment: str, statement: str = "x = 1"):
    (found,) = claims(f"{comment}\n{statement}\n", "f.py")
    return found


def test_a_claim_is_about_the_statement_below() -> None:
    text = "# claim: raises TypeError: no\n# a remark\nx = f(\n    1,\n)\n"
    (found,) = claims(text, "f.py")
    assert (found.line, found.end, found.verb, found.subject, found.detail) == (3, 5, "raises", "TypeError", "no")


def test_a_claim_above_a_block_is_about_its_header() -> None:
    found = claim("# claim: always False", "if x == 1:\n    y = 2")
    assert (found.line, found.end) == (2, 2)


def test_several_claims_of_one_statement() -> None:
    text = "# claim cpu: nothing\n# claim gpu: raises TypeError\nx = 1\n"
    assert [(one.verb, one.line) for one in claims(text, "f.py")] == [("nothing", 3), ("raises", 3)]


def test_text_of_strings_is_not_a_claim() -> None:
    assert claims('x = """\n# claim: nothing\n"""\n', "f.py") == ()


def test_devices() -> None:
    everywhere, gpu, meta = (claim(f"# claim{where}: nothing") for where in ("", " gpu", " cpu, meta"))
    assert [everywhere.made_for(device, HAVE) for device in ("cpu", "cuda", "simulated-cuda", "meta")] == [
        True,
        True,
        True,
        False,
    ]
    assert [gpu.made_for(device, HAVE) for device in ("cpu", "cuda", "mps", "simulated-cuda")] == [
        False,
        True,
        True,
        True,
    ]
    assert meta.made_for("meta", HAVE)


@pytest.mark.parametrize(
    ("where", "made"),
    [
        ("torch>=2.2", True),
        ("torch<2.2", False),
        ("torch==2.13", True),
        ("torch>2.13", False),
        ("torch>2.9", True),
        ("numpy<2", False),
        ("cpu, torch>=2, numpy>=2", True),
    ],
)
def test_versions(where: str, made: bool) -> None:
    assert claim(f"# claim {where}: nothing").made_for("cpu", HAVE) is made


@pytest.mark.parametrize(
    "text",
    [
        "shares a with b.c[0]",
        "copies a from b",
        "wrong gradient x, right is x.exp()",
        "slower than np.stack(frames) by 2.5",
        "discards batch['x']",
        "holds x.requires_grad",
        "fails later RuntimeError: dtype",
    ],
)
def test_verbs_with_expressions(text: str) -> None:
    found = claim(f"# claim: {text}")
    assert text.startswith(found.verb)
    assert found.subject


@pytest.mark.parametrize(
    ("comment", "complaint"),
    [
        ("# claim: explodes", "cannot read the claim"),
        ("# claim tpu: nothing", "unknown device 'tpu'"),
        ("# claim nothing", "is no claim"),
        ("# claim: stale x +", "no expression"),
        ("# claim: nothing\n", "no statement follows"),
    ],
)
def test_what_cannot_be_read_is_named(comment: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint) as caught:
        claim(comment, "" if comment.endswith("\n") else "x = 1")
    assert "f.py:1" in str(caught.value)


def test_not_fixed() -> None:
    assert not claim("# claim: stale x\n# not fixed: it is meant").fixed
    assert claim("# claim: stale x").fixed


def test_markers() -> None:
    text = "x = é.numpy()  # TSL101: 5 certain, TSL102: 5 likely\n# a TSL101 in words\n"
    assert markers(text) == (Marker(1, 5, "TSL101", "certain"), Marker(1, 5, "TSL102", "likely"))


@pytest.mark.parametrize("comment", ["# TSL101", "# TSL101: certain", "# TSL101: 5 sure"])
def test_a_marker_with_a_slip_is_an_error(comment: str) -> None:
    with pytest.raises(ValueError, match="is no marker"):
        markers(f"x = 1  {comment}\n")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("def bug_a():\n    pass\n", "must take a device"),
        ("def ok_a(device):\n    # claim: nothing\n    x = 1  # TSL101: 5 certain\n", "must not be flagged"),
        ("def bug_a(device):\n    x = 1  # TSL101: 5 certain\n", "nothing is claimed there"),
        ("def f(:\n", "f.py:1"),
    ],
)
def test_fixtures_that_contradict_themselves(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        program({"f.py": text})


def test_functions_and_their_devices() -> None:
    text = "# devices: gpu, meta\n@torch.no_grad()\ndef bug_a(device):\n    pass\n\n\ndef helper(x):\n    pass\n"
    (function,) = program({"f.py": text}).functions
    assert (function.kind, function.twin) == ("bug", "ok_a")
    assert function.devices == {"cuda", "mps", "simulated-cuda", "meta"}


def test_discovery(tmp_path: Path) -> None:
    for name in ("TSL101/a.py", "TSL101/a.fixed.py", "TSL101/b/c.py", "TSL101/b/d.py", "other/e.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("def ok_a(device):\n    pass\n")
    found = discover([tmp_path])
    assert [fixture.name for fixture in found] == ["TSL101/a", "TSL101/b"]
    assert found[0].fixed is not None
    assert found[1].fixed is None
    assert list(found[1].written.texts) == ["c.py", "d.py"]
    assert [fixture.name for fixture in discover([tmp_path / "TSL101" / "b"])] == ["TSL101/b"]
    with pytest.raises(FileNotFoundError):
        discover([tmp_path / "none"])
    with pytest.raises(ValueError, match="no fixture"):
        discover([tmp_path / "other"])


def test_the_digest_sees_every_byte(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("x = 1\n")
    before = read(file).digest
    assert read(file).digest == before
    file.write_text("x = 2\n")
    assert read(file).digest != before
    file.write_text("x = 1\n")
    (tmp_path / "a.fixed.py").write_text("x = 3\n")
    assert read(file).digest != before
