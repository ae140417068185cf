"""Real packages and what was judged of them: the wheels, the verdicts, and how a lint is held against the verdicts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

__all__ = ["PACKAGES", "VERDICTS", "Comparison", "Verdict", "compare", "load", "save"]

PACKAGES = {
    "captum": "0.8.0",
    "kornia": "0.7.4",
    "monai": "1.4.0",
    "scvi-tools": "1.3.0",
    "skorch": "1.0.0",
    "speechbrain": "1.0.2",
    "stable-baselines3": "2.4.0",
    "timm": "1.0.11",
    "torchmetrics": "1.5.2",
    "transformers": "4.57.1",
}
VERDICTS = Path(__file__).with_name("verdicts.jsonl")


@dataclass(frozen=True, order=True)
class Verdict:
    """What a reader of the code made of one finding."""

    package: str
    version: str
    path: str
    """Inside the wheel, posix."""
    line: int
    code: str
    verdict: str
    """``true`` or ``false``."""
    reason: str

    @property
    def key(self) -> tuple[str, str, str, int, str]:
        """The finding that was judged."""
        return self.package, self.version, self.path, self.line, self.code


@dataclass
class Comparison:
    """The findings of a lint beside the verdicts about them."""

    true: list[Verdict]
    false: list[Verdict]
    unjudged: list[dict[str, object]]
    """Findings, as JSON, that nobody has judged."""
    lost: list[Verdict]
    """True findings that are not found any more."""
    mended: list[Verdict]
    """False findings that are not found any more."""
    faults: list[dict[str, object]]
    """TSL900: files that could not be linted."""

    @property
    def good(self) -> bool:
        """Nothing new, nothing lost, no fault."""
        return not (self.unjudged or self.lost or self.faults)


def load(path: Path = VERDICTS) -> list[Verdict]:
    """The verdicts of a file.

    :raises ValueError: naming the line that is no verdict
    """
    found: dict[tuple[str, str, str, int, str], Verdict] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            verdict = Verdict(**json.loads(line))
        except (ValueError, TypeError) as error:
            raise ValueError(f"{path}:{number}: no verdict: {error}") from None
        if verdict.verdict not in ("true", "false") or not verdict.reason:
            raise ValueError(f"{path}:{number}: a verdict is true or false, and has a reason")
        if verdict.key in found:
            raise ValueError(f"{path}:{number}: judged twice")
        found[verdict.key] = verdict
    return list(found.values())


def save(verdicts: Iterable[Verdict], path: Path = VERDICTS) -> None:
    """Write verdicts, sorted, one a line."""
    lines = [json.dumps(asdict(verdict), ensure_ascii=False) + "\n" for verdict in sorted(verdicts)]
    path.write_text("".join(lines), encoding="utf-8")


def compare(
    package: str, version: str, findings: Iterable[Mapping[str, object]], verdicts: Iterable[Verdict]
) -> Comparison:
    """Hold the findings of one package (the JSON report's entries) against the verdicts."""
    known = {each.key: each for each in verdicts if (each.package, each.version) == (package, version)}
    result = Comparison([], [], [], [], [], [])
    seen = set()
    for finding in findings:
        if finding["code"] == "TSL900":
            result.faults.append(dict(finding))
            continue
        key = (package, version, str(finding["path"]), int(str(finding["line"])), str(finding["code"]))
        if key in seen:
            continue
        seen.add(key)
        verdict = known.get(key)
        if verdict is None:
            result.unjudged.append(dict(finding))
        elif verdict.verdict == "true":
            result.true.append(verdict)
        else:
            result.false.append(verdict)
    for key, verdict in known.items():
        if key not in seen:
            (result.lost if verdict.verdict == "true" else result.mended).append(verdict)
    return result
