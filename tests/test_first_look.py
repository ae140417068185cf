"""The first look at bytes and texts decides what is analysed, never what is found."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from programs import made

from tensorlint.finding import Finding
from tensorlint.flow.analysis import forget
from tensorlint.flow.definitions import FileModel, FunctionDefinition
from tensorlint.flow.project import Project
from tensorlint.linter import lint
from tensorlint.settings import parse
from tensorlint.source import Source, SourceError

FIXTURES = sorted((Path(__file__).parent.parent / "fixtures").glob("TSL*/*.py"))
SETTINGS = parse({"select": ["TSL"], "confidence": "possible"}, "first look")


@contextmanager
def no_first_look() -> Iterator[None]:
    def every(file: FileModel) -> frozenset[FunctionDefinition]:
        return frozenset(function for function in file.functions if not function.nested)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tensorlint.linter.worth_analysing", lambda source: True)
        patch.setattr("tensorlint.flow.analysis.may_hold_boundary", lambda text: True)
        patch.setattr("tensorlint.flow.worth._worth_a_look", every)
        patch.setattr("tensorlint.flow.looks.must_be_executed", lambda file: True)
        yield


def found(data: bytes, path: str) -> list[Finding] | str:
    forget()
    try:
        # a root of its own: what was read of another file of the same name is not known here
        return lint(Source(data, path), SETTINGS, Project(Path(path).parent))
    except SourceError as error:
        return error.message


@pytest.mark.parametrize("path", FIXTURES[::4], ids=lambda path: f"{path.parent.name}/{path.name}")
def test_fixtures(path: Path) -> None:
    looked = found(path.read_bytes(), str(path))
    with no_first_look():
        assert found(path.read_bytes(), str(path)) == looked


@pytest.mark.parametrize("seed", range(12))
def test_generated_programs(seed: int) -> None:
    data = made(random.Random(seed))
    looked = found(data, "/nowhere/program.py")
    with no_first_look():
        assert found(data, "/nowhere/program.py") == looked


@pytest.mark.parametrize(
    "text",
    [
        "y = x.float()\n    y -= 1",
        "y = x.reshape(-1)\n    y[0] = 0",
        "y = x.to(torch.float32)\n    y.add_(1)",
    ],
)
def test_writes_to_what_may_be_a_copy(text: str) -> None:
    data = f"import torch\n\n\ndef f(x: torch.Tensor):\n    {text}\n    return y.std()\n".encode()
    looked = found(data, "/nowhere/program.py")
    with no_first_look():
        assert found(data, "/nowhere/program.py") == looked
    assert isinstance(looked, list)
    assert [each.code for each in looked] in (["TSL204"], ["TSL205"])


NET = "import torch\n\nnet = torch.nn.Linear(2, 2)\n\n\ndef losses():\n    return [net(torch.ones(2)).sum()]\n"


@pytest.mark.parametrize(
    "importing",
    [
        "from net import losses\nnp.mean(losses())",
        "import net\nnp.mean(net.losses())",
        "from nets import losses\nnp.mean(losses())",
        "from nets.net import losses\nnp.mean(losses())",
        "from nets import net\nnp.mean(net.losses())",
    ],
)
def test_a_file_that_does_not_mention_torch_and_imports_one_that_does(importing: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "net.py").write_text(NET)
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "__init__.py").write_text("from .net import losses\n")
    (tmp_path / "nets" / "net.py").write_text(NET)
    program = f"import numpy as np\n{importing}\n"
    (tmp_path / "program.py").write_text(program)
    result = found(program.encode(), str(tmp_path / "program.py"))
    assert isinstance(result, list)
    assert [each.code for each in result] == ["TSL101"]
