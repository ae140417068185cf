"""The session: many files, any number of processes, one result."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes import toy  # noqa: F401 - a fixture

from tensorlint import processes
from tensorlint.finding import Finding
from tensorlint.session import Mode, Outcome, Task, run, work
from tensorlint.settings import Settings

HEAD = "import torch\n"


@pytest.fixture(autouse=True)
def forked(toy: None) -> Iterator[None]:  # noqa: F811 - the fixture is meant
    """Other processes must know the toy linter too: they are forks of this one, whatever the platform's habit is."""
    if "fork" not in multiprocessing.get_all_start_methods():
        pytest.skip("the toy linter reaches other processes by forking")
    before = multiprocessing.get_start_method(allow_none=True)
    multiprocessing.set_start_method("fork", force=True)
    yield
    multiprocessing.set_start_method(before, force=True)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def task(folder: Path, name: str, text: str, **more: object) -> Task:
    (folder / name).write_text(HEAD + text, encoding="utf-8")
    return Task(str(folder / name), Settings())


def codes(outcome: Outcome) -> list[str]:
    return [f"{each.code}: {each.message}" for each in outcome.findings]


def test_one_file(folder: Path) -> None:
    outcome = work(task(folder, "a.py", 'bad("TSL101")\n'), Mode())
    assert outcome.path == "a.py"
    assert codes(outcome) == ["TSL101: TSL101 is bad"]
    assert not outcome.failed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("crash()\n", "internal error: ZeroDivisionError: division by toy"),
        ("x = (\n", "syntax error: '(' was never closed"),
        ("x = '\0'\n", "contains a NUL byte"),
    ],
)
def test_a_fault_is_a_finding_of_that_file(text: str, message: str, folder: Path) -> None:
    outcome = work(task(folder, "a.py", text), Mode())
    assert codes(outcome) == [f"TSL900: {message}"]
    assert outcome.failed


def test_a_file_that_cannot_be_read(folder: Path) -> None:
    gone = Task(str(folder / "gone.py"), Settings())
    assert codes(work(gone, Mode())) == ["TSL900: cannot be read: No such file or directory"]
    assert codes(work(gone, Mode(fix=True))) == ["TSL900: cannot be read: No such file or directory"]


