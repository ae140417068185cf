"""SARIF: it is valid, it says where, why and what instead, and it survives whatever files are called."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import pytest
from jsonschema import Draft4Validator
from shown import EVIDENCE, FIX, SOURCE, finding, odd, run

from tensorlint.finding import Applicability, Confidence, Edit, Evidence, Finding, Fix
from tensorlint.report import sarif
from tensorlint.report.uri import artifact
from tensorlint.rules.registry import every_rule
from tensorlint.source import Source

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
PLACE = ("startLine", "startColumn", "endLine", "endColumn")
RFC3986 = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=@/-]|%[0-9A-F]{2})*")


@pytest.fixture(autouse=True)
def _no_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    monkeypatch.delenv("CI_PROJECT_DIR", raising=False)


def logged(*findings: Finding, source: str = SOURCE) -> dict[str, Any]:
    """The one run of a valid log."""
    text = "".join(sarif.render(run(*findings, source=source)))
    assert text.isascii()
    log = json.loads(text)
    Draft4Validator.check_schema(SCHEMA)
    assert [error.message for error in Draft4Validator(SCHEMA).iter_errors(log)] == []
    assert log["version"] == "2.1.0"
    (only,) = log["runs"]
    return dict(only)


def test_the_schema_refuses_what_is_wrong() -> None:
    log = json.loads("".join(sarif.render(run(finding()))))
    log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startColumn"] = 0
    assert not Draft4Validator(SCHEMA).is_valid(log)


def test_a_finding_with_all_that_belongs_to_it() -> None:
    (result,) = logged(finding(evidence=EVIDENCE, fix=FIX))["results"]
    here = {"uri": "train.py", "uriBaseId": "%SRCROOT%"}
    place = {
        "physicalLocation": {
            "artifactLocation": here,
            "region": {"startLine": 10, "startColumn": 12, "endLine": 10, "endColumn": 25},
        }
    }
    assert (result["ruleId"], result["level"]) == ("TSL101", "error")
    assert result["message"]["text"] == "`total` requires grad: RuntimeError"
    assert result["locations"] == [place]
    assert result["properties"] == {"confidence": "certain"}
    related = result["relatedLocations"]
    assert [each["id"] for each in related] == [1, 2]
    assert [each["message"]["text"] for each in related] == ["the output of `net`, an nn.Module", "added up in `total`"]
    assert related[0]["physicalLocation"]["region"] == {
        "startLine": 13,
        "startColumn": 7,
        "endLine": 13,
        "endColumn": 13,
    }
    assert result["fixes"] == [
        {
            "description": {"text": "Convert with `total.detach().cpu().numpy()`"},
            "artifactChanges": [
                {
                    "artifactLocation": here,
                    "replacements": [
                        {
                            "deletedRegion": {"startLine": 10, "startColumn": 17, "endLine": 10, "endColumn": 17},
                            "insertedContent": {"text": ".detach().cpu()"},
                        }
                    ],
                }
            ],
            "properties": {"applicability": "safe"},
        }
    ]


def test_the_flow_goes_from_the_origin_to_the_sink() -> None:
    (result,) = logged(finding(evidence=EVIDENCE))["results"]
    ((thread,),) = (flow["threadFlows"] for flow in result["codeFlows"])
    steps = [each["location"] for each in thread["locations"]]
    assert [step["physicalLocation"]["region"]["startLine"] for step in steps] == [13, 9, 10]
    assert steps[-1]["message"] == result["message"]


def test_without_evidence_there_is_no_flow() -> None:
    (result,) = logged(finding())["results"]
    assert not result.keys() & {"relatedLocations", "codeFlows", "fixes"}


def test_every_place_has_an_end() -> None:
    step = Evidence("train.py", 3, 7, "made here")
    found = logged(finding(evidence=(step,)), finding(code="TSL900", line=1, column=1, end_line=1, end_column=1))
    for region in re.findall(r'"region": (\{.*?\})', json.dumps(found)):
        region = json.loads(region)
        assert (region["startLine"], region["startColumn"]) <= (region["endLine"], region["endColumn"])


def test_the_replacements_make_the_fix() -> None:
    """Columns count code points: what stands before the place is outside the basic plane, and takes more elsewhere."""
    data = "# \N{BRAIN}\nx = '\N{BRAIN}é', y.numpy()\n".encode()
    edits = (Edit(2, 12, 2, 12, ".detach()"), Edit(2, 12, 2, 20, ".cpu().numpy()"))
    (result,) = logged(finding(fix=Fix(Applicability.SAFE, "", edits)), source=data.decode())["results"]
    (change,) = result["fixes"][0]["artifactChanges"]
    again = [
        Edit(*(each["deletedRegion"][name] for name in PLACE), each["insertedContent"]["text"])
        for each in change["replacements"]
    ]
    assert Source(data, "a.py").edited(again).decode() == "# \N{BRAIN}\nx = '\N{BRAIN}é', y.detach().cpu().numpy()\n"


def test_text_that_looks_like_the_log_is_text() -> None:
    (result,) = logged(finding(message='"results": []'))["results"]
    assert result["message"]["text"] == '"results": []'


def test_a_result_is_a_line() -> None:
    lines = "".join(sarif.render(run(*odd()))).splitlines()
    assert sum(line.lstrip().startswith('{"ruleId"') for line in lines) == len(odd())


def test_columns_count_code_points() -> None:
    assert logged(finding())["columnKind"] == "unicodeCodePoints"


def test_levels() -> None:
    found = [finding(line=9 - int(level), confidence=level) for level in Confidence]
    assert [each["level"] for each in logged(*found)["results"]] == ["error", "warning", "note"]


def test_rules_are_described_by_their_pages() -> None:
    log = logged(finding(), finding(code="TSL900", name="not-linted", path="a.py"))
    described = log["tool"]["driver"]["rules"]
    assert [each["id"] for each in described] == sorted([*(rule.code for rule in every_rule()), "TSL900"])
    assert [described[each["ruleIndex"]]["id"] for each in log["results"]] == ["TSL900", "TSL101"]
    page = next(each for each in described if each["id"] == "TSL101")
    assert page["name"] == "grad-to-numpy"
    assert page["shortDescription"]["text"] == "A tensor that requires grad is converted to NumPy, which raises."
    assert "\nUse instead\n-----------\n" in page["help"]["markdown"]
    assert page["defaultConfiguration"] == {"enabled": True}
    for each in (one for one in described if one["id"] != "TSL900"):
        assert len(each["fullDescription"]["text"]) <= 1024  # GitHub refuses more
        assert not each["name"][0].isspace()


def test_a_file_that_could_not_be_linted_is_told_of_twice() -> None:
    """As a result, which people see, and as a failure of the run, which SARIF has it for."""
    log = logged(finding(code="TSL900", name="not-linted", message="syntax error"), finding(path="a.py"))
    (invocation,) = log["invocations"]
    assert invocation["executionSuccessful"] is False
    assert [each["message"]["text"] for each in invocation["toolExecutionNotifications"]] == ["syntax error"]
    assert len(log["results"]) == 2
    assert logged(finding())["invocations"][0]["executionSuccessful"] is True


def test_fingerprints_follow_the_statement() -> None:
    (before,) = logged(finding())["results"]
    (after,) = logged(finding(line=12, end_line=12), source=f"# one\n# two\n{SOURCE}")["results"]
    assert before["partialFingerprints"] == after["partialFingerprints"]
    assert list(before["partialFingerprints"]) == ["tensorlint/v1"]


def test_odd_names_are_uris() -> None:
    results = logged(*odd())["results"]
    names = sorted(each.path for each in odd())
    for name, result in zip(names, results, strict=True):
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert RFC3986.fullmatch(uri), uri
        parts = urlsplit(uri)
        assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("", "", "", "")
        assert unquote_to_bytes(uri) == name.encode("utf-8", "surrogateescape")
        assert result["message"]["text"].isprintable()
        assert ("fixes" in result) is ("\udcff" not in name)


def test_files_elsewhere_are_absolute(tmp_path: Path) -> None:
    file = tmp_path / "a b.py"
    assert artifact(file.as_posix()) == {"uri": file.as_uri()}


def test_nothing_found() -> None:
    assert logged()["results"] == []
