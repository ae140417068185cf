"""Writes to memory that an array and a tensor share are seen, with both places; writes to copies are not."""

from __future__ import annotations

import gc
import json
import shutil
import sys
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from checkout import ROOT
from click.testing import CliRunner
from test_observe_command import PLUGIN, observe, program, run
from torch import nn

from tensorlint.cli import cli
from tensorlint.observe import sharing as sharing_module
from tensorlint.observe.detached import Detached
from tensorlint.observe.hazards import NUMPY_WROTE, STALE, TORCH_WROTE
from tensorlint.observe.recorder import Recorder
from tensorlint.observe.recording import Hazard
from tensorlint.observe.sharing import Sharing


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with Recorder() as one, Detached() as detached, Sharing(one, detached):
        yield one
    assert not one.recording.faults


def hazards(recorder: Recorder) -> list[tuple[int, Hazard]]:
    """With the line of the conversion."""
    recorder.tell()
    return [(place.line, one) for place, seen in recorder.recording.sightings.items() for one in seen.hazards]


def kinds(recorder: Recorder) -> list[str]:
    return [hazard.kind for _, hazard in hazards(recorder)]


def crossing() -> None:
    torch.ones(1).item()


def scaled_array(x: torch.Tensor) -> Any:
    a = x.detach().cpu().numpy()
    a /= 2
    return a


def scaled_copy(x: torch.Tensor) -> Any:
    a = x.detach().cpu().numpy().copy()
    a /= 2
    return a


def scaled_result(x: torch.Tensor) -> Any:
    a = (x * 2).detach().numpy()
    a /= 2
    return a


def returned(x: torch.Tensor) -> Any:
    y = x * 2
    return y.detach().numpy()


def test_numpy_writes_what_a_tensor_sees(recorder: Recorder) -> None:
    x = torch.ones(3)
    a = scaled_array(x)
    ((line, hazard),) = hazards(recorder)
    start = scaled_array.__code__.co_firstlineno
    assert (line, hazard.kind) == (start + 1, NUMPY_WROTE)
    assert hazard.other is not None and hazard.other.line == start + 1
    assert hazard.until is None  # at the end of the run
    assert a.sum() == x.sum()


@pytest.mark.parametrize("write", [scaled_copy, scaled_result])
def test_numpy_writes_what_nobody_sees(recorder: Recorder, write: Callable[[Any], Any]) -> None:
    x = torch.ones(3)
    write(x)
    a = returned(x)
    a /= 2
    crossing()
    assert not hazards(recorder)


def test_a_write_is_bracketed_by_the_crossings_around_it(recorder: Recorder) -> None:
    x = torch.ones(3)
    a = x.numpy()
    line = here()
    crossing()
    a += 1
    x.sum().item()
    a += 0
    crossing()
    ((_, hazard),) = hazards(recorder)
    assert hazard.other is not None and hazard.other.line == crossing.__code__.co_firstlineno + 1
    assert hazard.until is not None and hazard.until.line == line + 3


def test_both_sides_gone_with_their_function(recorder: Recorder) -> None:
    def inside() -> float:
        x = torch.ones(3)
        a = x.detach().numpy()
        a.sort()
        a[0] = 7
        return float(x.sum())

    inside()
    assert kinds(recorder) == [NUMPY_WROTE]


def test_torch_writes_what_an_array_sees(recorder: Recorder) -> None:
    def centred(values: Any) -> torch.Tensor:
        t = torch.as_tensor(values)
        t -= t.mean()
        return t

    values = np.arange(3.0)
    centred(values)
    assert kinds(recorder) == [TORCH_WROTE]


def refilled(turns: int) -> Iterator[Any]:
    buffer = np.zeros(3)
    for turn in range(turns):
        buffer[:] = turn + 1
        yield buffer


def counted_up(turns: int) -> Iterator[torch.Tensor]:
    counter = torch.zeros(3)
    for _ in range(turns):
        counter.add_(1)
        yield counter


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        (lambda: (torch.from_numpy(array) for array in refilled(4)), NUMPY_WROTE),
        (lambda: (counter.numpy() for counter in counted_up(4)), TORCH_WROTE),
    ],
)
def test_what_is_kept_while_the_other_side_fills_it_again_is_stale(
    recorder: Recorder, made: Callable[[], Iterator[Any]], kind: str
) -> None:
    kept = list(made())
    stale = {hazard.detail for _, hazard in hazards(recorder) if hazard.kind == STALE}
    assert len(kept) == 4
    assert stale == {f"its memory was {kind} more than once while it was kept"}


