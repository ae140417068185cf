"""The harness sees what happens: right claims are confirmed, wrong ones are contradicted."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from tensorlint.verify.fixture import Fixture, read
from tensorlint.verify.harness import verify
from tensorlint.verify.judge import Row, Verdict
from tensorlint.verify.table import print_table, summary

HEAD = "import warnings\n\nimport numpy as np\nimport torch\nfrom torch import nn\n\n\n"
DEVICES = ("cpu", "meta", "simulated-cuda")


def fixture(folder: Path, text: str, fixed: str | None = None) -> Fixture:
    (folder / "TSL101").mkdir(exist_ok=True)
    (folder / "TSL101" / "a.py").write_text(HEAD + textwrap.dedent(text))
    if fixed is not None:
        (folder / "TSL101" / "a.fixed.py").write_text(HEAD + textwrap.dedent(fixed))
    return read(folder / "TSL101" / "a.py")


def rows(folder: Path, text: str, fixed: str | None = None, devices: tuple[str, ...] = DEVICES) -> list[Row]:
    found = verify([fixture(folder, text, fixed)], devices, lint=False)
    return [row for row in found if row.observed != "no fixed program"]


def verdicts(found: list[Row]) -> set[Verdict]:
    return {row.verdict for row in found}


# A claim, a statement of which it is true, and one of which it is false.
TRUE = [
    ("raises RuntimeError: requires grad", "y = x.exp().numpy()", "y = x.exp().detach().numpy()"),
    ("fails later AttributeError: data", "x = 1", "y = 1"),
    ("warns UserWarning: careful", "warnings.warn('be careful')", "y = 1"),
    ("shares y with x", "y = x.detach().numpy()", "y = x.detach().numpy().copy()"),
    ("overwrites x", "x.detach().numpy()[0] = 9", "x.detach().numpy().copy()[0] = 9"),
    ("stale y", "y = x.detach()", "y = x.detach().clone()"),
    ("wrong gradient x, right is x.detach().exp()", "z.data.zero_()", "pass"),
    ("no gradient w", "(x.detach() * w.detach()).sum()", "(x.detach() * w).sum().backward()"),
    ("always False", "x.device == 'cpu'", "x.device.type == 'cpu'"),
    ("discards x", "x.detach()", "x = x.detach()"),
    ("holds y.requires_grad", "y = x * 2", "y = x.detach() * 2"),
    ("slower than 1 + 1 by 50", "sorted(range(20000), key=str)", "1 + 1"),
]
BODY = """
    def {kind}_a(device):
        x = torch.arange(3.0, requires_grad=True)
        w = torch.ones(3, requires_grad=True)
        z = x.exp()
        # claim: {claim}
        {statement}
        x.data.add_(1)
        {last}
