"""Other files of the project: found through imports as the program would find them, read, never run."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest
from reveal import IMPORTS, evidence, findings, reveal

MAKE = f"{IMPORTS}\ndef make():\n    return torch.ones(3, requires_grad=True)\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("")
    return tmp_path


def write(root: Path, **files: str) -> None:
    """Files by their names, ``__`` standing for a slash."""
    for name, text in files.items():
        path = root / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.mark.parametrize(
    ("at", "importer", "statement"),
    [
        ("lib", "app", "from lib import make"),
        ("lib", "app", "import lib; make = lib.make"),
        ("lib", "app", "import lib as other; make = other.make"),
        ("pkg/lib", "app", "from pkg.lib import make"),
        ("pkg/lib", "app", "import pkg.lib; make = pkg.lib.make"),
        ("pkg/lib", "pkg/app", "from .lib import make"),
        ("pkg/lib", "pkg/app", "from . import lib; make = lib.make"),
        ("pkg/lib", "pkg/sub/app", "from ..lib import make"),
        ("pkg/lib", "pkg/sub/app", "from .. import lib; make = lib.make"),
        ("pkg/lib", "pkg/app", "from pkg.lib import make as make"),
        ("src/pkg/lib", "app", "from pkg.lib import make"),
        ("src/pkg/lib", "src/pkg/app", "from .lib import make"),
        ("scripts/lib", "scripts/app", "from lib import make"),
        ("pkg/deep/lib", "scripts/app", "from pkg.deep.lib import make"),
    ],
)
def test_an_import_finds_the_file_that_the_program_would_find(
    project: Path, at: str, importer: str, statement: str
) -> None:
    write(project, **{at.replace("/", "__"): MAKE})
    known = reveal(
        f"""
{statement}
reveal(make())
""",
        project / f"{importer}.py",
    )
    assert known.requires_grad == "yes"


def test_what_an_init_re_exports_is_found(project: Path) -> None:
    write(project, pkg__lib=MAKE)
    (project / "pkg" / "__init__.py").write_text("from .lib import make as build\nfrom .lib import make\n")
    for name in ("build", "make"):
        assert (
            reveal(
                f"""
from pkg import {name}
reveal({name}())
""",
                project / "app.py",
            ).requires_grad
            == "yes"
        )


def test_an_import_inside_a_function_and_one_that_may_fail(project: Path) -> None:
    write(project, lib=MAKE)
    assert (
        reveal(
            """
def f():
    try:
        from lib import make
    except ImportError:
        make = None
    reveal(make())
f()
""",
            project / "app.py",
        ).requires_grad
        == "yes"
    )


def test_classes_constants_and_instances_of_other_files(project: Path) -> None:
    write(
        project,
        settings=f"{IMPORTS}\nDEVICE = torch.device('cuda')\n",
        nets=f"{IMPORTS}\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.layer = nn.Linear(2, 2)\n    def forward(self, x):\n        return self.layer(x)\n",
    )
    text = """
from settings import DEVICE
from nets import Net

class Wide(Net):
    def predict(self, x):
        return self(x).numpy()

net = Wide().to(DEVICE)
net.predict(torch.ones(2))
"""
    path = project / "app.py"
    assert findings(text, path=path) == [("TSL101", 7, 16, "certain"), ("TSL102", 7, 16, "certain")]


def test_evidence_of_another_file_has_its_lines(project: Path) -> None:
    write(project, lib=MAKE)
    assert evidence(
        """
from lib import make
make().numpy()
""",
        "TSL101",
        project / "app.py",
    ) == ["3: `torch.ones(3, requires_grad=True)` is made with requires_grad=True"]


def test_files_that_import_each_other_end(project: Path) -> None:
    write(
        project,
        a=f"{IMPORTS}\nfrom b import g\ndef f(x):\n    return g(x)\n",
        b=f"{IMPORTS}\nfrom a import f\ndef g(x):\n    return f(x)\nz = f(torch.ones(3))\n",
        c="from c import everything\nfrom . import c\n",
    )
    started = time.perf_counter()
    for module in ("a", "b", "c"):
        findings(
            f"""
from {module} import f
f(torch.ones(3)).numpy()
""",
            path=project / "app.py",
        )
    assert time.perf_counter() - started < 2


def test_sys_path_is_never_searched(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    write(elsewhere, lib=MAKE)
    sys.path.insert(0, str(elsewhere))
    try:
        known = reveal(
            """
from lib import make
reveal(make())
""",
            project / "app.py",
        )
    finally:
        sys.path.remove(str(elsewhere))
    assert known.kind == "Unknown"


def test_nothing_that_is_linted_or_imported_is_run(project: Path) -> None:
    write(project, lib=f"{MAKE}\nopen('was_run', 'w')\nraise SystemExit\n")
    assert findings(
        """
from lib import make
open("was_run", "w")
make().numpy()
""",
        path=project / "app.py",
    )
    assert not (project / "was_run").exists()
    assert not Path("was_run").exists()
    assert "lib" not in sys.modules


@pytest.mark.parametrize("content", ["def make(:\n", "\x00", "# coding: nonsense\n", ""])
def test_a_file_that_cannot_be_read_is_a_library_of_which_nothing_is_known(project: Path, content: str) -> None:
    write(project, lib=content)
    known = reveal(
        """
from lib import make
reveal(make())
""",
        project / "app.py",
    )
    assert known.kind == "Unknown"


def test_what_runs_only_as_a_script_is_not_run_by_an_import(project: Path) -> None:
    write(project, lib=f"{MAKE}\nx = None\nif __name__ == '__main__':\n    x = make()\n")
    known = reveal(
        """
