"""Which dtype arrays and tensors have: what NumPy and torch make by default, and what they compute."""

from __future__ import annotations

import pytest
from reveal import reveal

ARRAYS = [
    ("np.zeros(3)", "float64"),
    ("np.zeros(3, np.float32)", "float32"),
    ("np.zeros(3, dtype='f4')", "float32"),
    ("np.zeros(3, dtype=float)", "float64"),
    ("np.zeros(3, dtype=n)", ""),
    ("np.zeros(*n)", ""),
    ("np.eye(3)", "float64"),
    ("np.arange(3)", "int64"),
    ("np.arange(0, 1, 0.1)", "float64"),
    ("np.arange(n)", ""),
    ("np.linspace(0, 1, 5)", "float64"),
    ("np.random.rand(2, 3)", "float64"),
    ("np.random.default_rng(0).standard_normal(3, dtype=np.float32)", "float32"),
    ("np.random.randint(0, 3, 5)", "int64"),
    ("np.array([1.0, 2])", "float64"),
    ("np.array([1, 2])", "int64"),
    ("np.array([[0.5], [1.5]])", "float64"),
    ("np.array(n)", ""),
    ("np.array([n, 0.5])", ""),
    ("np.asarray(f)", "float32"),
    ("np.array(f, dtype=float)", "float64"),
    ("f * 2.5", "float32"),
    ("f / 255", "float32"),
    ("f * d", "float64"),
    ("f * n", ""),
    ("d * n", "float64"),
    ("i / 2", "float64"),
    ("i * 2", "int64"),
    ("i * 0.5", "float64"),
    ("i + f", "float64"),
    ("u / 255", ""),
    ("u + f", "float32"),
    ("f - f.mean()", "float32"),
    ("f - d.mean()", ""),
    ("f @ f", "float32"),
    ("-d", "float64"),
    ("d > 0", "bool"),
    ("i.mean(axis=0)", "float64"),
    ("f.mean(axis=0)", "float32"),
    ("np.exp(i)", "float64"),
    ("np.sqrt(f)", "float32"),
    ("np.concatenate([f, f])", "float32"),
    ("np.concatenate([f, d])", "float64"),
    ("np.concatenate([f, n])", ""),
    ("np.stack([d, d]).reshape(-1).T[0:1]", "float64"),
    ("np.where(f > 0, f, 0.0)", "float32"),
    ("np.clip(d, 0, 1)", "float64"),
    ("np.zeros_like(f)", "float32"),
    ("np.zeros_like(f, dtype=float)", "float64"),
    ("d.astype(np.float32)", "float32"),
    ("d.astype('float32')", "float32"),
    ("d.astype(n)", ""),
    ("f.astype(float)", "float64"),
    ("d[[0, 1]]", "float64"),
]


@pytest.mark.parametrize(("made", "dtype"), ARRAYS)
def test_arrays(made: str, dtype: str) -> None:
    known = reveal(f"""
def program(n):
    f, d, i, u = np.ones(3, np.float32), np.ones(3), np.arange(3), np.ones(3, np.uint8)
    reveal({made})
""")
    assert known.dtype == dtype
    assert (known.value.dtype_from is not None) is bool(dtype)


TENSORS = [
    ("torch.from_numpy(d)", "float64"),
    ("torch.from_numpy(f)", "float32"),
    ("torch.tensor(d)", "float64"),
    ("torch.tensor(d, dtype=torch.float)", "float32"),
    ("torch.as_tensor(d)", "float64"),
    ("torch.tensor([1.0, 2.0])", "float32"),
    ("torch.tensor([1, 2])", "int64"),
    ("torch.tensor([d.mean(), d.std()])", "float64"),
    ("torch.tensor(d.tolist())", ""),
    ("torch.Tensor(d)", "float32"),
    ("torch.zeros(3)", "float32"),
    ("torch.zeros(3, dtype=torch.double)", "float64"),
    ("torch.arange(3)", "int64"),
    ("t * 2.5", "float64"),
    ("t + t", "float64"),
    ("t.unsqueeze(0).reshape(3, 1)", "float64"),
    ("t.mean(n)", "float64"),
    ("t.float()", "float32"),
    ("t.to('cpu')", "float64"),
    ("t.to(torch.float32)", "float32"),
    ("t.type(torch.FloatTensor)", "float32"),
    ("torch.cat([t, t])", "float64"),
    ("torch.zeros(3) * 2", "float32"),
    ("t.topk(2)[0]", "float64"),
    ("t.topk(2)[1]", ""),
    ("t.argmax()", "int64"),
    ("t > 0", "bool"),
    ("nn.Linear(3, 2)(torch.zeros(3))", "float32"),
    ("nn.Linear(3, 2).double()(t)", "float64"),
    ("nn.Sequential(nn.Linear(3, 2), nn.ReLU())(torch.zeros(3))", "float32"),
    ("nn.Sequential(*n)(torch.zeros(3))", ""),
]


@pytest.mark.parametrize(("made", "dtype"), TENSORS)
def test_tensors(made: str, dtype: str) -> None:
    known = reveal(f"""
def program(n):
    f, d = np.ones(3, np.float32), np.ones(3)
    t = torch.from_numpy(d)
    reveal({made})
""")
    assert known.dtype == dtype


def test_a_method_that_may_take_a_dtype_leaves_nothing_sure() -> None:
    known = reveal("""
def program(n):
    t = torch.from_numpy(np.ones(3))
    reveal(t.to(n))
""")
    assert known.value.dtype_from is None


def test_a_cast_in_place_of_the_module_reaches_its_parts() -> None:
    known = reveal("""
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(3, 3)

    def forward(self, x):
        return self.a(x)

net = Net()
net.double()
reveal(net(torch.rand(3).double()))
""")
    assert known.dtype == "float64"


def test_paths_that_differ_leave_nothing() -> None:
    known = reveal("""
def program(n):
    x = np.ones(3)
    if n:
        x = x.astype(np.float32)
    reveal(x)
""")
    assert known.dtype == ""
    assert known.value.dtype_from is None
