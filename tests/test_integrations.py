"""The GitHub Action and the recipes for CI: valid for those who read them, and their commands do what is said."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from checkout import ROOT
from lxml import etree

PAGE = (ROOT / "docs" / "integrations.md").read_text(encoding="utf-8")
RECIPES = dict(re.findall(r"^<!-- ([^\n]*) -->\n```\w+\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))

BAD = """\
import torch


def scores(x: torch.Tensor):
    return torch.relu(x.requires_grad_()).numpy()
"""


def check_schema(schema: str, file: Path) -> None:
    """As GitHub and GitLab publish it; ``check-jsonschema`` brings copies."""
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", file],
        env=environment(PYTHONPATH=""),  # it needs dependencies of its own, not those that tensorlint is tried with
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def environment(**more: str) -> dict[str, str]:
    """This one, without what CI sets, and with this interpreter's commands."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "CI_", "INPUT_"))}
    kept |= {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}", "PYTHONPATH": str(ROOT)}
    return {**kept, **more}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "src dir").mkdir(parents=True)
    (folder / "src dir" / "bad.py").write_text(BAD)
    (folder / "good.py").write_text("x = 1\n")
    return folder


class Runner:
    """Runs the steps of the action as GitHub's runner does, but for what it installs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.temporary = folder.parent / "temporary"
        self.temporary.mkdir()
        self.variables: dict[str, str] = {}

    def step(self, number: int, **inputs: str) -> subprocess.CompletedProcess[str]:
        step = ACTION["runs"]["steps"][number]
        given = {name: str(each["default"]) for name, each in ACTION["inputs"].items()} | inputs
        values = {f"${{{{ inputs.{name} }}}}": value for name, value in given.items()}
        values["${{ github.action_path }}"] = str(ROOT)
        written = self.temporary / "env"
        written.touch()
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.folder,
            env=environment(
                RUNNER_TEMP=str(self.temporary),
                GITHUB_ENV=str(written),
                GITHUB_WORKSPACE=str(self.folder),
                **{name: values[value] for name, value in step["env"].items()},
                **self.variables,
            ),
            capture_output=True,
            text=True,
        )
        self.variables |= dict(line.split("=", 1) for line in written.read_text().splitlines())
        return done

    def borrow(self) -> None:
        """Use this interpreter as the one that was installed."""
        python = self.temporary / "python"
        python.write_text(f'#!/bin/sh\n[ "$1" = -I ] || exit 99\nshift\nexec {shlex.quote(sys.executable)} "$@"\n')
        python.chmod(0o755)
        self.variables["TENSORLINT_PYTHON"] = str(python)


@pytest.fixture
def runner(project: Path) -> Runner:
    return Runner(project)


class TestAction:
    def test_it_is_valid(self) -> None:
        check_schema("github-actions", ROOT / "action.yml")

    def test_no_input_becomes_a_part_of_a_script(self) -> None:
        """What is put in by ``${{ }}`` would be run: a title of a pull request can hold anything."""
        for step in ACTION["runs"]["steps"]:
            assert "${{" not in step["run"]
            for value in step["env"].values():
                assert re.fullmatch(r"\$\{\{ (inputs\.([\w-]+)|github\.action_path) \}\}", value)
        used = set(re.findall(r"inputs\.([\w-]+)", json.dumps(ACTION["runs"])))
        assert used == set(ACTION["inputs"]) == {"version", "paths", "args", "output-format"}

    def test_findings_become_annotations(self, runner: Runner) -> None:
        runner.borrow()
        done = runner.step(1)
        assert (done.returncode, done.stderr) == (1, "")
        assert done.stdout.startswith("::error title=TSL101 grad-to-numpy,file=src dir/bad.py,line=5,")
        assert done.stdout.endswith("Found 1 finding (1 fixable with --fix) in 2 files.\n")

    @pytest.mark.parametrize(
        ("inputs", "code"),
        [
            ({"paths": "good.py"}, 0),
            ({"paths": "good.py 'src dir'"}, 1),
            ({"paths": ""}, 1),
            ({"args": "--exit-zero --select TSL1"}, 0),
            ({"args": "--ignore 'TSL101, TSL102'"}, 0),
            ({"args": "--nonsense"}, 2),
            ({"paths": "--version"}, 2),
            ({"paths": "$(touch hacked) `touch hacked`; touch hacked", "args": ""}, 2),
        ],
    )
    def test_inputs(self, inputs: dict[str, str], code: int, runner: Runner) -> None:
        runner.borrow()
        done = runner.step(1, **inputs)
        assert done.returncode == code, done.stdout + done.stderr
        assert not (runner.folder / "hacked").exists()

    def test_the_output_format(self, runner: Runner) -> None:
        runner.borrow()
        done = runner.step(1, **{"output-format": "sarif", "args": "--output-file tensorlint.sarif"})
        assert done.returncode == 1
        log = json.loads((runner.folder / "tensorlint.sarif").read_bytes())
        (result,) = log["runs"][0]["results"]
        assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "src%20dir/bad.py"

    @pytest.mark.slow
    def test_from_nothing(self, runner: Runner) -> None:
        """What lies in the checkout is not imported, and a release that is not there is an error."""
        (runner.folder / "json.py").write_text("raise SystemExit('imported')\n")
        (runner.folder / "tensorlint.py").write_text("raise SystemExit('imported')\n")
        runner.variables["PYTHONPATH"] = ""
        installed = runner.step(0)
        assert installed.returncode == 0, installed.stderr
        done = runner.step(1, paths="'src dir'")
        assert done.returncode == 1, done.stderr
        assert done.stdout.startswith("::error title=TSL101")
        assert runner.step(0, version="0.0.0.dev99999").returncode != 0


class TestRecipes:
    def commands(self, name: str) -> list[str]:
        """The shell commands of a recipe, without those that install."""
        text = RECIPES[name]
        if name.endswith(".yml"):
            found = yaml.safe_load(text)["tensorlint"]["script"]
        else:
            found = re.findall(r"sh '(.*)'", text) or text.splitlines()
        commands = [str(each) for each in found]
        assert [each.split()[1:3] for each in commands[:2]] == [["-m", "venv"], ["install", "--quiet"]]
        return [each.removeprefix(".tensorlint/bin/") for each in commands[2:]]

    def run(self, name: str, folder: Path) -> subprocess.CompletedProcess[str]:
        (command,) = self.commands(name)
        return subprocess.run(["bash", "-ec", command], cwd=folder, env=environment(), capture_output=True, text=True)

    @pytest.mark.parametrize(
        ("name", "schema"),
        [
            (".github/workflows/tensorlint.yml", "github-workflows"),
            (".github/workflows/code-scanning.yml", "github-workflows"),
            (".gitlab-ci.yml", "gitlab-ci"),
        ],
    )
    def test_they_are_valid(self, name: str, schema: str, tmp_path: Path) -> None:
        file = tmp_path / Path(name).name
        file.write_text(RECIPES[name], encoding="utf-8")
        check_schema(schema, file)

    def test_workflows_give_the_action_what_it_takes(self, runner: Runner) -> None:
        runner.borrow()
        (runner.folder / "src").mkdir()
        (runner.folder / "tests").mkdir()
        for name in (".github/workflows/tensorlint.yml", ".github/workflows/code-scanning.yml"):
            steps = yaml.safe_load(RECIPES[name])["jobs"]["tensorlint"]["steps"]
            (inputs,) = (step["with"] for step in steps if "/tensorlint@" in step["uses"])
            assert runner.step(1, **inputs).returncode == 0
        assert (runner.folder / steps[-1]["with"]["sarif_file"]).exists()

    def test_gitlab(self, project: Path) -> None:
        assert self.run(".gitlab-ci.yml", project).returncode == 1
        report = yaml.safe_load(RECIPES[".gitlab-ci.yml"])["tensorlint"]["artifacts"]["reports"]["codequality"]
        (issue,) = json.loads((project / report).read_bytes())
        assert issue["location"]["path"] == "src dir/bad.py"

    def test_jenkins(self, project: Path) -> None:
        assert self.run("Jenkinsfile", project).returncode == 0
        (report,) = re.findall(r"junit '(.*)'", RECIPES["Jenkinsfile"])
        root = etree.parse(project / report).getroot()
        assert (root.get("tests"), root.get("failures")) == ("2", "1")
        assert RECIPES["Jenkinsfile"].count("{") == RECIPES["Jenkinsfile"].count("}")

    def test_shell(self, project: Path) -> None:
        done = self.run("shell", project)
        assert done.returncode == 1
        assert done.stdout.startswith("src dir/bad.py:5:12: TSL101 [certain]")

    def test_pre_commit(self, tmp_path: Path) -> None:
        file = tmp_path / ".pre-commit-config.yaml"
        file.write_text(RECIPES[file.name], encoding="utf-8")
        pre_commit = Path(sys.executable).with_name("pre-commit")
        assert subprocess.run([pre_commit, "validate-config", file]).returncode == 0
        offered = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_bytes())}
        (repository,) = yaml.safe_load(RECIPES[file.name])["repos"]
        assert {hook["id"] for hook in repository["hooks"]} == offered

    def test_formats_are_all_told_of(self) -> None:
        from tensorlint.report.formats import FORMATS

        assert re.findall(r"^\| `([\w-]+)` \|", PAGE, re.MULTILINE) == list(FORMATS)
