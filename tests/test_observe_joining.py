"""Findings and a recording, joined: confirmed, cleared, not reached, observed only; changed functions are left out."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Run

from tensorlint.observe.places import Place
from tensorlint.observe.recording import Case, Hazard, Recording, read, write
from tensorlint.observe.scopes import Scopes

PROGRAM = """\
import numpy as np
import torch
from torch import nn

layer = nn.Linear(2, 1)
device = "cuda" if torch.cuda.is_available() else "cpu"


def weights():
    return layer.weight.numpy()


def means(losses):
    return np.mean([layer(loss) for loss in losses])


def chain(x: torch.Tensor):
    return (
        x.to(device)
        .float()
        .numpy()
    )


def rows(x):
    table = np.zeros((2, 1)); table[0] = layer(x)
    return table


def fields(x):
    try:
        return x.numpy()
    except RuntimeError:
        return x.detach().numpy()


def read(x):
    return x.numpy()


def picked(image: np.ndarray):
    return torch.zeros(3)[image[::-1]]
"""
GRAD = "RuntimeError: Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."
CUDA = "TypeError: can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host memory"
REFUSED = Case("Tensor.numpy", "Tensor", GRAD, "cpu", "float32", requires_grad=True)
WORKED = Case("Tensor.numpy", "Tensor", "", "cpu", "float32", shares=True)
Seen = tuple[str, Case, int]
JOIN = ("check", "--isolated", "--observed", "seen.json")


@pytest.fixture
def check(tmp_path: Path, run: Run) -> Callable[..., list[dict[str, object]]]:
    """Lint the program with a recording in which some calls, each given by its text (up to a ``|``), were made."""

    def checked(
        *seen: Seen, text: str = PROGRAM, options: tuple[str, ...] = (), columns: bool = True, simulated: str = ""
    ) -> list[dict[str, object]]:
        Path("program.py").write_text(text, encoding="utf-8")
        recording = Recording(processes=1, simulated=simulated)
        for words, case, count in seen:
            at, words = PROGRAM.index(words.replace("|", "")), words.partition("|")[0]
            line, column = PROGRAM.count("\n", 0, at) + 1, at - PROGRAM.rfind("\n", 0, at)
            end_line = line + words.count("\n")
            end = column + len(words) if end_line == line else len(words) - words.rfind("\n")
            place = Place(str(tmp_path / "program.py"), line, column if columns else 0, end_line, end if columns else 0)
            sighting = recording.at(place)
            assert sighting is not None
            sighting.add(case, count, 0.0)
            sighting.scope = Scopes(PROGRAM).around(line)
        write(recording, Path("seen.json"), str(tmp_path))
        done = run(*JOIN, "--output-format", "json", "program.py", *options)
        assert done.code in (0, 1)
        found: list[dict[str, object]] = json.loads(done.out)
        return found

    return checked


def sights(found: list[dict[str, object]]) -> dict[tuple[object, object], str]:
    return {(each["code"], each["line"]): each["observed"]["sight"] for each in found}  # type: ignore[index]


def text(found: list[dict[str, object]], code: str, line: int) -> str:
    (one,) = (each for each in found if (each["code"], each["line"]) == (code, line))
    return str(one["observed"]["text"])  # type: ignore[index]


def test_without_a_recording_nothing_is_said(tmp_path: Path, run: Run) -> None:
    Path("program.py").write_text(PROGRAM, encoding="utf-8")
    done = run("check", "--isolated", "--output-format", "json", "program.py")
    assert all("observed" not in each for each in json.loads(done.out))


@pytest.mark.parametrize("columns", [True, False])
def test_what_happened_is_confirmed(check: Callable[..., list[dict[str, object]]], columns: bool) -> None:
    found = check(("layer.weight.numpy()", REFUSED, 2), ("layer.weight.numpy()", WORKED, 1), columns=columns)
    assert sights(found)["TSL101", 10] == "confirmed"
    assert text(found, "TSL101", 10) == f"raised {GRAD} (2 of 3 times)"


def test_what_ran_and_did_not_happen_is_cleared(check: Callable[..., list[dict[str, object]]]) -> None:
    found = check(("layer.weight.numpy()", WORKED, 5))
    assert sights(found)["TSL101", 10] == "cleared"
    assert text(found, "TSL101", 10) == "ran 5 times without that"


def test_what_was_not_seen_is_not_reached(check: Callable[..., list[dict[str, object]]]) -> None:
    assert sights(check())["TSL101", 10] == "not reached"


def test_only_a_gpu_tells_of_a_device(check: Callable[..., list[dict[str, object]]]) -> None:
    chain = "x.to(device)\n        .float()\n        .numpy()"
    assert sights(check((chain, WORKED, 1)))["TSL102", 19] == "not reached"
    assert "--simulate cuda" in text(check((chain, WORKED, 1)), "TSL102", 19)
    cleared = check((chain, WORKED, 1), simulated="mps")
    assert sights(cleared)["TSL102", 19] == "cleared"
    assert text(cleared, "TSL102", 19) == "ran 1 time without that on simulated MPS"
    on_gpu = REFUSED._replace(outcome=CUDA, device="cuda:0", requires_grad=False)
    found = check((chain, on_gpu, 1), simulated="cuda")
    assert sights(found)["TSL102", 19] == "confirmed"
    assert "on a simulated GPU" in text(found, "TSL102", 19)


def test_the_last_link_of_a_chain_may_stand_on_another_line(check: Callable[..., list[dict[str, object]]]) -> None:
    on_gpu = REFUSED._replace(outcome=CUDA, device="cuda:0")
    assert sights(check((".numpy()|\n    )", on_gpu, 1)))["TSL102", 19] == "confirmed"


def test_storing_into_an_array_is_what_converts(check: Callable[..., list[dict[str, object]]]) -> None:
    found = check(("table[0]", REFUSED._replace(call="Tensor.__array__"), 1))
    assert sights(found)["TSL101", 26] == "confirmed"


def test_what_leaves_no_trace_is_not_watched(check: Callable[..., list[dict[str, object]]]) -> None:
    assert sights(check())["TSL301", 42] == "not watched"


def test_an_index_is_watched_on_a_simulated_gpu(check: Callable[..., list[dict[str, object]]]) -> None:
    words = "torch.zeros(3)[image[::-1]]"
    stride = "ValueError: At least one stride in the given numpy array is negative"
    refused = Case("Tensor.__getitem__", "ndarray", stride, negative_strides=True)
    assert sights(check(simulated="cuda"))["TSL301", 42] == "not reached"
    assert sights(check((words, refused, 1), simulated="cuda"))["TSL301", 42] == "confirmed"
    copied = refused._replace(outcome="", negative_strides=False)
    assert sights(check((words, copied, 1), simulated="cuda"))["TSL301", 42] == "cleared"


@pytest.mark.parametrize("name", ["torch.Tensor", "torch.FloatTensor"])
def test_the_constructor_is_watched_and_its_like_are_not(
    check: Callable[..., list[dict[str, object]]], name: str
) -> None:
    text = f"import numpy as np\nimport torch\n\nweights = {name}(np.arange(3))\n"
    found = check(text=text, options=("--extend-select", "TSL305"))
    assert sights(found)["TSL305", 4] == ("not reached" if name == "torch.Tensor" else "not watched")


def test_what_was_not_found_is_observed_only(check: Callable[..., list[dict[str, object]]]) -> None:
    found = check(("x.numpy()|\n\n\ndef picked", REFUSED, 3))
    assert sights(found)["TSL101", 38] == "observed only"
    (one,) = (each for each in found if each["line"] == 38)
    assert one["message"] == f"`Tensor.numpy` raised {GRAD} (3 of 3 times)"
    assert (one["name"], one["confidence"], one["column"]) == ("grad-to-numpy", "certain", 12)


def test_what_the_program_catches_is_not_news(check: Callable[..., list[dict[str, object]]]) -> None:
    assert ("TSL101", 32) not in sights(check(("x.numpy()|\n    except", REFUSED, 3)))


def test_what_is_not_selected_or_suppressed_is_not_added(check: Callable[..., list[dict[str, object]]]) -> None:
    seen = ("x.numpy()|\n\n\ndef picked", REFUSED, 3)
    assert ("TSL101", 38) not in sights(check(seen, options=("--ignore", "TSL101")))
    whole = "# flake8: noqa\n" + PROGRAM
    assert not check(seen, text=whole)


def test_a_function_that_has_moved_is_joined(check: Callable[..., list[dict[str, object]]]) -> None:
    found = check(("layer.weight.numpy()", REFUSED, 1), text="# moved\n\n" + PROGRAM)
    assert sights(found)["TSL101", 12] == "confirmed"


def test_what_was_seen_in_a_function_that_has_changed_is_left_out_with_a_note(
    check: Callable[..., list[dict[str, object]]], run: Run
) -> None:
    changed = PROGRAM.replace("    return layer.weight", "    print()\n    return layer.weight")
    found = check(("layer.weight.numpy()", REFUSED, 1), text=changed)
    assert sights(found)["TSL101", 11] == "not reached"
    assert run(*JOIN, "program.py").err == "note: program.py has changed since it was observed; left out: weights\n"


@pytest.mark.parametrize(
    ("only", "lines"), [(("confirmed",), {10}), (("observed-only", "confirmed"), {10, 38}), (("cleared",), set())]
)
def test_only(check: Callable[..., list[dict[str, object]]], only: tuple[str, ...], lines: set[int]) -> None:
    seen = (("layer.weight.numpy()", REFUSED, 1), ("x.numpy()|\n\n\ndef picked", REFUSED, 1))
    found = check(*seen, options=tuple(part for one in only for part in ("--only", one)))
    assert {each["line"] for each in found} == lines


def test_columns_behind_letters_that_take_more_than_a_byte(tmp_path: Path, run: Run) -> None:
    source = 'import torch\n\n\ndef f(x):\n    return {"größe": x.numpy()}\n'
    Path("program.py").write_text(source, encoding="utf-8")
    recording = Recording(processes=1)
    line = source.splitlines()[4]
    start = len(line[: line.index("x.")].encode()) + 1
    sighting = recording.at(Place(str(tmp_path / "program.py"), 5, start, 5, start + len("x.numpy()")))
    assert sighting is not None
    sighting.add(REFUSED, 1, 0.0)
    sighting.scope = Scopes(source).around(5)
    write(recording, Path("seen.json"), str(tmp_path))
    done = run(*JOIN, "program.py")
    assert f"program.py:5:{line.index('x.') + 1}" in done.out
    assert "  |" + " " * (line.index("x.") + 1) + "^^^^^^^^^ grad-to-numpy" in done.out


KEPT = """\
import torch
from torch import nn

