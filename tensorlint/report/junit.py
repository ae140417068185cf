"""JUnit's XML, which Jenkins and GitLab show as tests: a file is a suite, and a finding a test that failed.

There is no standard; this is what the schema of Jenkins' xUnit plugin takes, and pytest writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from tensorlint.finding import Finding
from tensorlint.report.checkout import checkout_path
from tensorlint.report.details import details
from tensorlint.report.place import place
from tensorlint.report.printable import escaped
from tensorlint.report.run import Run
from tensorlint.report.summary import FAULT

__all__ = ["render"]


def render(run: Run) -> Iterator[str]:
    """A suite for each file. A file without findings is one test, which passed."""
    found = dict(run.by_file())
    errors = sum(finding.code == FAULT for finding in run.findings)
    tests = len(run.findings) + sum(path not in found for path in run.files)
    yield '<?xml version="1.0" encoding="utf-8"?>\n'
    yield f'<testsuites name="tensorlint" tests="{tests}" failures="{len(run.findings) - errors}" errors="{errors}">\n'
    for path in run.files:
        suite = _suite(path, found.get(path, []))
        indent(suite, level=1)
        yield f"  {tostring(suite).decode('ascii').strip()}\n"  # ASCII: the same in any encoding of standard output
    yield "</testsuites>\n"


def _suite(path: str, findings: list[Finding]) -> Element:
    name = escaped(checkout_path(path))
    errors = sum(finding.code == FAULT for finding in findings)
    suite = Element(
        "testsuite",
        name=name,
        tests=str(len(findings) or 1),
        failures=str(len(findings) - errors),
        errors=str(errors),
    )
    classname = name.removesuffix(".py").replace("/", ".")  # readers make a tree of it
    if not findings:
        SubElement(suite, "testcase", name="no findings", classname=classname)
    for finding in findings:
        title = f"{finding.code} {finding.name} at {place(finding)}"
        case = SubElement(suite, "testcase", name=title, classname=classname)
        outcome = "error" if finding.code == FAULT else "failure"
        message = f"[{finding.confidence}] {escaped(finding.message)}"
        failure = SubElement(case, outcome, type=finding.code, message=message)
        failure.text = "\n".join([f"{name}:{place(finding)}", *details(finding)])
    return suite