"""


def body(kind: str, claim: str, statement: str) -> str:
    last = "x.data.sub_(1); z.sum().backward()" if "wrong gradient" in claim else "return x.sum().item()"
    return BODY.format(kind=kind, claim=claim, statement=statement, last=last)


@pytest.mark.parametrize(("claim", "bad", "harmless"), TRUE)
def test_every_verb_is_confirmed_where_it_is_true(tmp_path: Path, claim: str, bad: str, harmless: str) -> None:
    found = rows(tmp_path, body("bug", claim, bad), devices=("cpu",))
    assert [(row.claimed, row.verdict) for row in found] == [(claim, Verdict.CONFIRMED)]


@pytest.mark.parametrize(("claim", "bad", "harmless"), TRUE)
def test_every_verb_is_contradicted_where_it_is_false(tmp_path: Path, claim: str, bad: str, harmless: str) -> None:
    found = rows(tmp_path, body("bug", claim, harmless), devices=("cpu",))
    assert Verdict.CONTRADICTED in verdicts([row for row in found if row.claimed == claim])


@pytest.mark.parametrize(
    ("good", "bad", "harmless"),
    [
        ("copies y from x", "y = x.detach().numpy()", "y = x.detach().numpy().copy()"),
        ("spares x", "x.detach().numpy()[0] = 9", "x.detach().numpy().copy()[0] = 9"),
        ("fresh y", "y = x.detach()", "y = x.detach().clone()"),
    ],
)
def test_the_opposites(tmp_path: Path, good: str, bad: str, harmless: str) -> None:
    assert verdicts(rows(tmp_path, body("ok", good, harmless))) == {Verdict.CONFIRMED}
    assert Verdict.CONTRADICTED in verdicts(rows(tmp_path, body("ok", good, bad)))


def test_an_exception_of_another_type_or_text_contradicts(tmp_path: Path) -> None:
    for wrong in ("raises TypeError: requires grad", "raises RuntimeError: no such text"):
        found = rows(tmp_path, body("bug", wrong, "y = x.numpy()"), devices=("cpu",))
        assert [row.observed.split(":")[0] for row in found] == ["raises RuntimeError"] * 2
        assert verdicts(found) == {Verdict.CONTRADICTED}


def test_an_exception_at_another_line_contradicts(tmp_path: Path) -> None:
    text = """
    def bug_a(device):
        x = torch.ones(2, requires_grad=True)
        # claim: raises RuntimeError: requires grad
        y = x.detach()
        return x.numpy()
    """
    found = rows(tmp_path, text, devices=("cpu",))
    assert [row.observed for row in found if row.claimed != "nothing else"] == ["nothing raised"]
    assert verdicts(found) == {Verdict.CONTRADICTED}


def test_devices_differ(tmp_path: Path) -> None:
    text = """
    # devices: cpu, gpu, meta
    def bug_a(device):
        x = torch.ones(2, device=device)
        # claim gpu, meta: raises TypeError: can't convert {device} device type tensor to numpy
        return x.numpy()
    """
    found = rows(tmp_path, text)
    assert [(row.device, row.observed.split(" type tensor")[0]) for row in found] == [
        ("cpu", "nothing"),
        ("meta", "raises TypeError: can't convert meta device"),
        ("simulated-cuda", "raises TypeError: can't convert cuda:0 device"),
    ]
    assert verdicts(found) == {Verdict.CONFIRMED}
    wrong = rows(tmp_path, text.replace("claim gpu, meta:", "claim cpu:"))
    assert [row.verdict for row in wrong] == [Verdict.CONTRADICTED] * len(wrong)


def test_a_bug_that_never_misbehaves_is_contradicted(tmp_path: Path) -> None:
    text = "def bug_a(device):\n    # claim mps: raises TypeError: no\n    return torch.ones(2).numpy()\n"
    assert [row.observed for row in rows(tmp_path, text) if row.verdict is Verdict.CONTRADICTED] == [
        "none on any device"
    ]


@pytest.mark.parametrize(
    ("statement", "observed"),
    [
        ("raise KeyError('gone')", "raises KeyError: 'gone'"),
        ("warnings.warn('be careful')", "warns UserWarning at line 9: be careful"),
        ("torch.from_numpy(np.broadcast_to(np.ones(1), 3))", "warns UserWarning at line 9"),
    ],
)
def test_what_is_not_claimed_contradicts(tmp_path: Path, statement: str, observed: str) -> None:
    (found,) = rows(tmp_path, f"def ok_a(device):\n    {statement}\n", devices=("cpu",))
    assert found.observed.startswith(observed)
    assert found.verdict is Verdict.CONTRADICTED


HELPER = """
    def to_array(tensor):
        # claim: raises RuntimeError: requires grad
        return tensor.numpy()


    def {kind}_a(device):
        return to_array(torch.ones(2, requires_grad={grad}))
