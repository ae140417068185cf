"""What a code means, for people: the rule's page, which is its docstring."""

from __future__ import annotations

import inspect

from tensorlint.finding import FAULT
from tensorlint.rules.registry import every_rule, origin

__all__ = ["explained"]

_NOT_LINTED = """A file could not be linted.

What it does
------------
Names a file that was not linted, and why: it is not Python, not text in the encoding that it declares (PEP 263; UTF-8
without), cannot be read, is nested too deeply to be analysed, or made tensorlint itself fail (`internal error`). The
other files are linted all the same, and the exit code is 2.

Why is this bad?
----------------
Nothing is known of such a file: no finding does not mean that there is nothing to find. That is why it cannot be
suppressed, ignored or turned into exit code 0.

Use instead
-----------
Leave a file that is not meant to be linted out with `exclude`. For an `internal error`, `--debug` shows the traceback.
"""


def explained(wanted: str) -> tuple[str, str]:
    """The title and the page of a rule, given by its code or its name. They are Markdown.

    :raises LookupError: if there is none; the message names those that there are
    """
    if wanted.upper() == FAULT:
        return f"{FAULT} not-linted", _NOT_LINTED.strip()
    for rule in every_rule():
        if wanted.upper() == rule.code or wanted.lower() == rule.name:
            by = f" ({package})" if (package := origin(rule.code)) is not None else ""
            return f"{rule.code} {rule.name}{by}", inspect.cleandoc(rule.__doc__ or "").strip()
    known = ", ".join([*(rule.code for rule in every_rule()), FAULT])
    raise LookupError(f"unknown rule {wanted!r} (known codes: {known})")
