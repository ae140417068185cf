"""What a SARIF log says of the rules: their pages, which are their docstrings."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from tensorlint.finding import Finding

if TYPE_CHECKING:
    from tensorlint.rules.base import Rule

__all__ = ["descriptors"]


def descriptors(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Every rule that there is, and the codes of findings that are no rule's, in the order of the codes."""
    from tensorlint.rules.registry import every_rule

    described = {rule.code: _descriptor(rule) for rule in every_rule()}
    for finding in findings:
        described.setdefault(finding.code, {"id": finding.code, "name": finding.name})
    return [described[code] for code in sorted(described)]


def _descriptor(rule: Rule) -> dict[str, Any]:
    from tensorlint.rules.page import fixes, page
    from tensorlint.rules.registry import origin

    content = page(rule)
    text = inspect.cleandoc(rule.__doc__ or "").strip()  # which is Markdown as it stands
    package = origin(rule.code)
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": f"{content.summary}."},
        "fullDescription": {"text": content.section("What it does")},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"enabled": rule.default},
        "properties": {
            "tags": ["pytorch", "numpy"],
            "fixes": fixes(rule),
            **({"origin": str(package)} if package else {}),
        },
    }
