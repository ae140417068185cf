"""A new rule's files: in tensorlint's own checkout, or in a package that adds rules (an existing or a new one)."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

from tensorlint.extensions import CODE, OWN, RULES

__all__ = ["Plan", "ScaffoldError", "plan", "write"]

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
_ABOUT_COMMENTS = "TSL9"
_TEMPLATES = Path(__file__).parent / "templates"


class ScaffoldError(ValueError):
    """A rule that cannot be begun; the message says why."""


class Plan(NamedTuple):
    """What is to be written, and what comes after it."""

    files: dict[Path, str]
    next_steps: tuple[str, ...]
    """Commands, to be run in the folder."""


def plan(code: str, name: str, folder: Path) -> Plan:
    """What begins a rule in a folder: tensorlint's checkout, a package with rules, or one that is yet to be made.

    :raises ScaffoldError: if the code or the name cannot be had, or the folder is none of these
    """
    if CODE.fullmatch(code) is None:
        raise ScaffoldError(f"{code!r} is no code: one to three capitals and three digits, as ABC101")
    if _NAME.fullmatch(name) is None:
        raise ScaffoldError(
            f"{name!r} is no name: two words or more in small letters joined by hyphens, as grad-to-numpy"
        )
    if folder.exists() and not folder.is_dir():
        raise ScaffoldError(f"{folder} is no folder")
    if (folder / "tensorlint" / "rules" / "registry.py").is_file():
        return _own(code, name, folder)
    if code.startswith(OWN):
        raise ScaffoldError(
            f"{code}: codes that begin with {OWN} are tensorlint's own, and {folder} is not its checkout"
        )
    file = folder / "pyproject.toml"
    return _in_package(code, name, folder, file) if file.exists() else _new_package(code, name, folder)


def write(files: Mapping[Path, str]) -> None:
    """Write new files, all of them or none.

    :raises ScaffoldError: if one is there already, or cannot be written
    """
    for path in files:
        if path.exists():
            raise ScaffoldError(f"{path} is there already")
    written: list[Path] = []
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="\n") as opened:
                written.append(path)
                opened.write(text)
    except OSError as error:
        for path in written:
            path.unlink(missing_ok=True)
        raise ScaffoldError(f"cannot be written: {error.filename}: {error.strerror or error}") from None


def _own(code: str, name: str, folder: Path) -> Plan:
    if not code.startswith(OWN) or code.startswith(_ABOUT_COMMENTS):
        raise ScaffoldError(f"{code}: a rule of tensorlint's own has a code from {OWN}101 to {OWN}899")
    files = {
        **_rule(code, name, folder / "tensorlint" / "rules"),
        folder / "fixtures" / code / "arrays.py": _filled("fixture.py", code=code),
        folder / "fixtures" / code / "known_missed.py": _filled("missed.py", code=code),
    }
    return Plan(
        files,
        (
            f"tensorlint test-rules {os.path.join('fixtures', code)}",
            f"tensorlint verify --record {os.path.join('fixtures', code)}",
            "python -m tensorlint.verify.pages",
        ),
    )


def _in_package(code: str, name: str, folder: Path, file: Path) -> Plan:
    prefix = code[: -len("101")]
    value = _entries(file).get(prefix)
    if not isinstance(value, str):
        raise ScaffoldError(f'{file} has no {prefix} = "PACKAGE" in [project.entry-points."{RULES}"]')
    parts = value.split(".")
    for above in (folder, folder / "src"):
        package = above.joinpath(*parts)
        if (package / "__init__.py").is_file():
            files = {**_rule(code, name, package), **_fixture(code, folder)}
            return Plan(files, _STEPS)
    raise ScaffoldError(
        f'{file}: {prefix} = "{value}" is no package of modules in {folder}, so no rule can be added to it'
    )


def _new_package(code: str, name: str, folder: Path) -> Plan:
    prefix = code[: -len("101")]
    package = f"tensorlint_{prefix.lower()}"
    about = {"prefix": prefix, "package": package, "project": package.replace("_", "-")}
    files = {
        folder / "pyproject.toml": _filled("pyproject.toml", **about),
        folder / package / "__init__.py": f'"""Rules for tensorlint: {prefix}."""\n',
        folder / package / "rules" / "__init__.py": '"""One rule, one module: each is found by itself."""\n',
        **_rule(code, name, folder / package / "rules"),
        **_fixture(code, folder),
    }
    return Plan(files, _STEPS)


_STEPS = ("pip install -e .", "tensorlint test-rules fixtures")


def _entries(file: Path) -> Mapping[str, Any]:
    """The entry points for rules in a ``pyproject.toml``."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        found: Any = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise ScaffoldError(f"{file}: {error.strerror or error}") from None
    except ValueError as error:  # TOML's and UTF-8's are
        raise ScaffoldError(f"{file}: {error}") from None
    for key in ("project", "entry-points", RULES):
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _rule(code: str, name: str, folder: Path) -> dict[Path, str]:
    """The rule's file.

    :raises ScaffoldError: if the folder has a rule of this code or name
    """
    module = name.replace("-", "_")
    for taken in (*folder.glob(f"{code.lower()}_*.py"), *folder.glob(f"*[0-9]_{module}.py")):
        raise ScaffoldError(f"{code} {name}: the code or the name is taken: {taken}")
    class_name = "".join(part.capitalize() for part in name.split("-"))
    return {folder / f"{code.lower()}_{module}.py": _filled("rule.py", code=code, name=name, class_name=class_name)}


def _fixture(code: str, folder: Path) -> dict[Path, str]:
    return {folder / "fixtures" / code / "arrays.py": _filled("fixture.py", code=code)}


def _filled(template: str, **values: str) -> str:
    return Template((_TEMPLATES / f"{template}.txt").read_text("utf-8")).substitute(values)
