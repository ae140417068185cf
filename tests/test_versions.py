"""Versions: ranges of rows and claims, and what a project's requirements allow."""

from __future__ import annotations

from pathlib import Path

import pytest

from tensorlint.configuration import Configuration, nearest
from tensorlint.library.tables import Library, TableError, library
from tensorlint.linter import lint
from tensorlint.requirements import newest_allowed, targets
from tensorlint.settings import Settings, SettingsError
from tensorlint.source import Source
from tensorlint.versions import Targets, within


@pytest.mark.parametrize(
    ("version", "wanted", "holds"),
    [
        ("2.1.2", ">=2.1", True),
        ("2.1.2", "<2.1", False),
        ("2.1.2", "<=2.1", True),
        ("2.1.2", ">2.1", False),
        ("2", ">=2.1", False),
        ("2.13.0+cpu", ">=2.3", True),
        ("2.13.0+cpu", ">=2.3, <2.13", False),
        ("1.26.4", "<2", True),
        ("", ">=2.3", True),
        ("", "<99", False),
        ("2.1", "", True),
    ],
)
def test_a_range_holds_for_a_version(version: str, wanted: str, holds: bool) -> None:
    assert within(version, wanted) is holds


@pytest.mark.parametrize(
    ("wanted", "newest"),
    [
        ("==2.1.2", "2.1.2"),
        ("==2.1.*", "2.1.99999"),
        ("~=2.1", "2.99999"),
        ("~=2.1.0", "2.1.99999"),
        ("<2.2", "2.1.99999"),
        ("<3", "2.99999"),
        ("<3.0", "2.99999"),
        (">=1.13,<=2.4", "2.4"),
        ("<2.2, <3", "2.1.99999"),
        ("^2.1", "2.99999"),
        (">=2.0", ""),
        (">2.0,!=2.1.1", ""),
        ("", ""),
        ("nonsense", ""),
    ],
)
def test_the_newest_version_that_a_requirement_allows(wanted: str, newest: str) -> None:
    assert newest_allowed(wanted) == newest


def folder(path: Path, **files: str) -> str:
    for name, text in files.items():
        (path / name.replace("__", ".").replace("_", "-")).write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("files", "torch", "numpy"),
    [
        ({"pyproject__toml": '[project]\ndependencies = ["torch==2.1.2", "NumPy (<2)"]'}, "2.1.2", "1.99999"),
        (
            {"pyproject__toml": "[project.optional-dependencies]\ngpu = [\"torch[extra]~=2.4.0; python_version>'3'\"]"},
            "2.4.99999",
            "",
        ),
        (
            {"pyproject__toml": '[tool.poetry.dependencies]\ntorch = "2.3.1"\nnumpy = {version = "^1.26"}'},
            "2.3.1",
            "1.99999",
        ),
        ({"setup__cfg": "[options]\ninstall_requires =\n  torch<2.2 ; python_version<'3.12'\n  six"}, "2.1.99999", ""),
        ({"requirements__txt": "# torch==1.0\n-r other.txt\ntorch==2.2.0+cu121  # pinned\nnumpy\n"}, "2.2.0", ""),
        ({"requirements_old__txt": "torch==1.8", "requirements__txt": "torch==2.2"}, "2.2", ""),
        ({"pyproject__toml": "not = [toml", "requirements__txt": "torch>=2"}, "", ""),
        ({"pyproject__toml": '[project]\ndependencies = "torch==2.1"'}, "", ""),
        ({"requirements__txt": "torch @ https://example.org/torch-2.1.whl\ntorchvision==0.16"}, "", ""),
        ({"setup__cfg": "no section: torch"}, "", ""),
        ({}, "", ""),
    ],
)
def test_requirements_say_what_a_project_is_for(files: dict[str, str], torch: str, numpy: str, tmp_path: Path) -> None:
    assert targets(folder(tmp_path, **files)) == Targets(torch, numpy)


TABLE = """library = "torch"
source = "run"
[[rows]]
names = "torch.a"
torch = "<2.3"
returns = "array"
[[rows]]
names = "torch.a"
returns = "tensor"
[[rows]]
names = "torch.gone"
torch = ">=1.13, <2"
returns = "tensor"
"""