from lib import x
reveal(x)
""",
        project / "app.py",
    )
    assert known.kind == "None"


def test_a_caller_in_another_file_tells_what_it_passes(project: Path) -> None:
    write(
        project,
        train=f"{IMPORTS}\nfrom report import show\nnet = nn.Linear(2, 2)\nshow(net(torch.ones(2)))\n",
    )
    text = """
def show(values):
    return np.asarray(values)
"""
    path = project / "report.py"
    path.write_text(IMPORTS + text)
    assert findings(text, path=path) == [("TSL101", 3, 12, "certain")]
    assert evidence(text, "TSL101", path)[-1] == "4: `show` is called here"


def test_callers_that_all_switch_grad_off_make_the_callee_quiet(project: Path) -> None:
    text = """
net = nn.Linear(2, 2)

def predict(x):
    return net(x).numpy()
"""
    path = project / "lib.py"
    path.write_text(IMPORTS + text)
    assert findings(text, path=path) == [("TSL101", 5, 12, "certain")]
    write(project, app=f"{IMPORTS}\nfrom lib import predict\nwith torch.no_grad():\n    predict(torch.ones(2))\n")


def test_a_write_to_an_argument_reaches_what_a_caller_in_another_file_made(project: Path) -> None:
    text = """
def normalise(array: np.ndarray, scale):
    array -= 1
    return array / scale
"""
    caller = f"{IMPORTS}\nfrom lib import normalise\nscores = torch.arange(3.0)\nnormalise(ARRAY, 2)\nprint(scores)\n"
    path = project / "lib.py"
    path.write_text(IMPORTS + text)
    write(project, app=caller.replace("ARRAY", "scores.numpy()"))
    assert findings(text, path=path) == [("TSL201", 3, 5, "certain")]
    write(project, app=caller.replace("ARRAY", "scores.numpy().copy()"))
    assert not findings(text, path=path)


def test_what_a_caller_flips_is_refused(project: Path) -> None:
    text = """
def tensor_of(image):
    return torch.from_numpy(image)
"""
    path = project / "lib.py"
    path.write_text(IMPORTS + text)
    write(project, app=f"{IMPORTS}\nfrom lib import tensor_of\ntensor_of(np.ones((2, 3))[::-1])\n")
    assert findings(text, path=path) == [("TSL301", 3, 12, "certain")]


@pytest.mark.parametrize("statement", ["from lib import to_array", "from lib import (something, to_array)"])
def test_a_write_to_what_another_file_converts(project: Path, statement: str) -> None:
    write(project, lib=f"{IMPORTS}\ndef something():\n    pass\ndef to_array(x):\n    return x.numpy()\n")
    text = f"""
{statement}
def errors():
    scores = torch.arange(3.0)
    found = to_array(scores)
    found -= 1
    return found, scores
"""
    assert findings(text, path=project / "app.py") == [("TSL201", 6, 5, "certain")]


def test_a_base_class_of_a_third_file_is_known_in_every_function(project: Path) -> None:
    write(
        project,
        base=f"{IMPORTS}\nclass Base:\n    def __init__(self, use_gpu):\n"
        "        self.device = torch.device('cuda' if use_gpu else 'cpu')\n",
        model=f"{IMPORTS}\nfrom base import Base\nclass Model(Base):\n    def __init__(self, use_gpu):\n"
        "        super().__init__(use_gpu)\n        self.net = nn.Linear(2, 2).to(self.device)\n",
    )
    found = findings(
        """
from model import Model

def first(x):
    return Model(True).net(x).detach().numpy()

def second(x):
    return Model(True).net(x).detach().numpy()

def third(x):
    return Model(True).net(x).detach().cpu().numpy()
""",
        path=project / "app.py",
    )
    assert [(code, line) for code, line, _, _ in found] == [("TSL102", 5), ("TSL102", 8)]


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("test_net", "def test(): return to_array(torch.ones(3, requires_grad=True))\ntest()\n", True),
        ("test_net", "def test_it(): return to_array(torch.ones(3, requires_grad=True))\n", False),
        ("test_net", "import pytest\nto_array(torch.ones(3, requires_grad=True))\n", False),
        ("conftest", "to_array(torch.ones(3, requires_grad=True))\n", False),
    ],
)
def test_tests_are_no_callers_and_evaluations_are(project: Path, name: str, text: str, found: bool) -> None:
    lib = "\ndef to_array(x):\n    return x.numpy()\n"
    write(project, lib=IMPORTS + lib, **{name: f"{IMPORTS}\nfrom lib import to_array\n{text}"})
    assert bool(findings(lib, path=project / "lib.py")) is found


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_pipes_of_a_project_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "pyproject.toml").touch()
    text = "\nfrom pipe import helper\ndef show(values):\n    return np.asarray(helper(values))\n"
    assert findings(text, path=tmp_path / "program.py") == []


def test_of_other_files_so_much_is_read_and_no_more(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(project, one=MAKE, two=MAKE)
    text = "\nfrom one import make\na = make().numpy()\nfrom two import make\nb = make().numpy()\n"
    at = project / "app.py"
    assert [line for _, line, _, _ in findings(text, path=at)] == [3, 5]
    monkeypatch.setattr("tensorlint.flow.project.MOST_READ", len(MAKE) - 1)
    assert [line for _, line, _, _ in findings(text, path=at)] == [3]
