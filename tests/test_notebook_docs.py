"""The page about notebooks says what happens."""

from __future__ import annotations

import re

from checkout import ROOT
from commands import Run
from notebooks import notebook

PAGE = (ROOT / "docs" / "notebooks.md").read_text(encoding="utf-8")


def test_the_report(run: Run) -> None:
    cells = (
        "import torch\nfrom torch import nn",
        "net = nn.Linear(3, 1)\nx = torch.rand(5, 3)",
        "!ls\n%time y = net(x).numpy()",
    )
    run.write("train.ipynb", notebook("#md", *cells))
    (shown,) = re.findall(r"^```console\n\$ tensorlint check train.ipynb\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert run("check", "train.ipynb").out == shown


def test_links() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (ROOT / "docs" / link).is_file(), link
