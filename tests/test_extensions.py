"""Rules and tables of other packages: used if they are whole, else named in one line; nothing of theirs is a crash."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from plugin_packages import EXAMPLE, PROGRAM, RULE, Packages, pip_install


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that pip has installed the example into."""
    return pip_install(EXAMPLE, tmp_path_factory.mktemp("site"))


@pytest.fixture
def example(installed: Path, tmp_path: Path) -> Packages:
    (tmp_path / "program.py").write_text(PROGRAM)
    return Packages(installed, tmp_path)


@pytest.fixture
def packages(tmp_path: Path) -> Packages:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "program.py").write_text(PROGRAM)
    return Packages(tmp_path / "site", folder)


def found(packages: Packages, *arguments: str) -> list[str]:
    done = packages("check", "--isolated", "--output-format", "json", *arguments)
    return [f"{each['path']}:{each['line']} {each['code']}" for each in json.loads(done.stdout)]


def test_the_example_is_installed_and_found(example: Packages) -> None:
    assert found(example) == ["program.py:4 EXA101", "program.py:5 TSL101"]


def test_rules_of_other_packages_are_selected_by_code(example: Packages) -> None:
    assert found(example, "--select", "EXA1") == ["program.py:4 EXA101"]
    assert found(example, "--ignore", "EXA") == ["program.py:5 TSL101"]
    (example.folder / "tensorlint.toml").write_text('select = ["EXA1"]\n')
    done = example("check", "--output-format", "concise")
    assert "program.py:4:1: EXA101" in done.stdout
    assert "TSL101" not in done.stdout


def test_rules_and_explain_name_the_package(example: Packages) -> None:
    done = example("rules")
    assert [line for line in done.stdout.splitlines() if line.endswith("(tensorlint-example 0.1.0)")] == [
        line for line in done.stdout.splitlines() if line.startswith("EXA101")
    ]
    origins = {each["code"]: each["origin"] for each in json.loads(example("rules", "--output-format", "json").stdout)}
    assert origins["EXA101"] == "tensorlint-example 0.1.0"
    assert origins["TSL101"].startswith("tensorlint 0")
    explained = example("explain", "implicit-conversion").stdout
    assert explained.startswith("EXA101 implicit-conversion (tensorlint-example 0.1.0)\n")
    assert "Why is this bad?" in explained


def test_sarif_lists_them(example: Packages) -> None:
    log = json.loads(example("check", "--isolated", "--output-format", "sarif").stdout)
    rules = log["runs"][0]["tool"]["driver"]["rules"]
    (rule,) = [each for each in rules if each["id"] == "EXA101"]
    assert rule["properties"]["origin"] == "tensorlint-example 0.1.0"
    (result,) = [each for each in log["runs"][0]["results"] if each["ruleId"] == "EXA101"]
    assert rules[result["ruleIndex"]]["id"] == "EXA101"


def test_flake8_reports_them(example: Packages) -> None:
    done = example("--isolated", "program.py", module="flake8")
    assert [line.split()[1] for line in done.stdout.splitlines()] == ["EXA101", "TSL101"], done.stderr


def test_flake8_goes_on_without_rules_that_cannot_be_used(packages: Packages) -> None:
    packages.add_rule("raise SystemExit(3)\n")
    done = packages("--isolated", "program.py", module="flake8")
    assert [line.split()[1] for line in done.stdout.splitlines()] == ["TSL101"]
    (line,) = done.stderr.splitlines()
    assert line == "tensorlint: warning: the rules in abc_rules of abc-rules 1.0 are not used: SystemExit: 3"


def test_a_comment_suppresses_them(example: Packages) -> None:
    (example.folder / "program.py").write_text(PROGRAM.replace("(3))\n", "(3))  # noqa: EXA101\n"))
    assert found(example) == ["program.py:5 TSL101"]


@pytest.mark.parametrize(
    "program",
    [
        "import example_features\n\nexample_features.embed('a').numpy()\n",
        "from example_features import embed\n\nembed('a').numpy()\n",
        "import example_features as features\nimport numpy\n\nnumpy.asarray(features.embed_batch('a'))\n",
    ],
)
def test_a_table_of_another_package_is_used(program: str, example: Packages) -> None:
    (example.folder / "program.py").write_text(program)
    assert [each.split()[1] for each in found(example)] == ["TSL101"]
    assert found(Packages(example.folder / "nothing", example.folder)) == []


