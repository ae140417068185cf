"""Fixtures: finding them, and reading what they ask of the linter and claim of torch.

A fixture is a Python file, or a folder of files where the bug spans files. Its functions that are run take a ``device``
and say by their name what they are:

- ``bug_*`` misbehaves as claimed, and the linter flags it;
- ``ok_*`` neither misbehaves nor is flagged; the fixed ``bug_NAME`` must return what ``ok_NAME`` returns;
- ``missed_*`` misbehaves, and the linter is known not to flag it;
- ``false_*`` does not misbehave, and the linter is known to flag it all the same.

``# devices: gpu, meta`` above a function names the devices it runs on; without, it is every one but meta. Versions of
torch and NumPy that it needs stand there as well (``# devices: torch>=2.3``).
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tensorlint.extensions import CODE
from tensorlint.verify.claims import DEVICES, Claim, claims, of_versions, parse_where
from tensorlint.verify.markers import Marker, comments, markers

__all__ = ["FIXED", "Fixture", "Function", "Program", "discover", "fixed_name", "program", "read", "shipped"]

FIXED = ".fixed.py"
KINDS = ("bug", "ok", "missed", "false")

_RULE = re.compile(CODE.pattern + "$")
_DEVICES = re.compile(r"#\s*devices:\s*(.+)$")


@dataclass(frozen=True, slots=True)
class Function:
    """A function of a fixture that is run."""

    path: str
    name: str
    line: int
    end: int
    devices: frozenset[str]
    versions: tuple[tuple[str, str, str], ...] = ()
    """The versions of torch and NumPy that it can be run with, as in ``Claim.versions``."""

    @property
    def kind(self) -> str:
        return self.name.partition("_")[0]

    @property
    def twin(self) -> str:
        """The name of the function that does the same without the bug."""
        return "ok" + self.name[len(self.kind) :]

    def holds(self, claim: Claim) -> bool:
        """Whether the claim is about a line of this function's own body."""
        return claim.path == self.path and self.line <= claim.line <= self.end


@dataclass(frozen=True, slots=True)
class Program:
    """The text of a fixture's files by relative path, and what is written in them."""

    texts: Mapping[str, str]
    functions: tuple[Function, ...]
    claims: tuple[Claim, ...]
    markers: Mapping[str, tuple[Marker, ...]]

    def claimed_of(self, claim: Claim, versions: dict[str, str]) -> bool:
        """Whether a claim is about these versions, and its function, if it stands in one, can be run with them."""
        around = (function for function in self.functions if function.holds(claim))
        return claim.of_versions(versions) and all(of_versions(one.versions, versions) for one in around)


@dataclass(frozen=True, slots=True)
class Fixture:
    """A fixture on the disk."""

    name: str
    """``TSL101/epoch_losses``: the rule's folder and the file or folder in it."""
    folder: Path
    """The folder that its files' paths are relative to."""
    whole: bool
    """The fixture is all of ``folder``, not one file in it."""
    written: Program
    fixed: Program | None
    """The same after the fixer; None where the fixer changes nothing."""
    digest: str
    """Changes when a byte of the fixture or of its fixed program does."""

    @property
    def rule(self) -> str:
        return self.name.partition("/")[0]

    @property
    def place(self) -> Path:
        """The file or folder itself."""
        return self.folder if self.whole else self.folder / next(iter(self.written.texts))

    @property
    def observed(self) -> Path:
        """The folder for observations: beside the rules' folders."""
        return self.place.parent.parent / "observed"