@pytest.mark.parametrize(
    "made",
    [
        lambda: (torch.from_numpy(array) for array in refilled(4)),
        lambda: (counter.numpy() for counter in counted_up(4)),
    ],
)
def test_what_is_in_use_until_it_is_filled_again_is_not(recorder: Recorder, made: Callable[[], Iterator[Any]]) -> None:
    for one in made():
        assert len(one) == 3
    assert STALE not in kinds(recorder)


def test_what_its_holder_writes_is_not_stale(recorder: Recorder) -> None:
    array, tensor = torch.zeros(3).numpy(), torch.from_numpy(np.zeros(3))
    for _ in range(4):
        array += 1
        tensor += 1
        crossing()
    assert STALE not in kinds(recorder)


def test_torch_writes_what_no_array_sees(recorder: Recorder) -> None:
    def centred(values: Any) -> torch.Tensor:
        t, u, v = torch.tensor(values), torch.from_numpy(values * 2), torch.from_numpy((values * 2)[:2])
        for one in (t, u, v):
            one -= one.mean()
            crossing()
            one -= 1
        return t

    centred(np.arange(3.0))
    assert not hazards(recorder)


def test_a_view_of_the_tensor_that_was_made_writes(recorder: Recorder) -> None:
    image = np.ones((2, 3))
    x = torch.from_numpy(image)[None].transpose(1, 2)  # the tensor itself is gone
    x.div_(2)
    assert kinds(recorder) == [TORCH_WROTE]


def test_a_second_tensor_of_the_array_writes(recorder: Recorder) -> None:
    values = np.ones(3)
    first, second = torch.from_numpy(values), torch.from_numpy(values)
    second.add_(1)
    assert kinds(recorder) == [TORCH_WROTE, TORCH_WROTE] or kinds(recorder) == [TORCH_WROTE]
    assert first.sum() == 6


def test_an_optimizer_step_is_named(recorder: Recorder) -> None:
    net = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    weights = net.weight.detach().numpy()
    net(torch.ones(2, 3)).sum().backward()
    line = here() + 1
    optimizer.step()
    ((_, hazard),) = hazards(recorder)
    assert hazard.other is not None and hazard.other.line == line
    assert hazard.detail == "an optimizer step"
    assert weights.shape == (1, 3)


def test_what_lies_between_the_elements_of_a_view_is_none_of_its(recorder: Recorder) -> None:
    x = torch.zeros(4, 4)
    column = x[:, 0].numpy()
    x[:, 1] = 1
    crossing()
    assert not hazards(recorder)
    assert column.sum() == 0


def test_a_large_buffer_is_looked_at_in_pieces(recorder: Recorder) -> None:
    x = torch.zeros(1_000_000)
    a = x.numpy()
    a[200_000:800_000] = 1
    assert kinds(recorder) == [NUMPY_WROTE]


def test_nothing_is_kept_alive(recorder: Recorder) -> None:
    values = np.ones(1000)
    tensor = torch.from_numpy(values)
    array, held = tensor.numpy(), weakref.ref(values)
    gone = [weakref.ref(tensor), weakref.ref(array)]
    gc.disable()
    try:
        del values, tensor, array
        assert [one() for one in [*gone, held]] == [None, None, None]
    finally:
        gc.enable()


def test_an_array_can_be_resized_as_before(recorder: Recorder) -> None:
    values = np.ones(3)
    tensor = torch.from_numpy(values)
    del tensor
    values.resize(5)
    assert values.tolist() == [1, 1, 1, 0, 0]


def test_a_parameter_can_be_swapped_as_before(recorder: Recorder) -> None:
    one, other = nn.Parameter(torch.ones(3)), nn.Parameter(torch.zeros(3))
    with torch.no_grad():
        arrays = [one.numpy(), one.detach().numpy()]
    torch.utils.swap_tensors(one, other)
    assert one.sum() == 0
    assert arrays[0].sum() == 3