net = nn.Linear(2, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
history = []
for _ in range(3):
    history.append(net.state_dict())
    net(torch.ones(1, 2)).sum().backward()
    optimizer.step()
print(history[0])
"""


KEPT_ROWS = """\
import numpy as np
import torch
from torch import nn

net = nn.Linear(2, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
row = np.zeros(2, dtype=np.float32)
history = []
for turn in range(3):
    row[:] = turn
    history.append({})
    net(torch.from_numpy(row)).sum().backward()
    optimizer.step()
print(history[0])
"""


@pytest.mark.parametrize("seen", [True, False])
def test_a_snapshot_that_changed_is_confirmed_and_never_cleared(tmp_path: Path, run: Run, seen: bool) -> None:
    Path("program.py").write_text(KEPT, encoding="utf-8")
    recording = Recording(processes=1)
    sighting = recording.at(Place(str(tmp_path / "program.py"), 8, 20, 8, 36))
    assert sighting is not None
    sighting.add(Case("Module.state_dict", "Module"), 3, 0.0)
    sighting.scope = Scopes(KEPT).around(8)
    if seen:
        step = Place(str(tmp_path / "program.py"), 10, 5, 10, 21)
        sighting.add_hazard(Hazard("stale", "optimizer steps changed it while it was kept", step), 1)
    write(recording, Path("seen.json"), str(tmp_path))
    (found,) = json.loads(run(*JOIN, "--output-format", "json", "program.py").out)
    assert (found["code"], found["line"]) == ("TSL203", 8)
    assert found["observed"]["sight"] == ("confirmed" if seen else "not watched")


@pytest.mark.parametrize("kept", ["torch.from_numpy(row)", "net.weight.detach()"])
def test_a_snapshot_that_is_no_array_is_confirmed(tmp_path: Path, run: Run, kept: str) -> None:
    text = KEPT_ROWS.format(kept)
    Path("program.py").write_text(text, encoding="utf-8")
    found = json.loads(run("check", "--isolated", "--no-cache", "--output-format", "json", "program.py").out)
    line, column = next((one["line"], one["column"]) for one in found if one["code"] == "TSL203")
    recording = Recording(processes=1)
    sighting = recording.at(Place(str(tmp_path / "program.py"), line, column, line, column + len(kept)))
    assert sighting is not None
    sighting.add_hazard(Hazard("stale", "its memory was written by NumPy more than once while it was kept"), 1)
    sighting.scope = Scopes(text).around(line)
    write(recording, Path("seen.json"), str(tmp_path))
    joined = json.loads(run(*JOIN, "--output-format", "json", "program.py").out)
    (stale,) = [one for one in joined if one["code"] == "TSL203"]
    assert stale["observed"]["sight"] == "confirmed"
    assert "more than once" in stale["observed"]["text"]


def test_a_snapshot_that_was_not_found_is_not_added(
    check: Callable[..., list[dict[str, object]]], run: Run, tmp_path: Path
) -> None:
    """It may be meant to change: whether it is read again is not seen."""
    check(("layer.weight.numpy()", REFUSED, 1))
    recording = read(Path("seen.json"), str(tmp_path))
    for sighting in recording.sightings.values():
        sighting.add_hazard(Hazard("stale", "optimizer steps changed it while it was kept"), 1)
    write(recording, Path("seen.json"), str(tmp_path))
    found = json.loads(run(*JOIN, "--output-format", "json", "program.py").out)
    assert "TSL203" not in {each["code"] for each in found}


@pytest.mark.parametrize("form", ["text", "concise", "sarif", "html"])
def test_the_reports_carry_it(check: Callable[..., list[dict[str, object]]], form: str, run: Run) -> None:
    check(("layer.weight.numpy()", REFUSED, 1))
    printed = run(*JOIN, "--output-format", form, "program.py").out
    if form == "sarif":
        results = json.loads(printed)["runs"][0]["results"]
        assert "confirmed" in {each["properties"]["observed"]["sight"] for each in results}
    else:
        said = '<span class="sight confirmed">confirmed</span> raised' if form == "html" else "confirmed: raised"
        assert f"{said} RuntimeError" in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--observed", "missing.json"], "cannot read missing.json: No such file or directory"),
        (["--observed", "program.py"], "program.py is no recording"),
        (["--only", "confirmed"], "--only needs --observed"),
        (["--observed", "seen.json", "--fix"], "cannot be given together"),
        (["--observed", "seen.json", "-"], "is for files"),
    ],
)
def test_bad_usage(tmp_path: Path, run: Run, arguments: list[str], message: str) -> None:
    Path("program.py").write_text(textwrap.dedent(PROGRAM), encoding="utf-8")
    paths = [] if "-" in arguments else ["program.py"]
    done = run("check", "--isolated", *arguments, *paths)
    assert done.code == 2
    assert message in done.err
