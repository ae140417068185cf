"""``tensorlint new-rule`` and ``test-rules``: what is begun works, and what does not do as written is named."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import ROOT
from commands import Run
from plugin_packages import EXAMPLE, WITHOUT_TORCH, Packages, pip_install

FIXTURES = ROOT / "fixtures"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pip_install(EXAMPLE, tmp_path_factory.mktemp("site"))


@pytest.fixture
def example(site: Path, tmp_path: Path) -> Packages:
    shutil.copytree(EXAMPLE / "fixtures", tmp_path / "fixtures")
    return Packages(site, tmp_path)


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_a_new_package_with_a_rule_can_be_installed_and_does_what_it_says(tmp_path: Path) -> None:
    package = Packages(tmp_path / "site", tmp_path)
    done = package("new-rule", "ABC101", "becomes-array", "--in", "mine")
    assert done.returncode == 0, done.stderr
    assert "Next in mine: `pip install -e .`, then `tensorlint test-rules fixtures`" in done.stdout
    assert package("new-rule", "ABC102", "becomes-another", "--in", "mine").returncode == 0
    made = {path.relative_to(tmp_path / "mine").as_posix() for path in (tmp_path / "mine").rglob("*") if path.is_file()}
    assert made == {
        "pyproject.toml",
        "tensorlint_abc/__init__.py",
        "tensorlint_abc/rules/__init__.py",
        *(f"tensorlint_abc/rules/{name}.py" for name in ("abc101_becomes_array", "abc102_becomes_another")),
        *(f"fixtures/{code}/arrays.py" for code in ("ABC101", "ABC102")),
    }
    pip_install(tmp_path / "mine", tmp_path / "site")
    done = package("test-rules", "mine/fixtures", "--device", "cpu")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("2 fixtures, ")
    assert "contradicted" not in done.stdout
    assert "ABC102  becomes-another            opt-in" in package("rules").stdout


def test_a_new_rule_of_tensorlints_own(tmp_path: Path) -> None:
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "tensorlint", tmp_path / "tensorlint", ignore=ignore)
    shutil.copytree(FIXTURES / "TSL501", tmp_path / "fixtures" / "TSL501")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
        command = [sys.executable, "-m", "tensorlint", *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)

    done = run("new-rule", "TSL599", "becomes-array")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "tensorlint" / "rules" / "tsl599_becomes_array.py").is_file()
    done = run("test-rules", "fixtures/TSL599", "--device", "cpu")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("2 fixtures, ")
    taken = run("new-rule", "TSL501", "another-name")
    assert taken.returncode == 2
    assert "the code or the name is taken: " in taken.stderr
    assert "tsl501_redundant_contiguous.py" in taken.stderr


PYPROJECT = '[project.entry-points."tensorlint.rules"]\nABC = "abc_rules"\n'


@pytest.mark.parametrize(
    ("code", "name", "pyproject", "said"),
    [
        ("abc101", "two-words", None, "'abc101' is no code"),
        ("ABC1", "two-words", None, "'ABC1' is no code"),
        ("ABC101", "one", None, "'one' is no name"),
        ("ABC101", "Two-Words", None, "'Two-Words' is no name"),
        ("TSL101", "two-words", None, "TSL101: codes that begin with TSL are tensorlint's own"),
        ("ABC101", "two-words", "[project\n", "pyproject.toml: "),
        ("ABC101", "two-words", "project = 3\n", 'has no ABC = "PACKAGE" in [project.entry-points."tensorlint.rules"]'),
        ("ABD101", "two-words", PYPROJECT, 'has no ABD = "PACKAGE" in [project.entry-points."tensorlint.rules"]'),
        ("ABC101", "two-words", PYPROJECT, 'ABC = "abc_rules" is no package of modules in '),
    ],
)
def test_a_rule_that_cannot_be_begun(code: str, name: str, pyproject: str | None, said: str, run: Run) -> None:
    if pyproject is not None:
        run.write("pyproject.toml", pyproject)
    done = run("new-rule", code, name)
    assert done.code == 2
    assert said in done.err
    assert [path.name for path in run.folder.iterdir()] == ["pyproject.toml"] * (pyproject is not None)


def test_no_file_is_overwritten(run: Run) -> None:
    run.write("pyproject.toml", PYPROJECT)
    run.write("src/abc_rules/__init__.py", "")
    run.write("fixtures/ABC101/arrays.py", "mine = True\n")
    done = run("new-rule", "ABC101", "two-words")
    assert done.code == 2
    assert "arrays.py is there already" in done.err
    assert (run.folder / "fixtures/ABC101/arrays.py").read_text() == "mine = True\n"
    assert [path.name for path in (run.folder / "src/abc_rules").iterdir()] == ["__init__.py"]


def test_the_example_does_what_its_fixtures_say(example: Packages) -> None:
    done = example("test-rules", "fixtures")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("1 fixture, ")
    assert done.stdout.count("\n") == 1


def test_what_differs_is_named_with_file_and_line(example: Packages) -> None:
    file = example.folder / "fixtures" / "EXA101" / "square_roots.py"
    change(file, "EXA101: 12 certain", "EXA101: 11 certain")
    change(file, "isinstance(root, torch.Tensor)", "root is None")
    done = example("test-rules", "fixtures", "--device", "cpu")
    assert done.returncode == 1
    place = f"{Path('fixtures', 'EXA101', 'square_roots.py')}:11"
    assert done.stdout.splitlines()[:-1] == [
        f"{place}: linter: EXA101 at 11:11 certain: no such finding",
        f"{place}: linter: EXA101 at 11:12 certain: a finding that is not marked",
        f"{place}: cpu: bug_root: holds root is None: not true",
    ]
    assert done.stdout.splitlines()[-1].endswith("3 contradicted")
    done = example("test-rules", "fixtures", "--no-run")
    assert done.returncode == 1
    assert "cpu" not in done.stdout


def test_without_torch_the_fixtures_are_linted(example: Packages) -> None:
    done = example("test-rules", "fixtures", before=WITHOUT_TORCH)
    assert done.returncode == 0, done.stderr
    assert "torch not installed: what the fixtures claim was not run\n1 fixture, " in done.stdout
    change(example.folder / "fixtures" / "EXA101" / "square_roots.py", "12 certain", "12 likely")
    assert example("test-rules", "fixtures", before=WITHOUT_TORCH).returncode == 1


def test_the_examples_of_a_page_are_tested(site: Path, tmp_path: Path) -> None:
    shutil.copytree(site, tmp_path / "site")
    rule = tmp_path / "site" / "tensorlint_example" / "rules" / "exa101_implicit_conversion.py"
    change(rule, "root = np.sqrt(torch.arange(3.0).numpy())", "root = np.sqrt(torch.arange(3.0))")
    shutil.copytree(EXAMPLE / "fixtures", tmp_path / "fixtures")
    packages = Packages(tmp_path / "site", tmp_path)
    done = packages("test-rules", "fixtures", "--no-run")
    assert done.returncode == 1
    assert "exa101_implicit_conversion.py:14: Use instead, program 1: no finding: EXA101" in done.stdout


def test_fixed_programs_are_compared_with_what_the_fixer_makes(run: Run) -> None:
    shutil.copytree(FIXTURES / "TSL501", run.folder / "TSL501")
    fixed = run.folder / "TSL501" / "arrays.fixed.py"
    fixed.write_bytes(fixed.read_bytes() + b"\n\nx = 1\n")
    done = run("test-rules", "TSL501", "--no-run")
    assert done.code == 1
    advice = "fixer: the fixed program: the fixer makes another: --update-fixed"
    assert f"{Path('TSL501', 'arrays.fixed.py')}:1: {advice}" in done.out
    done = run("test-rules", "TSL501", "--no-run", "--update-fixed")
    assert done.code == 0, done.out
    assert fixed.read_bytes() == (FIXTURES / "TSL501" / "arrays.fixed.py").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Missing argument 'PATHS...'"),
        (("nowhere",), "no such fixture: nowhere"),
        (("empty",), "no fixture in empty"),
        (("TSL501",), "bad.py:1: '# TSL501 9 certain' is no marker"),
        (("ABC101",), "there is no rule ABC101: is it installed?"),
        (("TSL502", "--device", "abacus"), "not at hand: abacus"),
        (("TSL502", "--device", "cpu", "--no-run"), "--no-run"),
    ],
)
def test_what_cannot_be_tested_is_bad_usage(arguments: tuple[str, ...], said: str, run: Run) -> None:
    run.write("TSL501/bad.py", "x = 1  # TSL501 9 certain\n")
    run.write("TSL502/good.py", "x = 1\n")
    run.write("ABC101/good.py", "x = 1\n")
    (run.folder / "empty").mkdir()
    done = run("test-rules", *arguments)
    assert done.code == 2
    assert said in done.err
