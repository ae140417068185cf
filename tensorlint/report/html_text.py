"""Text in HTML: nothing in it is markup, and nothing in it is invisible."""

from __future__ import annotations

import re
from html import escape

from tensorlint.report.printable import escaped

__all__ = ["attribute", "broken", "marked", "plain", "source"]

_CODE = re.compile(r"`([^`]+)`")


def plain(text: str, keep: str = "") -> str:
    """Text as it is; what cannot be shown is escaped, but for the characters in ``keep``."""
    shown = "".join(each if each in keep else escaped(each) for each in text) if keep else escaped(text)
    return escape(shown)


def broken(path: str) -> str:
    """A path that may be broken after each slash where the line is too short for it."""
    return plain(path).replace("/", "/<wbr>")


def attribute(text: str) -> str:
    """The value of an attribute that is put in double quotes."""
    return escape(escaped(text), quote=True)


def marked(text: str) -> str:
    """A message, in which code stands between backticks."""
    return _CODE.sub(r"<code>\1</code>", plain(text))


def source(text: str) -> str:
    """A stretch of a line of source; tabs are kept, and what would be obeyed or is nothing to see is a ``?``."""
    if not text.isprintable():
        text = "".join(each if each.isprintable() or each == "\t" else "?" for each in text)
    return escape(text)
