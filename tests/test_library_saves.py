"""What rows say that operations save for the backward is held against torch: memory is written to behind its back.

Here a part of the operations and inputs is tried, to be quick; ``tensorlint verify --tables`` tries what the rows say
with every input.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("torch")
pytest.importorskip("numpy")

from tensorlint.library.row import Row
from tensorlint.library.tables import Library, TableError, library
from tensorlint.verify.rows.saves import disagreements, tried
from tensorlint.verify.rows.saves_trials import observe

QUICK = slice(0, 1)
NAMES = tried(library())


def _row(name: str) -> Row:
    row = library().row(name)
    assert row is not None, name
    return row


@pytest.mark.parametrize("part", range(4))
def test_rows_agree_with_what_is_seen(part: int) -> None:
    found = {name: disagreements(_row(name), QUICK) for name in NAMES[part::80]}
    assert {name: texts for name, texts in found.items() if texts} == {}


KNOWN = {
    "torch.exp": "0:result",
    "torch.relu": "0:result",
    "torch.mul": "0:1 1:0",
    "torch.add": "",
    "torch.sub": "",
    "torch.div": "0:1 1:0 1:1",
    "torch.matmul": "0:1 1:0",
    "torch.sum": "",
    "torch.mean": "",
    "torch.cat": "",
    "torch.log": "0:0",
    "torch.abs": "0:0",
    "torch.Tensor.exp_": "self:self",
    "torch.Tensor.view": "",
    "torch.nn.functional.mse_loss": "0:0 0:1 1:0 1:1",
    "torch.nn.Linear": "0:parameters parameters:0",
    "torch.nn.Conv2d": "0:parameters parameters:0",
    "torch.nn.ReLU": "0:result",
    "torch.nn.Sigmoid": "0:result",
    "torch.nn.Tanh": "0:result",
    "torch.nn.Softmax": "0:result",
    "torch.nn.Dropout": "",
    "torch.nn.MSELoss": "0:0 0:1 1:0 1:1",
    "torch.nn.CrossEntropyLoss": "0:1",
}


@pytest.mark.parametrize("name", KNOWN)
def test_what_is_known_of_the_common_operations(name: str) -> None:
    row = _row(name)
    assert " ".join(sorted(row.saves)) == KNOWN[name]
    assert disagreements(row, QUICK) == []


@pytest.mark.parametrize("name", ["torch.relu", "torch.Tensor.mul", "torch.Tensor.exp_", "torch.nn.Tanh"])
def test_nothing_is_said_to_be_saved_that_is_not(name: str) -> None:
    assert disagreements(_row(name)) == []


@pytest.mark.parametrize(
    ("name", "wrong", "says"),
    [
        ("torch.exp", (), "does not say that it saves 0:result"),
        ("torch.exp", ("0:result", "0:0"), "says that it saves 0:0, which was not seen"),
        ("torch.mul", ("0:1",), "does not say that it saves 1:0"),
        ("torch.nn.Tanh", (), "does not say that it saves 0:result"),
    ],
)
def test_a_wrong_row_is_found_out(name: str, wrong: tuple[str, ...], says: str) -> None:
    assert any(text.startswith(says) for text in disagreements(replace(_row(name), saves=wrong)))


def test_what_gives_no_gradient_says_nothing() -> None:
    assert observe("torch.argmax") is None
    assert disagreements(replace(_row("torch.argmax"), saves=("0:0",))) == []


SAVES = 'library = "torch"\n[[rows]]\nnames = "torch.exp"\n'


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('saves = ["0:everything"]', "not a list of words that it can have"),
        ('saves = ["0:0"]\ngrad = "no"', "must say saves, and nothing else"),
        ('saves = ["0:0"]\n[[rows]]\nnames = "torch.nothing"\nsaves = ["0:0"]', "is in no other table"),
    ],
)
def test_a_table_of_what_is_saved_has_a_form(text: str, error: str) -> None:
    rows = 'library = "torch"\n[[rows]]\nnames = "torch.exp"\nreturns = "tensor"\n'
    tables = Library({"torch.toml": rows, "torch_saves.toml": f"{SAVES}{text}"})
    with pytest.raises(TableError, match=error):
        tables.row("torch.exp")


def test_what_is_saved_is_added_to_the_rows() -> None:
    rows = 'library = "torch"\n[[rows]]\nnames = "torch.exp torch.log"\nreturns = "tensor"\n'
    tables = Library({"torch.toml": rows, "torch_saves.toml": f'{SAVES}saves = ["0:result"]'})
    found = {name: row.saves for name in tables.names("torch") if (row := tables.row(name)) is not None}
    assert found == {"torch.exp": ("0:result",), "torch.log": ()}
    assert tables.packages() == ["torch"]