def shipped() -> Path:
    """The folder with the fixtures that come with tensorlint: in the package, or beside it in a checkout.

    :raises FileNotFoundError: if neither is there
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "_fixtures", package.parent / "fixtures"):
        if folder.is_dir():
            return folder
    raise FileNotFoundError("the fixtures are neither in the tensorlint package nor beside it")


def discover(paths: Iterable[Path]) -> list[Fixture]:
    """The fixtures at ``paths``: a fixture's file or folder, a rule's folder (``TSL101``), or a folder of those.

    :raises FileNotFoundError: if a path does not exist
    :raises ValueError: if a fixture cannot be read, or a path holds none
    """
    found: dict[str, Fixture] = {}
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"no such fixture: {path}")
        if path.name.endswith(FIXED):
            raise ValueError(f"{path} is a fixed program; name the fixture that it is made of")
        below = list(_below(path.resolve()))
        if not below:
            raise ValueError(f"no fixture in {path}")
        found.update((fixture.name, fixture) for fixture in map(read, below))
    return [found[name] for name in sorted(found)]


def _below(path: Path) -> Iterable[Path]:
    if path.is_file() or _RULE.match(path.parent.name):
        return [path]
    if _RULE.match(path.name):
        inside = (entry for entry in path.iterdir() if not entry.name.startswith((".", "_")))
        return [entry for entry in inside if entry.is_dir() or (_is_written(entry))]
    return [found for folder in path.iterdir() if _RULE.match(folder.name) for found in _below(folder)]


def _is_written(path: Path) -> bool:
    return path.suffix == ".py" and not path.name.endswith(FIXED)


def read(path: Path) -> Fixture:
    """The fixture that is the file or folder ``path``.

    :raises ValueError: with file and line, if a marker or claim cannot be read
    """
    folder = path if path.is_dir() else path.parent
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    texts = {file.relative_to(folder).as_posix(): _text(file) for file in files if _is_written(file)}
    fixed = {name: _text(file) for name in texts if (file := folder / fixed_name(name)).is_file()}
    digest = hashlib.sha256()
    for name, text in [*sorted(texts.items()), *sorted((name + " fixed", text) for name, text in fixed.items())]:
        digest.update(f"{name}\0{text}\0".encode())
    return Fixture(
        name=f"{path.parent.name}/{path.stem}",
        folder=folder,
        whole=path.is_dir(),
        written=_program(folder, texts),
        fixed=_program(folder, {**texts, **fixed}) if fixed else None,
        digest=digest.hexdigest()[:16],
    )


def fixed_name(path: str) -> str:
    """The name of the fixed program that is made of a file."""
    return path[: -len(".py")] + FIXED


def _program(folder: Path, texts: Mapping[str, str]) -> Program:
    try:
        return program(texts)
    except ValueError as error:
        raise ValueError(f"{folder / str(error)}") from None


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")


def program(texts: Mapping[str, str]) -> Program:
    """Read the functions, claims and markers of some files.

    :raises ValueError: with file and line, if one of them cannot be read
    """
    functions: list[Function] = []
    made: list[Claim] = []
    marked: dict[str, tuple[Marker, ...]] = {}
    for path, text in texts.items():
        try:
            ast.parse(text)  # before its tokens: it names the place of a fault
            functions += _functions(path, text)
            made += claims(text, path)
            marked[path] = markers(text, path)
        except SyntaxError as error:
            raise ValueError(f"{path}:{error.lineno}: {error.msg}") from None
    _must_agree(functions, made, marked)
    return Program(dict(texts), tuple(functions), tuple(made), marked)


def _must_agree(functions: list[Function], made: list[Claim], marked: Mapping[str, tuple[Marker, ...]]) -> None:
    """Where a finding is asked for, something must be claimed, unless the finding is known to be false."""
    for path, markers_ in marked.items():
        for marker in markers_:
            around = next((one for one in functions if one.path == path and one.line <= marker.line <= one.end), None)
            if around is not None and around.kind in ("ok", "missed"):
                raise ValueError(f"{path}:{marker.line}: {around.name} is marked, but must not be flagged")
            claimed = any(not one.good and one.path == path and one.line <= marker.line <= one.end for one in made)
            if not claimed and (around is None or around.kind != "false"):
                raise ValueError(f"{path}:{marker.line}: {marker.code} is marked, but nothing is claimed there")


def _functions(path: str, text: str) -> Iterable[Function]:
    noted = comments(text)
    for node in ast.parse(text).body:
        if not isinstance(node, ast.FunctionDef) or node.name.partition("_")[0] not in KINDS:
            continue
        if [argument.arg for argument in node.args.args] != ["device"]:
            raise ValueError(f"{path}:{node.lineno}: {node.name} must take a device and nothing else")
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        devices, above = frozenset(DEVICES) - {"meta"}, first - 1
        versions: tuple[tuple[str, str, str], ...] = ()
        while above in noted:
            if match := _DEVICES.match(noted[above]):
                named, versions = parse_where(match[1], f"{path}:{above}")
                devices = named or devices
            above -= 1
        yield Function(path, node.name, node.lineno, node.end_lineno or node.lineno, devices, versions)
