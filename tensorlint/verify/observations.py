"""Observations on the disk: what torch did on a device, for those who do not have that device, or that torch.

One file for each torch version and device, ``observed/<torch>-<device>.json``, a line for each function. An observation
is good as long as its fixture is the one that was observed, byte for byte; after that it is stale until it is recorded
again. Of the versions that were observed the newest counts on which the fixture is still as it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tensorlint.verify.devices import hardware
from tensorlint.verify.fixture import Fixture, discover
from tensorlint.verify.recorded import good, recorded
from tensorlint.verify.run import versions
from tensorlint.verify.verdict import Row, Verdict

__all__ = ["RERECORD", "judge_recorded", "record"]

RERECORD = "python -m tensorlint.verify --record --device {device}"
"""The command that makes stale observations good again, on a machine that has the device."""


def record(folder: Path, device: str, fixtures: Sequence[Fixture], rows: Iterable[Row]) -> Path:
    """Write what was observed of ``fixtures`` on ``device``; what the file says of other fixtures stays.

    :param rows: the rows of those fixtures, on any device
    """
    have = versions()
    torch_version = have["torch"].partition("+")[0]
    file = folder / f"{torch_version}-{device}.json"
    known: dict[str, Any] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    there = {fixture.name for fixture in discover([folder.parent])}
    entries = {name: entry for name, entry in known.get("fixtures", {}).items() if name in there}
    by_fixture: dict[str, list[Row]] = {}
    for row in rows:
        if row.device == device:
            by_fixture.setdefault(row.fixture, []).append(row)
    for fixture in fixtures:
        entries[fixture.name] = _entry(fixture, by_fixture.get(fixture.name, ()))
    about = {"device": device, "hardware": hardware(device), "numpy": have["numpy"], "torch": torch_version}
    folder.mkdir(exist_ok=True)
    file.write_text(_text({**about, "fixtures": entries}), encoding="utf-8")
    return file


def _entry(fixture: Fixture, rows: Iterable[Row]) -> dict[str, Any]:
    observed: dict[str, dict[str, str]] = {}
    contradicted, unchecked = [], {}
    for row in rows:
        if row.verdict is Verdict.SKIPPED:
            unchecked[f"{row.function}: {row.claimed}"] = row.observed
            continue
        observed.setdefault(row.function, {})[row.claimed] = row.observed
        if row.verdict is not Verdict.CONFIRMED:
            contradicted.append(f"{row.function}: {row.claimed}")
    entry: dict[str, Any] = {"digest": fixture.digest, "observed": observed}
    if contradicted:
        entry["contradicted"] = contradicted
    if unchecked:
        entry["not checked"] = unchecked
    return entry


def _text(content: Mapping[str, Any], indent: str = "") -> str:
    """JSON, sorted, with a line for each function: small, and a change of one shows as a change of one line."""
    inner = indent + " "
    deep = len(inner) < 4
    lines = [
        f"{inner}{json.dumps(key)}: "
        + (_text(value, inner) if deep and isinstance(value, dict) and value else json.dumps(value, sort_keys=True))
        for key, value in sorted(content.items())
    ]
    return "{\n" + ",\n".join(lines) + f"\n{indent}}}" + ("" if indent else "\n")


def judge_recorded(folder: Path, fixtures: Sequence[Fixture], at_hand: Sequence[str]) -> Iterator[Row]:
    """The rows about devices that are not at hand: what the newest torch did, as far as it is still good."""
    by_device: dict[str, list[dict[str, Any]]] = {}
    for record in recorded(folder):
        by_device.setdefault(record["device"], []).append(record)
    for device, records in sorted(by_device.items()):
        if device not in at_hand:
            for fixture in fixtures:
                yield from _judge(fixture, records, device)


def _judge(fixture: Fixture, records: Sequence[dict[str, Any]], device: str) -> Iterator[Row]:
    where = f"{device}, recorded"
    entry = next(filter(None, (good(record, fixture) for record in records)), None)
    if entry is None:
        known = any(fixture.name in record["fixtures"] for record in records)
        since = "the fixture has changed since" if known else "never observed"
        advice = f"{since}: {RERECORD.format(device=device)}"
        yield Row(fixture.name, "-", where, "as recorded", advice, Verdict.STALE)
        return
    contradicted, unchecked = entry.get("contradicted", ()), entry.get("not checked", {})
    for function, observed in entry["observed"].items():
        for claimed, what in observed.items():
            wrong = f"{function}: {claimed}" in contradicted
            yield Row(
                fixture.name, function, where, claimed, what, Verdict.CONTRADICTED if wrong else Verdict.CONFIRMED
            )
    for what, reason in unchecked.items():
        function, _, claimed = what.partition(": ")
        yield Row(fixture.name, function, where, claimed, reason, Verdict.SKIPPED)
