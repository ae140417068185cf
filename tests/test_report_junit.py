"""JUnit: valid as Jenkins checks it, with numbers that are right."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree
from shown import EVIDENCE, FIX, ODD_NAMES, finding, odd, run

from tensorlint.report import junit
from tensorlint.report.run import Run

SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).parent / "schemas" / "junit-10.xsd"))


def parsed(shown: Run) -> etree._Element:
    """The root of a valid report."""
    text = "".join(junit.render(shown))
    assert text.isascii()
    root = etree.fromstring(text.encode())
    SCHEMA.assertValid(root)
    return root


def test_the_schema_refuses_what_is_wrong() -> None:
    assert not SCHEMA.validate(etree.fromstring(b"<testsuites><testsuite name='a'/></testsuites>"))


def test_a_finding_is_a_test_that_failed() -> None:
    root = parsed(run(finding(path="src/train.py", evidence=EVIDENCE, fix=FIX)))
    (suite,) = root
    (case,) = suite
    (failure,) = case
    assert suite.get("name") == "src/train.py"
    assert dict(case.attrib) == {"name": "TSL101 grad-to-numpy at 10:12", "classname": "src.train"}
    assert failure.tag == "failure"
    assert dict(failure.attrib) == {"type": "TSL101", "message": "[certain] `total` requires grad: RuntimeError"}
    assert failure.text == (
        "src/train.py:10:12\n"
        "train.py:13:7: the output of `net`, an nn.Module\n"
        "train.py:9:9: added up in `total`\n"
        "safe fix: Convert with `total.detach().cpu().numpy()`"
    )


def test_counts() -> None:
    found = [finding(), finding(line=9), finding(code="TSL900", path="broken.py"), finding(path="b.py")]
    root = parsed(run(*found, files=("a.py", "z.py")))
    assert dict(root.attrib) == {"name": "tensorlint", "tests": "6", "failures": "3", "errors": "1"}
    for kind, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
        assert sum(int(suite.get(kind)) for suite in root) == len(root.findall(f".//{tag}")) == int(root.get(kind))
    assert [(suite.get("name"), suite.get("failures")) for suite in root] == [
        ("a.py", "0"),
        ("b.py", "1"),
        ("broken.py", "0"),
        ("train.py", "2"),
        ("z.py", "0"),
    ]
    assert root[0][0].get("name") == "no findings"


@pytest.mark.parametrize("files", [(), ("a.py",)])
def test_nothing_found(files: tuple[str, ...]) -> None:
    assert parsed(run(files=files)).get("failures") == "0"


def test_odd_names_stay_inside() -> None:
    root = parsed(run(*odd()))
    assert len(root) == len(ODD_NAMES)
    assert {element.tag for element in root.iter()} == {"testsuites", "testsuite", "testcase", "failure"}
    for suite in root:
        assert suite.get("name").isprintable()
        assert len(suite[0][0].text.split("\n")) == 3
    assert "<b>&amp;<script>alert(1)</script>.py" in [suite.get("name") for suite in root]
