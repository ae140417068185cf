"""Observations of devices that are not at hand: recorded, checked, and stale when the fixture changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from tensorlint.verify.fixture import Fixture, discover
from tensorlint.verify.harness import command, verify
from tensorlint.verify.judge import Verdict
from tensorlint.verify.observations import judge_recorded, record

TEXT = """import torch


def ok_a(device):
    return torch.ones(2, device=device).sum().item()


# devices: gpu
def missed_b(device):
    # claim: raises TypeError: can't convert {device} device type tensor to numpy
    return torch.ones(2, device=device).numpy()
"""


@pytest.fixture
def fixtures(tmp_path: Path) -> list[Fixture]:
    (tmp_path / "TSL102").mkdir()
    (tmp_path / "TSL102" / "a.py").write_text(TEXT)
    return discover([tmp_path])


def recorded(fixtures: list[Fixture], device: str = "simulated-cuda") -> Path:
    folder = fixtures[0].observed
    return record(folder, device, fixtures, list(verify(fixtures, [device], lint=False)))


def test_what_was_observed_is_confirmed_elsewhere(fixtures: list[Fixture]) -> None:
    file = recorded(fixtures)
    version = torch.__version__.partition("+")[0]
    assert file == fixtures[0].observed / f"{version}-simulated-cuda.json"
    rows = list(judge_recorded(file.parent, fixtures, at_hand=("cpu",)))
    assert [(row.function, row.verdict) for row in rows] == [
        ("missed_b", Verdict.CONFIRMED),
        ("ok_a", Verdict.CONFIRMED),
    ]
    assert list(judge_recorded(file.parent, fixtures, at_hand=("cpu", "simulated-cuda"))) == []


def test_recording_again_changes_nothing(fixtures: list[Fixture]) -> None:
    before = recorded(fixtures).read_bytes()
    assert recorded(fixtures).read_bytes() == before
    assert before.endswith(b"\n")


def test_a_changed_fixture_makes_it_stale(fixtures: list[Fixture]) -> None:
    folder = recorded(fixtures).parent
    fixtures[0].place.write_text(TEXT + "\n# changed\n")
    (row,) = judge_recorded(folder, discover([fixtures[0].place]), at_hand=("cpu",))
    assert row.verdict is Verdict.STALE
    assert "python -m tensorlint.verify --record --device simulated-cuda" in row.observed


def test_a_contradiction_stays_one(fixtures: list[Fixture]) -> None:
    fixtures[0].place.write_text(TEXT.replace("raises TypeError", "raises ValueError"))
    changed = discover([fixtures[0].place])
    folder = recorded(changed).parent
    assert Verdict.CONTRADICTED in {row.verdict for row in judge_recorded(folder, changed, at_hand=("cpu",))}


def test_other_fixtures_are_kept_and_the_newest_torch_counts(fixtures: list[Fixture]) -> None:
    file = recorded(fixtures)
    content = json.loads(file.read_text())
    content["fixtures"] |= {name: {"digest": "0", "observed": {}} for name in ("TSL102/b", "TSL102/gone")}
    file.write_text(json.dumps(content))
    (fixtures[0].folder / "b.py").write_text(TEXT)
    recorded(fixtures)
    assert json.loads(file.read_text())["fixtures"].keys() == {"TSL102/a", "TSL102/b"}
    content["torch"], content["fixtures"] = "1.0.0", {}
    (file.parent / "1.0.0-simulated-cuda.json").write_text(json.dumps(content))
    assert {row.verdict for row in judge_recorded(file.parent, fixtures, ("cpu",))} == {Verdict.CONFIRMED}


def test_what_an_older_torch_did_counts_where_the_newest_has_not_seen_the_fixture_as_it_is(
    fixtures: list[Fixture],
) -> None:
    file = recorded(fixtures)
    content = json.loads(file.read_text())
    content["torch"] = "99.0.0"
    content["fixtures"]["TSL102/a"]["digest"] = "0"
    newer = file.parent / "99.0.0-simulated-cuda.json"
    newer.write_text(json.dumps(content))
    rows = list(judge_recorded(file.parent, fixtures, at_hand=("cpu",)))
    assert {row.verdict for row in rows} == {Verdict.CONFIRMED}
    file.unlink()
    (row,) = judge_recorded(newer.parent, fixtures, at_hand=("cpu",))
    assert row.verdict is Verdict.STALE


def test_a_function_stands_on_a_line(fixtures: list[Fixture]) -> None:
    lines = recorded(fixtures).read_text().splitlines()
    assert '    "ok_a": {"nothing": "nothing"}' in lines
    assert sum('"missed_b"' in line for line in lines) == 1


def test_what_needs_a_library_that_is_not_installed_is_not_checked(fixtures: list[Fixture]) -> None:
    text = TEXT.replace("def ok_a(device):", "def ok_a(device):\n    import no_such_library.part")
    fixtures[0].place.write_text(text)
    changed = discover([fixtures[0].place])
    rows = {row.function: row for row in verify(changed, ["simulated-cuda"], lint=False)}
    assert rows["ok_a"].verdict is Verdict.SKIPPED
    assert rows["ok_a"].observed == "no_such_library is not installed"
    assert rows["missed_b"].verdict is Verdict.CONFIRMED
    folder = recorded(changed).parent
    again = {row.function: row for row in judge_recorded(folder, changed, at_hand=("cpu",))}
    assert {name: (row.verdict, row.observed) for name, row in again.items()} == {
        name: (row.verdict, row.observed) for name, row in rows.items()
    }


def test_the_command(fixtures: list[Fixture]) -> None:
    root, said = fixtures[0].place.parent.parent, []
    code = command([root], devices=["cpu", "simulated-cuda"], lint=False, recording=True, say=said.append)
    assert code == 0
    assert sorted(path.name.split("-", 1)[1] for path in (root / "observed").iterdir()) == [
        "cpu.json",
        "simulated-cuda.json",
    ]
    assert "2 confirmed" in said[-1] or "3 confirmed" in said[-1]
    fixtures[0].place.write_text(TEXT.replace("raises TypeError", "raises ValueError"))
    assert command([root], lint=False, say=said.append) == 1
    with pytest.raises(ValueError, match="at hand"):
        command([root], devices=["tpu"])
