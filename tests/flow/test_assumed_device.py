"""``assume-device``: what is found on a machine that never has a GPU, on one that always has, and on any."""

from __future__ import annotations

import textwrap

import pytest

from tensorlint.finding import Confidence
from tensorlint.linter import lint
from tensorlint.settings import Selection, Settings
from tensorlint.source import Source

WHERE_THERE_IS_ONE = """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    net = torch.nn.Linear(4, 1).to(device)
    with torch.no_grad():
        prediction = net(torch.rand(8, 4, device=device)).numpy()
"""
IN_A_BRANCH = """
    x = torch.rand(3)
    if torch.cuda.is_available():
        x = x.cuda()
    a = x.numpy()
"""
CHOSEN_ELSEWHERE = """
    def f(args):
        return torch.rand(3).to(args.device).numpy()
"""
ON_A_GPU = """
    scores = torch.rand(8, device="cuda")
    print(np.argsort(scores))
"""
UNKNOWN = """
    def f(x: torch.Tensor):
        return x.detach().numpy()
"""
WITHOUT_ONE = """
    x = torch.rand(3, device="cuda")
    if not torch.cuda.is_available():
        a = x.numpy()
"""
WRITTEN = """
    def positive(prediction: torch.Tensor):
        array = prediction.detach().cpu().numpy()
        array[array < 0] = 0
        return array.sum(), prediction
"""
FORCED = """
    def positive(prediction: torch.Tensor):
        array = prediction.numpy(force=True)
        array[array < 0] = 0
        return array.sum(), prediction
"""
IN_A_LOOP = """
    net = torch.nn.Linear(4, 1).cuda()
    losses = []
    for _ in range(9):
        loss = net(torch.rand(8, 4).cuda()).mean()
        losses.append(loss.item())
    print(losses)
"""
GRAD = """
    x = torch.rand(3, requires_grad=True)
    a = x.cuda().numpy()
"""


def found(text: str, device: str) -> list[str]:
    program = "import numpy as np\nimport torch\n" + textwrap.dedent(text)
    selection = Selection(extend_select=("TSL108", "TSL505"))
    settings = Settings((selection,), assume_device=device, confidence=Confidence.POSSIBLE)
    return sorted(f"{each.code} {each.confidence}" for each in lint(Source(program.encode(), "a.py"), settings))


@pytest.mark.parametrize(
    ("text", "anywhere", "never", "always"),
    [
        (WHERE_THERE_IS_ONE, ["TSL102 likely"], [], ["TSL102 certain"]),
        (IN_A_BRANCH, ["TSL102 likely"], [], ["TSL102 certain"]),
        (CHOSEN_ELSEWHERE, ["TSL102 likely"], [], ["TSL102 certain"]),
        (ON_A_GPU, ["TSL102 certain"], [], ["TSL102 certain"]),
        (WITHOUT_ONE, ["TSL102 certain"], [], []),
        (UNKNOWN, ["TSL102 possible", "TSL108 likely"], [], ["TSL102 possible", "TSL108 likely"]),
        (WRITTEN, ["TSL204 likely"], ["TSL201 certain"], ["TSL204 likely"]),
        (FORCED, ["TSL204 likely"], ["TSL201 certain"], ["TSL204 likely"]),
        (IN_A_LOOP, ["TSL505 certain"], [], ["TSL505 certain"]),
        (GRAD, ["TSL101 certain", "TSL102 certain"], ["TSL101 certain"], ["TSL101 certain", "TSL102 certain"]),
    ],
)
def test_what_is_found_on_a_machine(text: str, anywhere: list[str], never: list[str], always: list[str]) -> None:
    assert found(text, "any") == anywhere
    assert found(text, "cpu") == never
    assert found(text, "cuda") == always
    assert found(text, "any") == anywhere, "nothing is kept between runs"
