"""Where statements begin in code that need not be Python: outside strings and brackets, and not after a backslash."""

from __future__ import annotations

import re

__all__ = ["Reader"]

_NEXT = re.compile(r"#|'''|\"\"\"|['\"]|[()\[\]{}]")
_STRING_END = {
    quote: re.compile(rf"(?:[^\\{quote[0]}]|\\.|{quote[0]}(?!{quote[1:]}))*{quote}", re.DOTALL)
    if len(quote) == 3
    else re.compile(rf"(?:[^\\{quote}]|\\.)*{quote}", re.DOTALL)
    for quote in ("'''", '"""', "'", '"')
}


class Reader:
    """Reads code line by line."""

    def __init__(self) -> None:
        self._quote = ""
        self._depth = 0
        self._joined = False

    @property
    def at_start(self) -> bool:
        """Whether a statement can begin on the next line."""
        return not self._quote and self._depth <= 0 and not self._joined

    def read(self, line: str) -> None:
        """Go over a line, which is given without its end."""
        at = 0
        self._joined = False
        while at < len(line):
            if self._quote:
                end = _STRING_END[self._quote].match(line, at)
                if end is None:
                    if len(self._quote) == 1 and not line.endswith("\\"):
                        self._quote = ""  # it is no string, then: Python will say so
                    return
                at, self._quote = end.end(), ""
                continue
            found = _NEXT.search(line, at)
            if found is None or found[0] == "#":
                break
            at = found.end()
            if found[0] in "([{":
                self._depth += 1
            elif found[0] in ")]}":
                self._depth -= 1
            else:
                self._quote = found[0]
        self._joined = not self._quote and line.endswith("\\") and "#" not in line[at:]
