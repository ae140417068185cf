"""The cache: with it the findings are what they are without it, and a change has just those files linted that it
matters to."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import pytest

from tensorlint import processes
from tensorlint.cache.cache import Cache
from tensorlint.discovery import discover
from tensorlint.finding import Confidence, Edit, Finding
from tensorlint.session import Mode, Outcome, Task, run
from tensorlint.settings import Selection, Settings

HEAD = "import numpy as np\nimport torch\nfrom torch import nn\n"
CONVERTER = HEAD + "def to_array(x):\n    return x.numpy()\n"
TRAINER = (
    HEAD + "from pkg.report import to_array\ndef train(net: nn.Linear, x):\n    return to_array(net(x){detached})\n"
)
NEWEST = Settings(target_torch="newest", target_numpy="newest")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that converts, a file that calls it with what requires grad, and files that have nothing to do with it."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "pyproject.toml", "")
    write(tmp_path, "pkg/__init__.py", "")
    write(tmp_path, "pkg/report.py", CONVERTER)
    write(tmp_path, "pkg/train.py", TRAINER.format(detached=""))
    write(tmp_path, "pkg/alone.py", HEAD + "def f(net: nn.Linear, x):\n    return net(x).numpy()\n")
    write(tmp_path, "pkg/plain.py", "def f():\n    return 1\n")
    return tmp_path


def write(root: Path, name: str, text: str) -> None:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


class Runs:
    """Runs over the project, and which files the last one linted."""

    def __init__(self, root: Path, patch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.linted: set[str] = set()
        self.warnings: list[str] = []
        work = processes.work

        def noted(task: Task, mode: Mode) -> Outcome:
            self.linted.add(Path(task.path).relative_to(root).as_posix())
            return work(task, mode)

        patch.setattr(processes, "work", noted)

    @property
    def folder(self) -> Path:
        return self.root / ".tensorlint_cache"

    @property
    def file(self) -> Path:
        (found,) = self.folder.glob("*.results")
        return found

    def __call__(
        self, *paths: str, settings: Settings = NEWEST, cached: bool = True, mode: Mode | None = None
    ) -> list[Finding]:
        self.linted.clear()
        cache = Cache(str(self.folder), self.warnings.append) if cached else None
        tasks = [Task(path, settings) for path in discover(paths or ["."], lambda _: settings).files]
        outcomes = run(tasks, mode or Mode(), jobs=1, cache=cache)
        return sorted((each for outcome in outcomes for each in outcome.findings), key=lambda each: each.sort_key)


@pytest.fixture
def lint(project: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    return Runs(project, monkeypatch)


EVERY = {f"pkg/{name}.py" for name in ("__init__", "report", "train", "alone", "plain")}


def test_nothing_is_linted_twice(lint: Runs) -> None:
    cold = lint()
    assert {each.path for each in cold} == {"pkg/report.py", "pkg/alone.py"}
    assert lint.linted == EVERY
    assert (lint(), lint.linted) == (cold, set())
    assert (lint(*sorted(EVERY, reverse=True)), lint.linted) == (cold, set())
    assert lint("pkg/alone.py") == [each for each in cold if each.path == "pkg/alone.py"]
    assert lint.linted == set()
    assert not lint.warnings


def test_a_file_that_is_linted_alone_is_known_afterwards(lint: Runs) -> None:
    lint("pkg/report.py")
    lint()
    assert lint.linted == EVERY - {"pkg/report.py"}


CHANGES: dict[str, tuple[Callable[[Path], object], set[str]]] = {
    "the file itself": (lambda root: write(root, "pkg/alone.py", HEAD), {"pkg/alone.py"}),
    "the same text again": (lambda root: write(root, "pkg/report.py", CONVERTER), set()),
    "a caller": (
        lambda root: write(root, "pkg/train.py", TRAINER.format(detached=".detach()")),
        {"pkg/train.py", "pkg/report.py"},
    ),
    "a callee": (
        lambda root: write(root, "pkg/report.py", CONVERTER.replace("x.numpy()", "x.detach().numpy()")),
        {"pkg/train.py", "pkg/report.py"},
    ),
    "a new caller": (
        lambda root: write(root, "pkg/other.py", TRAINER.format(detached="")),
        {"pkg/other.py", "pkg/report.py"},
    ),
    "a caller less": (lambda root: (root / "pkg/train.py").unlink(), {"pkg/report.py"}),
    "a new file that nobody needs": (lambda root: write(root, "pkg/more.py", "x = 1\n"), {"pkg/more.py"}),
    "a new file in a new folder": (lambda root: write(root, "tools/more.py", HEAD), {"tools/more.py"}),
    "a module that hides another": (
        lambda root: write(root, "pkg/pkg/report.py", HEAD + "def to_array(x):\n    return x\n"),
        {"pkg/pkg/report.py"},  # the one below the root is found first
    ),
    "a module that hides another, found first": (
        lambda root: write(root, "pkg/report/__init__.py", ""),
        {"pkg/report/__init__.py"},  # a module comes before a package
    ),
    "a module that was not there": (lambda root: write(root, "numpy.py", ""), {"numpy.py"}),
    "a folder of caches": (lambda root: (root / "pkg/__pycache__").mkdir(), set()),
    "a newer time": (lambda root: os.utime(root / "pkg/report.py", (1e9, 1e9)), set()),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_a_change_has_linted_again(change: str, lint: Runs) -> None:
    lint()
    act, expected = CHANGES[change]
    act(lint.root)
    warm, linted = lint(), set(lint.linted)
    assert warm == lint(cached=False)
    assert linted == expected


def test_what_was_looked_for_and_not_found(lint: Runs) -> None:
    write(lint.root, "pkg/late.py", HEAD + "from helpers import made\ndef f(x):\n    return made(x).numpy()\n")
    before = lint()
    made = HEAD + "def made(x):\n    return nn.Linear(2, 2)(x)\n"
    write(lint.root, "helpers.py", made)
    after = lint()
    assert lint.linted == {"helpers.py", "pkg/late.py"}
    assert after == lint(cached=False) != before
    write(lint.root, "helpers.py", made.replace("(x)\n", "(x).detach()\n"))
    assert (lint(), lint.linted) == (before, {"helpers.py", "pkg/late.py"})
    (lint.root / "helpers.py").unlink()
    assert (lint(), lint.linted) == (before, {"pkg/late.py"})


MAKER = HEAD + "def make(x):\n    return nn.Linear(2, 2)(x)\n"
CALLER = (
    HEAD + "from {maker} import make\nfrom pkg.first import first\nfrom pkg.second import second\n"
    "def prepare(x):\n    return make(x)\n"
    "def go(x):\n    y = make(x)\n    first(y)\n    return second(y)\n"
)


def calling_two(root: Path, maker: str) -> None:
    """A file that calls two others, and is analysed once for both."""
    write(root, "pkg/caller.py", CALLER.format(maker=maker))
    prepared = "from pkg.caller import prepare\ndef first(x):\n    prepare(3)\n    return x.numpy()\n"
    write(root, "pkg/first.py", HEAD + prepared)
    write(root, "pkg/second.py", HEAD + "def second(x):\n    return x.numpy()\n")


def test_what_a_caller_of_two_files_is_made_from_matters_to_both(lint: Runs) -> None:
    calling_two(lint.root, "pkg.maker")
    write(lint.root, "pkg/maker.py", MAKER)
    before = lint("pkg/first.py", "pkg/second.py")
    assert {each.path for each in before} == {"pkg/first.py", "pkg/second.py"}
    write(lint.root, "pkg/maker.py", MAKER.replace("(x)\n", "(x).detach()\n"))
    assert (lint("pkg/first.py", "pkg/second.py"), lint.linted) == ([], {"pkg/first.py", "pkg/second.py"})


def test_what_a_caller_of_two_files_did_not_find_matters_to_both(lint: Runs) -> None:
    calling_two(lint.root, "late")
    assert lint("pkg/first.py", "pkg/second.py") == []
    write(lint.root, "late.py", MAKER)
    after = lint("pkg/first.py", "pkg/second.py")
    assert lint.linted == {"pkg/first.py", "pkg/second.py"}
    assert {each.path for each in after} == {"pkg/first.py", "pkg/second.py"}


def test_requirements(lint: Runs) -> None:
    settings = Settings()
    lint(settings=settings)
    write(lint.root, "requirements.txt", "rich\n")
    lint(settings=settings)
    assert lint.linted == set()
    write(lint.root, "requirements.txt", "torch<2.2\n")
    assert lint(settings=settings) == lint(settings=settings, cached=False)
    write(lint.root, "requirements.txt", "torch<2.1\n")
    lint(settings=settings)
    assert lint.linted == {"pkg/report.py", "pkg/train.py", "pkg/alone.py"}  # the others are not analysed
    write(lint.root, "requirements.txt", "numpy<2\n")
    lint()
    lint()
    assert lint.linted == set()  # the settings name the versions


def test_another_root(lint: Runs) -> None:
    lint()
    write(lint.root, "pkg/setup.py", "")
    warm, linted = lint(), set(lint.linted)
    assert (warm, linted) == (lint(cached=False), {*EVERY, "pkg/setup.py"})


def test_settings_that_change_findings_and_those_that_do_not(lint: Runs) -> None:
    cold = lint()
    lint(settings=replace(NEWEST, exclude=(), file="elsewhere.toml"))
    assert lint.linted == set()
    none = lint(settings=replace(NEWEST, selections=(Selection(ignore=("TSL101",)),)))
    assert (none, lint.linted) == ([], EVERY)
    lint(settings=replace(NEWEST, confidence=Confidence.POSSIBLE))
    assert lint.linted == EVERY
    assert (lint(), lint.linted) == (cold, set())


def test_a_baseline_is_laid_over_what_is_known(lint: Runs) -> None:
    cold = lint()
    empty = lint.root / "baseline.jsonl"
    from tensorlint.cli import main

    with pytest.raises(SystemExit):
        main(["baseline", "write", "--isolated", "--no-cache", "--baseline", str(empty), "pkg/alone.py"])
    found = lint(settings=replace(NEWEST, baseline=str(empty)))
    assert (found, lint.linted) == ([each for each in cold if each.path != "pkg/alone.py"], set())


def test_files_that_cannot_be_linted(lint: Runs) -> None:
    write(lint.root, "pkg/broken.py", "x = (\n")
    (lint.root / "pkg/bytes.py").write_bytes(b"x = '\xff'\n")
    cold = lint()
    assert [each.path for each in cold if each.code == "TSL900"] == ["pkg/broken.py", "pkg/bytes.py"]
    assert (lint(), lint.linted) == (cold, set())


def test_a_file_without_an_ending(lint: Runs) -> None:
    write(lint.root, "script", TRAINER.format(detached=""))
    lint("script")
    assert (lint("script"), lint.linted) == ([], set())
    write(lint.root, "script", HEAD + "def f(net: nn.Linear, x):\n    return net(x).numpy()\n")
    found = lint("script")
    assert [each.code for each in found] == ["TSL101"]


def test_folders_that_are_not_searched_for_callers(lint: Runs) -> None:
    write(lint.root, "tests/helpers.py", CONVERTER)
    write(lint.root, "tests/.hidden/use.py", HEAD + "from beside import f\ndef g(net: nn.Linear, x):\n    f(net(x))\n")
    write(lint.root, "tests/use.py", TRAINER.format(detached="").replace("pkg.report", "helpers"))
    lint("tests", "tests/.hidden/use.py")
    assert lint("tests", "tests/.hidden/use.py") == lint("tests", "tests/.hidden/use.py", cached=False)
    write(lint.root, "tests/helpers.py", CONVERTER.replace("x.numpy()", "x.detach().numpy()"))
    lint("tests", "tests/.hidden/use.py")
    assert lint.linted == {"tests/helpers.py", "tests/use.py"}
    write(lint.root, "tests/.hidden/beside.py", CONVERTER.replace("to_array", "f"))
    lint("tests", "tests/.hidden/use.py")
    assert lint.linted == {"tests/.hidden/use.py", "tests/.hidden/beside.py"}


def test_fixing_uses_no_fix_of_the_cache(lint: Runs) -> None:
    lint()
    lint(mode=Mode(diff=True))
    assert lint.linted == {"pkg/report.py", "pkg/alone.py"}
    lint(mode=Mode(fix=True, unsafe=True))
    fixed = lint()
    assert fixed == lint(cached=False) == []


def test_what_changes_while_it_is_linted_is_not_kept(lint: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    work = processes.work

    def meanwhile(task: Task, mode: Mode) -> Outcome:
        outcome = work(task, mode)
        if task.path.endswith("report.py"):
            write(lint.root, "pkg/report.py", CONVERTER.replace("x.numpy()", "x.detach().numpy()"))
        return outcome

    with monkeypatch.context() as patch:
        patch.setattr(processes, "work", meanwhile)
        lint()
    assert lint() == lint(cached=False)


EDITS = ("", ".detach()", ".cpu()", ".detach().clone()")


def random_text(chance: random.Random, name: str) -> str:
    """A file that imports some of the others, converts, and calls what the others define."""
    others = chance.sample(["a", "b", "c", "pkg.a", "pkg.d", "pkg.sub.a", "helpers"], chance.randint(0, 3))
    lines = [HEAD]
    for each in others:
        lines.append(
            f"from {each} import convert as convert_{each.replace('.', '_')}, Net as N_{each.replace('.', '_')}\n"
        )
    base = f"N_{others[0].replace('.', '_')}" if others and chance.random() < 0.5 else "nn.Module"
    lines.append(
        f"class Net({base}):\n    def forward(self, x):\n        return nn.Linear(2, 2)(x){chance.choice(EDITS)}\n"
    )
    lines.append(f"def convert(x):\n    return x{chance.choice(EDITS)}.numpy()\n")
    for each in others:
        lines.append(f"def use_{each.replace('.', '_')}(x):\n    net = N_{each.replace('.', '_')}()\n")
        lines.append(f"    return convert_{each.replace('.', '_')}(net(x){chance.choice(EDITS)})\n")
    if chance.random() < 0.1:
        lines.append("torch.set_default_dtype(torch.float64)\n")
    return "".join(lines) if chance.random() < 0.95 else "x = (\n"


def edit(chance: random.Random, root: Path) -> str:
    names = ["a", "b", "c", "pkg/__init__", "pkg/a", "pkg/d", "pkg/sub/a", "pkg/sub/e", "helpers", "src/b", "tests/a"]
    name = f"{chance.choice(names)}.py"
    there = sorted(root.rglob("*.py"))
    match chance.randrange(8):
        case 0 if there:
            gone = chance.choice(there)
            gone.unlink()
            return f"{gone.name} is gone"
        case 1:
            write(root, "requirements.txt", f"torch<{chance.choice(['2', '2.1', '3'])}\n")
            return "requirements"
        case 2 if there:
            touched = chance.choice(there)
            touched.touch()
            return f"{touched.name} is touched"
        case 3 if len(there) > 1:
            one, other = chance.sample(there, 2)
            one.replace(other)
            return f"{one.name} becomes {other.name}"
        case _:
            write(root, name, random_text(chance, name))
            return f"{name} is written"


def edited_at_random(lint: Runs, seed: int, steps: int) -> None:
    chance = random.Random(seed)
    for name in EVERY:
        (lint.root / name).unlink()
    for _ in range(8):
        edit(chance, lint.root)
    done: list[str] = []
    used = 0
    for step in range(steps):
        done.append(edit(chance, lint.root))
        settings = NEWEST if chance.random() < 0.2 else Settings()
        chosen = ["."] if chance.random() < 0.7 else [str(path) for path in sorted(lint.root.rglob("*.py"))[::2]]
        warm, linted = lint(*chosen, settings=settings), set(lint.linted)
        cold = lint(*chosen, settings=settings, cached=False)
        used += len(lint.linted - linted)
        assert warm == cold, f"seed {seed}, step {step}: {done[-3:]}"
        assert (lint(*chosen, settings=settings), lint.linted) == (cold, set())
    assert used > steps // 2  # the cache was of use
    assert not lint.warnings


def test_edits_at_random(lint: Runs) -> None:
    edited_at_random(lint, seed=1, steps=15)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 10))
def test_many_edits_at_random(seed: int, lint: Runs) -> None:
    edited_at_random(lint, seed, steps=40)


def test_every_field_of_a_finding_is_kept(lint: Runs) -> None:
    """A field that is added to findings must be added to what is written."""
    assert [each.name for each in fields(Finding)] == [
        *("code", "name", "message", "confidence", "path", "line", "column", "end_line", "end_column"),
        *("evidence", "fix", "cell", "observed"),
    ]
    places = ["line", "column", "end_line", "end_column"]
    assert [each.name for each in fields(Edit)] == [*places, "text", "cell"]
    cold = lint()
    assert all(each.observed is None for each in cold)  # it is laid over what was found
    assert any(each.evidence for each in cold)
    assert any(each.fix is not None for each in cold)
    assert lint() == cold
