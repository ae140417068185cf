"""Rows are held against real torch and NumPy: their calls are run, and what is seen must be what they say.

Here a part of the inputs is tried, to be quick; ``tensorlint verify --tables`` tries them all.
"""

from __future__ import annotations

import operator
import warnings
from dataclasses import replace

import pytest

pytest.importorskip("torch")
pytest.importorskip("numpy")

import numpy as np
import torch

from tensorlint.library.row import Row
from tensorlint.library.tables import library
from tensorlint.verify.rows.agreement import disagreements
from tensorlint.verify.rows.check import check, checkable, seen
from tensorlint.verify.rows.report import installed

QUICK = {"torch": slice(0, 1), "numpy": slice(None, None, 5)}
"""Which of the first inputs are tried."""


TABLES = library().at(installed())
"""As they are for the versions that are here."""


def _by_module() -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for name in checkable(TABLES):
        names.setdefault(name.rpartition(".")[0], []).append(name)
    return names


NAMES = _by_module()


@pytest.mark.parametrize("module", sorted(module for module in NAMES if module.startswith(("torch", "numpy"))))
def test_rows_agree_with_what_is_seen(module: str) -> None:
    torch.manual_seed(0)
    assert check(NAMES[module], TABLES, QUICK[module.partition(".")[0]]) == []


@pytest.mark.parametrize("module", sorted(module for module in NAMES if module.startswith(("scipy", "sklearn"))))
def test_some_rows_of_other_libraries_agree_with_what_is_seen(module: str) -> None:
    assert check(NAMES[module][::12], TABLES) == []


def test_known_deviations_are_still_there() -> None:
    for name in ("numpy.float64", "numpy.double", "numpy.swapaxes"):
        row = library().row(name)
        assert row is not None
        assert disagreements(row, seen(name)), f"{name} agrees now: take it out of KNOWN"


@pytest.mark.parametrize(
    ("name", "wrong", "says"),
    [
        ("torch.Tensor.view", {"shares": "", "note": ""}, "says copy, but a result shared memory"),
        ("torch.clone", {"shares": "view"}, "says view, but a result did not share memory"),
        ("torch.exp", {"grad": "no"}, "says grad = no, but a result required grad"),
        ("torch.eq", {"grad": "inputs"}, "says grad = inputs, but no result required grad"),
        ("torch.exp", {"device": "cpu"}, "says device = cpu, but given meta the result was on meta"),
        ("torch.exp", {"writes": ("self",)}, "says that it writes to self, but it never did"),
        ("torch.topk", {"item_grad": ("no", "no")}, "says item 0 does not require grad, but it did"),
        ("torch.Tensor.add_", {"writes": ()}, "does not say that it writes to self"),
        ("torch.Tensor.eq", {"dtype": "int64"}, "says dtype = int64, but a result was bool"),
        ("torch.Tensor.numel", {"returns": "tensor"}, "says returns = tensor, but a result was number"),
        ("numpy.concatenate", {"converts": ()}, "does not say that it converts argument 0"),
        ("numpy.squeeze", {"converts": ("0", "1")}, ""),
        ("numpy.ndarray.transpose", {"negative_stride": "drop"}, "says negative strides drop, but a result had some"),
        ("numpy.random.shuffle", {"writes": ()}, "does not say that it writes to 0"),
    ],
)
def test_a_wrong_row_is_found_out(name: str, wrong: dict[str, object], says: str) -> None:
    row = library().row(name)
    assert row is not None
    what = seen(name)
    assert disagreements(row, what) == []
    if says:
        assert says in disagreements(replace(row, **wrong), what)  # type: ignore[arg-type]


def _row(name: str) -> Row:
    row = library().row(name)
    assert row is not None
    return row


@pytest.mark.parametrize("name", ["from_numpy", "as_tensor", "asarray", "tensor", "Tensor", "FloatTensor"])
def test_negative_strides_are_refused(name: str) -> None:
    assert _row(f"torch.{name}").negative_stride == "refuse"
    with pytest.raises(ValueError, match="negative"):
        getattr(torch, name)(np.arange(3, dtype=np.float32)[::-1])


TAKES = ["from_numpy", "as_tensor", "asarray", "Tensor", "FloatTensor", "DoubleTensor", "ByteTensor", "tensor"]


