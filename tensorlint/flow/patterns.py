"""``match`` statements: what their patterns bind, and which paths go on."""

from __future__ import annotations

import libcst as cst

from tensorlint.flow.machine import Machine, evaluate, execute, executes
from tensorlint.flow.narrowing import narrow
from tensorlint.flow.state import State
from tensorlint.flow.targets import assign_name
from tensorlint.flow.values import Unknown, Value

__all__ = ["match_"]


@executes(cst.Match)
def match_(machine: Machine, node: cst.Match, state: State) -> None:
    """Several paths, one of which may be that no case fits."""
    subject = evaluate(machine, node.subject, state)
    start = state.fork()
    if any(_always_fits(case) for case in node.cases):
        state.alive = False
    for case in node.cases:
        path = start.fork()
        _bind(machine, case.pattern, subject, path)
        if case.guard is not None:
            evaluate(machine, case.guard, path)
            narrow(machine, case.guard, path, True)
        if path.alive:
            execute(machine, case.body, path)
        state.join(path)


def _always_fits(case: cst.MatchCase) -> bool:
    return case.guard is None and isinstance(case.pattern, cst.MatchAs) and case.pattern.pattern is None


def _bind(machine: Machine, pattern: cst.MatchPattern | cst.MatchStar, value: Value, state: State) -> None:
    """Bind the names in a pattern: the whole's to ``value``, those of its parts to what is not known."""
    match pattern:
        case cst.MatchAs(pattern=inner, name=name):
            if inner is not None:
                _bind(machine, inner, value, state)
            if name is not None:
                assign_name(machine, name.value, value, state)
        case cst.MatchStar(name=name):
            if name is not None:
                assign_name(machine, name.value, Unknown(), state)
        case cst.MatchOr(patterns=options):
            for option in options:
                _bind(machine, option.pattern, value, state)
        case cst.MatchList(patterns=parts) | cst.MatchTuple(patterns=parts):
            for part in parts:
                inside = part.value if isinstance(part, cst.MatchSequenceElement) else part
                _bind(machine, inside, Unknown(), state)
        case cst.MatchMapping(elements=elements, rest=rest):
            for element_ in elements:
                _bind(machine, element_.pattern, Unknown(), state)
            if rest is not None:
                assign_name(machine, rest.value, Unknown(), state)
        case cst.MatchClass(patterns=parts, kwds=keywords):
            for part in parts:
                _bind(machine, part.value, Unknown(), state)
            for keyword in keywords:
                _bind(machine, keyword.pattern, Unknown(), state)
        case _:
            pass
