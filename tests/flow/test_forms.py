"""The form of tensors that NumPy cannot read: bits, dtypes, layouts; where it arises, stays and is cleared."""

from __future__ import annotations

import pytest
from reveal import evidence, findings, fixed, reveal

LOW = "x = torch.rand(3).bfloat16()\n"
COMPLEX = "z = torch.rand(2, 2, dtype=torch.complex64)\n"
SPARSE = "s = torch.eye(2).to_sparse()\n"


@pytest.mark.parametrize(
    ("expression", "lacking"),
    [
        ("x", "yes"),
        ("x * 2 + 1", "yes"),
        ("-x", "yes"),
        ("x[0]", "yes"),
        ("x.mean()", "yes"),
        ("x.softmax(0)", "yes"),
        ("torch.cat([x, x])", "yes"),
        ("torch.zeros_like(x)", "yes"),
        ("x.new_zeros(2)", "yes"),
        ("x.sort()[0]", "yes"),
        ("torch.rand(3).to(x)", "yes"),
        ("torch.rand(3).to(x.dtype)", "yes"),
        ("torch.rand(3).to('cpu', torch.bfloat16)", "yes"),
        ("torch.ones(3, dtype=torch.float8_e5m2)", "yes"),
        ("torch.ones(3).chalf()", "yes"),
        ("x * torch.arange(3)", "yes"),
        ("x * torch.rand(3)", "no"),
        ("x * torch.rand(3, dtype=torch.float32)", "no"),
        ("x.float()", "no"),
        ("x.half()", "no"),
        ("x.to(torch.float32)", "no"),
        ("x.sort()[1]", "no"),
        ("x.argmax()", "no"),
        ("x > 0", "no"),
        ("torch.zeros_like(x, dtype=torch.float32)", "no"),
        ("F.softmax(x, 0, dtype=torch.float32)", "no"),
        ("torch.rand(3).half()", "no"),
    ],
)
def test_a_dtype_that_numpy_lacks(expression: str, lacking: str) -> None:
    assert reveal(f"\n{LOW}reveal({expression})\n").lacking == lacking


@pytest.mark.parametrize(
    ("expression", "conj", "neg"),
    [
        ("z.conj()", "yes", "no"),
        ("torch.conj(z)", "yes", "no"),
        ("z.mH", "yes", "no"),
        ("z.conj()[0]", "yes", "no"),
        ("z.conj().detach().cpu()", "yes", "no"),
        ("z.conj().to(torch.complex64)", "yes", "no"),
        ("z.conj().contiguous()", "maybe", "no"),
        ("z.conj().imag", "no", "yes"),
        ("z.conj().imag.resolve_neg()", "no", "no"),
        ("z.conj().real", "no", "no"),
        ("z.conj().conj()", "no", "no"),
        ("z.conj().clone()", "no", "no"),
        ("z.conj() * 2", "no", "no"),
        ("z.conj()[z.real > 0]", "no", "no"),
        ("z.conj().to(torch.complex128)", "no", "no"),
        ("z.conj().to(z.device, copy=True)", "no", "no"),
        ("z.conj().cuda().cpu()", "no", "no"),
        ("copy.deepcopy(z.conj())", "no", "no"),
        ("torch.rand(2, 2).mH", "no", "no"),
        ("torch.rand(2, dtype=torch.float32).conj()", "no", "no"),
        ("torch.fft.fft(torch.rand(2)).conj()", "yes", "no"),
        ("torch.ones(2, dtype=torch.cfloat).conj()", "yes", "no"),
        ("torch.fft.fft(torch.rand(2)).abs().mH", "no", "no"),
    ],
)
def test_conjugate_and_negative_bits(expression: str, conj: str, neg: str) -> None:
    known = reveal(f"\n{COMPLEX}reveal({expression})\n")
    assert (known.conj, known.neg) == (conj, neg)


@pytest.mark.parametrize(
    ("expression", "layout"),
    [
        ("s", "yes"),
        ("s.coalesce()", "yes"),
        ("s.t()", "yes"),
        ("s.cpu().detach().double()", "yes"),
        ("s * 2", "yes"),
        ("s + s", "yes"),
        ("s[0]", "yes"),
        ("torch.eye(2).to_mkldnn()", "yes"),
        ("torch.nested.nested_tensor([torch.ones(2)])", "yes"),
        ("s @ torch.eye(2)", "no"),
        ("s * torch.eye(2)", "no"),
        ("s.sum()", "unknown"),
        ("s.to_dense()", "no"),
        ("s.coalesce().values()", "no"),
        ("torch.nested.nested_tensor([torch.ones(2)])[0]", "no"),
        ("torch.nested.nested_tensor([torch.ones(2)]).unbind()[0]", "no"),
    ],
)
def test_layouts(expression: str, layout: str) -> None:
    assert reveal(f"\n{SPARSE}reveal({expression})\n").layout == layout


