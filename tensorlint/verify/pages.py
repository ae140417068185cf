"""The rules' pages in ``docs/rules/``, made of the docstrings and of what was observed when the fixtures were run.

    python -m tensorlint.verify.pages [FOLDER]

writes them into FOLDER (``docs/rules`` of the working folder) and takes pages away whose rule is gone. A test fails
when they are stale.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tensorlint.rules.base import Rule
from tensorlint.rules.page import fenced, fixes, page
from tensorlint.rules.registry import shipped_rules
from tensorlint.verify.claims import GOOD
from tensorlint.verify.fixture import Fixture, discover, shipped
from tensorlint.verify.recorded import good, recorded

__all__ = ["main", "pages", "text_of"]

MADE = "<!-- Made by `python -m tensorlint.verify.pages` of the rule's docstring and the observations. -->"
DEVICES = {"cpu": "CPU", "cuda": "CUDA", "simulated-cuda": "CUDA, simulated", "mps": "MPS", "meta": "meta"}
SEEN = {
    "raises": "raises `{}`",
    "warns": "warns `{}`",
    "shares": "memory is shared",
    "overwrites": "another value changes with it",
    "stale": "what was kept has changed later",
    "wrong gradient": "the gradient is wrong",
    "no gradient": "there is no gradient",
    "always": "the comparison is always {}",
    "discards": "nothing changes: the result is dropped",
    "slower than": "it is slower",
    "fails later": "a later statement raises `{}`",
    "holds": "as the page says",
    **dict.fromkeys(GOOD, "nothing goes wrong"),
}
"""What a claim's verb means, in a table."""


def pages(observed: Path) -> dict[str, str]:
    """The pages by their files' names, ``index.md`` among them.

    :param observed: the folder with the observations, among the fixtures; those that are stale are left out
    """
    fixtures = discover([observed.parent])
    records = [_still_good(record, fixtures) for record in recorded(observed)]
    made = {f"{rule.code}.md": text_of(rule, records) for rule in shipped_rules()}
    return {"index.md": _index(shipped_rules()), **made}


def _still_good(record: Mapping[str, Any], fixtures: Sequence[Fixture]) -> dict[str, Any]:
    """A record without what it says of fixtures that have changed since."""
    entries = {fixture.name: entry for fixture in fixtures if (entry := good(record, fixture)) is not None}
    return {**record, "fixtures": entries}


def text_of(rule: Rule, records: Sequence[dict[str, Any]]) -> str:
    """A rule's page in Markdown.

    :param records: what the files of observations hold
    """
    about = page(rule)
    blocks = [MADE, f"# {rule.code} {rule.name}", f"{about.summary}.", _standing(rule)]
    for heading, text in about.sections:
        blocks += [f"## {heading}", fenced(text)]
    return "\n\n".join([*blocks, *_observations(rule, records)]) + "\n"


def _standing(rule: Rule) -> str:
    kinds = " or ".join(fixes(rule))
    level = "On by default." if rule.default else f"Off by default: `--extend-select {rule.code}` turns it on."
    return f"{level} {f'It has a fix, which is {kinds}.' if kinds else 'It has no fix.'}"


def _index(known: Sequence[Rule]) -> str:
    rows = [
        f"| [{rule.code}]({rule.code}.md) | {rule.name} | {'on' if rule.default else 'opt-in'} "
        f"| {', '.join(fixes(rule)) or '-'} | {page(rule).summary.replace('|', chr(92) + '|')} |"
        for rule in known
    ]
    table = "\n".join(["| code | name | default | fix | finds |", "| --- | --- | --- | --- | --- |", *rows])
    return f"{MADE}\n\n# Rules\n\n{table}\n"


def _observations(rule: Rule, records: Sequence[dict[str, Any]]) -> Iterator[str]:
    counts: dict[tuple[str, int, str], Counter[tuple[str, str]]] = {}
    columns: dict[str, set[tuple[str, str]]] = {}
    for record in records:
        column = (record["torch"], record["numpy"])
        for order, what, count in _seen(rule.code, record):
            columns.setdefault(record["device"], set()).add(column)
            counts.setdefault((record["device"], order, what), Counter())[column] += count
    if not counts:
        return
    yield f"The programs in `fixtures/{rule.code}`, run by `tensorlint verify --record`, and how many of them do what:"
    versions = sorted(set().union(*columns.values()), key=lambda column: tuple(map(_numbers, column)))
    heads = [f"torch {torch}, NumPy {numpy}" for torch, numpy in versions]
    table = [_cells("device", "what happens", *heads), _cells(*["---"] * (2 + len(heads)))]
    where = list(DEVICES)
    for (device, _, what), by_version in sorted(
        counts.items(), key=lambda one: (where.index(one[0][0]), one[0][1], -max(one[1].values()), one[0][2])
    ):
        told = [str(by_version[column]) if column in columns[device] else "" for column in versions]
        table.append(_cells(DEVICES[device], what, *told))
    yield "\n".join(table)


def _cells(*cells: str) -> str:
    return f"| {' | '.join(cells)} |".replace("|  |", "| |")


def _seen(code: str, record: dict[str, Any]) -> Iterator[tuple[int, str, int]]:
    """What happened in the programs that have the bug (0), in the repaired ones (1), and in those written right (2)."""
    bugs: Counter[str] = Counter()
    repaired = right = 0
    for name, entry in record["fixtures"].items():
        if name.partition("/")[0] != code:
            continue
        for function, observed in entry["observed"].items():
            claims = {claimed for claimed in observed if not claimed.startswith("fixed:")}
            if function.startswith("ok_"):
                right += 1
            elif not function.startswith("false_"):
                bugs.update({_in_words(claimed) for claimed in claims})
                repaired += len(claims) < len(observed)
    yield from ((0, what, count) for what, count in bugs.items())
    if repaired:
        yield 1, "after the fix: right, with the same values", repaired
    if right:
        yield 2, "written right: nothing goes wrong", right


def _in_words(claimed: str) -> str:
    verb = next(verb for verb in SEEN if claimed.startswith(verb))
    subject = re.match(r"[\w.]+", claimed[len(verb) :].strip())
    return SEEN[verb].format(subject[0] if subject else "")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def main(arguments: Sequence[str]) -> int:
    """Write the pages; prints what changed."""
    folder = Path(arguments[0] if arguments else "docs/rules")
    made = pages(shipped() / "observed")
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.md"):
        if old.name not in made:
            old.unlink()
            print(f"removed {old}")
    for name, text in made.items():
        file = folder / name
        if not file.exists() or file.read_text("utf-8") != text:
            file.write_text(text, encoding="utf-8")
            print(f"wrote {file}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
