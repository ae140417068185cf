"""One file: from its source to the findings about it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tensorlint.dependencies import asked_versions
from tensorlint.discovery import project_root
from tensorlint.extensions import TABLES, extensions
from tensorlint.files import MOST_BYTES
from tensorlint.finding import FAULT, Applicability, Confidence, Evidence, Finding
from tensorlint.noqa_judge import ABOUT_COMMENTS, judge
from tensorlint.patterns import ignores_in
from tensorlint.requirements import targets
from tensorlint.settings import KEYS, RowTable, Settings, SettingsError, check_codes
from tensorlint.source import Source, SourceError, Span
from tensorlint.suppressions import Suppressions
from tensorlint.syntax import TOO_DEEP, check_syntax
from tensorlint.versions import NEWEST, Targets

if TYPE_CHECKING:
    import libcst as cst

    from tensorlint.flow.events import Event
    from tensorlint.flow.facts import Place
    from tensorlint.flow.project import Project
    from tensorlint.rules.base import Rule, Verdict

__all__ = ["FAULT", "InternalError", "check_settings", "codes", "codes_by_default", "fault", "lint"]

_MOST_ANALYSED = 2_000_000
"""Bytes; LibCST's tree of dense code takes some 2000 times the text's memory."""

# Where a tensor can come from: torch, what is built on it, and annotations. Loose, since a hit only costs time.
_TORCH = (
    rb"torch|lightning|transformers|diffusers|\btimm\b|monai|kornia|fastai|\baccelerate\b|ultralytics"
    rb"|stable_baselines3|segmentation_models|open_clip|skorch|detectron2|mmcv|\bpyro\b|\besm\b|\bclip\b|whisper|einops"
)
_TENSOR_SOURCES = re.compile(_TORCH + rb"|tensor", re.IGNORECASE)
# A file with models of another library speaks of its tensors, and of torch; it has torch's only where it imports them.
_OTHER_MODELS = re.compile(rb"\bkeras\.(?:layers|Model)\b|^[ \t]*(?:import|from)[ \t]+(?:flax|paddle)\b", re.MULTILINE)
_IMPORTS_TORCH = re.compile(rb"^[ \t]*(?:import|from)[ \t][^\n#]*(?:" + _TORCH + rb")", re.IGNORECASE | re.MULTILINE)
# Where a tensor that another file of the project made can meet NumPy.
_BOUNDARIES = re.compile(
    rb"numpy|\bnp\b|scipy|sklearn|pandas|\bpd\b|matplotlib|pyplot|\bplt\b|seaborn|\bPIL\b|cv2|device|detach|\.cpu\b|\.to\b"
)


_OWN_NOQA = re.compile(r"# noqa:.*tsl", re.IGNORECASE)


class InternalError(SourceError):
    """A fault of tensorlint's own; ``__cause__`` is what happened."""


def lint(
    source: Source, settings: Settings, project: Project | None = None, *, noqa: bool = True, parsed: bool = False
) -> list[Finding]:
    """The findings about one file, in the order of their places.

    :param project: the other files, for what is defined or called there
    :param noqa: leave out what a ``# noqa`` comment suppresses
    :param parsed: Python has parsed the text already: a file that nothing can be found in is not parsed again
    :raises SourceError: if the file cannot be linted; an :class:`InternalError` if that is tensorlint's own fault
    """
    try:
        size = len(source.program)
        if size > MOST_BYTES:  # standard input, a notebook; of other files no more than that is read
            raise SourceError(f"larger than {MOST_BYTES / 1e6:g} MB")
        worth_it = worth_analysing(source) or _calls_what_rows_are_about(source, settings)
        if worth_it and size > _MOST_ANALYSED:
            raise SourceError(f"too large to be analysed: {size / 1e6:.1f} MB (at most {_MOST_ANALYSED / 1e6:g})")
        if worth_it or not parsed:
            check_syntax(source, deeply=worth_it)
        found = _judge(source, settings, project) if worth_it else []
        source.check()
    except SourceError as error:
        raise source.placed_error(error) from error.__cause__
    except RecursionError:
        raise SourceError(TOO_DEEP) from None
    except Exception as error:
        raise InternalError(f"internal error: {type(error).__name__}: {error}") from error
    if not noqa:
        return _reported(source, found, settings)
    return _reported(source, [*found, *_about_comments(source, settings, found)], settings, Suppressions(source))


def _reported(
    source: Source, found: Iterable[Finding], settings: Settings, suppressions: Suppressions | None = None
) -> list[Finding]:
    """What is left to report of what was found, in the order of the places."""
    kept = (
        source.placed(_as_set(each, settings))
        for each in found
        if each.confidence >= settings.confidence
        and (suppressions is None or not suppressions.covers(each.line, each.code))
    )
    return sorted(kept, key=lambda each: each.sort_key)