@pytest.mark.parametrize(
    "test",
    [
        "x.dtype == torch.bfloat16",
        "x.dtype is torch.bfloat16",
        "torch.bfloat16 == x.dtype",
        "x.dtype in (torch.bfloat16, torch.float8_e5m2)",
        "x.dtype in [torch.bfloat16]",
        "not x.dtype != torch.bfloat16",
    ],
)
def test_a_test_of_the_dtype_clears(test: str) -> None:
    program = "\nimport sys\nx = torch.rand(3)\nif sys.argv[1:]:\n    x = x.bfloat16()\n"
    assert findings(f"{program}a = x.numpy()\n") == [("TSL104", 6, 5, "likely")]
    assert findings(f"{program}if {test}:\n    x = x.float()\na = x.numpy()\n") == []
    assert findings(f"{program}if {test}:\n    a = x.numpy()\n") == [("TSL104", 7, 9, "likely")]


@pytest.mark.parametrize(
    ("made", "test", "mended"),
    [
        ("x.to_sparse()", "x.is_sparse", "x.to_dense()"),
        ("x.to_sparse()", "x.layout != torch.strided", "x.to_dense()"),
        ("x.to_sparse()", "x.layout == torch.sparse_coo", "x.to_dense()"),
        ("x.to_mkldnn()", "x.is_mkldnn", "x.to_dense()"),
        ("x.cfloat().conj()", "x.is_conj()", "x.resolve_conj()"),
        ("x.cfloat().conj()", "torch.is_conj(x)", "x.resolve_conj()"),
    ],
)
def test_a_test_of_bits_and_layout_clears(made: str, test: str, mended: str) -> None:
    program = f"\nimport sys\nx = torch.ones(2, 2)\nif sys.argv[1:]:\n    x = {made}\n"
    assert [code for code, *_ in findings(f"{program}a = x.numpy()\n")] != []
    assert findings(f"{program}if {test}:\n    x = {mended}\na = x.numpy()\n") == []


def test_a_test_for_another_dtype_clears_nothing() -> None:
    assert findings("""
x = torch.rand(3).bfloat16()
if x.dtype == torch.float16:
    x = x.float()
a = x.numpy()
""") == [("TSL104", 5, 5, "certain")]


def test_one_condition_that_decides_twice() -> None:
    program = "\nimport sys\nlow = bool(sys.argv[1:])\nx = torch.rand(3)\nif low:\n    x = x.bfloat16()\n"
    assert findings(f"{program}if low:\n    x = x.float()\na = x.numpy()\n") == []
    assert findings(f"{program}if not low:\n    x = x.float()\na = x.numpy()\n") == [("TSL104", 9, 5, "likely")]


@pytest.mark.parametrize(
    ("cast", "found"),
    [
        (".bfloat16()", True),
        (".to(torch.bfloat16)", True),
        (".to('cpu', dtype=torch.bfloat16)", True),
        (".type(torch.bfloat16)", True),
        (".half()", False),
        (".bfloat16().float()", False),
        (".to(torch.bfloat16).to(torch.float32)", False),
        (".to(torch.bfloat16).to('cpu')", True),
    ],
)
def test_the_output_of_a_module_that_was_cast(cast: str, found: bool) -> None:
    text = f"""
net = nn.Sequential(nn.Linear(3, 3), nn.ReLU()){cast}
with torch.no_grad():
    a = net(torch.rand(3)).numpy()
"""
    assert findings(text) == ([("TSL104", 4, 9, "certain")] if found else [])


@pytest.mark.parametrize("given", ["torch_dtype=torch.bfloat16", "dtype=torch.bfloat16", "dtype='bfloat16'"])
def test_a_model_that_is_loaded_in_bfloat16(given: str) -> None:
    program = f"""
from transformers import AutoModel
model = AutoModel.from_pretrained("x", {given})
with torch.no_grad():
    out = model(torch.ones(1, dtype=torch.long))
"""
    assert findings(f"{program}a = out.last_hidden_state.mean(1).numpy()\n") == [("TSL104", 6, 5, "likely")]
    assert findings(f"{program}a = out.logits.argmax(-1).numpy(), out.logits.float().numpy(), out.loss.numpy()\n") == []
    assert findings(program.replace(given, "dtype='auto'") + "a = out.last_hidden_state.numpy()\n") == []


