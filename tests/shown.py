"""Findings for the tests of reports, and what no report may be led astray by."""

from __future__ import annotations

from tensorlint.finding import Applicability, Confidence, Edit, Evidence, Finding, Fix
from tensorlint.report.lines import Lines
from tensorlint.report.run import Run

SOURCE = """\
import torch

net = torch.nn.Linear(4, 1)


def mean(losses):
    total = 0
    for loss in losses:
        total = total + loss
    return total.numpy()


out = net(x)
print(mean([out]))
"""


def finding(**changes: object) -> Finding:
    values: dict[str, object] = {
        "code": "TSL101",
        "name": "grad-to-numpy",
        "message": "`total` requires grad: RuntimeError",
        "confidence": Confidence.CERTAIN,
        "path": "train.py",
        "line": 10,
        "column": 12,
        "end_line": 10,
        "end_column": 25,
    }
    return Finding(**{**values, **changes})  # type: ignore[arg-type]


EVIDENCE = (
    Evidence("train.py", 13, 7, "the output of `net`, an nn.Module", 13, 13),
    Evidence("train.py", 9, 9, "added up in `total`", 9, 29),
)

FIX = Fix(Applicability.SAFE, "Convert with `total.detach().cpu().numpy()`", (Edit(10, 17, 10, 17, ".detach().cpu()"),))

ODD_NAMES = (
    "new\nline.py",
    "carriage\r\nreturn.py",
    "escape\x1b[2J\x07.py",
    "quotes\"'`.py",
    "<b>&amp;<script>alert(1)</script>.py",
    "]]>.py",
    "--><!--.py",
    "no\udcfftext.py",
    "colon:comma,percent%0A::error ::.py",
    "sp ace #?.py",
    "nul\x01\x7f\x85\u2028\ufffe.py",
    "right\u202eto left.py",
    "张量/é.py",
)
"""Names that files can have on one system or another; a message can hold any of it too."""


def odd() -> list[Finding]:
    """A finding in a file of each odd name, with the name wherever there is text."""
    return [
        finding(
            path=name,
            message=f"`{name}` requires grad",
            evidence=(Evidence(name, 3, 1, f"made of {name}", 3, 4),),
            fix=Fix(Applicability.UNSAFE, f"Convert {name}", (Edit(10, 12, 10, 17, name),)),
        )
        for name in ODD_NAMES
    ]


def run(*findings: Finding, source: str = SOURCE, files: tuple[str, ...] = ()) -> Run:
    """A run that found ``findings``, in files that all hold ``source``."""
    found = tuple(sorted(findings, key=lambda each: each.sort_key))
    paths = {*files, *(each.path for each in found), *(step.path for each in found for step in each.evidence)}
    given = {path: source.encode("utf-8", "surrogatepass") for path in paths}
    return Run(found, tuple(sorted({*files, *(each.path for each in found)})), lines=Lines(given))
