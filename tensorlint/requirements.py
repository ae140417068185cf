"""Which versions of torch and NumPy a project is for: the newest that its requirements allow.

What names them first counts: the dependencies of ``pyproject.toml`` (its extras and Poetry's tables, too),
``install_requires`` of ``setup.cfg``, ``requirements.txt``, other ``requirements*.txt`` in the order of their names.
Nothing is installed or run, and what cannot be read says nothing.
"""

from __future__ import annotations

import configparser
import re
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from tensorlint.files import read
from tensorlint.versions import Targets

__all__ = ["forget", "newest_allowed", "targets"]

_ANY = "99999"
"""A part of a version that nothing is above: ``2.1.99999`` is what ``<2.2`` allows."""
_REQUIREMENT = re.compile(r"\s*(?P<name>[A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*\(?(?P<range>[^;#)@]*)")
_CONDITION = re.compile(r"(===|==|~=|<=|<|\^|~)?\s*(\d{1,9}(?:\.\d{1,9})*)(\.\*)?")
_MOST_BYTES = 1_000_000


@lru_cache(maxsize=256)
def targets(root: str) -> Targets:
    """The versions that the project in a folder is for; the newest where its requirements do not say."""
    found = {"torch": "", "numpy": ""}
    left = set(found)
    for requirements in _sources(Path(root)):
        for name in sorted(left):
            ranges = [wanted for named, wanted in requirements if named == name]
            if ranges:
                found[name] = newest_allowed(",".join(ranges))
                left.discard(name)
        if not left:
            break
    return Targets(**found)


def forget() -> None:
    """A new run begins: the files may have changed."""
    targets.cache_clear()


def newest_allowed(wanted: str) -> str:
    """The newest version in a range of a requirement, as ``2.1.99999`` for ``<2.2``; empty where there is no end."""
    ends = []
    for part in wanted.split(","):
        match = _CONDITION.match(part.strip())
        if match is None:
            continue
        operator, numbers, star = match[1] or ("" if match[3] else "?"), match[2].split("."), match[3]
        if operator == "?":
            continue
        if star:
            ends.append([*numbers, _ANY])
        elif operator in ("==", "===", "<="):
            ends.append(numbers)
        elif operator == "<":
            ends.append(_below(numbers))
        elif operator == "~=":
            ends.append([*numbers[:-1], _ANY])
        elif operator == "^":
            ends.append([numbers[0], _ANY])
        elif operator == "~":
            ends.append([*numbers[:2], _ANY])
    return ".".join(min(ends, key=lambda end: [int(number) for number in end])) if ends else ""


def _below(numbers: list[str]) -> list[str]:
    """The newest version below another one."""
    last = next((at for at in reversed(range(len(numbers))) if int(numbers[at])), None)
    if last is None:
        return ["0"]
    return [*numbers[:last], str(int(numbers[last]) - 1), _ANY]


def _sources(root: Path) -> Iterator[list[tuple[str, str]]]:
    """The requirements of each file that may hold some: names and ranges."""
    yield [pair for text in _of_pyproject(root / "pyproject.toml") for pair in _pairs(text)]
    yield [pair for text in _of_setup(root / "setup.cfg") for pair in _pairs(text)]
    try:
        others = sorted(root.glob("requirements*.txt"), key=lambda path: (path.name != "requirements.txt", path.name))
    except OSError:
        others = []
    for path in others[:20]:
        yield [pair for line in _text(path).splitlines() for pair in _pairs(line)]


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    match = _REQUIREMENT.match(text)
    if match is not None:
        yield re.sub(r"[-_.]+", "-", match["name"]).lower(), match["range"].strip()


def _of_pyproject(path: Path) -> Iterator[str]:
    text = _text(path)
    if "torch" not in text and "numpy" not in text:
        return
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError):  # no TOML, a number of thousands of digits, nested too deeply
        return
    project, poetry = _table(document, "project"), _table(document, "tool", "poetry")
    extras = _table(project, "optional-dependencies").values()
    for several in (project.get("dependencies"), *extras):
        yield from (one for one in several if isinstance(one, str)) if isinstance(several, list) else ()
    for name, wanted in _table(poetry, "dependencies").items():
        wanted = wanted.get("version") if isinstance(wanted, dict) else wanted
        if isinstance(wanted, str):
            yield f"{name} {f'=={wanted}' if wanted[:1].isdigit() else wanted}"


def _table(value: Any, *keys: str) -> dict[str, Any]:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _of_setup(path: Path) -> Iterable[str]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(_text(path))
    except configparser.Error:
        return []
    return parser.get("options", "install_requires", fallback="").splitlines()


def _text(path: Path) -> str:
    """The text of a file; empty where it cannot be read, or is too large to be a list of requirements."""
    try:
        return read(path, _MOST_BYTES).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return ""