def test_the_version_and_the_gradient_are_as_before(recorder: Recorder) -> None:
    x = torch.ones(3, requires_grad=True)
    y = x.exp()
    y.detach().numpy()
    assert y._version == 0
    y.sum().backward()
    assert x.grad is not None and x.grad.tolist() == pytest.approx([np.e] * 3)
    y = x.exp()
    y.detach().numpy()
    y.detach().zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_inference_mode_functorch_and_modes_are_left_alone(recorder: Recorder) -> None:
    from torch.utils._python_dispatch import TorchDispatchMode

    seen: list[str] = []

    class Logged(TorchDispatchMode):
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            seen.append(str(func))
            return func(*args, **(kwargs or {}))

    with torch.inference_mode():
        a = torch.ones(3).numpy()
        a += 1
    x = torch.ones(3)
    with Logged():
        x.numpy()
    torch.func.grad(lambda t: (t * torch.from_numpy(np.ones(3))).sum())(x.double())
    assert seen == ["aten.detach.default"]  # of `numpy` itself


def test_compiled_code_works_as_before(recorder: Recorder) -> None:
    def double(x: torch.Tensor) -> torch.Tensor:
        return x.detach() * torch.from_numpy(np.ones(3, dtype=np.float32))

    assert torch.compile(double, backend="eager", fullgraph=True)(torch.ones(3)).tolist() == [1, 1, 1]


def test_a_fault_is_counted_and_goes_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError("in the check")

    with Recorder() as recorder, Detached() as detached, Sharing(recorder, detached):
        monkeypatch.setattr("tensorlint.observe.pairs.checksum", fail)
        array = torch.ones(2).numpy()
        monkeypatch.undo()
        array = torch.ones(2).numpy()
        monkeypatch.setattr("tensorlint.observe.pairs.checksum", fail)
        del array
        crossing()
    assert set(recorder.recording.faults) == {"ZeroDivisionError: in the check"}


def test_memory_is_bounded() -> None:
    """However many conversions are kept, and however many are made."""
    import tracemalloc

    with Recorder() as recorder, Detached() as detached, Sharing(recorder, detached) as sharing:
        kept = [torch.from_numpy(np.ones(2)) for _ in range(1000)] + [torch.ones(2).numpy() for _ in range(1000)]
        assert len(sharing._pairs) <= sharing_module._MOST < len(kept)
        del kept

        def convert(times: int) -> None:
            values = np.ones(64)
            for _ in range(times):
                tensor = torch.from_numpy(values)
                tensor += 1
                tensor.detach().numpy()[:] = 0

        convert(300)
        gc.collect()
        tracemalloc.start()
        convert(300)
        gc.collect()
        first = tracemalloc.get_traced_memory()[0]
        convert(3000)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - first
        tracemalloc.stop()
    assert grown < 20_000
    assert not recorder.recording.faults


def test_time_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing_module, "_FREE", -1.0)
    monkeypatch.setattr(sharing_module, "_SHARE", 0.0)
    with Recorder() as recorder, Detached() as detached, Sharing(recorder, detached) as sharing:
        scaled_array(torch.ones(3))
        assert not sharing._pairs


def test_nothing_is_left_behind() -> None:
    before = torch.Tensor.detach
    with Recorder() as recorder, Detached() as detached, Sharing(recorder, detached):
        assert torch.Tensor.detach is not before
    assert torch.Tensor.detach is before
    assert not recorder.watchers + recorder.at_end + recorder.in_child


DRIVER = """
import importlib.util, pathlib, sys

for path in sorted(pathlib.Path(".").glob("TSL*/*.py")):
    sys.path[0] = str(path.parent)
    specification = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(specification)
    sys.modules[path.stem] = module
    specification.loader.exec_module(module)
    print(path)
    for name, function in list(vars(module).items()):
        if name.startswith(("bug_", "ok_")):
            try:
                function("cpu")
            except (AttributeError, RuntimeError) as error:
                print(name, type(error).__name__)
"""
UNSEEN = {
    ("TSL201/known_false.py", 11): "never called there",
    ("TSL202/known_false.py", 11): "never called there",
    ("TSL202/arrays.py", 124): "the evidence names no conversion",
    ("TSL204/evaluation.py", 39): ".to() of a tensor",
    ("TSL204/moved.py", 28): ".cpu() of a tensor",
    ("TSL204/moved.py", 55): ".to() of a tensor",
}
"""Findings in the fixtures that a run does not confirm, and why: what no recorded conversion is behind."""


