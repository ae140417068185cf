"""The commands: ``tensorlint verify``, and ``python -m tensorlint.verify`` where only torch and NumPy are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tensorlint.cli import main as tensorlint
from tensorlint.verify.__main__ import main as harness

ROOT = Path(__file__).resolve().parent.parent
SMALL = ROOT / "fixtures" / "TSL301" / "known_missed.py"

WITHOUT = """
import runpy, sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocker())
sys.argv = ["tensorlint"] + {arguments}
runpy.run_module({module!r}, run_name="__main__")
"""


def run(module: str, *arguments: str, blocked: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    script = WITHOUT.replace("{blocked}", repr(set(blocked) or {""})).replace("{arguments}", repr(list(arguments)))
    return subprocess.run(
        [sys.executable, "-c", script.replace("{module!r}", repr(module))], cwd=ROOT, capture_output=True, text=True
    )


def test_without_libcst_click_and_rich() -> None:
    blocked = ("libcst", "click", "rich", "pathspec")
    done = run("tensorlint.verify", str(SMALL), "--device", "cpu", blocked=blocked)
    assert done.returncode == 0, done.stderr
    assert "LibCST is not installed" in done.stdout
    assert done.stdout.splitlines()[-1] == "1 fixtures, 2 claims: 1 confirmed, 1 not checked"


def in_process(program: str, *arguments: str) -> int:
    """What the program would exit with."""
    if program == "tensorlint verify":
        with pytest.raises(SystemExit) as ended:
            tensorlint(["verify", *arguments])
        return int(ended.value.code or 0)
    try:
        return harness(arguments)
    except SystemExit as ended:
        return int(ended.code or 0)


both = pytest.mark.parametrize("program", ["tensorlint verify", "python -m tensorlint.verify"])


@both
def test_all_confirmed_ends_with_0(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert in_process(program, str(SMALL), "--no-lint", "--device", "cpu", "--quiet") == 0
    assert capsys.readouterr().out == "1 fixtures, 1 claims: 1 confirmed\n"


@both
def test_a_wrong_claim_ends_with_1(program: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "TSL301").mkdir()
    wrong = tmp_path / "TSL301" / "wrong.py"
    wrong.write_text(SMALL.read_text().replace("raises ValueError", "raises TypeError"))
    assert in_process(program, str(wrong), "--no-lint", "--device", "cpu") == 1
    assert "contradicted" in capsys.readouterr().out.splitlines()[1]


@both
def test_bad_usage_ends_with_2(program: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([str(tmp_path / "none")], [str(tmp_path)], ["--device", "tpu"], ["--nonsense"]):
        assert in_process(program, *arguments) == 2
        assert "error" in capsys.readouterr().err.lower()


def test_without_torch_it_says_what_is_missing() -> None:
    done = run("tensorlint", "verify", blocked=("torch",))
    assert done.returncode == 2
    assert "pip install 'tensorlint[verify]'" in done.stderr
    assert "Traceback" not in done.stderr


@both
def test_a_fixed_program_is_no_fixture(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert in_process(program, str(ROOT / "fixtures" / "TSL301" / "flips.fixed.py")) == 2
    assert "flips.fixed.py is a fixed program; name the fixture that it is made of" in capsys.readouterr().err
