"""Examples of rows that no menu of inputs reaches: one call (or read attribute) each, as a user would write it.

A line is an expression; the row is the one of the function that it calls, of the method of the class in ``CLASSES``
or of the attribute that it reads; else it is written ``name = expression``. ``t.{cos sin}()`` is two examples; ``@``
begins a line that asks for a GPU.
"""

from __future__ import annotations

import builtins
import functools
import importlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tensorlint.verify.rows import examples_arrays, examples_drawing, examples_metrics, examples_modules, examples_torch

__all__ = ["CLASSES", "EXAMPLES", "surroundings"]

EXAMPLES = "\n".join(
    module.EXAMPLES
    for module in (examples_torch, examples_modules, examples_metrics, examples_arrays, examples_drawing)
)
CLASSES = {
    **dict.fromkeys(("t", "s", "i", "z", "leaf", "sparse", "csr"), "torch.Tensor"),
    "net": "torch.nn.Module",
    "optimizer": "torch.optim.Optimizer",
    "scheduler": "torch.optim.lr_scheduler.LRScheduler",
    "normal": "torch.distributions.Distribution",
    "a": "numpy.ndarray",
    "v": "numpy.ndarray",
    "rng": "numpy.random",
    "frame": "pandas.DataFrame",
    "series": "pandas.Series",
    "index": "pandas.Index",
    "dates": "pandas.DatetimeAccessor",
    "times": "pandas.DatetimeAccessor",
    "words": "pandas.StringAccessor",
    "photo": "PIL.Image.Image",
    "axes": "matplotlib.axes.Axes",
    "axes3": "matplotlib.axes.Axes",
    "figure": "matplotlib.figure.Figure",
    "line": "matplotlib.lines.Line2D",
    "image": "matplotlib.image.AxesImage",
}
"""The class whose rows are meant by a method of one of the names below."""


def _grad(*shape: int) -> torch.Tensor:
    """A tensor inside a graph: it requires grad and is no leaf."""
    return torch.rand(*shape, requires_grad=True).clone()


def _array(*shape: int) -> Any:
    return np.random.rand(*shape).astype(np.float32)


def _trained() -> Any:
    """An optimizer of a module that has gradients."""
    net = torch.nn.Linear(4, 4)
    net(torch.rand(2, 4)).sum().backward()
    return torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)


def _updated(metric: Any, output: Any) -> Any:
    """A metric that has seen one batch."""
    metric.reset()
    metric.update(output)
    return metric


def _scratch(name: str) -> str:
    return str(Path(_folder().name) / name)


@functools.lru_cache(maxsize=1)
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="tensorlint-")


@functools.lru_cache(maxsize=1)
def _alone() -> Any:
    """A process group of this process alone."""
    distributed = torch.distributed
    if not distributed.is_initialized():
        distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
    return distributed.group.WORLD


def _saved() -> str:
    path = _scratch("saved.pt")
    torch.save(torch.rand(4), path)
    return path


def _script() -> str:
    path = _scratch("script.pt")
    torch.jit.save(torch.jit.script(torch.nn.Linear(4, 4)), path)
    return path


def _picture() -> str:
    path = _scratch("picture.png")
    _axes().figure.savefig(path)
    return path


def _pickled() -> str:
    path = _scratch("pickled.pkl")
    _pandas("DataFrame", {"x": [1.0]}).to_pickle(path)
    return path


def _stored() -> str:
    path = _scratch("stored.npy")
    np.save(path, np.arange(4.0))
    return path


def _listed() -> str:
    path = _scratch("listed.txt")
    Path(path).write_text("1 2\n3 4\n")
    return path


def _axes(**keywords: Any) -> Any:
    from matplotlib import use

    use("Agg")
    from matplotlib import pyplot

    pyplot.close("all")
    return pyplot.figure().add_subplot(**keywords)


def _pandas(name: str, *arguments: Any) -> Any:
    return getattr(importlib.import_module("pandas"), name)(*arguments)


