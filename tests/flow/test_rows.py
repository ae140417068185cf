"""Library calls by their rows: what they give, whether it requires grad, where it is, of which dtype."""

from __future__ import annotations

import pytest
from reveal import findings, reveal, reveals

REQUIRES_GRAD = [
    ("w * 2", "yes"),
    ("w.exp()", "yes"),
    ("torch.exp(w)", "yes"),
    ("F.softmax(w, dim=0)", "yes"),
    ("w.max(dim=0)[0]", "yes"),
    ("w.max(0).values", "yes"),
    ("torch.max(w, 0)[0]", "yes"),
    ("w.max()", "yes"),
    ("w.topk(2).values", "yes"),
    ("w.sort()[0]", "yes"),
    ("w.round()", "yes"),
    ("w.sign()", "yes"),
    ("w.clone()", "yes"),
    ("w.double()", "yes"),
    ("w.cpu()", "yes"),
    ("w[w > 0]", "yes"),
    ("torch.where(w > 0, w, torch.zeros(3))", "yes"),
    ("torch.stack([torch.zeros(3), w])", "yes"),
    ("torch.autograd.grad(w.sum(), w)[0]", "no"),
    ("torch.nn.Parameter(torch.zeros(3))", "yes"),
    ("torch.nn.Parameter(torch.zeros(3), requires_grad=False)", "no"),
    ("torch.zeros(3).requires_grad_()", "yes"),
    ("torch.distributions.Normal(w, 1.0).rsample()", "yes"),
    ("torch.distributions.Normal(w, 1.0).log_prob(torch.zeros(3))", "yes"),
    ("torch.distributions.Normal(w, 1.0).sample()", "no"),
    ("torch.zeros(3)", "no"),
    ("torch.tensor([1.0])", "no"),
    ("torch.from_numpy(np.ones(3))", "no"),
    ("w.detach()", "no"),
    ("w.data", "no"),
    ("w > 0", "no"),
    ("w == w", "no"),
    ("w.argmax()", "no"),
    ("w.max(dim=0)[1]", "no"),
    ("w.max(0).indices", "no"),
    ("w.topk(2).indices", "no"),
    ("w.sort()[1]", "no"),
    ("w.long()", "no"),
    ("w.int()", "no"),
    ("w.bool()", "no"),
    ("torch.zeros_like(w)", "no"),
    ("torch.ones_like(w, requires_grad=True)", "yes"),
    ("torch.isnan(w)", "no"),
    ("torch.nonzero(w)", "no"),
    ("torch.tensor(1.0, requires_grad=True)", "yes"),
]


@pytest.mark.parametrize(("made", "requires_grad"), REQUIRES_GRAD)
def test_a_result_requires_grad_or_not(made: str, requires_grad: str) -> None:
    assert (
        reveal(f"""
w = torch.ones(3, requires_grad=True)
reveal({made})
""").requires_grad
        == requires_grad
    )


@pytest.mark.parametrize(("made", "requires_grad"), REQUIRES_GRAD)
def test_torch_says_the_same(made: str, requires_grad: str) -> None:
    import copy

    import numpy as np
    import torch
    from torch import nn

    names = {"torch": torch, "np": np, "nn": nn, "F": nn.functional, "copy": copy}
    names["w"] = torch.ones(3, requires_grad=True)
    assert eval(made, names).requires_grad is (requires_grad == "yes")


@pytest.mark.parametrize(
    ("made", "kind", "dtype"),
    [
        ("torch.zeros(3, dtype=torch.int64)", "Tensor", "int64"),
        ("torch.zeros(3).double()", "Tensor", "float64"),
        ("torch.zeros(3).to(torch.bfloat16)", "Tensor", "bfloat16"),
        ("np.zeros(3, dtype=np.float32)", "Array", "float32"),
        ("np.zeros(3).astype('float32')", "Array", "float32"),
        ("torch.from_numpy(np.zeros(3, dtype=np.uint8))", "Tensor", "uint8"),
        ("torch.zeros(3, dtype=torch.float32).numpy()", "Array", "float32"),
        ("np.zeros(3, dtype=np.float32) * 2", "Array", "float32"),
        ("np.zeros(3, dtype=np.float32) * np.zeros(3, dtype=np.float64)", "Array", "float64"),
        ("np.zeros((2, 3)).sum()", "scalar", None),
        ("np.zeros((2, 3)).sum(axis=0)", "Array", None),
        ("torch.zeros(3).argmax()", "Tensor", "int64"),
        ("torch.zeros(3) > 0", "Tensor", "bool"),
        ("torch.zeros(3).item()", "Number", None),
        ("torch.zeros(3).tolist()", "Unknown", None),
        ("torch.zeros(3).shape", "tuple", None),
        ("torch.device('cpu')", "Device", None),
    ],
)
def test_what_a_call_gives_and_of_which_dtype(made: str, kind: str, dtype: str | None) -> None:
    known = reveal(f"""
reveal({made})
""")
    assert known.kind == kind
    if dtype is not None:
        assert known.dtype == dtype