def test_debug_shows_the_traceback(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    crashing = task(folder, "a.py", "crash()\n")
    work(crashing, Mode())
    assert capfd.readouterr().err == ""
    work(crashing, Mode(debug=True))
    assert "in analyse" in capfd.readouterr().err


def many(folder: Path) -> list[Task]:
    texts = ['bad("TSL101")\n', "x = 1\n", 'bad("TSL201", "likely")\nfixable("TSL102")\n', "crash()\n", "x = (\n"]
    return [task(folder, f"f{number:02}.py", texts[number % len(texts)] * (number % 3 + 1)) for number in range(23)]


def test_the_number_of_processes_changes_nothing(folder: Path) -> None:
    tasks = many(folder)
    alone = run(tasks, Mode(), jobs=1)
    assert len({outcome.path for outcome in alone}) == len(tasks)
    assert [outcome.path for outcome in alone] == [Path(each.path).name for each in tasks]
    assert run(tasks, Mode(), jobs=3) == alone
    assert run(tasks, Mode()) == alone
    backwards = run(tasks[::-1], Mode(), jobs=2)
    assert backwards == alone[::-1]


def test_progress_is_told_of_every_file(folder: Path) -> None:
    tasks = many(folder)
    for jobs in (1, 2):
        advances: list[int] = []
        run(tasks, Mode(), jobs=jobs, done=advances.append)
        assert sum(advances) == len(tasks)


def test_a_file_that_ends_its_process_harms_itself_alone(folder: Path) -> None:
    tasks = many(folder)
    deadly = {5, 17}
    for number in deadly:
        tasks[number] = task(folder, f"f{number:02}.py", "die()\n")
    outcomes = run(tasks, Mode(), jobs=2)
    healthy = [each for number, each in enumerate(tasks) if number not in deadly]
    assert [each for number, each in enumerate(outcomes) if number not in deadly] == run(healthy, Mode(), jobs=1)
    for number in deadly:
        assert codes(outcomes[number]) == ["TSL900: internal error: linting it ended the process"]


class TestFixing:
    def test_writes_the_safe_fixes_and_reports_the_rest(self, folder: Path) -> None:
        fixing = task(folder, "a.py", 'fixable("TSL101")  # kept\nrisky("TSL102")\nbad("TSL201")\n')
        outcome = work(fixing, Mode(fix=True))
        assert (folder / "a.py").read_text() == HEAD + 'fine()  # kept\nrisky("TSL102")\nbad("TSL201")\n'
        assert codes(outcome) == ["TSL102: TSL102 is bad", "TSL201: TSL201 is bad"]
        assert outcome.fixed == 1
        again = work(fixing, Mode(fix=True, unsafe=True))
        assert (folder / "a.py").read_text() == HEAD + 'fine()  # kept\nfine()\nbad("TSL201")\n'
        assert (codes(again), again.fixed) == (["TSL201: TSL201 is bad"], 1)

    def test_a_diff_changes_nothing(self, folder: Path) -> None:
        fixing = task(folder, "a.py", 'x = 1\nfixable("TSL101")\n')
        before = (folder / "a.py").read_bytes()
        outcome = work(fixing, Mode(diff=True))
        assert (folder / "a.py").read_bytes() == before
        assert '\n-fixable("TSL101")\n+fine()\n' in outcome.diff
        assert work(fixing, Mode(diff=True)).diff == outcome.diff
        assert work(task(folder, "b.py", 'bad("TSL101")\n'), Mode(diff=True)).diff == ""

    def test_bytes_that_are_given_are_given_back(self, folder: Path) -> None:
        given = Task(str(folder / "a.py"), Settings(), b'import torch\r\nfixable("TSL101")\r\n')
        outcome = work(given, Mode(fix=True))
        assert outcome.data == b"import torch\r\nfine()\r\n"
        assert not (folder / "a.py").exists()
        broken = Task(str(folder / "a.py"), Settings(), b"x = (")
        assert work(broken, Mode(fix=True)).data == b"x = ("

    def test_a_read_only_file_is_reported_and_left(self, folder: Path) -> None:
        fixing = task(folder, "a.py", 'fixable("TSL101")\n')
        (folder / "a.py").chmod(0o444)
        outcome = work(fixing, Mode(fix=True))
        assert (folder / "a.py").read_text() == HEAD + 'fixable("TSL101")\n'
        assert [each.code for each in outcome.findings] == ["TSL101", "TSL900"]
        assert "the fixes could not be written: " in outcome.findings[1].message
        assert outcome.fixed == 0

    def test_processes_fix_as_one_does(self, folder: Path) -> None:
        tasks = [task(folder, f"f{number}.py", 'fixable("TSL101")\n') for number in range(9)]
        outcomes = run(tasks, Mode(fix=True), jobs=3)
        assert [each.fixed for each in outcomes] == [1] * 9
        assert {(folder / f"f{number}.py").read_text() for number in range(9)} == {HEAD + "fine()\n"}


SLOW_LINTER = """
import sys, time
from types import ModuleType
import tensorlint.linter

def slow(source, settings):
    print("linting", flush=True)
    time.sleep(60)

tensorlint.linter.lint = slow
from tensorlint.cli import main
main(["check", "--isolated", "--jobs", sys.argv[1], "."])
"""


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interruption_ends_it_cleanly(jobs: str, folder: Path) -> None:
    for number in range(4):
        task(folder, f"f{number}.py", "")
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW_LINTER, jobs],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("linting")
    started = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert time.monotonic() - started < 20
    assert process.returncode == 130
    assert errors.strip() == "interrupted"


def test_outcomes_are_small_enough_to_send() -> None:
    import pickle

    finding = Finding("TSL101", "n", "m", Settings().confidence, "a.py", 1, 1, 1, 2)
    outcome = Outcome("a.py", (finding,))
    assert pickle.loads(pickle.dumps(outcome)) == outcome


def test_garbage_is_collected_between_files_when_there_is_much(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(processes.gc, "collect", lambda: asked.append(gc.isenabled()))
    files = [task(folder, f"{name}.py", "x = 1\n") for name in "abc"]
    run(files, Mode(), jobs=1)
    assert asked == [] and gc.isenabled()
    monkeypatch.setattr(processes, "_MOST_OBJECTS", -1)
    run(files, Mode(), jobs=1)
    assert asked == [False] * 3 and gc.isenabled()
