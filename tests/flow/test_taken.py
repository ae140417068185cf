"""Arguments that are arrays by what is done to them, and what of them is changed behind the caller's back."""

from __future__ import annotations

from pathlib import Path

import pytest
from reveal import findings

from tensorlint.linter import lint
from tensorlint.settings import Settings
from tensorlint.source import Source

FUNCTION = """
def scaled(x, m{}):
    {}
    t -= m
    return t
"""
SHARED = [
    ("t = torch.from_numpy(x)", "TSL202", "certain"),
    ("t = torch.as_tensor(np.asarray(x))", "TSL202", "likely"),
    ("t = torch.as_tensor(np.asanyarray(x))", "TSL202", "likely"),
    ("t = torch.as_tensor(np.ascontiguousarray(x))", "TSL205", "likely"),
    ("t = torch.from_numpy(np.ascontiguousarray(x))", "TSL205", "likely"),
    ("x = np.asarray(x); t = torch.from_numpy(x)", "TSL202", "likely"),
    ("t = x.clone() if torch.is_tensor(x) else torch.as_tensor(np.asarray(x))", "TSL202", "likely"),
    ("x = x.astype(np.float32) if x.dtype != np.float32 else x; t = torch.from_numpy(x)", "TSL202", "likely"),
    ("t = torch.from_numpy(x.astype(np.float32, copy=False))", "TSL202", "likely"),
    ("x = np.array(x) if isinstance(x, list) else x; t = torch.from_numpy(x)", "TSL202", "likely"),
    ("x = x if isinstance(x, np.ndarray) else np.array(x); t = torch.from_numpy(x)", "TSL202", "likely"),
]
COPIED = [
    "t = torch.from_numpy(x.copy())",
    "t = torch.from_numpy(x).clone()",
    "t = torch.tensor(np.asarray(x))",
    "t = torch.from_numpy(np.array(x))",
    "x = x.astype(np.float32); t = torch.from_numpy(x)",
    "t = torch.from_numpy(x.astype(np.float32, copy=True))",
    "x = x.copy(); t = torch.from_numpy(x)",
    "x = np.asarray(x).astype(np.float32); t = torch.from_numpy(x)",
    "t = torch.from_numpy(x * 2)",
    "t = torch.from_numpy(np.ascontiguousarray(x.transpose(2, 0, 1)))",
    "t = torch.as_tensor(np.asarray(x, dtype=np.float32))",
]


@pytest.mark.parametrize(("made", "code", "confidence"), SHARED)
def test_an_argument_that_is_an_array_by_its_use_is_the_callers(made: str, code: str, confidence: str) -> None:
    found = findings(FUNCTION.format("", made))
    assert [(one, line, how) for one, line, _, how in found] == [(code, 4, confidence)]
    assert not findings(FUNCTION.format("", made).replace("t -= m", "t = t - m"))
    assert not findings(FUNCTION.format("", made).replace("return t", "print(t)"))  # it is called for what it writes


@pytest.mark.parametrize("made", COPIED)
def test_a_copy_is_nobody_elses(made: str) -> None:
    assert not findings(FUNCTION.format("", made))


@pytest.mark.parametrize("write", ["t[:, i] = m", "t /= m", "t.mul_(m)", "t[t > m] = 0", "t.clamp_(0, 1)"])
def test_every_write_counts(write: str) -> None:
    assert findings(FUNCTION.format(", i", "t = torch.as_tensor(np.asarray(x))").replace("t -= m", write))


@pytest.mark.parametrize(
    "copies",
    [
        "x = x.copy() if copy else x; t = torch.from_numpy(x)",
        "t = torch.from_numpy(x).clone() if copy else torch.from_numpy(x)",
    ],
)
def test_a_caller_who_chooses_knows(copies: str) -> None:
    assert not findings(FUNCTION.format(", copy=True", copies))


def test_what_gives_its_argument_back_is_called_for_what_it_writes() -> None:
    text = "\ndef scaled(x, m):\n    t = torch.from_numpy(x)\n    t -= m\n    return x\n"
    assert not findings(text)
    assert findings(text.replace("return x", "return x, m"))
    assert findings(text.replace("return x", "x = t.mean()\n    return x"))


HELPERS = {
    "return torch.from_numpy(values)": "certain",
    "return torch.from_numpy(values), 1": "certain",
    "values = values.astype('d') if values.dtype != 'd' else values\n    return torch.from_numpy(values)": "likely",
    "values = values.astype('float32')\n    return torch.from_numpy(values)": "",
    "return torch.from_numpy(values.copy()), 1": "",
}


@pytest.mark.parametrize(("body", "confidence"), HELPERS.items())
@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_helper_makes_the_tensor(tmp_path: Path, body: str, confidence: str, elsewhere: bool) -> None:
    helper = f"import torch\n\ndef as_tensor(values):\n    {body}\n"
    got = "t, _" if body.endswith(", 1") else "t"
    caller = f"\ndef scaled(x, m):\n    {got} = as_tensor(x)\n    t -= m\n    return t\n"
    (tmp_path / "helper.py").write_text(helper)
    path = tmp_path / "caller.py"
    path.write_text(f"from helper import as_tensor\n{caller}" if elsewhere else helper + caller)
    found = [one for one in lint(Source(path.read_bytes(), str(path)), Settings()) if one.code == "TSL202"]
    assert [one.confidence.name.lower() for one in found] == ([confidence] if confidence else [])