_MAKERS: dict[str, Callable[[], Any]] = {
    "t": lambda: _grad(4, 4),
    "s": lambda: _grad(1).squeeze(),
    "i": lambda: torch.arange(4),
    "z": lambda: torch.rand(4, 4, dtype=torch.complex64, requires_grad=True).clone(),
    "b": lambda: _grad(2, 4, 4, 4),
    "seq": lambda: _grad(5, 2, 4),
    "boxes": lambda: torch.tensor([[0.0, 0, 2, 2], [1, 1, 3, 3]], requires_grad=True).clone(),
    "leaf": lambda: torch.rand(4, requires_grad=True),
    "plain": lambda: torch.rand(4, 4),
    "sparse": lambda: torch.eye(4).to_sparse().requires_grad_().coalesce(),
    "csr": lambda: torch.eye(4).to_sparse_csr(),
    "net": lambda: torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.BatchNorm1d(4)),
    "layer": lambda: torch.nn.Linear(4, 4),
    "optimizer": _trained,
    "scheduler": lambda: torch.optim.lr_scheduler.StepLR(_trained(), 1),
    "state": lambda: torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.BatchNorm1d(4)).state_dict(),
    "pictures": lambda: _grad(2, 3, 32, 32),
    "updated": lambda: _updated,
    "normal": lambda: torch.distributions.Normal(_grad(4), _grad(4) + 1),
    "data": lambda: torch.utils.data.TensorDataset(torch.rand(4, 4)),
    "a": lambda: _array(4, 4),
    "v": lambda: _array(4),
    "w": lambda: np.linspace(0.0, 1.0, 6),
    "points": lambda: np.random.rand(8, 2),
    "long": lambda: np.sin(np.arange(64.0)),
    "labels": lambda: np.arange(8) % 2,
    "classes": lambda: np.arange(4) % 2,
    "table": lambda: np.random.rand(8, 3),
    "rng": lambda: np.random.default_rng(0),
    "nothing": lambda: lambda *_: None,
    "keep": lambda: lambda x: x,
    "add": lambda: lambda x, y: x + y,
    "total": lambda: lambda x: float((np.asarray(x) ** 2).sum()),
    "group": _alone,
    "saved": _saved,
    "stored": _stored,
    "script": _script,
    "picture": _picture,
    "pickled": _pickled,
    "listed": _listed,
    "path": lambda: _scratch("out"),
    "frame": lambda: _pandas("DataFrame", {"x": np.arange(4.0), "y": np.arange(4.0)}),
    "series": lambda: _pandas("Series", np.arange(4.0)),
    "index": lambda: _pandas("Index", np.arange(4.0)),
    "dates": lambda: _pandas("Series", np.array(["2024-01-31"], "datetime64[ns]")).dt,
    "times": lambda: _pandas("Series", np.array([90], "timedelta64[s]")).dt,
    "words": lambda: _pandas("Series", ["an", "apple"]).str,
    "board": lambda: np.full((8, 8), 128, np.uint8),
    "corners": lambda: np.array([[1, 1], [6, 1], [6, 6]], np.int32),
    "photo": lambda: importlib.import_module("PIL.Image").new("RGB", (4, 4)),
    "axes": _axes,
    "axes3": lambda: _axes(projection="3d"),
    "figure": lambda: _axes().figure,
    "line": lambda: _axes().plot([0, 1, 2, 3])[0],
    "image": lambda: _axes().imshow(np.zeros((4, 4))),
}


class _Names(dict[str, Any]):
    """Made when they are asked for; a name that is no input is a library."""

    def __missing__(self, name: str) -> Any:
        if name in _MAKERS:
            self[name] = _MAKERS[name]()
        elif hasattr(builtins, name):
            raise KeyError(name)
        else:
            if name == "matplotlib":
                _axes()
            self[name] = importlib.import_module(name)
        return self[name]


def surroundings() -> dict[str, Any]:
    """The names that examples are made of, made anew: an optimizer's network has gradients, ``t`` requires grad."""
    return _Names()