def _about_comments(source: Source, settings: Settings, found: list[Finding]) -> Iterable[Finding]:
    """The findings about ``# noqa`` comments, where one names a code of tensorlint."""
    if _OWN_NOQA.search(source.text) is None:
        return ()
    ignored = ignores_in(os.path.abspath(source.path), settings)
    known = codes_by_default()
    on = {code for code, default in known.items() if settings.is_selected(code, default) and not ignored(code)}
    return judge(source, Suppressions(source), found, known, on)


def _as_set(finding: Finding, settings: Settings) -> Finding:
    """The finding with its fix as safe or unsafe as the settings say."""
    fix, wanted = finding.fix, settings.applicability(finding.code)
    if fix is None or wanted in (None, fix.applicability):
        return finding
    if wanted is Applicability.SAFE:
        message = fix.message.replace("; unsafe: ", "; safe by the settings, though ")
    else:
        message = f"{fix.message}; unsafe by the settings"
    return replace(finding, fix=replace(fix, applicability=wanted, message=message))


def fault(error: SourceError, path: str) -> Finding:
    """A file that could not be linted, as a finding."""
    line, column = error.line, error.column
    place = (path, line, column, line, column)
    return Finding(FAULT, "not-linted", error.message, Confidence.CERTAIN, *place, cell=error.cell)


def codes() -> frozenset[str]:
    """Every code that a selector can name."""
    return frozenset(codes_by_default())


def codes_by_default() -> dict[str, bool]:
    """Every code that a selector can name, and whether it is on where nothing is selected."""
    from tensorlint.rules.registry import rules

    return {**{rule.code: rule.default for rule in rules()}, **ABOUT_COMMENTS, FAULT: True}


def check_settings(settings: Settings) -> None:
    """See that what the settings say of rules is said of rules that there are; these are loaded only if it is needed.

    :raises SettingsError: naming where it is said, and the rules that there are
    """
    if any(KEYS[each.key].names_rules for each in settings.given):
        check_codes(settings, codes())
    for each in settings.given:
        if each.key == "rows":
            _check_rows(each.value, each.origin)


def _check_rows(tables: tuple[RowTable, ...], origin: str) -> None:
    from tensorlint.library.own import check_own_rows
    from tensorlint.library.schema import TableError

    try:
        check_own_rows(tables, f"{origin}: 'rows'")
    except TableError as error:
        raise SettingsError(str(error)) from None


def _calls_what_rows_are_about(source: Source, settings: Settings) -> bool:
    """Whether a file may call a function that the settings, or the table of another package, have a row for."""
    if settings.rows:
        from tensorlint.library.own import names_in

        if names_in(source.text, settings.rows):
            return True
    if not extensions(TABLES):
        return False
    from tensorlint.library.tables import installed_names_in

    return bool(installed_names_in(source.text))


def worth_analysing(source: Source) -> bool:
    """Whether the bytes mention anything that a finding could come from; errs on the side of yes.

    A boundary can stand in a file that names no tensor library, when a file that does imports it, or is imported.
    """
    if _OTHER_MODELS.search(source.program):
        return _IMPORTS_TORCH.search(source.program) is not None
    if _TENSOR_SOURCES.search(source.program):
        return True
    if _BOUNDARIES.search(source.program) is None:
        return False
    from tensorlint.flow.importers import reached_from_torch, reaches_torch

    path = os.path.abspath(source.path)
    root = project_root(path)
    return reached_from_torch(root, path) or reaches_torch(root, path, source.program)


def _judge(source: Source, settings: Settings, project: Project | None) -> list[Finding]:
    from tensorlint.rules.registry import rules

    ignored = ignores_in(os.path.abspath(source.path), settings)
    judges = [
        (rule, _judging(rule))
        for rule in rules()
        if settings.is_selected(rule.code, rule.default) and not ignored(rule.code)
    ]
    if not judges:
        return []
    from tensorlint.flow.analysis import Unfinished, analyse
    from tensorlint.flow.project import Project

    if project is None:
        project = Project.of(Path(source.path).absolute())
    project.targets = _targets(settings, project)
    project.rows, project.device = settings.rows, settings.assume_device
    style = settings.conversion_style
    left: list[Finding] = []
    try:
        events = analyse(source, project)
    except Unfinished as error:
        events, left = error.events, [fault(error, source.path)]
    verdicts = [
        (rule, verdict if verdict.repair is None else replace(verdict, repair=verdict.repair.in_style(style)))
        for event in events
        for rule, judging in judges
        if isinstance(event, rule.events)
        for verdict in judging(event)
        if verdict.place.path == source.path
    ]
    places = _Places(source, project, (verdict for _, verdict in verdicts))
    found = _distinct(
        places.finding(rule, verdict)
        for rule, verdict in verdicts
        if not (rule.about_dropped and source.is_shown(places.span(verdict.place)))
    )
    return [*found, *left]


