"""Reading the files of observations. Needs no torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tensorlint.verify.fixture import Fixture

__all__ = ["good", "recorded"]


def recorded(folder: Path) -> list[dict[str, Any]]:
    """What the files of observations hold, the newest torch first."""
    records = [json.loads(file.read_text("utf-8")) for file in sorted(folder.glob("*.json"))]
    return sorted(records, key=_version, reverse=True)


def good(record: Mapping[str, Any], fixture: Fixture) -> dict[str, Any] | None:
    """What a record says of a fixture; None where it says nothing, or the fixture was another one then."""
    entry: dict[str, Any] | None = record["fixtures"].get(fixture.name)
    return entry if entry is not None and entry["digest"] == fixture.digest else None


def _version(record: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(int(part) for part in record["torch"].split(".") if part.isdigit())