@pytest.mark.parametrize(
    ("context", "found"),
    [
        ("torch.autocast('cpu', dtype=torch.bfloat16)", True),
        ("torch.amp.autocast('cuda', torch.bfloat16)", True),
        ("torch.cuda.amp.autocast(dtype=torch.bfloat16)", True),
        ("torch.autocast('cpu')", True),
        ("torch.autocast('cuda')", False),
        ("torch.autocast('cuda', dtype=torch.float16)", False),
        ("torch.autocast('cpu', dtype=torch.bfloat16, enabled=False)", False),
    ],
)
def test_what_autocast_computes(context: str, found: bool) -> None:
    text = f"""
net = nn.Linear(3, 3)
with torch.no_grad(), {context}:
    y = net(torch.rand(3))
    p = y.softmax(0)
    z = torch.rand(3, 3) @ torch.rand(3, 3)
a = p.numpy(), net(torch.rand(3)).detach().numpy()
b = y.numpy()
c = z.numpy()
"""
    assert findings(text) == ([("TSL104", 8, 5, "likely"), ("TSL104", 9, 5, "likely")] if found else [])


def test_autocast_ends_with_its_block_on_every_path() -> None:
    assert (
        findings("""
def product(x, early):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        if early:
            return None
    return x @ x

a = product(torch.rand(3, 3), False).numpy()
""")
        == []
    )


def test_force_resolves_the_bits_and_nothing_else() -> None:
    assert findings("""
z = torch.rand(2, dtype=torch.complex64).conj()
a = z.numpy(force=True)
b = z.chalf().numpy(force=True)
c = torch.eye(2).to_sparse().numpy(force=True)
""") == [("TSL104", 4, 5, "certain"), ("TSL105", 5, 5, "certain")]


@pytest.mark.parametrize(
    ("error", "found"), [("TypeError", False), ("RuntimeError", True), ("(TypeError, ValueError)", False)]
)
def test_a_program_that_asks_whether_it_works(error: str, found: bool) -> None:
    text = f"""
x = torch.rand(3).bfloat16()
try:
    a = x.numpy()
except {error}:
    a = x.float().numpy()
"""
    assert [code for code, *_ in findings(text)] == (["TSL104"] if found else [])


def test_the_chain_of_reasons() -> None:
    assert evidence("""
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 3)

    def forward(self, x):
        return self.fc(x).relu()

net = Net().to(torch.bfloat16)
with torch.no_grad():
    a = net(torch.rand(3)).numpy()
""") == [
        "10: `Net().to(torch.bfloat16)` has the dtype bfloat16",
        "8: output of `self.fc`, whose parameters have it",
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a = x.numpy()", "a = x.float().numpy()"),
        ("a = (x + 1).numpy()", "a = (x + 1).float().numpy()"),
        ("a = np.exp(x + 1)", "a = np.exp((x + 1).float())"),
        ("a = np.stack([x, x])", "a = np.stack([x.float(), x.float()])"),
        ("a = np.asarray(x)  # why", "a = np.asarray(x.float())  # why"),
    ],
)
def test_the_repair_adds_one_link(before: str, after: str) -> None:
    assert fixed(f"\n{LOW}{before}\n") == f"\n{LOW}{after}\n"


def test_the_repair_beside_that_of_a_gradient() -> None:
    program = "\nw = torch.ones(3, requires_grad=True)\nx = w.bfloat16()\n"
    assert [code for code, *_ in findings(f"{program}a = x.numpy()\n")] == ["TSL101", "TSL104"]
    assert findings(fixed(f"{program}a = x.numpy()\n")) == []


@pytest.mark.parametrize(
    ("made", "link"),
    [
        ("torch.ones(2, dtype=torch.complex64).conj()", ".resolve_conj()"),
        ("torch.ones(2, dtype=torch.complex64).conj().imag", ".resolve_neg()"),
        ("torch.eye(2).to_sparse()", ".to_dense()"),
        ("torch.ones(2).chalf()", ".cfloat()"),
        ("torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.quint8)", ".dequantize()"),
    ],
)
def test_each_form_has_its_link(made: str, link: str) -> None:
    assert fixed(f"\nx = {made}\na = x.numpy()\n") == f"\nx = {made}\na = x{link}.numpy()\n"


def test_what_to_pad_a_nested_tensor_with_is_not_guessed() -> None:
    program = "\nx = torch.nested.nested_tensor([torch.ones(2)])\na = x.numpy()\n"
    assert [code for code, *_ in findings(program)] == ["TSL105"]
    assert fixed(program) == program
