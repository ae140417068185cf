"""``tensorlint verify --tables``: rows against the libraries that are installed, with wrong ones named."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("numpy")

from tensorlint.library.tables import Library, library
from tensorlint.verify.rows.check import check_row, names, seen
from tensorlint.verify.rows.example_trials import examples
from tensorlint.verify.rows.report import command
from tensorlint.versions import Targets

SLOW = {"torch.compile", "torch.nn.Module.compile", "torch.hub.load"}
QUICK = [
    name
    for name in examples()
    if name.startswith(("torch.", "numpy.", "pandas.")) and name not in SLOW and library().row(name)
]


def test_every_example_is_about_a_row() -> None:
    older = library(Targets("2.1", "1.26"))
    assert [name for name in examples() if library().row(name) is None and older.row(name) is None] == []


@pytest.mark.parametrize("part", range(4))
def test_rows_agree_with_their_examples(part: int) -> None:
    """``tensorlint verify --tables`` tries those of slower libraries, too."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = [check_row(name, library(), slice(0, 1)) for name in QUICK[part::4]]
    assert [f"{row.name} {text}" for row in rows for text in row.contradictions] == []


ROWS = {
    "torch.Tensor.cpu": ("returns = 'tensor'\ndevice = 'inputs'", "says device = inputs, but given cuda"),
    "torch.Tensor.numpy": ("returns = 'array'", "says copy, but a result shared memory"),
    "torch.Tensor.detach": ("returns = 'tensor'\nshares = 'view'", "says grad = inputs, but no result required grad"),
    "torch.zeros": ("returns = 'tensor'\ngrad = 'no'", "says grad = no, but a result required grad"),
    "torch.nn.Parameter": ("returns = 'tensor'\ngrad = 'no'\nshares = 'view'", "says grad = no"),
    "torch.from_numpy": (
        "returns = 'tensor'\nshares = 'unless the dtype changes'\ndtype = 'int8'",
        "says dtype = int8",
    ),
    "torch.optim.Optimizer.step": ("returns = 'unknown'", "does not say that it writes to parameters"),
    "torch.nn.init.zeros_": ("returns = 'argument'", "does not say that it writes to 0"),
    "torch.nn.Module.parameters": ("returns = 'tensors'", "says returns = tensors, but a result was parameters"),
    "torch.nn.Linear": ("returns = 'module'\nparameters = false", "says parameters = False, it is not so"),
    "torch.Tensor.register_hook": ("returns = 'object'\ntype = 'torch.Generator'", "a result was a RemovableHandle"),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_wrong_row_is_contradicted(name: str) -> None:
    assert check_row(name, library(), slice(0, 1)).verdict == "confirmed"
    text, says = ROWS[name]
    wrong = Library({"torch.toml": f"library = 'torch'\nsource = 'run'\n[[rows]]\nnames = '{name}'\n{text}"})
    found = check_row(name, wrong, slice(0, 1))
    assert found.verdict == "contradicted"
    assert any(says in text for text in found.contradictions), found.contradictions


def test_wrong_rows_of_other_libraries_are_contradicted() -> None:
    wrong = "library = 'numpy'\nsource = 'run'\n[[rows]]\nnames = 'numpy.save'\nconverts = ['0']\n"
    found = check_row("numpy.save", Library({"numpy.toml": wrong}))
    assert found.contradictions == ("does not say that it converts argument 1",)


def test_the_command_counts_and_names_what_is_wrong() -> None:
    text = (
        "library = 'torch'\nsource = 'run'\n"
        "[[rows]]\nnames = 'torch.Tensor.cpu torch.Tensor.nothing_like_it'\nreturns = 'str'\n"
        "[[rows]]\nnames = 'torch.Tensor.detach'\nreturns = 'tensor'\ngrad = 'no'\nshares = 'view'\n"
    )
    tables = Library({"torch.toml": text, "elsewhere.toml": "library = 'elsewhere'\n[[rows]]\nnames = 'elsewhere.a'"})
    said: list[str] = []
    assert command(tables=tables, details=True, say=said.append) == 1
    assert "contradicted: torch.Tensor.cpu says returns = str, but a result was self" in said
    assert "not checked: torch.Tensor.nothing_like_it: this version does not have it" in said
    assert "not checked: elsewhere.a: elsewhere is not installed, or cannot be imported" in said
    assert said[-1].startswith("4 rows: 1 confirmed, 1 contradicted, 2 not checked, ")
    assert [line.split()[:5] for line in said[:3]] == [
        ["library", "rows", "confirmed", "contradicted", "not"],
        ["elsewhere", "1", "0", "0", "1"],
        ["torch", "3", "1", "1", "1"],
    ]


def test_a_library_without_a_table_is_bad_usage() -> None:
    with pytest.raises(ValueError, match="no table for tensorflow"):
        command(["tensorflow"])


def test_the_command_runs_where_libcst_is_not() -> None:
    code = (
        "import sys; sys.modules['libcst'] = None; from tensorlint.verify.__main__ import main;"
        "sys.exit(main(['--tables', 'PIL']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert " 0 contradicted" in done.stdout.splitlines()[-1]


def test_few_rows_of_installed_libraries_are_left_unchecked_for_want_of_a_call() -> None:
    """Without running them: nearly every name of torch and NumPy has a menu, an example, or a reason."""
    from tensorlint.verify.rows.check import has_a_call

    left = [name for name in names(library()) if name.startswith(("torch.", "numpy.")) and not has_a_call(name)]
    assert len(left) <= 30, left


def test_what_is_tried_writes_no_files_where_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    seen("numpy.save")
    assert Path.cwd() == tmp_path
    assert not [*tmp_path.iterdir()]