"""


def test_claims_of_a_helper_belong_to_those_who_call_it(tmp_path: Path) -> None:
    bug = rows(tmp_path, HELPER.format(kind="bug", grad=True), devices=("cpu",))
    assert [(row.function, row.verdict) for row in bug] == [("bug_a", Verdict.CONFIRMED)]
    ok = rows(tmp_path, HELPER.format(kind="ok", grad=True), devices=("cpu",))
    assert Verdict.CONTRADICTED in verdicts(ok)
    idle = rows(tmp_path, HELPER.format(kind="bug", grad=False), devices=("cpu",))
    assert ("line 11", "not seen in any function") in [(row.function, row.observed) for row in idle]


def test_a_claim_about_what_was_not_run_is_not_checked(tmp_path: Path) -> None:
    def unchecked(text: str) -> list[tuple[str, str, str]]:
        found = rows(tmp_path, text, devices=("simulated-cuda",))
        assert verdicts(found) == {Verdict.CONFIRMED, Verdict.SKIPPED}
        return [(row.function, row.device, row.observed) for row in found if row.verdict is Verdict.SKIPPED]

    other = "\n\n    def ok_b(device):\n        return 1\n"
    inside = """
    # devices: cpu
    def bug_a(device):
        # claim: raises RuntimeError: requires grad
        return torch.ones(2, requires_grad=True).numpy()
    """
    assert unchecked(inside + other) == [("bug_a", "cpu", "not run on simulated-cuda")]
    helped = HELPER.format(kind="bug", grad=True).replace("    def bug_a", "    # devices: cpu\n    def bug_a")
    assert unchecked(helped + other) == [("line 11", "cpu", "bug_a: not run on simulated-cuda")]


def test_a_function_that_behaves_and_is_not_run_excuses_no_claim(tmp_path: Path) -> None:
    twin = "\n\n    # devices: cpu\n    def ok_a(device):\n        return torch.ones(2).numpy()\n"
    found = rows(tmp_path, HELPER.format(kind="bug", grad=False) + twin, devices=("simulated-cuda",))
    assert ("line 11", "not seen in any function") in [(row.function, row.observed) for row in found]
    assert Verdict.CONTRADICTED in verdicts(found)


def test_a_claim_that_is_not_reached_is_contradicted(tmp_path: Path) -> None:
    text = "def ok_a(device):\n    if False:\n        # claim: nothing\n        x = 1\n    return 1\n"
    assert [row.observed for row in rows(tmp_path, text, devices=("cpu",))] == ["not reached"]


def test_a_claim_that_cannot_be_evaluated_is_contradicted(tmp_path: Path) -> None:
    text = "def ok_a(device):\n    # claim: fresh y\n    x = 1\n    return x\n"
    found = rows(tmp_path, text, devices=("cpu",))
    assert verdicts(found) == {Verdict.CONTRADICTED}
    assert "NameError" in found[0].observed


def test_a_function_is_run_with_the_versions_that_it_needs(tmp_path: Path) -> None:
    text = """
    # devices: cpu, torch{}
    def bug_a(device):
        # claim: raises RuntimeError: requires grad
        return torch.ones(2, requires_grad=True).numpy()


    # devices: torch{}
    def ok_b(device):
        return 1
    """
    assert rows(tmp_path, text.format("<1", "<1")) == []
    found = rows(tmp_path, text.format(">=1.13", "<1"))
    assert [(row.function, row.device, row.verdict) for row in found] == [("bug_a", "cpu", Verdict.CONFIRMED)]
    assert {row.device for row in rows(tmp_path, text.format("<1", ">=1.13"))} == {"cpu", "simulated-cuda"}


def test_runs_do_not_see_each_other(tmp_path: Path) -> None:
    text = """
    seen = []


    def ok_a(device):
        seen.append(torch.rand(1).item())
        torch.set_grad_enabled(False)
        torch.set_default_dtype(torch.float64)
        open("left_behind", "w").close()
        return len(seen), np.random.rand(), seen


    def ok_b(device):
        import os

        assert torch.is_grad_enabled() and torch.get_default_dtype() == torch.float32 and not os.listdir()
        seen.append(torch.rand(1).item())
        return len(seen), np.random.rand(), seen
    """
    one = read(fixture(tmp_path, text).place)
    from tensorlint.observe.frozen import changes
    from tensorlint.verify.run import run, scratch_copy

    with scratch_copy(one.written) as folder:
        first, second = (run(one.written, folder, function, "cpu") for function in one.written.functions)
    assert first.faults == second.faults == ()
    assert first.result is not None
    assert second.result is not None
    assert changes(first.result, second.result) == ""


def test_modules_of_a_folder_import_each_other(tmp_path: Path) -> None:
    folder = tmp_path / "TSL101" / "two"
    folder.mkdir(parents=True)
    (folder / "first.py").write_text("from second import answer\n\n\ndef ok_a(device):\n    return answer()\n")
    (folder / "second.py").write_text("def answer():\n    return 1\n")
    assert verdicts(list(verify([read(folder)], ("cpu",), lint=False))) == {Verdict.CONFIRMED}
    (folder / "second.py").write_text("def answer():\n    raise ValueError\n")
    assert verdicts(list(verify([read(folder)], ("cpu",), lint=False))) == {Verdict.CONTRADICTED}


FAR_WARNING = """
    def bug_a(device):
        # claim: warns UserWarning: seed
        exec(compile("import warnings; warnings.warn({text!r})", "/library.py", "exec"))
