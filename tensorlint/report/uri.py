"""Paths as URIs (RFC 3986), relative to a base that the reader of a log knows."""

from __future__ import annotations

import os
import re
from urllib.parse import quote

from tensorlint.report.checkout import checkout_path

__all__ = ["ROOT", "artifact"]

ROOT = "%SRCROOT%"
"""What SARIF and GitHub call the root of the checkout."""

_DRIVE = re.compile(r"[A-Za-z]:/")


def artifact(path: str) -> dict[str, str]:
    """A SARIF artifact location: relative to ``ROOT``, or absolute where the file is elsewhere."""
    path = checkout_path(path)
    if path.startswith("/"):
        return {"uri": f"file://{_quoted(path)}"}
    if os.name == "nt" and _DRIVE.match(path):
        return {"uri": f"file:///{path[:2]}{_quoted(path[2:])}"}
    return {"uri": _quoted(path), "uriBaseId": ROOT}


def _quoted(path: str) -> str:
    """With every byte percent-encoded that is not plainly a part of a path: a name need not be text."""
    try:
        data = os.fsencode(path)
    except UnicodeEncodeError:
        data = path.encode("utf-8", "surrogatepass")
    return quote(data, safe="/")
