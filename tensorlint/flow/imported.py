"""Which functions use what other files of the project convert: seen by the text of both, without parsing the others."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from tensorlint.dependencies import UNREADABLE, digest, was_read
from tensorlint.files import read
from tensorlint.flow.definitions import FileModel, FunctionDefinition
from tensorlint.flow.worth import mentioning

__all__ = ["converting_names", "forget", "using_what_others_convert"]

IMPORT = re.compile(r"^[ \t]*from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]*(\([^)]*\)|[^\n#]*)", re.MULTILINE)
NAME = re.compile(r"(\w+)(?:\s+as\s+(\w+))?")
TOP_LEVEL = re.compile(r"^(?=def |async def |class |@)", re.MULTILINE)
FUNCTION = re.compile(r"(?:async )?def (\w+)")
CONVERTS = re.compile(r"\.numpy\(|from_numpy|asarray|as_tensor\(|state_dict\(")
WRITES = re.compile(r"[-+*/]=|\]\s*=[^=]|\bout=|\.(?:append|sort|fill|put|itemset|partition|shuffle|\w+_)\(")
MOST_FILES = 12


def converting_names(text: str, folder: Path, package: str, find: Callable[[Path, str], Path | None]) -> set[str]:
    """The names by which a file imports functions of other files that convert.

    :param folder: where the file is
    :param package: the package that its relative imports start from
    :param find: the file of a module, as it is imported in a folder
    """
    names: set[str] = set()
    for count, (dots, module, imported) in enumerate(IMPORT.findall(text)):
        if count >= MOST_FILES:
            break
        path = find(folder, _absolute(dots, module, package))
        content, converting = _converting(path) if path is not None else ("", frozenset())
        if path is not None:
            was_read(str(path), content)
        names |= {alias or name for name, alias in NAME.findall(imported) if name in converting}
    return names


def using_what_others_convert(file: FileModel, names: set[str]) -> set[FunctionDefinition]:
    """The functions that write to something and mention a function of another file that converts.

    :param names: the names of these, as the file imports them
    """
    if not names:
        return set()
    return {one for one in mentioning(file, names) if WRITES.search(one.text)}


def _absolute(dots: str, module: str, package: str) -> str:
    if not dots:
        return module
    parts = package.split(".") if package else []
    base = parts[: len(parts) - len(dots) + 1]
    return ".".join([*base, module]) if module else ".".join(base)


@lru_cache(maxsize=1024)
def _converting(path: Path) -> tuple[str, frozenset[str]]:
    """The digest of a file, and its functions whose text converts."""
    try:
        data = read(path)
    except OSError:
        return UNREADABLE, frozenset()
    content, text = digest(data), data.decode("utf-8", "replace")
    if CONVERTS.search(text) is None:
        return content, frozenset()
    parts = ((FUNCTION.match(part), part) for part in TOP_LEVEL.split(text))
    return content, frozenset(found.group(1) for found, part in parts if found is not None and CONVERTS.search(part))


def forget() -> None:
    """A new run begins: the files may have changed."""
    _converting.cache_clear()