"""


@pytest.mark.parametrize(("text", "held"), [("seed it", True), ("other", False)])
def test_a_warning_in_a_library_is_given_by_the_line_that_calls_it(tmp_path: Path, text: str, held: bool) -> None:
    program = FAR_WARNING.format(text=text)
    (row,) = [row for row in rows(tmp_path, program) if row.claimed.startswith("warns") and row.device == "cpu"]
    assert (row.verdict is Verdict.CONFIRMED) is held


BUG = """
    def bug_a(device):
        x = torch.arange(3.0, device=device, requires_grad=True)
        # claim cpu: raises RuntimeError: requires grad
        # claim gpu: raises TypeError: device type tensor
        return x{chain}.numpy()


    def ok_a(device):
        return torch.arange(3.0)
"""


@pytest.mark.parametrize(
    ("chain", "complaint"),
    [
        (".detach().cpu()", ""),
        (".detach()", "still raises TypeError"),
        (".cpu()", "still raises RuntimeError"),
        (".detach().cpu().double()[:2]", "does not return what ok_a returns"),
        (".detach().cpu().foo()", "raises AttributeError"),
    ],
)
def test_fixed_programs_are_run(tmp_path: Path, chain: str, complaint: str) -> None:
    found = rows(tmp_path, BUG.format(chain=""), BUG.format(chain=chain))
    fixed = [row for row in found if row.claimed.startswith("fixed")]
    assert len(fixed) == 4
    wrong = [row for row in fixed if row.verdict is Verdict.CONTRADICTED]
    assert bool(wrong) == bool(complaint)
    assert any(complaint in row.observed for row in fixed)


ALWAYS = """
    def bug_a(device):
        x = torch.ones(2, device=device)
        # claim: always False
        return x.device{type} == "cuda"
"""


def test_a_comparison_that_is_fixed_depends_on_the_device(tmp_path: Path) -> None:
    assert verdicts(rows(tmp_path, ALWAYS.format(type=""), ALWAYS.format(type=".type"))) == {
        Verdict.CONFIRMED,
        Verdict.CONTRADICTED,  # it returns something else on the CPU: without a twin that is not right
    }
    twin = "\n\n    def ok_a(device):\n        return device.type == 'cuda'\n"
    right = rows(tmp_path, ALWAYS.format(type="") + twin, ALWAYS.format(type=".type") + twin)
    assert verdicts(right) == {Verdict.CONFIRMED}
    wrong = rows(tmp_path, ALWAYS.format(type=""), ALWAYS.format(type=""))
    assert ("fixed: not always False", "still is") in [(row.claimed, row.observed) for row in wrong]


def test_a_bug_without_a_fixed_program_must_say_so(tmp_path: Path) -> None:
    text = BUG.format(chain="")
    assert "no fixed program" in [row.observed for row in verify([fixture(tmp_path, text)], ("cpu",), lint=False)]
    text = text.replace("# claim cpu", "# not fixed: the test says so\n        # claim cpu")
    assert "no fixed program" not in [row.observed for row in verify([fixture(tmp_path, text)], ("cpu",), lint=False)]


def test_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = rows(tmp_path, BUG.format(chain=""))
    print_table(found)
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].split() == ["rule", "fixture", "function", "device", "claimed", "observed", "verdict"]
    assert printed[1].split()[:4] == ["TSL101", "a", "bug_a", "cpu"]
    assert printed[-1] == summary(found) == "1 fixtures, 4 claims: 4 confirmed"
    print_table(found, quiet=True)
    assert capsys.readouterr().out.splitlines() == [summary(found)]
