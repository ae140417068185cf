"""Which functions use what other files of the project convert: seen by the text of both, without parsing the others."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from tensorlint.flow.definitions import FileModel, FunctionDefinition
from tensorlint.flow.worth import mentioning

__all__ = ["using_what_others_convert"]

IMPORT = re.compile(r"^[ \t]*from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]*(\([^)]*\)|[^\n#]*)", re.MULTILINE)
NAME = re.compile(r"(\w+)(?:\s+as\s+(\w+))?")
TOP_LEVEL = re.compile(r"^(?=def |async def |class |@)", re.MULTILINE)
FUNCTION = re.compile(r"(?:async )?def (\w+)")
CONVERTS = re.compile(r"\.numpy\(|from_numpy|asarray|as_tensor\(|state_dict\(")
WRITES = re.compile(r"[-+*/]=|\]\s*=[^=]|\bout=|\.(?:append|sort|fill|put|itemset|partition|shuffle|\w+_)\(")
MOST_FILES = 12


def using_what_others_convert(
    file: FileModel, find: Callable[[Path, str], Path | None], worth: frozenset[FunctionDefinition]
) -> set[FunctionDefinition]:
    """The functions that write to something and mention a function of another file that converts.

    :param find: the file of a module, as it is imported in a folder
    :param worth: the functions that are looked at anyway
    """
    writing = {one for one in file.functions if one not in worth and not one.nested and WRITES.search(one.text)}
    if not writing or file.folder is None:
        return set()
    names: set[str] = set()
    for count, (dots, module, imported) in enumerate(IMPORT.findall(file.text)):
        if count >= MOST_FILES:
            break
        path = find(file.folder, _absolute(dots, module, file.package))
        converting = _converting(path) if path is not None else set()
        names |= {alias or name for name, alias in NAME.findall(imported) if name in converting}
    return mentioning(file, names) & writing if names else set()


def _absolute(dots: str, module: str, package: str) -> str:
    if not dots:
        return module
    parts = package.split(".") if package else []
    base = parts[: len(parts) - len(dots) + 1]
    return ".".join([*base, module]) if module else ".".join(base)


def _converting(path: Path) -> set[str]:
    """The functions of a file whose text converts."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return set()
    if CONVERTS.search(text) is None:
        return set()
    parts = ((FUNCTION.match(part), part) for part in TOP_LEVEL.split(text))
    return {found.group(1) for found, part in parts if found is not None and CONVERTS.search(part)}