@pytest.mark.parametrize("name", TAKES)
def test_what_warns_of_a_read_only_array(name: str) -> None:
    assert (_row(f"torch.{name}").read_only == "warn") is (name != "tensor")
    array = np.arange(3, dtype=np.float32)
    array.flags.writeable = False
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.set_warn_always(True)
        getattr(torch, name)(array)
        torch.set_warn_always(False)
    assert ["not writable" in str(one.message) for one in caught] == [True] * (name != "tensor")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("broadcast_to", ((2, 3),)),
        ("lib.stride_tricks.sliding_window_view", (2,)),
        ("diagonal", ()),
        ("ndarray.diagonal", ()),
    ],
)
def test_what_gives_a_read_only_array(name: str, arguments: tuple[object, ...]) -> None:
    assert _row(f"numpy.{name}").read_only == "make"
    array = np.eye(3) if "diagonal" in name else np.arange(3)
    assert not operator.attrgetter(name)(np)(array, *arguments).flags.writeable


@pytest.mark.parametrize("name", ["from_numpy", "as_tensor", "asarray", "Tensor", "FloatTensor", "tensor"])
def test_what_takes_arrays_shares_as_its_row_says(name: str) -> None:
    """With the dtype that the call has by itself, and for the conditional ones with another."""
    array = np.zeros(3, dtype=np.float32)
    tensor = getattr(torch, name)(array)
    array[0] = 1
    assert (tensor[0] == 1) == bool(_row(f"torch.{name}").shares)
    if "dtype changes" in _row(f"torch.{name}").shares:
        other = np.zeros(3, dtype=np.float64)
        keywords = {} if name.endswith("Tensor") else {"dtype": torch.float32}
        copy = getattr(torch, name)(other, **keywords)
        other[0] = 1
        assert copy[0] == 0


@pytest.mark.parametrize(
    "name", ["float", "double", "half", "bfloat16", "long", "int", "short", "char", "byte", "bool"]
)
def test_casts_share_unless_the_dtype_changes(name: str) -> None:
    row = _row(f"torch.Tensor.{name}")
    assert row.shares == "unless the dtype changes"
    tensor = torch.ones(2, dtype=getattr(torch, row.dtype))
    assert getattr(tensor, name)().data_ptr() == tensor.data_ptr()
    other = torch.ones(2, dtype=torch.float32 if row.dtype != "float32" else torch.float64, requires_grad=True)
    cast = getattr(other, name)()
    assert cast.data_ptr() != other.data_ptr()
    assert cast.requires_grad == (row.grad == "inputs")


@pytest.mark.parametrize("name", ["mean", "max", "min", "sum", "std", "var", "prod", "all", "any"])
def test_reductions_call_the_tensors_own_method(name: str) -> None:
    row = _row(f"numpy.{name}")
    assert (row.how, row.reduces) == ("method", True)
    with pytest.raises(TypeError):
        getattr(np, name)(torch.rand(3))
    with pytest.raises(RuntimeError, match="requires grad"):
        getattr(np, name)([torch.tensor(0.5, requires_grad=True)] * 2)


def test_a_data_frame_converts_tensors_and_dicts_of_them_but_not_lists() -> None:
    pandas = pytest.importorskip("pandas")
    row = _row("pandas.DataFrame")
    assert (row.converts, row.containers) == (("0", "data"), ("dict",))
    tensor, scalar = torch.rand(3, requires_grad=True), torch.tensor(0.5, requires_grad=True)
    for argument in (tensor, {"a": tensor}):
        with pytest.raises(RuntimeError, match="requires grad"):
            pandas.DataFrame(argument)
    for argument in ([scalar, scalar], {"a": [scalar, scalar]}):
        assert list(pandas.DataFrame(argument).dtypes) == [object]


LINES = (
    "plot loglog semilogx semilogy step fill stem errorbar scatter bar barh hist fill_between stackplot "
    "boxplot violinplot eventplot pie stairs"
)
IMAGES = "imshow matshow pcolor pcolormesh contour contourf spy"
DRAWN = {**dict.fromkeys(LINES.split(), (3,)), **dict.fromkeys(IMAGES.split(), (3, 3)), "axhline": ()}
"""Methods of Axes, and the shape of what they draw."""


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_matplotlib_converts(name: str) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    assert _row(f"matplotlib.axes.Axes.{name}").converts
    assert _row(f"matplotlib.pyplot.{name}") is not None
    x = torch.rand(DRAWN[name], requires_grad=True)
    figure, axes = pyplot.subplots()
    try:
        for arguments in ((x.detach(),), (x.detach(), x.detach())):  # some need two: first see that the call is right
            try:
                getattr(axes, name)(*(argument.numpy() for argument in arguments))
            except (TypeError, ValueError):
                continue
            with pytest.raises(Exception, match=r"requires grad|axis units"):
                getattr(axes, name)(*[x] * len(arguments))
            break
        else:
            pytest.fail("no call worked")
    finally:
        pyplot.close(figure)
