"""Files handed to executors of other makes: the findings are the same, and a lost process harms its file alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest

from tensorlint.cache.cache import Cache
from tensorlint.processes import batches
from tensorlint.session import Mode, Task, run
from tensorlint.settings import Settings

HEAD = "import numpy as np\nimport torch\nfrom torch import nn\n"


@pytest.fixture
def tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Task]:
    """Files that call each other."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "report.py").write_text(HEAD + "def to_array(x):\n    return x.numpy()\n")
    for number in range(10):
        detached = ".detach()" if number % 2 else ""
        (tmp_path / f"train{number}.py").write_text(
            HEAD + f"from report import to_array\ndef train(net: nn.Linear, x):\n    to_array(net(x){detached})\n"
            f"    return net(x){detached}.numpy()\n"
        )
    return [Task(str(path), Settings()) for path in sorted(tmp_path.glob("*.py"))]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Executor]:
    """A cluster of two worker processes on this machine."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=2, processes=True, dashboard_address=None, host="127.0.0.1"
        ) as workers,
        distributed.Client(workers) as client,
    ):
        yield client.get_executor()


def test_threads(tasks: list[Task]) -> None:
    alone = run(tasks, Mode(), jobs=1)
    assert any(outcome.findings for outcome in alone)
    with ThreadPoolExecutor(3) as executor:
        assert run(tasks, Mode(), executor=executor) == alone
        assert executor.submit(int).result() == 0  # it is left open


def test_processes(tasks: list[Task]) -> None:
    alone = run(tasks, Mode(), jobs=1)
    with ProcessPoolExecutor(2) as executor:
        assert run(tasks, Mode(), executor=executor) == alone


def test_a_file_that_changes_between_two_runs_of_the_same_processes(tasks: list[Task], tmp_path: Path) -> None:
    with ProcessPoolExecutor(1) as executor:
        before = run(tasks, Mode(), executor=executor)
        (tmp_path / "report.py").write_text(HEAD + "def to_array(x):\n    return x.detach().numpy()\n")
        (tmp_path / "late.py").write_text(HEAD + "x = 1\n")
        after = run(tasks, Mode(), executor=executor)
    assert after == run(tasks, Mode(), jobs=1) != before


def test_a_cluster_of_dask(tasks: list[Task], tmp_path: Path, cluster: Executor) -> None:
    alone = run(tasks, Mode(), jobs=1)
    folder = os.getcwd()
    cluster._client.run(os.chdir, folder)  # type: ignore[attr-defined]  # the workers outlive the test
    counted: list[int] = []
    cache = Cache(str(tmp_path / "cache"), pytest.fail)
    assert run(tasks, Mode(), executor=cluster, done=counted.append, cache=cache) == alone
    assert sum(counted) == len(tasks)
    assert run(tasks, Mode(), executor=_Refusing(), cache=Cache(str(tmp_path / "cache"), pytest.fail)) == alone


class _Refusing(Executor):
    def submit(self, *arguments: object, **keywords: object) -> Future:  # type: ignore[override,type-arg]
        raise AssertionError("nothing was left to do")


class _Failing(Executor):
    """Loses every task that does a certain file."""

    def submit(self, function, batch, *rest):  # type: ignore[no-untyped-def,override]
        future: Future[object] = Future()
        if any(task.path.endswith("train3.py") for _, task in batch):
            future.set_exception(MemoryError("no more"))
        else:
            future.set_result(function(batch, *rest))
        return future


def test_what_is_lost_is_reported_for_its_file_alone(tasks: list[Task]) -> None:
    alone = run(tasks, Mode(), jobs=1)
    outcomes = run(tasks, Mode(), executor=_Failing(), jobs=1)
    for task, outcome, expected in zip(tasks, outcomes, alone, strict=True):
        if task.path.endswith("train3.py"):
            (finding,) = outcome.findings
            assert finding.code == "TSL900"
            assert finding.message == "internal error: linting it ended the process: MemoryError: no more"
        else:
            assert outcome == expected


def test_processes_that_work_elsewhere_say_so(tasks: list[Task], tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with ProcessPoolExecutor(1, initializer=os.chdir, initargs=(tmp_path / "other",)) as executor:
        outcomes = run(tasks, Mode(), executor=executor)
    assert all(outcome.failed for outcome in outcomes)
    assert f"the process works in {tmp_path / 'other'}, not in {tmp_path}" in outcomes[0].findings[0].message


def test_the_largest_batch_comes_first_and_folders_stay_together(tmp_path: Path) -> None:
    sizes = {"a/small.py": 10, "a/large.py": 5_000, "b/one.py": 3_000, "b/two.py": 3_000, "c/tiny.py": 1}
    numbered = []
    for number, (name, size) in enumerate(sizes.items()):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"#" * size)
        numbered.append((number, Task(str(file), Settings())))
    numbered.append((5, Task(str(tmp_path / "gone/gone.py"), Settings())))
    numbered += [(6 + at, Task(str(tmp_path / f"d/{at}.py"), Settings(), b"x" * 2_500)) for at in range(3)]
    made = batches(numbered, 1)  # two in a batch: there are eight batches or so for each process
    assert [[number for number, _ in batch] for batch in made] == [[2, 3], [0, 1], [6, 7], [8], [4], [5]]