@pytest.mark.parametrize(
    ("made", "negative_stride"),
    [
        ("a[::-1]", "yes"),
        ("a[:, ::-1]", "yes"),
        ("a[..., ::-1]", "yes"),
        ("np.flip(a)", "yes"),
        ("np.fliplr(a)", "yes"),
        ("np.flipud(a)", "yes"),
        ("a[::-1].T", "yes"),
        ("np.asarray(a[::-1])", "yes"),
        ("a[::-1][:, 1:]", "yes"),
        ("a[::-1].copy()", "no"),
        ("np.ascontiguousarray(a[::-1])", "no"),
        ("np.array(a[::-1])", "no"),
        ("a[::-1] / 255", "no"),
        ("a[::-1].astype(np.float32)", "no"),
        ("a[::-1][::-1]", "no"),
        ("a[[1, 0]]", "no"),
        ("a", "no"),
    ],
)
def test_a_view_has_a_negative_stride_or_not(made: str, negative_stride: str) -> None:
    assert (
        reveal(f"""
a = np.ones((3, 4))
reveal({made})
""").negative_stride
        == negative_stride
    )
    import numpy as np

    made_array = eval(made, {"a": np.ones((3, 4)), "np": np})
    assert any(stride < 0 for stride in made_array.strides) is (negative_stride == "yes")


@pytest.mark.parametrize(
    "call",
    [
        "torch.from_numpy(a)",
        "torch.as_tensor(a)",
        "torch.asarray(a)",
        "torch.tensor(a)",
        "torch.Tensor(a)",
        "torch.zeros(3)[a.astype(int)[::-1]]",
        "torch.utils.data.default_collate([a])",
    ],
)
def test_torch_refuses_negative_strides(call: str) -> None:
    found = findings(f"""
a = np.ones(3)[::-1]
x = {call}
""")
    assert [code for code, *_ in found] == ["TSL301"]
    import numpy as np
    import torch

    with pytest.raises((ValueError, TypeError), match=r"negative|stride"):
        eval(call, {"torch": torch, "a": np.ones(3)[::-1]})


@pytest.mark.parametrize("part", ["real", "conj()", "H", "mH", "adjoint()"])
def test_conj_bits_are_kept_by_views_and_dropped_by_resolving(part: str) -> None:
    bit, view, resolved = reveals(f"""
z = torch.ones(2, 2, dtype=torch.complex64)
y = z.{part}
reveal(y, y[0], y.resolve_conj())
""")
    expected = "no" if part == "real" else "yes"
    assert (bit.conj, view.conj, resolved.conj) == (expected, expected, "no")


def test_a_flag_that_is_not_a_constant_leaves_the_fact_open() -> None:
    x = reveal("""
def f(train):
    reveal(torch.ones(3, requires_grad=train))
""")
    assert x.requires_grad == "unknown"


def test_what_is_computed_with_something_unknown_is_not_known_to_require_no_grad() -> None:
    x = reveal("""
def f(scale):
    reveal(torch.ones(3) * scale)
""")
    assert x.requires_grad == "unknown"


@pytest.mark.parametrize(
    ("given", "requires_grad", "dtype", "device"),
    [
        ("torch.LongTensor", "no", "int64", "no"),
        ("'torch.LongTensor'", "no", "int64", "no"),
        ("torch.int64", "no", "int64", "yes"),
        ("torch.DoubleTensor", "yes", "float64", "no"),
        ("torch.cuda.FloatTensor", "yes", "float32", "yes"),
        ("torch.float64", "yes", "float64", "yes"),
    ],
)
def test_type_takes_dtypes_and_the_older_types(given: str, requires_grad: str, dtype: str, device: str) -> None:
    y = reveal(f"""
x = torch.ones(3, requires_grad=True, device="cuda")
reveal(x.type({given}))
""")
    assert (y.requires_grad, y.dtype, y.device) == (requires_grad, dtype, device)