def _judging(rule: Rule) -> Callable[[Event], Iterable[Verdict]]:
    """A rule's ``judge``; that of another package raises an InternalError that names the package."""
    from tensorlint.rules.base import Verdict
    from tensorlint.rules.registry import origin

    if (package := origin(rule.code)) is None:
        return rule.judge

    def judge(event: Event) -> list[Verdict]:
        try:
            verdicts = list(rule.judge(event))
            for each in verdicts:
                if not isinstance(each, Verdict):
                    raise TypeError(f"judge gave {each!r}, which is no Verdict")
        except Exception as error:
            said = " ".join(f"{type(error).__name__}: {error}".split())
            raise InternalError(f"rule {rule.code} of {package} failed: {said}") from error
        return verdicts

    return judge


def _targets(settings: Settings, project: Project) -> Targets:
    """The versions that the project is for: as it is set, else what its requirements allow."""
    required = NEWEST
    if "" in (settings.target_torch, settings.target_numpy):
        required = targets(str(project.root))
        asked_versions(required.torch, required.numpy)
    chosen = (settings.target_torch or required.torch, settings.target_numpy or required.numpy)
    return Targets(*("" if version == "newest" else version for version in chosen))


def _distinct(findings: Iterable[Finding]) -> list[Finding]:
    """One finding for a code and span: the most confident, then one with a fix, then the one explained most simply."""
    best: dict[tuple[str, int, int, int, int], Finding] = {}
    for each in findings:
        key = (each.code, each.line, each.column, each.end_line, each.end_column)
        if key not in best or _rank(each) > _rank(best[key]):
            best[key] = each
    return sorted(best.values(), key=lambda each: each.sort_key)


def _rank(finding: Finding) -> tuple[int, bool, bool, int, int, int, str, str]:
    return (
        finding.confidence,
        finding.fix is not None,
        bool(finding.evidence),
        -len({step.path for step in finding.evidence} - {finding.path}),  # near reasons are the easiest to follow
        -sum(step.message.endswith(" is called here") for step in finding.evidence),
        len(finding.evidence),
        finding.message,  # what remains is settled by the text, so that the order of events does not
        repr(finding.evidence),
    )


class _Places:
    """The lines and columns of every node that the verdicts on a file speak of, found in one pass a file."""

    def __init__(self, source: Source, project: Project | None, verdicts: Iterable[Verdict]) -> None:
        self._source = source
        self._sources = {source.path: source}
        wanted: dict[str, dict[int, cst.CSTNode]] = {source.path: {}}
        for verdict in verdicts:
            places = [verdict.place, *(reason.place for reason in verdict.evidence)]
            if verdict.repair is not None:
                places += [_placed(verdict.repair.path, node) for node in verdict.repair.nodes]
            for place in places:
                wanted.setdefault(place.path, {})[id(place.node)] = place.node
        for path in wanted:
            if path not in self._sources:
                if project is None:
                    raise LookupError(f"evidence in {path}, but no project to read it from")
                self._sources[path] = project.source(path)
        self._spans = {path: self._sources[path].spans(nodes.values()) for path, nodes in wanted.items() if nodes}

    def span(self, place: Place) -> Span:
        return self._spans[place.path][place.node][0]

    def finding(self, rule: Rule, verdict: Verdict) -> Finding:
        from tensorlint.fixes.edits import resolve

        span = self.span(verdict.place)
        repair, fix = verdict.repair, None
        if repair is not None and repair.path == self._source.path:
            fix = resolve(repair, self._source, self._spans[self._source.path])
        return Finding(
            code=rule.code,
            name=rule.name,
            message=verdict.message,
            confidence=verdict.confidence,
            path=self._source.path,
            line=span.line,
            column=span.column,
            end_line=span.end_line,
            end_column=span.end_column,
            evidence=tuple(self._evidence(reason.place, reason.text) for reason in verdict.evidence),
            fix=fix,
        )

    def _evidence(self, place: Place, text: str) -> Evidence:
        span = self.span(place)
        return Evidence(place.path, span.line, span.column, text, span.end_line, span.end_column)


def _placed(path: str, node: cst.CSTNode) -> Place:
    from tensorlint.flow.facts import Place

    return Place(path, node)
