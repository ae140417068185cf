"""Cost grows about linearly with the program, and a program that would cost too much is refused, not waited for."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from reveal import NOWHERE, events, program

from tensorlint.flow.analysis import analyse
from tensorlint.flow.project import Project
from tensorlint.linter import lint
from tensorlint.settings import Settings
from tensorlint.source import Source


def branches(size: int) -> str:
    """One function with ``size`` branches and ten times as many statements."""
    body = "".join(
        f"    x{i} = nn.Linear(2, 2)(x)\n" + "    x = x * 2\n" * 7 + f"    if flag{i}:\n        x = x{i} + x\n"
        for i in range(size)
    )
    return f"\ndef f(x, {', '.join(f'flag{i}=False' for i in range(size))}):\n{body}    return x.numpy()\n"


def calls(size: int) -> str:
    """Functions that call the one before and the one after, and one more."""
    return "\n" + "\n".join(
        f"def f{i}(x):\n    y = f{(i + 1) % size}(x)\n    z = f{(i - 1) % size}(y)\n"
        f"    return f{(i * 7) % size}(z * y).numpy()\n"
        for i in range(size)
    )


def classes(size: int) -> str:
    """Methods that set and read each other's attributes."""
    methods = "".join(
        f"    def m{i}(self, x):\n        self.a{i} = self.a{(i + 1) % size}\n        self.a0.append(x)\n"
        f"        return np.mean(self.a{i})\n"
        for i in range(size)
    )
    return "\nclass C:\n    def __init__(self):\n" + "".join(f"        self.a{i} = []\n" for i in range(size)) + methods


def loops(size: int) -> str:
    """Loops one after the other, each with a loop inside."""
    return "\nx = torch.zeros(3)\n" + "".join(
        f"for i in range(3):\n    x = x + {i}\n    for j in range(3):\n        if x.sum() > j:\n            x = x * 2\n"
        for i in range(size)
    )


def terms(size: int) -> str:
    """A long sum."""
    return f"\nx = {' + '.join(['torch.ones(3)'] * size)}\ny = x.numpy()\n"


def entries(size: int) -> str:
    """A dict that is filled key by key under conditions."""
    return "\nd = {}\n" + "".join(f"if flag({i}):\n    d['{i}'] = torch.ones(3)\n" for i in range(size))


def nested(size: int) -> str:
    """A helper that is called in every statement."""
    return "\ndef g(x):\n    return x * 2\ndef f(x):\n" + "    x = g(g(g(x)))\n" * size + "    return x.numpy()\n"


def annotations(size: int) -> str:
    """Classes whose fields are of each other's types."""
    return (
        "\n"
        + "".join(f"class C{i}:\n" + "".join(f"    f{j}: 'C{(i + j) % size}'\n" for j in range(8)) for i in range(size))
        + "".join(f"def g{i}(x: C{i}):\n    return np.asarray(x.f1.f2)\n" for i in range(size))
    )


def sweeps(size: int) -> str:
    """Loops over the known keys of dicts, inside each other and inside a loop."""
    return "\nd = {'a': torch.ones(3), 'b': torch.ones(3), 'c': torch.ones(3)}\n" + "".join(
        f"for i in range(3):\n    for k in d:\n        d[k] = d[k] + {i}\n        for j in d:\n"
        "            for m in d:\n                d[j] = d[j] + d[m]\n                d[m] = d[m] * 2\n"
        for i in range(size)
    )


def loaders(size: int) -> str:
    """Loaders over data sets that load from the one before."""
    data = "".join(
        f"class D{i}(torch.utils.data.Dataset):\n    def __init__(self, d):\n"
        "        self.loader = torch.utils.data.DataLoader(d)\n"
        "    def __getitem__(self, index):\n        return next(iter(self.loader)) * 2\n"
        f"d{i + 1} = D{i}(d{i})\n"
        for i in range(size)
    )
    return f"\nd0 = torch.ones(4, 3)\n{data}for x in torch.utils.data.DataLoader(d{size}):\n    x.numpy()\n"


def conditions(size: int) -> str:
    """Many tests joined by one operator, and by both."""
    names = [f"a{i}" for i in range(size)]
    every = " and ".join(f"{name} is not None" for name in names)
    some = " or ".join(f"{name} and x.numpy()" for name in names)
    return f"\ndef f(x, {', '.join(names)}):\n    if {every}:\n        x = x.detach()\n    return {some} or x.numpy()\n"


def attributes(size: int) -> str:
    """An object with many attributes, each of which depends on a branch."""
    lines = "".join(
        f"        self.x{i} = torch.ones({i})\n        if a.b:\n            self.x{i} = self.x{i // 2}.numpy()\n"
        for i in range(size)
    )
    return f"\nclass A:\n    def __init__(self, a):\n{lines}    def m(self):\n        return self.x0.numpy()\n"


