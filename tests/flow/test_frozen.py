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