BROKEN = {
    "import": ("import nowhere_to_be_found\n", "the rules in abc_rules of abc-rules 1.0 are not used: ModuleNotFound"),
    "exit": ("raise SystemExit(3)\n", "the rules in abc_rules of abc-rules 1.0 are not used: SystemExit: 3"),
    "syntax": ("def\n", "the rules in abc_rules of abc-rules 1.0 are not used: SyntaxError: "),
    "none": ("", "the rules 'ABC' of abc-rules 1.0 are not used: abc_rules defines none"),
    "ours": (RULE.replace("ABC101", "TSL101"), "rule TSL101 of abc-rules 1.0 is not used: its code must be ABC and"),
    "digits": (RULE.replace("ABC101", "ABC1"), "rule ABC1 of abc-rules 1.0 is not used: its code must be ABC and"),
    "no code": (RULE.replace("    code =", "    kode ="), "rule Everything of abc-rules 1.0 is not used: its code"),
    "name": (RULE.replace('"everything"', '"Every thing"'), "rule ABC101 of abc-rules 1.0 is not used: its name must"),
    "taken": (RULE.replace('"everything"', '"grad-to-numpy"'), "grad-to-numpy is a rule of tensorlint already"),
    "events": (RULE.replace("(Conversion,)", "Conversion"), "rule ABC101 of abc-rules 1.0 is not used: its events"),
    "page": (RULE.replace("Known limits", "Known limit"), "rule ABC101 of abc-rules 1.0 is not used: a page has the"),
    "default": (RULE.replace("    code =", "    default = 1\n    code ="), "its default must be True or False, not 1"),
    "made": (
        RULE.replace("    def judge", "    def __init__(self):\n        raise OSError('no')\n\n    def judge"),
        "rule ABC101 of abc-rules 1.0 is not used: OSError: no",
    ),
}


API = """
import json, sys, warnings
import tensorlint

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    tensorlint.check_source("import torch", isolated=True)
    tensorlint.fix_source("import torch", isolated=True)
    tensorlint.check_paths(["program.py"], isolated=True)
for each in caught:
    assert each.category is tensorlint.ExtensionWarning, each
    print(json.dumps([each.filename, each.lineno, str(each.message)]))
"""


def test_from_python_they_are_warnings(packages: Packages) -> None:
    (packages.folder / "api.py").write_text(API)
    here = "import sys; sys.path.insert(0, '.')"
    assert packages(module="api", before=here).stdout == ""
    packages.add_rule("raise SystemExit(3)\n")
    done = packages(module="api", before=here)
    said = [json.loads(line) for line in done.stdout.splitlines()]
    message = "the rules in abc_rules of abc-rules 1.0 are not used: SystemExit: 3"
    assert [(Path(file).name, line, text) for file, line, text in said] == [
        ("api.py", line, message) for line in (7, 8, 9)
    ], done.stderr


def test_rules_that_cannot_be_used_are_warnings_of_one_line_each(packages: Packages) -> None:
    for number, (text, _) in enumerate(BROKEN.values()):
        entry, module = f"A{chr(65 + number)}", f"a{number:02}_rules"
        files = {f"{module}.py": text.replace("ABC", entry)}
        packages.add(f"a{number:02}-rules", f"[tensorlint.rules]\n{entry} = {module}\n", files)
    packages.add_rule(RULE.replace("(event.place,", "(event.place, 'still' +"))
    done = packages("check", "--isolated", "--output-format", "concise")
    lines = done.stderr.splitlines()
    for number, (_, warning) in enumerate(BROKEN.values()):
        meant = warning.replace("abc", f"a{number:02}").replace("ABC", f"A{chr(65 + number)}")
        assert meant in lines[number]
        assert lines[number].startswith("warning: ")
    assert not any(line.startswith("warning") for line in lines[len(BROKEN) :])
    assert done.returncode == 1
    assert "TSL101" in done.stdout
    assert "ABC101 [certain] stillconverted" in done.stdout


ENTRIES = {
    "TSL = abc_rules": "the rules 'TSL' of abc-rules 1.0 are not used: the name of the entry point must be",
    "ABCD = abc_rules": "the rules 'ABCD' of abc-rules 1.0 are not used: the name of the entry point must be",
    "ABC = abc_rules:Nothing": "the rule abc_rules:Nothing of abc-rules 1.0 is not used: it is no class of rules",
    "ABC = not_there": "the rules in not_there of abc-rules 1.0 are not used: ModuleNotFoundError",
}


def test_entry_points_that_cannot_be_used_are_warnings(packages: Packages) -> None:
    for number, entry in enumerate(ENTRIES):
        packages.add_rule(entry=entry, package=f"abc-rules{number}")
    done = packages("rules")
    assert done.returncode == 0
    for number, warning in enumerate(ENTRIES.values()):
        assert f"warning: {warning.replace('abc-rules', f'abc-rules{number}')}" in done.stderr
    assert "ABC101" not in done.stdout


def test_one_of_two_packages_with_the_same_code_is_used(packages: Packages) -> None:
    packages.add_rule(package="abc-rules")
    packages.add("bcd-rules", "[tensorlint.rules]\nABC = bcd_rules\n", {"bcd_rules.py": RULE.replace("every", "any")})
    done = packages("explain", "ABC101")
    assert done.stdout.startswith("ABC101 everything (abc-rules 1.0)")
    assert "rule ABC101 of bcd-rules 1.0 is not used: ABC101 is a rule of abc-rules 1.0 already" in done.stderr


