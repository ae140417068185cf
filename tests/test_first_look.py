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
from tensorlint.flow.worth import worth_a_look
from tensorlint.library.tables import library
from tensorlint.linter import lint, worth_analysing
from tensorlint.settings import parse
from tensorlint.source import Source, SourceError
from tensorlint.versions import NEWEST

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


@pytest.mark.parametrize(
    ("importing", "analysed"),
    [
        ("from tensorflow import keras\nkeras.layers.Dense(2)", False),
        ("from flax import linen", False),
        ("import tensorflow as tf", True),
        ("from tensorflow import keras\nkeras.layers.Dense(2)\nimport torch", True),
        ("from flax import linen\nfrom .torch_utils import to_torch", True),
    ],
)
def test_a_file_with_models_of_another_library_has_tensors_of_torch_where_it_imports_it(
    importing: str, analysed: bool
) -> None:
    text = f"{importing}\n# PyTorch's tensors are others\ndef f(tensor):\n    return tensor.numpy()\n"
    assert worth_analysing(Source(text.encode(), "/nowhere/program.py")) is analysed


def of_objects() -> Iterator[tuple[str, str]]:
    """The methods of the tables that convert what they are given, with the libraries whose objects have them."""
    tables = library(NEWEST)
    for package in ("matplotlib", "pandas", "scipy", "numpy"):
        for name in tables.names(package):
            *_, owner, method = name.split(".")
            row = tables.row(name)
            if row is not None and row.converts and owner[0].isupper() and not method.startswith("__"):
                yield package, method
    for pattern in (
        "fit",
        "partial_fit",
        "predict",
        "predict_proba",
        "transform",
        "score",
        "score_samples",
        "kneighbors",
    ):
        assert tables.row(f"sklearn.svm.SVC.{pattern}") is not None
        yield "sklearn", pattern


def test_methods_that_convert_are_seen() -> None:
    missed = set()
    for package, method in of_objects():
        imported = "matplotlib.pyplot" if package == "matplotlib" else package
        text = f"import torch\nimport {imported}\n\n\ndef f(x, y):\n    z = y\n    x.{method}(z)\n"
        file = Project(Path("/nowhere")).add(Source(text.encode(), "/nowhere/program.py"), Path("/nowhere/program.py"))
        if not worth_a_look(file):
            missed.add(f"{package}: {method}")
    assert {
        one for one in missed if not one.startswith("scipy: from_")
    } == set()  # those are called by the class's name


@pytest.mark.parametrize(
    ("body", "worth"),
    [
        ('"""Give ``x.numpy()``."""\n    return x', False),
        ("# x.numpy()\n    return x", False),
        ("return x.numpy()", True),
        ('"""See ``y``."""\n    return x.numpy()', True),
        ("foo(\n        x.float(),\n    )", False),
        ("foo(1)\n    x.float()\n    return x", True),
        ("(x.float())\n    return x", True),
        ("if y: x.float()\n    return x", True),
        ("y = 1; x.float()\n    return x", True),
        ("return {0: x.float()}", False),
        ("x: np.ndarray = y\n    return x", False),
        ("x: np.ndarray = y\n    x[0] = 1", True),
        ("x: np.ndarray = y\n    return torch.stack([x])", True),
        ("x.weight.data.normal_()", False),
        ("x.weight.data.normal_()\n    x.sum().backward()", True),
        ("self.scheduler.step()", False),
    ],
)
def test_what_is_worth_a_look(body: str, worth: bool) -> None:
    text = f"import torch\nimport numpy as np\n\n\ndef f(x, y):\n    {body}\n"
    file = Project(Path("/nowhere")).add(Source(text.encode(), "/nowhere/program.py"), Path("/nowhere/program.py"))
    assert bool(worth_a_look(file)) is worth
