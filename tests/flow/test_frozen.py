"""Modules that are frozen: by helpers, in loops, in constructors, in part."""

from __future__ import annotations

import pytest
from reveal import findings, reveals

HELPER = """
def set_requires_grad(nets, flag=False):
    if not isinstance(nets, {types}):
        nets = [nets]
    for net in nets:
        if net is not None:
            for p in net.parameters():
                p.requires_grad = flag

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)

    def forward(self, x):
        return self.layer(x)
"""


@pytest.mark.parametrize("types", ["list", "(list, tuple)"])
@pytest.mark.parametrize("made", ["Net()", "nn.Linear(2, 2)", "nn.Sequential(nn.Linear(2, 2))"])
@pytest.mark.parametrize("given", ["net", "[net]", "[net, Net()]"])
def test_a_helper_for_one_module_or_several(types: str, made: str, given: str) -> None:
    frozen, again = reveals(f"""{HELPER.format(types=types)}
net = {made}
set_requires_grad({given}, False)
reveal(net(torch.ones(2)))
set_requires_grad({given}, True)
reveal(net(torch.ones(2)))
""")
    assert (frozen.requires_grad, again.requires_grad) == ("no", "yes")


LISTS = ["[nn.Linear(2, 2) for _ in range(n)]", "[nn.Linear(2, 2), nn.Linear(2, 2)]", "(nn.Linear(2, 2),)"]
LOOPS = [
    "for net in nets:\n    net.requires_grad_(False)",
    "for net in nets:\n    for p in net.parameters():\n        p.requires_grad_(False)",
    "for i, net in enumerate(nets):\n    for p in net.parameters():\n        p.requires_grad = False",
    "for net, _ in zip(nets, names):\n    net.eval().requires_grad_(False)",
]


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("nets", LISTS)
def test_modules_in_a_list(nets: str, loop: str) -> None:
    text = f"""
def f(n, names):
    nets = {nets}
    {{}}
    return [net(torch.ones(2)).numpy() for net in nets]
"""
    assert not findings(text.format(loop.replace("\n", "\n    ")))
    assert [found[0] for found in findings(text.format("pass"))] == ["TSL101"]


def test_a_module_that_is_frozen_as_it_is_taken() -> None:
    text = """
class Judge:
    def __init__(self, net):
        self.net = net
        self.net.requires_grad_(False)

    def __call__(self, x):
        return self.net(x).numpy()

judge = Judge(nn.Linear(2, 2))
a = judge(torch.ones(2))
"""
    assert not findings(text)
    assert findings(text.replace("(False)", "(True)")) == [("TSL101", 8, 16, "certain")]


def test_a_loop_over_some_of_the_modules_freezes_perhaps() -> None:
    assert findings("""
def f(n):
    nets = [nn.Linear(2, 2) for _ in range(n)]
    for i, net in enumerate(nets):
        if i > 0:
            net.requires_grad_(False)
    return nets[0](torch.ones(2)).numpy()
""") == [("TSL101", 7, 12, "likely")]


FREEZING = [
    "for layer in net:\n    for p in layer.parameters(): p.requires_grad = False",
    "for layer in net.children(): layer.requires_grad_(False)",
    "net.apply(lambda layer: layer.requires_grad_(False))",
    "def freeze(m):\n    if isinstance(m, nn.Linear): m.weight.requires_grad = False\nnet.apply(freeze)",
    "[p.requires_grad_(False) for p in net.parameters()]",
    "for p in net.parameters():\n    if p.requires_grad: p.requires_grad = False",
]


@pytest.mark.parametrize("freezing", FREEZING)
def test_every_part_is_frozen(freezing: str) -> None:
    text = """
net = nn.Sequential(nn.Linear(2, 2, bias=False), nn.ReLU(), nn.Linear(2, 2, bias=False))
{}
a = net(torch.ones(2)).numpy()
"""
    assert not findings(text.format(freezing))
    assert [found[0] for found in findings(text.format(freezing.replace("False", "True")))] == ["TSL101"]


@pytest.mark.parametrize("freezing", ["p.requires_grad = flag", "p.requires_grad_(flag)", "net.requires_grad_(flag)"])
def test_what_is_not_known_to_be_frozen_may_be(freezing: str) -> None:
    assert [
        found[3]
        for found in findings(f"""
def f(flag):
    net = nn.Linear(2, 2)
    for p in net.parameters():
        {freezing}
    return net(torch.ones(2)).numpy()
""")
    ] == ["likely"]
