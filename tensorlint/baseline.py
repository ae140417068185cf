"""A baseline: the findings that a project lives with for now, so that only new ones are reported.

The file has one finding a line, as JSON, sorted by path. A finding is recognised by its fingerprint, wherever in the
file it is. The order of the lines does not matter, nor does a line that is there twice, so that git can merge two
versions of a baseline by keeping the lines of both (``merge=union`` in ``.gitattributes``).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache

from tensorlint.finding import Confidence, Finding
from tensorlint.fingerprint import fingerprints
from tensorlint.fixes.write import Replacement
from tensorlint.linter import codes_by_default
from tensorlint.settings import Settings, SettingsError
from tensorlint.source import Source

__all__ = ["Baseline", "Entry", "check", "entries_of", "gone", "read", "unknown", "write"]

_VERSION = 1
_HEADER = json.dumps({"baseline of tensorlint": _VERSION})
_MOST_TEXT = 100
_MODE = 0o644


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """A finding that is known."""

    path: str
    """Relative to the folder of the baseline, with ``/``."""
    code: str
    fingerprint: str
    confidence: str
    text: str
    """The line as it was when the finding was recorded, for those who read the file."""


@dataclass(frozen=True)
class Baseline:
    """What a file says. ``file`` is an absolute path."""

    file: str
    entries: tuple[Entry, ...] = ()

    @cached_property
    def fingerprints(self) -> dict[str, frozenset[str]]:
        """The fingerprints of the entries, by their paths."""
        found: dict[str, set[str]] = {}
        for each in self.entries:
            found.setdefault(each.path, set()).add(each.fingerprint)
        return {path: frozenset(marks) for path, marks in found.items()}

    def relative(self, path: str) -> str:
        """A linted file's path as entries have it."""
        return os.path.relpath(os.path.abspath(path), os.path.dirname(self.file)).replace(os.sep, "/")

    def absolute(self, entry: Entry) -> str:
        """The path of the file that an entry is about."""
        return os.path.normpath(os.path.join(os.path.dirname(self.file), entry.path))


def unknown(findings: Iterable[Finding], source: Source, settings: Settings) -> tuple[list[Finding], frozenset[str]]:
    """The findings about one file that the baseline does not have, and the fingerprints of those that it has.

    :param findings: all that were found in the file
    :raises SettingsError: if the baseline cannot be read
    """
    findings = list(findings)
    if not settings.baseline or not findings:
        return findings, frozenset()
    baseline = read(settings.baseline)
    path = baseline.relative(source.path)
    known = baseline.fingerprints.get(path)
    if known is None:
        return findings, frozenset()
    marks = fingerprints(findings, source.lines, path, source.number)
    return [each for each in findings if marks[each] not in known], known.intersection(marks.values())


def gone(
    baseline: Baseline, linted: Mapping[str, tuple[frozenset[str], Settings]], paths: Iterable[str]
) -> list[Entry]:
    """The entries that nothing is found for any more.

    Nothing is said of rules that are off, nor below the confidence that is asked for.

    :param linted: the files that were linted, as entries have them: which fingerprints were found, under which settings
    :param paths: what was asked for: a file below them that is not there any more has no findings
    """
    defaults = codes_by_default()
    asked = [os.path.abspath(path) for path in paths]

    def is_gone(entry: Entry) -> bool:
        if entry.path not in linted:
            file = baseline.absolute(entry)
            return any(_is_below(file, path) for path in asked) and not os.path.lexists(file)
        found, settings = linted[entry.path]
        if entry.fingerprint in found:
            return False
        on = entry.code not in defaults or settings.is_selected(entry.code, defaults[entry.code])
        return on and Confidence.parse(entry.confidence) >= settings.confidence

    return [entry for entry in baseline.entries if is_gone(entry)]


def _is_below(file: str, path: str) -> bool:
    return file == path or file.startswith(path.rstrip(os.sep) + os.sep)


def entries_of(findings: Iterable[Finding], source: Source, baseline: Baseline) -> list[Entry]:
    """The entries for findings about one file."""
    path = baseline.relative(source.path)
    return [
        Entry(path, each.code, mark, str(each.confidence), source.written(each).strip()[:_MOST_TEXT])
        for each, mark in fingerprints(findings, source.lines, path, source.number).items()
    ]


def check(settings: Settings) -> None:
    """See that the baseline that settings name can be read.

    :raises SettingsError: if not, naming what set it
    """
    if not settings.baseline:
        return
    try:
        read(settings.baseline)
    except SettingsError as error:
        origins = [each.origin for each in settings.given if each.key == "baseline"]
        raise SettingsError(f"{origins[-1]}: 'baseline': {error}" if origins else str(error)) from None


def read(file: str) -> Baseline:
    """The baseline in a file; it is read once for each state of the file.

    :raises SettingsError: if it cannot be read, or holds what is no entry
    """
    try:
        state = os.stat(file)
    except FileNotFoundError:
        raise SettingsError(f"{file}: there is no such baseline (`tensorlint baseline write` makes it)") from None
    except (OSError, ValueError) as error:
        raise SettingsError(f"{file}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    return _read(file, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=64)
def _read(file: str, changed: int, size: int) -> Baseline:
    try:
        with open(file, encoding="utf-8-sig") as lines:
            return Baseline(file, tuple(sorted(set(_entries(file, lines)))))
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{file}: not a baseline: not UTF-8") from None


def _entries(file: str, lines: Iterable[str]) -> Iterator[Entry]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        if line.startswith(("<<<<<<<", "=======", ">>>>>>>", "|||||||")):
            raise SettingsError(f"{file}: line {number}: a conflict of a merge has been left here")
        try:
            said = json.loads(line)
        except ValueError as error:
            raise SettingsError(f"{file}: line {number}: not JSON: {_reason(error)}") from None
        if isinstance(said, dict) and "baseline of tensorlint" in said:
            if said["baseline of tensorlint"] != _VERSION:
                raise SettingsError(f"{file}: line {number}: this baseline was made by another version of tensorlint")
            continue
        names = Entry.__dataclass_fields__.keys()
        if not isinstance(said, dict) or said.keys() != names or not all(isinstance(said[name], str) for name in names):
            raise SettingsError(f"{file}: line {number}: not an entry of a baseline ({', '.join(names)})")
        if said["confidence"] not in map(str, Confidence):
            raise SettingsError(f"{file}: line {number}: unknown confidence {said['confidence']!r}")
        yield Entry(**said)


def _reason(error: ValueError) -> str:
    """What is wrong with a line; JSONDecodeError tells of a line of its own, which is always the first."""
    if not isinstance(error, json.JSONDecodeError):
        return str(error)
    return f"{error.msg[:1].lower()}{error.msg[1:]} (at column {error.pos + 1})"


def write(file: str, entries: Iterable[Entry]) -> None:
    """Write a baseline; a reader sees the old file or the new one.

    :raises OSError: if it cannot be written
    """
    with Replacement(os.path.realpath(file), _MODE) as replacement:
        lines = [_HEADER, *(json.dumps(asdict(each)) for each in sorted(set(entries)))]
        replacement.file.write("".join(f"{line}\n" for line in lines).encode("ascii"))
        replacement.replace()
