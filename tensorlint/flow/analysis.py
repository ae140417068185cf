"""One file's analysis: its top level, its classes, its functions, each with what its callers in sight pass."""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from pathlib import Path

from tensorlint.dependencies import note
from tensorlint.flow import calls as _calls  # noqa: F401  (these modules register evaluators)
from tensorlint.flow import comprehensions, expressions, loops, operators, statements, subscripts  # noqa: F401
from tensorlint.flow.definitions import FileModel, FunctionDefinition
from tensorlint.flow.events import Event
from tensorlint.flow.imported import converting_names, using_what_others_convert
from tensorlint.flow.importers import importers
from tensorlint.flow.looks import Looks
from tensorlint.flow.machine import OutOfSteps
from tensorlint.flow.names import dotted
from tensorlint.flow.project import Project
from tensorlint.flow.worth import leading_to, may_hold_boundary, mentioning, worth_a_look
from tensorlint.library.own import names_in
from tensorlint.library.tables import installed_names_in
from tensorlint.source import Source, SourceError

__all__ = ["Unfinished", "analyse", "forget"]

MOST_STEPS = 25_000
"""What a file is given, however long it is: nobody waits for more than a few seconds for one file."""
MOST_CALLERS = 6
"""Files that are looked at for what they pass to the functions of the linted one."""
MOST_SHARING = 3
"""The same, for functions that matter only where a caller gives them memory of a tensor."""
STEPS_A_CALLER, STEPS_OF_CALLERS = 8_000, 6_000
"""What one of them may take; and what they may have taken when another one is looked at."""
MOST_KEPT = 64
_KEPT: OrderedDict[tuple[Path, frozenset[FunctionDefinition]], Looks] = OrderedDict()
"""Analyses of files that call, the last ones used: one serves every file that it calls."""


class Unfinished(SourceError):
    """A file took more steps than it is given; ``events`` are those of the functions that were done before."""

    def __init__(self, looks: Looks) -> None:
        where = f"when `{looks.root.name}` was looked at" if looks.root is not None else "at the top level"
        super().__init__(f"too many steps: not all of it was analysed (they ended {where})")
        self.events = looks.events_so_far()


def analyse(source: Source, project: Project | None = None) -> list[Event]:
    """The boundary events of one file, those that its callers in other files of the project cause among them.

    :param project: the other files; without one they are looked for around ``source.path``
    :raises SourceError: if the file cannot be parsed
    :raises Unfinished: if it takes more steps than a file is given
    """
    path = Path(source.path).absolute()
    if project is None:
        project = Project.of(path)
    converting = converting_names(source.text, path.parent, project.package(path), project.find)
    own = names_in(source.text, project.rows) | installed_names_in(source.text)
    if not converting and not own and not may_hold_boundary(source.text):
        return []
    file = project.add(source, path)
    analysis = Looks(file, project, MOST_STEPS)
    try:
        worth = worth_a_look(file) | using_what_others_convert(file, converting) | mentioning(file, own)
        analysis.run(worth, own_file_alone=True)
    except OutOfSteps:
        raise Unfinished(analysis) from None
    _ask_callers(analysis, project, path)
    return analysis.events()


def _ask_callers(analysis: Looks, project: Project, path: Path) -> None:
    """Look at the files that call what depends on its callers, for what happens in this file on their account."""
    machine = analysis.machine
    asked: set[int] = set()
    taken = 0
    for wanting, most, of_torch in (
        (machine.wanting, MOST_CALLERS, False),
        (machine.wanting_memory - machine.wanting, MOST_SHARING, True),
    ):
        names = _callable_by(analysis.file, leading_to(analysis.file, wanting))
        for caller in importers(project.root, names, path, most, of_torch) if names else ():
            other = _caller(caller, names, project) if taken < STEPS_OF_CALLERS else None
            if other is not None and id(other) not in asked:
                asked.add(id(other))
                analysis.add(other)
                taken += STEPS_A_CALLER - other.machine.budget


def _callable_by(file: FileModel, wanted: set[FunctionDefinition]) -> set[str]:
    """The names by which other files call some functions: their own, those of their classes and of what inherits."""
    names = {function.owner.name if function.owner is not None else function.name for function in wanted}
    for definition in file.classes:
        if not definition.nested and names & {(dotted(base) or "").rpartition(".")[2] for base in definition.bases}:
            names.add(definition.name)
    return names


def _caller(path: Path, names: set[str], project: Project) -> Looks | None:
    """The analysis of a file that calls; kept for the other files that it calls."""
    model = project.model(path)
    if model is None:
        return None
    calling = mentioning(model, names)
    key = (path, frozenset(calling))
    known = _KEPT.get(key)
    if known is not None and known.file is model and project.shares(known.project):
        _KEPT.move_to_end(key)
        note(known.noted)
        return known
    other = Looks(model, project, STEPS_A_CALLER)
    with project.noting() as other.noted, contextlib.suppress(OutOfSteps):
        other.run(calling, own_file_alone=False)
    _KEPT[key] = other
    if len(_KEPT) > MOST_KEPT:
        _KEPT.popitem(last=False)
    return other


def forget() -> None:
    """Keep no analyses: a new run begins, and the files may have changed, or they take too much memory."""
    _KEPT.clear()
