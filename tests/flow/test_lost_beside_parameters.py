"""What lost its gradient and meets a parameter: the parameter has one, what came before has none."""

from __future__ import annotations

import pytest
from reveal import findings

MODULE = """
class Mix(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(3, 3)
        self.gamma = nn.Parameter(torch.ones(3))
        self.beta = nn.Parameter(torch.zeros(3))

    def forward(self, x):
        h = self.inner(x)
        states = [self.inner(x) for _ in range(3)]
"""


def found(body: str) -> list[str]:
    lines = "\n".join(f"        {line}" for line in body.splitlines())
    return [code for code, *_ in findings(MODULE + lines + "\n")]


STACKED = "a = np.stack([s.detach().cpu().numpy() for s in states])\n"


@pytest.mark.parametrize(
    "returned",
    [
        "torch.from_numpy(a)",
        "torch.from_numpy(a) * self.gamma",
        "torch.from_numpy(a).mean(0) + self.beta",
        "self.gamma * torch.tensor(a).to(x.device) + self.beta",
        "torch.as_tensor(a) @ self.gamma",
        "torch.from_numpy(a) / self.gamma - self.beta",
    ],
)
def test_a_parameter_does_not_bring_the_gradient_back(returned: str) -> None:
    assert found(f"{STACKED}return {returned}") == ["TSL401"]


@pytest.mark.parametrize(
    "body",
    [
        STACKED + "return torch.from_numpy(a).mean(0) * self.gamma + h",  # the states may come from it
        STACKED + "return torch.from_numpy(a).mean(0) * h",
        STACKED + "return h, torch.from_numpy(a) * self.gamma",  # for a plot
        "return torch.stack(states).mean(0) * self.gamma",
        "a = torch.from_numpy(h.detach().numpy().mean(0))\nreturn (h - a) * self.gamma + self.beta",
        "a = torch.from_numpy(h.detach().numpy().std(0))\nreturn h * (self.gamma / a)",
        "a = torch.from_numpy(h.detach().numpy().std(0))\nreturn h / (a + self.beta)",
        "a = torch.from_numpy(np.quantile(h.detach().numpy(), 0.5, axis=0))\nreturn torch.relu(h - self.gamma * a)",
        "a = torch.tensor(h.detach().numpy().max())\nreturn a * self.gamma",  # a scale
        "return h.detach() * self.gamma",
        "with torch.no_grad(): a = self.inner(x).numpy()\nreturn torch.from_numpy(a) * self.gamma",
        "a = torch.from_numpy(np.argsort(h.detach().numpy()))\nreturn a * self.gamma",
        "return torch.from_numpy(np.tanh(x.numpy())) * self.gamma",
    ],
)
def test_what_keeps_its_gradient_or_is_meant(body: str) -> None:
    assert "TSL401" not in found(body)
