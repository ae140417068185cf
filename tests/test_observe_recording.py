"""The file of what was observed, how the parts of several processes become one, and which function a line is in."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tensorlint.observe.command import gather
from tensorlint.observe.journal import Journal
from tensorlint.observe.places import Place
from tensorlint.observe.recording import Case, Hazard, Recording, RecordingError, Tally, read, write
from tensorlint.observe.scopes import Scopes

TEXT = """import torch

class Model:
    @torch.no_grad()
    def predict(self, x):
        def inner():
            return x.numpy()
        return inner()

for x in range(3):
    print(x)
"""
REFUSED = Case("Tensor.numpy", "Tensor", "RuntimeError: no", "cpu", "float32", requires_grad=True)


def place(path: Path, line: int) -> Place:
    return Place(str(path), line, 5, line, 14)


def recorded(folder: Path) -> Recording:
    recording = Recording(processes=1, torch="2.13.0", numpy="2.4.0")
    sighting = recording.at(place(folder / "train.py", 7))
    assert sighting is not None
    sighting.add(REFUSED, 3, 0.25)
    sighting.add_hazard(Hazard("stale", "changed", place(folder / "train.py", 9)), 2)
    return recording


def test_what_is_written_is_read(tmp_path: Path) -> None:
    recording = recorded(tmp_path)
    write(recording, tmp_path / "seen.json", str(tmp_path))
    assert read(tmp_path / "seen.json", str(tmp_path)) == recording
    assert os.listdir(tmp_path) == ["seen.json"]


def test_paths_below_the_folder_are_relative_to_it(tmp_path: Path) -> None:
    write(recorded(tmp_path / "src"), tmp_path / "seen.json", str(tmp_path))
    content = json.loads((tmp_path / "seen.json").read_text(encoding="utf-8"))
    assert [one["place"][0] for one in content["sightings"]] == ["src/train.py"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "it is not JSON"),
        ("[]", "is no recording"),
        ('{"findings": []}', "is no recording"),
        ('{"tensorlint-observed": 99}', "another version"),
        ('{"tensorlint-observed": 2, "sightings": []}', "is damaged"),
    ],
)
def test_what_is_no_recording_is_refused_by_name(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "seen.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(RecordingError, match=reason) as caught:
        read(file)
    assert str(file) in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="No such file"):
        read(tmp_path / "seen.json")


def test_recordings_of_two_processes_are_added_up(tmp_path: Path) -> None:
    both = recorded(tmp_path)
    both.merge(recorded(tmp_path))
    (sighting,) = both.sightings.values()
    assert sighting.cases == {REFUSED: Tally(6, 0.5)}
    assert list(sighting.hazards.values()) == [4]
    assert both.processes == 2


def test_memory_is_bounded_at_a_place(tmp_path: Path) -> None:
    recording = Recording()
    for number in range(1000):
        sighting = recording.at(place(tmp_path, 1))
        assert sighting is not None
        sighting.add(REFUSED._replace(outcome=f"ValueError: {number}"), 1, 0)
        sighting.add_hazard(Hazard("stale", str(number)), 1)
    assert recording.crossings == 1000
    assert len(sighting.cases) < 50
    assert len(sighting.hazards) < 50


def test_the_journal_of_a_process_that_was_ended_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(TEXT, encoding="utf-8")
    parts = tmp_path / "parts"
    parts.mkdir()
    where, journal = place(tmp_path / "train.py", 7), Journal(parts)
    journal.about(Recording(processes=1, torch="2.13.0", simulated="cuda"))
    journal.case(where, REFUSED, Tally(1, 0.5))
    journal.case(where, REFUSED, Tally(2, 0.75))
    journal.hazard(where, Hazard("stale", "changed", where), 1)
    (file,) = parts.iterdir()
    with file.open("a", encoding="utf-8") as opened:
        opened.write('{"at": ["half a li')
    recording = gather(parts)
    (sighting,) = recording.sightings.values()
    assert sighting.cases == {REFUSED: Tally(2, 0.75)}
    assert sighting.hazards == {Hazard("stale", "changed", where): 1}
    assert sighting.scope == Scopes(TEXT).around(7)
    assert (recording.processes, recording.torch, recording.simulated) == (1, "2.13.0", "cuda")


@pytest.mark.parametrize(
    ("line", "name"), [(4, "Model.predict"), (7, "Model.predict.inner"), (8, "Model.predict"), (11, "<module>")]
)
def test_the_function_around_a_line(line: int, name: str) -> None:
    scope = Scopes(TEXT).around(line)
    assert scope is not None
    assert scope.name == name


def test_a_function_that_has_moved_is_the_same() -> None:
    then = Scopes(TEXT).around(8)
    assert then is not None
    assert Scopes(TEXT).now(then) == 0
    assert Scopes("# a comment\n\n" + TEXT).now(then) == 2


def test_a_function_that_has_changed_is_another() -> None:
    then = Scopes(TEXT).around(8)
    assert then is not None
    assert Scopes(TEXT.replace("x.numpy()", "x.cpu().numpy()")).now(then) is None
    assert Scopes(TEXT.replace("predict", "infer")).now(then) is None