def dropped(size: int) -> str:
    """Results that nobody uses."""
    names = [f"a{i}" for i in range(size)]
    return f"\ndef f({', '.join(names)}):\n" + "".join(f"    {name}.detach()\n" for name in names)


def functions(size: int) -> str:
    """Many functions that call one that is long."""
    return (
        "\ndef g(y):\n"
        + "    y = y + 1\n" * 30
        + "    return y\n"
        + "".join(f"def f{i}(x):\n    return g(x.detach()).numpy()\n" for i in range(size))
    )


def seconds(text: str) -> float:
    source = Source(program(text), str(NOWHERE))
    source.module()  # parsing is not what is measured
    started = time.process_time()
    analyse(source, Project(NOWHERE.parent))
    return time.process_time() - started


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        (branches, 20),
        (calls, 10),
        (classes, 20),
        (loops, 20),
        (terms, 60),
        (entries, 40),
        (nested, 40),
        (annotations, 8),
        (sweeps, 10),
        (loaders, 10),
        (conditions, 40),
        (attributes, 40),
        (dropped, 60),
        (functions, 100),
    ],
)
def test_four_times_the_program_takes_about_four_times_as_long(shape: Callable[[int], str], size: int) -> None:
    seconds(shape(8))  # tables and caches
    once = min(seconds(shape(size)) for _ in range(2))
    assert min(seconds(shape(4 * size)) for _ in range(2)) < max(10 * once, 0.3)


@pytest.mark.parametrize(
    ("shape", "size"), [(branches, 200), (calls, 60), (terms, 400), (attributes, 600), (functions, 2000)]
)
def test_a_large_program_takes_seconds_at_most(shape: Callable[[int], str], size: int) -> None:
    assert seconds(shape(size)) < 5


def test_nothing_is_analysed_for_long() -> None:
    text = "\n" + "\n".join(
        f"def f{i}(x):\n"
        + "".join(f"    x = f{j}(x) + f{j}(x)\n" for j in range(12) if j != i)
        + "    return x.numpy()\n"
        for i in range(12)
    )
    assert seconds(text) < 8


def test_what_was_found_before_the_steps_ended_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tensorlint.flow.analysis.MOST_STEPS", 100)
    text = "import torch\n\n" + "".join(
        f"def f{i}():\n    x = torch.ones(3, requires_grad=True)\n    print(x)\n    return x.numpy()\n"
        for i in range(50)
    )
    *found, last = sorted(lint(Source(text.encode(), "program.py"), Settings()), key=lambda each: each.code == "TSL900")
    assert [each.code for each in found] == ["TSL101"] * len(found)
    assert [each.line for each in found] == list(range(6, 6 + 4 * len(found), 4))
    assert 5 < len(found) < 45
    assert last.code == "TSL900"
    assert last.message == f"too many steps: not all of it was analysed (they ended when `f{len(found)}` was looked at)"


@pytest.mark.parametrize(
    "more", ["t = (*t, *t)", "t = t + t", "t += t", "t = [*t, *t]", "t = (t, t)", "t = {'a': t, 'b': t}"]
)
@pytest.mark.parametrize("start", ["(torch.ones(3), 1)", "[torch.ones(3), 1]"])
def test_what_doubles_with_every_line_does_not_double_the_work(start: str, more: str) -> None:
    assert seconds(f"\nt = {start}\n" + f"{more}\n" * 60 + "np.mean(t)\n") < 2


def test_of_a_long_list_no_position_is_known() -> None:
    found = events("\nt = [torch.ones(3, requires_grad=True)]\n" + "t = t + t\n" * 10 + "np.mean(t)\n")
    assert [type(event).__name__ for event in found] == ["Conversion"]


def test_what_a_script_calls_does_not_take_the_steps_of_its_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its main part leads through the whole program: past a bound its calls are not followed."""
    monkeypatch.setattr("tensorlint.flow.analysis.MOST_STEPS", 900)
    monkeypatch.setattr("tensorlint.flow.looks.FOLLOWED", 200)
    stages = "\n".join(
        f"def stage{number}(x):\n" + "    x = x + x.sum() * 2 - x.mean() / 3\n" * 20 + "    return x\n"
        for number in range(30)
    )
    calls = "".join(f"print(stage{number}(torch.ones(3)))\n" for number in range(30))
    text = f"import torch\n{stages}\ndef last(x):\n    y = torch.ones(3, requires_grad=True)\n    return y.numpy()\n"
    found = lint(Source(f"{text}\n{calls}last(2).numpy()\n".encode(), "program.py"), Settings())
    assert [each.code for each in found] == ["TSL101"]
