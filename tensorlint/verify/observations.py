"""Observations on the disk: what torch did on a device, for those who do not have that device.

One file for each torch version and device, ``observed/<torch>-<device>.json``. An observation is good as long as its
fixture is the one that was observed, byte for byte; after that it is stale until it is recorded again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tensorlint.verify.devices import hardware
from tensorlint.verify.fixture import Fixture
from tensorlint.verify.judge import Row, Verdict
from tensorlint.verify.run import versions

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
    entries: dict[str, Any] = known.get("fixtures", {})
    for fixture in fixtures:
        observed: dict[str, dict[str, str]] = {}
        contradicted = []
        for row in rows:
            if (row.fixture, row.device) != (fixture.name, device):
                continue
            observed.setdefault(row.function, {})[row.claimed] = row.observed
            if row.verdict is not Verdict.CONFIRMED:
                contradicted.append(f"{row.function}: {row.claimed}")
        entries[fixture.name] = {"digest": fixture.digest, "contradicted": contradicted, "observed": observed}
    record = {
        "device": device,
        "hardware": hardware(device),
        "torch": torch_version,
        "numpy": have["numpy"],
        "fixtures": entries,
    }
    folder.mkdir(exist_ok=True)
    file.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return file


def judge_recorded(folder: Path, fixtures: Sequence[Fixture], at_hand: Sequence[str]) -> Iterator[Row]:
    """The rows about devices that are not at hand: what was recorded on the newest torch, if it is still good."""
    newest: dict[str, dict[str, Any]] = {}
    for file in folder.glob("*.json"):
        record = json.loads(file.read_text("utf-8"))
        known = newest.get(record["device"])
        if known is None or _version(known) < _version(record):
            newest[record["device"]] = record
    for device, record in sorted(newest.items()):
        if device not in at_hand:
            where = f"{device}, recorded"
            for fixture in fixtures:
                yield from _judge(fixture, record["fixtures"].get(fixture.name), device, where)


def _judge(fixture: Fixture, entry: dict[str, Any] | None, device: str, where: str) -> Iterator[Row]:
    if entry is None or entry["digest"] != fixture.digest:
        since = "never observed" if entry is None else "the fixture has changed since"
        advice = f"{since}: {RERECORD.format(device=device)}"
        yield Row(fixture.name, "-", where, "as recorded", advice, Verdict.STALE)
        return
    for function, observed in entry["observed"].items():
        for claimed, what in observed.items():
            wrong = f"{function}: {claimed}" in entry["contradicted"]
            verdict = Verdict.CONTRADICTED if wrong else Verdict.CONFIRMED
            yield Row(fixture.name, function, where, claimed, what, verdict)


def _version(record: dict[str, Any]) -> tuple[int, ...]:
    return tuple(int(part) for part in record["torch"].split(".") if part.isdigit())