def findings_in_fixtures(folder: Path, *rules: str) -> list[dict[str, Any]]:
    """The findings in the fixtures of some rules, with what a run of all their functions tells of them."""
    for rule in rules:
        shutil.copytree(ROOT / "fixtures" / rule, folder / rule, ignore=shutil.ignore_patterns("*.fixed.py"))
    program(folder, DRIVER, "driver.py")
    observed = observe(folder, "--quiet", "--", sys.executable, "driver.py", OMP_NUM_THREADS="1")
    assert observed.returncode == 0, observed.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        command = ["check", "--isolated", "--select", ",".join(rules), "--output-format", "json"]
        done = CliRunner().invoke(cli, [*command, "--observed", "tensorlint-observed.json", *rules])
    return [each for each in json.loads(done.stdout) if each["path"].count("/") == 1]


def unconfirmed(found: list[dict[str, Any]]) -> set[tuple[str, int]]:
    return {(one["path"], one["line"]) for one in found if one["observed"]["sight"] != "confirmed"}


def test_every_finding_about_a_write_in_the_fixtures_is_confirmed(tmp_path: Path) -> None:
    found = findings_in_fixtures(tmp_path, "TSL201", "TSL202", "TSL204", "TSL205")
    gone_before_its_end = np.lib.NumpyVersion(np.__version__) >= "2.5.0"  # the memory of an array that is the last
    assert unconfirmed(found) == {*UNSEEN, *([("TSL202/conversions.py", 48)] if gone_before_its_end else [])}
    assert len(found) >= 60


SCALED = """
import sys
import numpy as np, torch

x = torch.tensor([2.0, 4.0, 6.0])
a = x.numpy()
a /= 2.0
print(a, x.mean())
sys.exit(3)
"""


def test_the_switch(tmp_path: Path) -> None:
    program(tmp_path, SCALED)
    plain = run(tmp_path, sys.executable, "program.py")
    for option, lines in (("--check-sharing", 2), ("--no-check-sharing", 1)):
        done = observe(tmp_path, option, "--", sys.executable, "program.py")
        assert (done.returncode, done.stdout) == (3, plain.stdout)
        told = done.stderr.splitlines()
        assert ("1 hazard of shared memory" in told[0], len(told)) == (lines == 2, lines)
    told = observe(tmp_path, "--", sys.executable, "program.py").stderr.splitlines()  # the default
    assert told[1] == "tensorlint: program.py:6: its memory was written by NumPy between line 6 and the end"


def test_the_switch_of_the_pytest_plugin(tmp_path: Path) -> None:
    lines = ("import torch", "def test_scaled():", "    x = torch.ones(3)", "    a = x.numpy()", "    a /= 2")
    program(tmp_path, "\n".join((*lines, "    assert x.sum() < 3\n")), "test_program.py")
    alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    for options, word in ((), "1 hazard"), (("--tensorlint-no-check-sharing",), ""):
        done = run(tmp_path, sys.executable, *PLUGIN, "--tensorlint-observe", *options, **alone)
        assert (done.returncode, "hazard" in done.stdout) == (0, bool(word)), done.stdout
        assert word in done.stdout


def test_a_process_that_is_forked_tells_nothing_of_its_parents_arrays(tmp_path: Path) -> None:
    program(
        tmp_path,
        "import os, torch\nx = torch.ones(3)\na = x.numpy()\nif not (child := os.fork()):\n    a += 1\n"
        "    torch.ones(1).item()\n    raise SystemExit\nos.waitpid(child, 0)\nprint(x)\n",
    )
    done = observe(tmp_path, "--", sys.executable, "program.py")
    assert done.stdout == "tensor([1., 1., 1.])\n"
    assert "hazard" not in done.stderr


def here() -> int:
    return sys._getframe(1).f_lineno