@pytest.mark.parametrize(
    ("target", "returns", "names"),
    [
        ("", "tensor", ["torch.a"]),
        ("2.3.1", "tensor", ["torch.a"]),
        ("2.2.99999", "array", ["torch.a"]),
        ("1.13", "array", ["torch.a", "torch.gone"]),
    ],
)
def test_a_row_is_that_of_the_target(target: str, returns: str, names: list[str]) -> None:
    tables = Library({"torch.toml": TABLE}).at(Targets(torch=target))
    row = tables.row("torch.a")
    assert row is not None and row.returns == returns
    assert list(tables.names("torch")) == names
    assert (tables.row("torch.gone") is not None) == ("torch.gone" in names)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('torch = "2.3"', r"torch = '2\.3' is no range of versions"),
        ('torch = ">= two"', "is no range of versions"),
        ("numpy = 2", "numpy = 2 is not text"),
        ('torch = "<2"\n[[rows]]\nnames = "torch.a"\ntorch = "<2"', r"row torch\.a stands there twice"),
        ('torch = "<2"\n[[rows]]\nnames = "torch.[A-Z]*"\ntorch = "<2"', "a row for many names is for all versions"),
    ],
)
def test_a_malformed_range_is_refused(text: str, says: str) -> None:
    with pytest.raises(TableError, match=says):
        Library({"torch.toml": f'library = "torch"\n[[rows]]\nnames = "torch.a"\n{text}'}).row("torch.a")


PROGRAM = """import torch

def f(t):
    t = torch.rand(3, requires_grad=True)
    return torch.asarray(t * 2).numpy()
"""


def found(settings: Settings, path: Path) -> list[str]:
    return [finding.code for finding in lint(Source(PROGRAM.encode(), str(path / "program.py")), settings)]


@pytest.mark.parametrize(("version", "codes"), [("2.1", []), ("2.13", ["TSL101"]), ("newest", ["TSL101"])])
def test_findings_are_those_of_the_target(version: str, codes: list[str], tmp_path: Path) -> None:
    """``torch.asarray(t)`` drops requires_grad in torch 2.1 and keeps it in 2.13 (observed)."""
    folder(tmp_path, pyproject__toml=f'[tool.tensorlint]\ntarget-torch = "{version}"')
    assert found(nearest(tmp_path / "program.py"), tmp_path) == codes


UNSIGNED = """import numpy as np
import torch

depth = np.zeros((2, 2), np.uint16)
tensor = torch.from_numpy(depth)
less = tensor - 1
"""


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("2.2.2", "`depth` is uint16, which torch has no dtype for before 2.3: `torch.from_numpy` raises TypeError"),
        ("2.3", "this tensor is uint16, for which torch does not implement what is done with it"),
    ],
)
def test_unsigned_integers_are_refused_by_older_versions(version: str, message: str, tmp_path: Path) -> None:
    """torch 2.1.2 raises in ``from_numpy``, torch 2.13 in the subtraction (observed)."""
    folder(tmp_path, pyproject__toml=f'[tool.tensorlint]\ntarget-torch = "{version}"')
    source = Source(UNSIGNED.encode(), str(tmp_path / "program.py"))
    findings = lint(source, nearest(tmp_path / "program.py"))
    assert [(finding.line, finding.code, finding.message) for finding in findings] == [(5, "TSL302", message)]


def test_findings_are_those_of_what_is_required(tmp_path: Path) -> None:
    folder(tmp_path, pyproject__toml="", requirements__txt="torch==2.1.2\n")
    assert found(Settings(), tmp_path) == []
    assert found(Configuration(isolated=True).settings(tmp_path), tmp_path) == ["TSL101"]


@pytest.mark.parametrize("value", ['"two"', "2.1", '">=2.1"', '""', "[]"])
@pytest.mark.parametrize("key", ["target-torch", "target-numpy"])
def test_a_target_that_is_no_version_is_refused(key: str, value: str, tmp_path: Path) -> None:
    folder(tmp_path, pyproject__toml=f"[tool.tensorlint]\n{key} = {value}")
    with pytest.raises(SettingsError, match=rf"{key}.* takes a version such as \"2\.1\", or \"newest\""):
        nearest(tmp_path / "a.py")


def test_tables_of_several_versions_are_read_once() -> None:
    assert library(Targets("2.1"))._tables is library()._tables