def test_what_is_printed_while_rules_are_loaded_is_not_in_the_report(packages: Packages) -> None:
    packages.add_rule("print('hello')\n" + RULE)
    assert "program.py:5 ABC101" in found(packages)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("        raise KeyError('lost')", "rule ABC101 of abc-rules 1.0 failed: KeyError: 'lost'"),
        ("        yield 'x'", "rule ABC101 of abc-rules 1.0 failed: TypeError: judge gave 'x', which is no Verdict"),
        ("        return 3", "rule ABC101 of abc-rules 1.0 failed: TypeError: 'int' object is not iterable"),
    ],
)
def test_a_rule_that_fails_harms_one_file_and_is_named(body: str, said: str, packages: Packages) -> None:
    (packages.folder / "other.py").write_text("import torch\ntorch.from_numpy([1])\n")
    packages.add_rule(RULE.replace('        yield Verdict(event.place, "converted", Confidence.CERTAIN)', body))
    done = packages("check", "--isolated", "--output-format", "concise")
    assert done.returncode == 2
    assert f"program.py:1:1: TSL900 [certain] {said}" in done.stdout
    assert "other.py:2:1: TSL303" in done.stdout
    assert "Traceback" not in done.stderr


TABLE = 'library = "shapes"\n[[rows]]\nnames = "shapes.make"\nreturns = "tensor"\ngrad = "yes"\n'


TABLES = {
    "shapes": (TABLE + 'colour = "red"\n', "shapes.toml: row shapes.make: unknown key 'colour'"),
    "lines": ("library = ", "lines.toml: "),
    "torch": (TABLE, "tensorlint has a table of this library already"),
    "no-name": (TABLE, "the name of the entry point must be that of a library, as it is imported"),
    "forms": (TABLE, "forms.toml: library = 'shapes' (it must be 'forms')"),
}


def test_tables_that_cannot_be_used_are_warnings(packages: Packages) -> None:
    for name, (text, _) in TABLES.items():
        packages.add(name, f"[tensorlint.tables]\n{name} = shapes\n", {f"shapes/{name}.toml": text})
    done = packages("check", "--isolated", "--output-format", "concise")
    for name, (_, warning) in TABLES.items():
        assert f"warning: the table {name!r} of {name} 1.0 is not used: {warning}" in done.stderr
    assert done.returncode == 1
    assert "TSL101" in done.stdout


def test_a_table_that_is_not_there_is_a_warning(packages: Packages) -> None:
    packages.add("shapes", "[tensorlint.tables]\nshapes = shapes.tables\n", {"shapes/__init__.py": ""})
    done = packages("check", "--isolated")
    assert "the table 'shapes' of shapes 1.0 is not used: there is no shapes.toml in shapes.tables" in done.stderr


def test_a_table_is_read_without_importing_its_package(packages: Packages) -> None:
    files = {"shapes/__init__.py": "raise SystemExit(5)\n", "shapes/tables/shapes.toml": TABLE}
    packages.add("shapes", "[tensorlint.tables]\nshapes = shapes.tables\n", files)
    (packages.folder / "program.py").write_text("import shapes\n\nshapes.make().numpy()\n")
    assert found(packages) == ["program.py:3 TSL101"]


def test_results_are_kept_for_the_packages_that_are_there(packages: Packages) -> None:
    """What was found with other rules, another version of them or another table is not used again."""
    tables = {"shapes/shapes.toml": TABLE}
    (packages.folder / "program.py").write_text(
        "import torch, shapes\n\ntorch.ones(3).numpy()\nshapes.make().numpy()\n"
    )
    assert found(packages) == []
    packages.add_rule()
    assert found(packages) == ["program.py:3 ABC101", "program.py:4 ABC101"]
    packages.add_rule(RULE.replace("yield ", "yield from () and "))
    assert found(packages) == []
    packages.add_rule()
    packages.add("shapes", "[tensorlint.tables]\nshapes = shapes\n", tables)
    assert found(packages) == ["program.py:3 ABC101", "program.py:4 ABC101", "program.py:4 TSL101"]
    packages.add("shapes", "[tensorlint.tables]\nshapes = shapes\n", {"shapes/shapes.toml": TABLE.replace("yes", "no")})
    assert found(packages) == ["program.py:3 ABC101", "program.py:4 ABC101"]


def test_a_check_without_such_packages_does_not_read_their_metadata(tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text("x = 1\n")
    code = (
        "import sys; from tensorlint.cli.extensions import warn_of_extensions; warn_of_extensions()\n"
        "print('importlib.metadata' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", "import sys; sys.path[:] = sys.argv[1:]\n" + code, *sys.path],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.stdout == "False\n", done.stderr
