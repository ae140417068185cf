"""Reports for GitHub and GitLab: what their documentation asks for, whatever a file is called."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from shown import EVIDENCE, FIX, ODD_NAMES, SOURCE, finding, odd, run

from tensorlint.finding import Confidence
from tensorlint.report import github, gitlab
from tensorlint.report.checkout import checkout_path


@pytest.fixture(autouse=True)
def _no_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    monkeypatch.delenv("CI_PROJECT_DIR", raising=False)


class TestGitHub:
    def parsed(self, line: str) -> tuple[str, dict[str, str], str]:
        """A workflow command as the runner reads it."""
        match = re.fullmatch(r"::(\w+) (.*?)::(.*)", line)
        assert match is not None, line
        pairs = [pair.split("=", 1) for pair in match[2].split(",")]
        return match[1], {name: self.decoded(value) for name, value in pairs}, self.decoded(match[3])

    def decoded(self, text: str) -> str:
        for escape, character in {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}.items():
            text = text.replace(escape, character)
        return text

    def test_a_command_with_the_evidence_in_its_message(self) -> None:
        (line,) = github.render(run(finding(evidence=EVIDENCE, fix=FIX)))
        assert line.endswith("\n")
        level, properties, message = self.parsed(line[:-1])
        assert level == "error"
        assert properties == {
            "title": "TSL101 grad-to-numpy",
            "file": "train.py",
            "line": "10",
            "endLine": "10",
            "col": "12",
            "endColumn": "25",
        }
        assert message == (
            "`total` requires grad: RuntimeError\n"
            "train.py:13:7: the output of `net`, an nn.Module\n"
            "train.py:9:9: added up in `total`\n"
            "safe fix: Convert with `total.detach().cpu().numpy()`"
        )

    def test_levels(self) -> None:
        found = [finding(line=9 - int(level), end_line=9 - int(level), confidence=level) for level in Confidence]
        assert [line.split()[0] for line in github.render(run(*found))] == ["::error", "::warning", "::notice"]

    def test_no_columns_for_several_lines(self) -> None:
        (line,) = github.render(run(finding(end_line=11)))
        assert "line=10,endLine=11::" in line

    def test_no_name_makes_a_command_of_its_own(self) -> None:
        for each, line in zip(sorted(odd(), key=lambda each: each.sort_key), github.render(run(*odd())), strict=True):
            assert re.sub(r"\n$", "", line).isprintable()
            level, properties, message = self.parsed(line[:-1])
            assert (level, properties["line"], list(properties)[:2]) == ("error", "10", ["title", "file"])
            assert len(message.split("\n")) == 3
            if each.path.isprintable():
                assert properties["file"] == each.path


class TestGitLab:
    def test_what_is_required(self) -> None:
        (issue,) = json.loads("".join(gitlab.render(run(finding(evidence=EVIDENCE, fix=FIX, end_line=11)))))
        assert re.fullmatch("[0-9a-f]{32}", issue.pop("fingerprint"))
        assert issue == {
            "description": "TSL101 [certain] `total` requires grad: RuntimeError",
            "check_name": "TSL101 grad-to-numpy",
            "severity": "major",
            "location": {"path": "train.py", "lines": {"begin": 10, "end": 11}},
        }

    def test_severities_are_known_ones(self) -> None:
        found = [finding(line=9 - int(level), confidence=level) for level in Confidence]
        issues = json.loads("".join(gitlab.render(run(*found, finding(code="TSL900")))))
        assert [each["severity"] for each in issues] == ["major", "minor", "info", "critical"]

    def test_fingerprints_are_unique_and_follow_the_statement(self) -> None:
        found = [finding(), finding(column=3), finding(code="TSL102"), finding(line=9), finding(path="b.py"), *odd()]
        before = json.loads("".join(gitlab.render(run(*found))))
        marks = [each["fingerprint"] for each in before]
        assert len(set(marks)) == len(found) == 5 + len(ODD_NAMES)
        moved = [finding(line=12, end_line=12)]
        (after,) = json.loads("".join(gitlab.render(run(*moved, source=f"# one\n# two\n{SOURCE}"))))
        (alone,) = json.loads("".join(gitlab.render(run(finding()))))
        assert after["fingerprint"] == alone["fingerprint"]

    def test_odd_names_stay_inside_their_strings(self) -> None:
        text = "".join(gitlab.render(run(*odd())))
        assert text.isascii()
        for issue in json.loads(text):
            path = issue["location"]["path"]
            assert path.isprintable() and path.encode("utf-8")
            assert issue["description"].isprintable()

    def test_nothing(self) -> None:
        assert "".join(gitlab.render(run())) == "[]\n"


@pytest.mark.parametrize("service", ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"])
def test_paths_are_relative_to_the_checkout(service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "checkout" / "backend").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "checkout" / "backend")
    assert checkout_path("a/b.py") == "a/b.py"
    monkeypatch.setenv(service, str(tmp_path / "checkout"))
    assert checkout_path("a/b.py") == "backend/a/b.py"
    assert checkout_path(str(tmp_path / "other.py")) == (tmp_path / "other.py").as_posix()
    monkeypatch.setenv(service, str(tmp_path / "elsewhere"))
    assert checkout_path("a/b.py") == "a/b.py"
