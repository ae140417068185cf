"""What the standard library hands on: ``partial``, ``reduce``, ``operator``, ``itertools``, ``vars``, registries."""

from __future__ import annotations

import pytest
from reveal import findings, reveal, reveals

IMPORTS = "import functools, itertools, operator; from dataclasses import dataclass, asdict"
NET = """
class Net(nn.Module):
    def __init__(self, size=2, bias=True):
        super().__init__()
        self.layer = nn.Linear(size, size) if bias else nn.Identity()

    def forward(self, x):
        return self.layer(x)
"""


@pytest.mark.parametrize(
    ("made", "requires_grad"),
    [
        ("functools.partial(Net, 3)()", "yes"),
        ("functools.partial(Net, bias=True)(size=3)", "yes"),
        ("functools.partial(functools.partial(Net, 3), True)()", "yes"),
        ("{'net': functools.partial(Net, 3)}['net']()", "yes"),
        ("functools.partial(nn.Linear, bias=False)(3, 3)", "yes"),
        ("functools.partial(nn.BatchNorm1d, affine=False)(3)", "no"),
    ],
)
def test_partial_classes_make_objects(made: str, requires_grad: str) -> None:
    assert reveal(f"\n{IMPORTS}{NET}\nreveal({made}(torch.ones(1, 3)))\n").requires_grad == requires_grad


@pytest.mark.parametrize(
    ("made", "device", "dtype"),
    [
        ("functools.partial(torch.tensor, device='cuda')([1.0])", "yes", ""),
        ("functools.partial(torch.zeros, 3, device='cuda')()", "yes", ""),
        ("functools.partial(torch.zeros, dtype=torch.int64)(3)", "no", "int64"),
        ("functools.partial(torch.zeros, device='cuda')(3, device='cpu')", "no", ""),
    ],
)
def test_partial_functions_of_torch_keep_their_arguments(made: str, device: str, dtype: str) -> None:
    known = reveal(f"\n{IMPORTS}\nreveal({made})\n")
    assert known.device == device
    assert not dtype or known.dtype == dtype


REGISTER = """
MODELS = {}

def register(name):
    def decorator(cls):
        MODELS[name] = cls
        return cls
    return decorator
"""
REGISTRY = """
class Registry:
    def __init__(self):
        self.known = {}

    def register(self, name):
        def decorator(cls):
            self.known[name] = cls
            return cls
        return decorator

    def __getitem__(self, name):
        return self.known[name]

MODELS = Registry()
register = MODELS.register
"""


@pytest.mark.parametrize("registry", [REGISTER, REGISTRY])
@pytest.mark.parametrize("used", ["MODELS['net']()", "build('net')", "build(name())"])
def test_a_decorator_registers_classes(registry: str, used: str) -> None:
    out, own = reveals(f"""{registry}
@register("net")
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)

    def forward(self, x):
        return self.layer(x)

def build(name):
    return MODELS[name]()

reveal({used}(torch.ones(2)), Net()(torch.ones(2)))
""")
    assert (out.requires_grad, own.requires_grad) == ("yes", "yes")


@pytest.mark.parametrize(
    "made",
    [
        "functools.reduce(operator.add, [x, y])",
        "functools.reduce(lambda a, b: a + b, [x, y], 0)",
        "functools.reduce(torch.add, [x, y])",
        "operator.mul(x, y)",
        "next(itertools.chain([x], [x]))",
        "next(iter(itertools.chain.from_iterable([[x], [x]])))",
        "[z for z in itertools.islice([x] * 3, 2)][0]",
        "next(itertools.cycle([x]))",
        "next(itertools.takewhile(lambda z: True, [x]))",
        "vars(Pair(x, 1))['x']",
        "asdict(Pair(x, 1))['x']",
        "Pair(x, 1).__dict__['x']",
        "[v for k, v in vars(Pair(x, 1)).items()][0]",
    ],
)
def test_values_are_handed_on(made: str) -> None:
    assert (
        reveal(f"""
{IMPORTS}
@dataclass
class Pair:
    x: torch.Tensor
    y: int

x, y = torch.ones(3, requires_grad=True), torch.ones(3)
reveal({made})
""").requires_grad
        == "yes"
    )


def test_methods_of_tensors_are_called_like_functions() -> None:
    moved, array = reveals("""
x = torch.ones(3)
reveal(torch.Tensor.to(x, "cuda"), torch.Tensor.numpy(x))
""")
    assert (moved.device, array.kind) == ("yes", "Array")


@pytest.mark.parametrize(
    ("call", "codes"),
    [
        ("torch.Tensor.numpy(x)", ["TSL101"]),
        ("list(map(torch.Tensor.numpy, [x, x]))", ["TSL101"]),
        ("list(map(torch.Tensor.detach, [x, x]))[0].numpy()", []),
        ("list(map(torch.Tensor.numpy, map(torch.Tensor.detach, [x, x])))", []),
    ],
)
def test_unbound_methods_convert(call: str, codes: list[str]) -> None:
    found = findings(f"\nx = torch.ones(3, requires_grad=True)\nprint({call})\n")
    assert [code for code, _, _, _ in found] == codes
