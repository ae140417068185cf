"""Which functions are looked at beside those that hold a boundary by their text."""

from __future__ import annotations

from pathlib import Path

import pytest
from reveal import events, findings

from tensorlint.flow import looks
from tensorlint.flow.analysis import analyse
from tensorlint.flow.project import Project
from tensorlint.linter import lint
from tensorlint.settings import Settings
from tensorlint.source import Source

SCALE = """
def scale(x):
    return x.detach().cpu().numpy()
"""


def test_what_uses_the_array_that_another_gives() -> None:
    assert [code for code, *_ in findings(SCALE + "def use(x, t: torch.Tensor):\n    return scale(x) * t\n")] == [
        "TSL106"
    ]
    assert not findings(SCALE + "def use(x, t: torch.Tensor):\n    return x * t\n")


def test_what_uses_it_through_a_third() -> None:
    text = (
        SCALE
        + "def middle(x):\n    return {'a': scale(x)}\n\ndef use(x, t: torch.Tensor):\n    return middle(x)['a'] * t\n"
    )
    assert [code for code, *_ in findings(text)] == ["TSL106"]


def test_what_uses_the_attribute_that_another_method_sets() -> None:
    text = """
class Scaler:
    def keep(self, x):
        self.kept = x.detach().cpu().numpy()

    def use(self, t: torch.Tensor):
        return self.kept * t
"""
    assert [code for code, *_ in findings(text)] == ["TSL106"]
    assert not findings(text.replace("self.kept * t", "self.other * t"))


def test_methods_that_change_what_another_one_reads() -> None:
    text = """
class Trainer:
    def __init__(self, net: nn.Module):
        self.net, self.outputs = net, []

    def report(self):
        return np.stack(self.outputs)

    def step(self, x):
        self.add(self.net(x))

    def add(self, y: torch.Tensor):
        self.outputs.append(y)
"""
    assert [code for code, *_ in findings(text)] == ["TSL101"]
    assert not findings(text.replace("self.net(x)", "self.net(x).detach()"))


def test_those_that_make_the_object() -> None:
    text = """
class Chooser:
    def __init__(self, device):
        self.device = device

    def is_host(self):
        return self.device == "cpu"

class Program:
    def __init__(self):
        self.chooser = Chooser(torch.device("cuda"))

    def run(self):
        return self.chooser.is_host()
"""
    assert [code for code, *_ in findings(text)] == ["TSL503"]
    assert not findings(text.replace('torch.device("cuda")', '"cuda"'))


def test_of_functions_that_only_others_without_grad_call() -> None:
    text = """
def show(net: nn.Linear, x):
    return net(x).numpy()
"""
    assert [code for code, *_ in findings(text)] == ["TSL101"]
    assert not findings(text + "\n@torch.no_grad()\ndef evaluate(net, xs):\n    return [show(net, x) for x in xs]\n")


def test_a_class_is_looked_at_again_only_for_what_has_changed() -> None:
    seen: list[str] = []
    text = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)

    def forward(self, x):
        return self.layer(x).detach().numpy()

    def reset(self):
        self.layer = None

    def other(self):
        return self.layer
"""
    before = looks.Looks.function

    def note(self: looks.Looks, function: object, *args: object, **keywords: object) -> None:
        seen.append(function.name)  # type: ignore[attr-defined]
        before(self, function, *args, **keywords)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(looks.Looks, "function", note)
        events(text.replace("self.layer = None", "return None"))
        assert seen == ["__init__", "forward"]
        seen.clear()
        events(text)
    assert seen == ["__init__", "forward", "reset", "forward", "reset"]


def test_a_file_without_a_boundary_is_not_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Project, source: Source, path: object) -> None:
        raise AssertionError("parsed")

    monkeypatch.setattr(Project, "add", refuse)
    project = Project(tmp_path)
    assert not analyse(Source(b"def add(x, y):\n    return torch.add(x, y)\n", "a.py"), project)
    with pytest.raises(AssertionError, match="parsed"):
        analyse(Source(b"def show(x):\n    return x.numpy()\n", "a.py"), project)


def test_of_a_device_callers_in_other_files_are_asked(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "group.py").write_text("def on_host(images):\n    return images[0].device == 'cpu'\n")
    (tmp_path / "run.py").write_text(
        "import torch\nfrom group import on_host\n\ndef run(count):\n    return on_host([torch.ones(2)] * count)\n"
    )
    source = Source((tmp_path / "group.py").read_bytes(), str(tmp_path / "group.py"))
    assert [finding.code for finding in lint(source, Settings())] == ["TSL503"]
