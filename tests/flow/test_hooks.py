"""Forward hooks are given the output of the layer they are registered on, whenever the module is called."""

from __future__ import annotations

import pytest
from reveal import findings

REGISTER = """
net = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
kept = []
net[0].register_forward_hook(lambda module, inputs, output: kept.append(output))
"""


def test_a_hook_of_a_part_is_called_with_its_output() -> None:
    assert findings(REGISTER + "net(torch.rand(2))\nnp.stack(kept)\n") == [("TSL101", 6, 1, "certain")]


@pytest.mark.parametrize(
    "text",
    [
        REGISTER + "np.stack(kept)\n",
        REGISTER + "with torch.no_grad():\n    net(torch.rand(2))\nnp.stack(kept)\n",
        REGISTER.replace("append(output)", "append(output.detach())") + "net(torch.rand(2))\nnp.stack(kept)\n",
        REGISTER.replace("append(output)", "append(inputs[0])") + "net(torch.rand(2))\nnp.stack(kept)\n",
    ],
)
def test_what_a_hook_keeps_need_not_require_grad(text: str) -> None:
    assert not findings(text)


def test_a_hook_of_a_layer_out_of_sight() -> None:
    text = """
features = {}
def keep(name):
    def hook(module, inputs, output):
        features[name] = output
    return hook
def run(net: nn.Module, x):
    net.blocks[-1].register_forward_hook(keep("last"))
    net(x)
    return features["last"].numpy()
"""
    assert findings(text) == [("TSL101", 10, 12, "likely")]
    assert not findings(text.replace("] = output", "] = output.detach()"))


def test_a_method_as_a_hook_of_a_module_of_the_project() -> None:
    text = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer, self.last = nn.Linear(2, 2), nn.Linear(2, 1)
    def forward(self, x):
        return self.last(self.layer(x))
class Cam:
    def __init__(self):
        self.net = Net()
        self.net.layer.register_forward_hook(self.keep)
    def keep(self, module, inputs, output):
        self.activation = output
    def show(self, x):
        self.net(x)
        return self.activation.numpy()
"""
    assert findings(text) == [("TSL101", 16, 16, "certain")]
    assert not findings(text.replace("self.activation = output", "self.activation = output.detach()"))


def test_a_hook_that_calls_its_module_ends() -> None:
    assert not findings("""
net = nn.Linear(2, 2)
def again(module, inputs, output):
    net(output)
net.register_forward_hook(again)
net(torch.rand(2))
""")
