"""Half of the chain: reported where nothing is known, left to the certain rules where something is."""

from __future__ import annotations

import pytest
from reveal import NOWHERE, program

from tensorlint.flow.project import Project
from tensorlint.linter import lint
from tensorlint.settings import Selection, Settings
from tensorlint.source import Source


def found(text: str) -> list[str]:
    settings = Settings(selections=(Selection(select=("TSL101", "TSL102", "TSL108")),))
    source = Source(program(text), str(NOWHERE))
    return [finding.code for finding in lint(source, settings, Project(NOWHERE.parent), noqa=False)]


@pytest.mark.parametrize(
    ("conversion", "codes"),
    [
        ("x.cpu().numpy()", ["TSL108"]),
        ("x[0].cpu().squeeze().numpy()", ["TSL108"]),
        ("x.detach().numpy()", ["TSL108"]),
        ("x.detach().cpu().numpy()", []),
        ("x.cpu().detach().numpy()", []),
        ("x.data.cpu().numpy()", []),
        ("x.numpy()", []),
        ("x.cpu().numpy(force=True)", []),
        ("np.asarray(x.cpu())", []),
    ],
)
def test_of_an_argument(conversion: str, codes: list[str]) -> None:
    assert found(f"\ndef f(x):\n    return {conversion}\n") == codes
    assert found(f"\n@torch.no_grad()\ndef f(x):\n    return {conversion.replace('.detach()', '')}\n") == []


def test_what_is_known_is_for_the_other_rules() -> None:
    assert found("\nw = torch.ones(3, requires_grad=True)\na = w.cpu().numpy()\n") == ["TSL101"]
    assert found("\nw = torch.ones(3, device='cuda')\na = w.detach().numpy()\n") == ["TSL102"]
    assert found("\nw = torch.ones(3)\na = w.cpu().numpy(), w.detach().numpy()\n") == []
