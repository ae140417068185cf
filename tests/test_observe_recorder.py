"""The recorder sees every crossing with its line, and the program does not feel it."""

from __future__ import annotations

import contextlib
import inspect
import pickle
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

from tensorlint.observe import crossings as crossings_module
from tensorlint.observe.recorder import Recorder
from tensorlint.observe.recording import Case
from tensorlint.observe.simulate import simulated


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with Recorder() as one:
        yield one


def cases(recorder: Recorder) -> list[Case]:
    return [case for sighting in recorder.recording.sightings.values() for case in sighting.cases]


def grad() -> torch.Tensor:
    return torch.ones(3, requires_grad=True)


def read_only() -> Any:
    array = np.ones(3)
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    ("cross", "call", "given"),
    [
        (lambda: torch.ones(3).numpy(), "Tensor.numpy", "Tensor"),
        (lambda: np.asarray(torch.ones(3)), "Tensor.__array__", "Tensor"),
        (lambda: np.mean([torch.ones(2), torch.ones(2)]), "Tensor.__array__", "Tensor"),
        (lambda: np.from_dlpack(torch.ones(3)), "Tensor.__dlpack__", "Tensor"),
        (lambda: torch.ones(()).item(), "Tensor.item", "Tensor"),
        (lambda: torch.ones(2).tolist(), "Tensor.tolist", "Tensor"),
        (lambda: float(torch.ones(())), "Tensor.__float__", "Tensor"),
        (lambda: int(torch.ones(())), "Tensor.__int__", "Tensor"),
        (lambda: torch.from_numpy(np.ones(3)), "torch.from_numpy", "ndarray"),
        (lambda: torch.as_tensor(np.ones(3)), "torch.as_tensor", "ndarray"),
        (lambda: torch.asarray(np.ones(3)), "torch.asarray", "ndarray"),
        (lambda: torch.tensor(data=np.ones(3)), "torch.tensor", "ndarray"),
        (lambda: torch.tensor(np.float32(1)), "torch.tensor", "scalar"),
        (lambda: torch.tensor([[np.ones(3)]]), "torch.tensor", "list of ndarray"),
        (lambda: torch.tensor([torch.ones(())]), "torch.tensor", "list of Tensor"),
        (lambda: torch.tensor([np.float64(1)]), "torch.tensor", "list of scalar"),
        (lambda: torch.Tensor(np.ones(3)), "torch.Tensor", "ndarray"),
        (lambda: torch.Tensor([np.ones(3)]), "torch.Tensor", "list of ndarray"),
        (lambda: torch.from_dlpack(np.ones(3)), "torch.from_dlpack", "ndarray"),
        (lambda: torch.utils.data.default_collate([np.ones(3)]), "torch.as_tensor", "ndarray"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_each_crossing_is_seen(recorder: Recorder, cross: Callable[[], Any], call: str, given: str) -> None:
    cross()
    line = inspect.getsourcelines(cross)[1]
    assert {(case.call, case.given) for case in cases(recorder)} == {(call, given)}
    assert {(place.path, place.line) for place in recorder.recording.sightings} == {(__file__, line)}
    assert not recorder.recording.faults


@pytest.mark.parametrize(
    "make",
    [
        lambda: torch.tensor([1, 2]),
        lambda: torch.as_tensor(3.0),
        lambda: torch.ones(3) + 1,
        lambda: torch.Tensor(2, 3),
        lambda: torch.Tensor([1.0, 2.0]),
        lambda: torch.Tensor(torch.ones(2)),
        lambda: torch.nn.Parameter(torch.ones(2)),
    ],
)
def test_what_does_not_cross_is_not_recorded(recorder: Recorder, make: Callable[[], Any]) -> None:
    make()
    assert not cases(recorder)
    assert not recorder.recording.elsewhere


@pytest.mark.parametrize(
    ("cross", "facts"),
    [
        (lambda: grad().numpy(), {"requires_grad": True, "outcome": "RuntimeError: Can't call numpy() on Tensor"}),
        (lambda: grad().detach().numpy(), {"requires_grad": False, "shares": True, "device": "cpu"}),
        (lambda: torch.ones(3, dtype=torch.bfloat16).numpy(), {"dtype": "bfloat16", "outcome": "TypeError: Got unsup"}),
        (lambda: torch.ones(3, dtype=torch.cfloat).conj().numpy(), {"conj": True, "outcome": "RuntimeError: Can't"}),
        (lambda: torch.eye(2).to_sparse().numpy(), {"layout": "sparse_coo", "outcome": "TypeError: can't convert Sp"}),
        (lambda: torch.ones(2, 3).t().numpy(), {"contiguous": False, "shares": True}),
        (lambda: torch.ones(2, device="meta").numpy(), {"device": "meta", "outcome": "TypeError: can't convert meta"}),
        (lambda: torch.from_numpy(np.ones(3)[::-1]), {"negative_strides": True, "outcome": "ValueError: At least one"}),
        (lambda: torch.from_numpy(read_only()), {"writeable": False, "shares": True, "dtype": "float64"}),
        (lambda: torch.Tensor(np.ones(3)[::-1]), {"negative_strides": True, "outcome": "ValueError: At least one"}),
        (lambda: torch.Tensor(np.ones(3, dtype=np.float32)), {"shares": True, "dtype": "float32"}),
        (lambda: torch.from_numpy([1.0]), {"given": "list", "outcome": "TypeError: expected np.ndarray"}),
        (lambda: torch.as_tensor(np.ones(3), dtype=torch.float32), {"shares": False, "dtype": "float64"}),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_what_is_known_of_a_crossing(recorder: Recorder, cross: Callable[[], Any], facts: dict[str, Any]) -> None:
    try:
        cross()
    except Exception as error:
        assert facts["outcome"].startswith(type(error).__name__)
    (case,) = cases(recorder)
    for name, value in facts.items():
        seen = getattr(case, name)
        assert seen.startswith(value) if name == "outcome" else seen == value


def test_the_grad_mode_is_that_of_the_conversion(recorder: Recorder) -> None:
    with torch.no_grad():
        grad().numpy()
    (case,) = cases(recorder)
    assert case.requires_grad
    assert not case.grad_mode
    assert case.outcome == ""


def test_calls_that_are_alike_are_counted(recorder: Recorder) -> None:
    for _ in range(100):
        torch.ones(3).numpy()
    ((tally,),) = (sighting.cases.values() for sighting in recorder.recording.sightings.values())
    assert tally.count == 100
    assert tally.seconds > 0


def test_two_on_one_line_are_told_apart_by_their_columns(recorder: Recorder) -> None:
    x = torch.ones(2)
    _ = x.numpy(), x.numpy()
    columns = [place.column for place in recorder.recording.sightings]
    assert len(columns) in (1, 2)  # Python 3.10 tells no columns
    assert len(columns) == 2 or columns == [0]


def test_a_numpy_call_in_another_thread_and_in_a_backward_is_seen(recorder: Recorder) -> None:
    class Through(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
            return x * 2

        @staticmethod
        def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
            return torch.from_numpy(gradient.numpy() * 2)

    thread = threading.Thread(target=lambda: Through.apply(grad()).sum().backward())
    thread.start()
    thread.join()
    assert sorted(case.call for case in cases(recorder)) == ["Tensor.numpy", "torch.from_numpy"]


def test_warnings_name_the_line_that_calls_torch(recorder: Recorder) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.tensor(torch.ones(2))
    line = inspect.currentframe().f_lineno - 1  # type: ignore[union-attr]
    assert [(one.filename, one.lineno) for one in caught] == [(__file__, line)]


def test_a_warning_that_is_an_error_is_one(recorder: Recorder) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="copy construct"):
            torch.tensor(torch.ones(2))
    assert [case.outcome.partition(":")[0] for case in cases(recorder)] == ["UserWarning"]


def test_the_exception_is_the_same(recorder: Recorder) -> None:
    with pytest.raises(RuntimeError) as caught:
        grad().numpy()
    assert caught.value.__context__ is None
    assert traceback.extract_tb(caught.value.__traceback__)[0].name == "test_the_exception_is_the_same"


def test_a_fault_of_the_recorder_is_counted_and_goes_no_further(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError("in the recorder")

    monkeypatch.setattr("tensorlint.observe.recorder.facts", fail)
    assert torch.ones(2).numpy().tolist() == [1, 1]
    monkeypatch.undo()
    monkeypatch.setattr("tensorlint.observe.recorder.case", fail)
    assert torch.ones(2).numpy().tolist() == [1, 1]
    assert recorder.recording.faults == {"ZeroDivisionError: in the recorder": 2}


def test_functions_keep_their_names_and_can_be_pickled(recorder: Recorder) -> None:
    assert torch.from_numpy.__name__ == "from_numpy"
    assert pickle.loads(pickle.dumps(torch.from_numpy)) is torch.from_numpy
    assert pickle.loads(pickle.dumps(torch.Tensor.item)) is torch.Tensor.item


def test_tables_that_are_keyed_by_functions_find_them(recorder: Recorder) -> None:
    class Logged(torch.Tensor):
        @classmethod
        def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            return {torch.Tensor.item: "an item", torch.Tensor.tolist: "a list"}[func]

    logged = torch.ones(1).as_subclass(Logged)
    assert logged.item() == "an item"
    assert logged.tolist() == "a list"


@pytest.mark.parametrize("fullgraph", [True, False])
def test_compiled_code_that_is_given_an_array_works_as_before(recorder: Recorder, fullgraph: bool) -> None:
    """What is compiled for an array begins by calling `torch.as_tensor`, which must not be compiled in turn."""

    def add(x: torch.Tensor, array: Any) -> torch.Tensor:
        return x + torch.as_tensor(array)

    compiled = torch.compile(add, backend="eager", fullgraph=fullgraph)
    assert compiled(torch.ones(3), np.ones(3)).tolist() == [2, 2, 2]


class Named(torch.Tensor):
    """A tensor with a constructor of its own."""

    @staticmethod
    def __new__(cls, data: Any, name: str = "") -> Any:
        return super().__new__(cls, data)

    def __init__(self, data: Any, name: str = "") -> None:
        self.label = name


def test_classes_of_tensors_are_made_as_before(recorder: Recorder) -> None:
    named = Named(np.ones(2, dtype=np.float32), "weights")
    assert (type(named), named.label, named.tolist()) == (Named, "weights", [1, 1])
    assert isinstance(torch.nn.Parameter(torch.ones(2)), torch.nn.Parameter)
    assert torch.Tensor.__new__(torch.Tensor, 2).shape == torch.ones(1).__new__(torch.Tensor, 2).shape == (2,)
    with pytest.raises(TypeError, match="invalid data type 'str'"):
        torch.Tensor("two")


def index(tensor: torch.Tensor, array: Any) -> Any:
    return tensor[array]


def index_in_rows(tensor: torch.Tensor, array: Any) -> Any:
    return tensor[array, 0]


def store_at(tensor: torch.Tensor, array: Any) -> None:
    tensor[array] = 1.0


def store_it(tensor: torch.Tensor, array: Any) -> None:
    tensor[0] = array


@pytest.mark.parametrize(
    ("cross", "array", "call", "outcome"),
    [
        (index, np.arange(2), "Tensor.__getitem__", ""),
        (index, np.arange(2)[::-1], "Tensor.__getitem__", "ValueError: At least one stride"),
        (index_in_rows, np.arange(2), "Tensor.__getitem__", ""),
        (store_at, np.arange(2), "Tensor.__setitem__", ""),
        (store_it, np.ones(2), "Tensor.__setitem__", "TypeError: can't assign a numpy.ndarray"),
    ],
)
def test_an_index_is_seen_on_a_simulated_gpu(cross: Callable[..., Any], array: Any, call: str, outcome: str) -> None:
    with simulated("cuda"), Recorder() as recorder:
        tensor = torch.zeros(2, 2, device="cuda")
        tensor[0], tensor[:, 1]  # no crossings
        with contextlib.suppress(TypeError, ValueError):
            result = cross(tensor, array)
            assert result is None or result.is_cuda
    (case,) = cases(recorder)
    assert (case.call, case.given) == (call, "ndarray")
    assert case.outcome.startswith(outcome)
    assert bool(case.outcome) == bool(outcome)
    ((place, _),) = recorder.recording.sightings.items()
    assert (place.path, place.line) == (__file__, cross.__code__.co_firstlineno + 1)
    assert not recorder.recording.faults


def test_compiled_and_scripted_code_works_as_before(recorder: Recorder) -> None:
    def double(x: torch.Tensor) -> torch.Tensor:
        return x * torch.tensor(2.0) + torch.from_numpy(np.ones(3, dtype=np.float32)) * x.numpy().sum()

    def scripted(x: torch.Tensor) -> torch.Tensor:
        return x * torch.tensor(2.0)

    compiled = torch.compile(double, backend="eager", fullgraph=True)
    assert compiled(torch.ones(3)).tolist() == double(torch.ones(3)).tolist()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.jit.script is on its way out
        assert torch.jit.script(scripted)(torch.ones(3)).tolist() == [2, 2, 2]


def test_nothing_is_left_behind() -> None:
    places = [(owner, name) for owner, name, _ in crossings_module.crossings()]
    before = [vars(owner).get(name) for owner, name in places]
    with Recorder():
        assert [vars(owner).get(name) for owner, name in places] != before
    assert [vars(owner).get(name) for owner, name in places] == before
